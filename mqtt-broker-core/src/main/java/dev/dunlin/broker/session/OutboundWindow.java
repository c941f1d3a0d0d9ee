package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.codec.QoS;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The QoS 1 and 2 messages of a session that were sent and are not yet acknowledged, in the order of their first sending.
 * Loop only.
 *
 * <p>A ring indexed by a running counter, which also gives the packet id: {@code counter % 65535 + 1}. The ring's size is
 * a power of two and an id's isn't, so a slot is found from an id through the counter, never by masking the id. The
 * counter never spans more than 65,535 from the oldest unacknowledged message, so an id is never used twice at a time
 * [5.0:MQTT-2.2.1-4], [3.1.1:MQTT-2.3.1-4]. Slots are parallel arrays: sending makes no object.
 *
 * <p>After a reconnect everything is sent again, in order, as the new connection's quota allows: {@code resend} runs from
 * the oldest up to {@code next}, and only when it has arrived may new messages be sent.
 */
final class OutboundWindow { // hot
    /** Slot states. */
    static final byte FREE = 0;

    /** Sent as QoS 1: waits for PUBACK. */
    static final byte SENT_QOS_1 = 1;

    /** Sent as QoS 2: waits for PUBREC. */
    static final byte SENT_QOS_2 = 2;

    /** PUBREC came, the message is gone: waits for PUBCOMP. */
    static final byte RELEASED = 3;

    private static final int IDS = 65_535;

    /** Packet ids are reserved in the store in blocks: ids of a block that was begun are not used again after a crash. */
    static final int BLOCK = 1_024;

    /** The first counter: so high that every id has one before it. */
    static final long FIRST = IDS;

    private static final int CAPACITY_MIN = 8;
    private static final @Nullable KeptMessage[] NO_MESSAGES = {};
    private static final @Nullable Target[] NO_TARGETS = {};
    private static final byte[] NO_STATES = {};
    private static final long[] NO_ENTRIES = {};

    private final int idsMax;

    /** Of all windows of its loop. */
    private final HeldBytes held;

    private @Nullable KeptMessage[] messages = NO_MESSAGES;
    private @Nullable Target[] targets = NO_TARGETS;
    private byte[] states = NO_STATES;
    private long[] entries = NO_ENTRIES;
    private long oldest = FIRST;
    private long next = FIRST;
    private long resend = FIRST;
    private long bytes;

    /** Below it are the exchanges of an earlier process. */
    private long restoredEnd = FIRST;

    /** Exchanges under way on the present connection. */
    private int sent;

    private int limit;
    private long bytesMax;

    /**
     * An empty window, into which nothing may be put before there is a connection.
     *
     * @param stored whether packet ids are reserved in a store
     * @param held the bytes of all windows of a loop
     */
    OutboundWindow(boolean stored, HeldBytes held) {
        this.held = held;
        idsMax = stored ? IDS - BLOCK : IDS; // so that a counter can be told from its id and the end of the block
    }

    /**
     * A new connection: at most {@code receiveMaximum} exchanges at a time, of about {@code bytesInMemoryMax} bytes together,
     * where one is always allowed; and all that is here is to be sent again.
     */
    void connected(int receiveMaximum, long bytesInMemoryMax) {
        bytesMax = bytesInMemoryMax;
        limit = receiveMaximum;
        sent = 0;
        resend = oldest;
    }

    /** How many exchanges the present connection, or the last one, may have at a time. */
    int receiveMaximum() {
        return limit;
    }

    /** Whether a new message may be sent [5.0:MQTT-3.3.4-9], [5.0:MQTT-4.9.0-2]. */
    boolean hasRoom() {
        return sent < limit && resend == next && (bytes < bytesMax || oldest == next) && next - oldest < idsMax;
    }

    /** Exchanges that aren't complete, whether sent on this connection or not. */
    int size() {
        int n = 0;
        for (long c = oldest; c < next; c++) {
            n += states[slot(c)] == FREE ? 0 : 1;
        }
        return n;
    }

    /** Takes a message that is about to be sent, with a reference of its own. Needs room. Returns its packet id. */
    int add(KeptMessage message, Target target, byte state, long entry) {
        assert hasRoom();
        if (next - oldest == states.length) {
            grow();
        }
        int slot = slot(next);
        assert states[slot] == FREE;
        messages[slot] = message;
        targets[slot] = target;
        states[slot] = state;
        entries[slot] = entry;
        hold(message.footprintBytes());
        int packetId = packetId(next);
        next++;
        resend = next;
        sent++;
        return packetId;
    }

    /** The counter of an unfinished exchange; -1 if the id is not in use on this connection. */
    long find(int packetId) {
        long counter = counterBelow(resend, packetId);
        return counter >= oldest && states[slot(counter)] != FREE ? counter : -1;
    }

    byte state(long counter) {
        return states[slot(counter)];
    }

    /** The QoS with which the message in this slot is sent; only while there is one. */
    QoS qos(long counter) {
        return state(counter) == SENT_QOS_1 ? QoS.AT_LEAST_ONCE : QoS.EXACTLY_ONCE;
    }

    /** Whether it is an exchange of an earlier process. */
    boolean isRestored(long counter) {
        return counter < restoredEnd;
    }

    /** Puts a message in the place of the one in this slot; takes its reference, and gives the other's back. */
    void replace(long counter, KeptMessage by) {
        int slot = slot(counter);
        KeptMessage before = messages[slot];
        assert before != null : "released";
        messages[slot] = by;
        hold(by.footprintBytes() - before.footprintBytes());
        before.release();
    }

    /** The message in this slot; null once it is released. */
    @Nullable
    KeptMessage message(long counter) {
        return messages[slot(counter)];
    }

    /** The entry of the message in this slot, of one that is released too. */
    long entry(long counter) {
        return entries[slot(counter)];
    }

    /** The counter from which on there are exchanges. */
    long oldest() {
        return oldest;
    }

    /** The counter that the next message gets. */
    long next() {
        return next;
    }

    /** Takes the exchanges of a session that is still unfinished; oldest first. */
    void forEach(LongConsumer counters) {
        for (long c = oldest; c < next; c++) {
            if (states[slot(c)] != FREE) {
                counters.accept(c);
            }
        }
    }

    /** What it was delivered for; only while there is a message. */
    Target target(long counter) {
        Target target = targets[slot(counter)];
        assert target != null;
        return target;
    }

    /** PUBREC came: from now on only the id is remembered. Gives the message's reference back. */
    void release(long counter) {
        int slot = slot(counter);
        dropMessage(slot);
        states[slot] = RELEASED;
    }

    /** The exchange is complete: the id is free. Gives the message's reference back. */
    void complete(long counter) {
        int slot = slot(counter);
        dropMessage(slot);
        states[slot] = FREE;
        if (counter < resend) {
            sent--;
        }
        while (oldest < next && states[slot(oldest)] == FREE) {
            oldest++;
        }
        resend = Math.max(resend, oldest);
    }

    /**
     * Begins where the window of an earlier process ended: the ids of {@code exchanges} are in use, the next one comes behind
     * {@code nextCounter}.
     */
    void restore(long nextCounter, List<Restored> exchanges) {
        assert oldest == next : "in use";
        assert nextCounter >= FIRST : nextCounter;
        long first = nextCounter;
        for (Restored each : exchanges) {
            first = Math.min(first, counterBelow(nextCounter, each.packetId));
        }
        if (nextCounter > first) { // as long as there is nothing in it
            resize(Math.max(CAPACITY_MIN, Integer.highestOneBit((int) (nextCounter - first)) << 1));
        }
        next = nextCounter;
        restoredEnd = nextCounter;
        oldest = first;
        for (Restored each : exchanges) {
            int slot = slot(counterBelow(next, each.packetId));
            assert states[slot] == FREE : "packet id " + each.packetId + " twice";
            messages[slot] = each.message;
            targets[slot] = each.target;
            states[slot] = each.state;
            entries[slot] = each.entry;
            if (each.message != null) {
                hold(each.message.footprintBytes());
            }
        }
        resend = oldest;
    }

    /** The last counter below {@code end} that has this packet id. */
    private static long counterBelow(long end, int packetId) {
        return end - 1 - Math.floorMod((end - 1) % IDS - (packetId - 1), IDS);
    }

    /**
     * An exchange of an earlier process.
     *
     * @param message null if it is released; its reference goes with it
     */
    record Restored(
            int packetId,
            byte state,
            long entry,
            @Nullable KeptMessage message,
            @Nullable Target target) {}

    /** The next exchange to be sent again on this connection, or -1: nothing, or no quota for it. */
    long nextResend() {
        while (resend < next && states[slot(resend)] == FREE) {
            resend++;
        }
        return resend < next && sent < limit ? resend : -1;
    }

    /** {@link #nextResend} was sent. */
    void resent() {
        resend++;
        sent++;
    }

    static int packetId(long counter) {
        return (int) (counter % IDS) + 1;
    }

    /** Gives all references back. Returns how many messages were not acknowledged by their receiver. */
    int clear() {
        int unacknowledged = 0;
        for (long c = oldest; c < next; c++) {
            if (messages[slot(c)] != null) {
                unacknowledged++;
                dropMessage(slot(c));
            }
            states[slot(c)] = FREE;
        }
        oldest = next;
        resend = next;
        sent = 0;
        return unacknowledged;
    }

    private void hold(int more) {
        bytes += more;
        held.addMessage(more);
    }

    private void dropMessage(int slot) {
        KeptMessage message = messages[slot];
        if (message != null) {
            hold(-message.footprintBytes());
            messages[slot] = null;
            targets[slot] = null;
            message.release();
        }
    }

    private int slot(long counter) {
        return (int) counter & (states.length - 1);
    }

    private void grow() {
        resize(Math.max(CAPACITY_MIN, states.length * 2));
    }

    private void resize(int capacity) {
        @Nullable KeptMessage[] biggerMessages = Arrays.copyOf(NO_MESSAGES, capacity);
        @Nullable Target[] biggerTargets = Arrays.copyOf(NO_TARGETS, capacity);
        byte[] biggerStates = new byte[capacity];
        long[] biggerEntries = new long[capacity];
        for (long c = oldest; c < next; c++) {
            int from = slot(c);
            int to = (int) c & (capacity - 1);
            biggerMessages[to] = messages[from];
            biggerTargets[to] = targets[from];
            biggerStates[to] = states[from];
            biggerEntries[to] = entries[from];
        }
        messages = biggerMessages;
        targets = biggerTargets;
        states = biggerStates;
        entries = biggerEntries;
    }
}
