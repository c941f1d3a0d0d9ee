package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Subscription;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.store.ChangeWriter;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.SessionReader;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredMessage;
import dev.dunlin.broker.store.StoredSession;
import dev.dunlin.broker.store.StoredSubscription;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What of a session goes into the store, and which ticket its replies wait for. Off for a session that doesn't outlive its
 * connection, and without a store: then nothing here does anything. Loop only.
 *
 * <p>What nobody waits for, as the delete of an acknowledged entry, is only staged: it goes with the loop's next change, at
 * the latest at the end of the turn.
 */
final class SessionLog {
    private static final int POINT_DELETES_MAX = 1_000;
    private static final byte[] NO_WILL = {};

    private final Session session;
    private final @Nullable Store store;
    private final @Nullable ChangeWriter writer;
    private final @Nullable SessionChanges changes;
    private long lastTicket;
    private long packetsReserved;

    private @Nullable StoredSession unloaded;
    private @Nullable SessionLoad load;

    /** All entries are being deleted as one range: only their references are told one by one. */
    private boolean rangeIsGone;

    SessionLog(Session session, @Nullable Store store) {
        this.session = session;
        this.store = store;
        writer = store == null ? null : session.loop.changes();
        changes = writer == null ? null : new SessionChanges(writer, session.sid);
    }

    boolean isOn() {
        return changes != null;
    }

    private SessionChanges on() {
        assert changes != null : "off";
        return changes;
    }

    /** The last change that replies to the client wait for; 0 if there was none. */
    long lastTicket() {
        return lastTicket;
    }

    /** Replies wait for a change that was submitted elsewhere. */
    void waitFor(long ticket) {
        lastTicket = Math.max(lastTicket, ticket);
    }

    private long submit() {
        lastTicket = Objects.requireNonNull(writer).submit();
        return lastTicket;
    }

    // ---- the queue and the window

    /** An entry was delivered or dropped; nobody waits for its delete. */
    void entryGone(long entry) {
        if (changes == null || entry == EntryId.NONE) {
            return;
        }
        if (rangeIsGone) {
            changes.referenceGone(entry);
        } else {
            changes.entryGone(entry);
        }
    }

    /** A QoS 2 message is sent for the first time: not before this is durable. */
    long sent(int packetId, long entry) {
        on().sent(packetId, entry);
        return submit();
    }

    /** PUBREC has come: PUBREL waits for this. */
    void released(int packetId, long entry) {
        if (changes != null && entry != EntryId.NONE) {
            changes.released(packetId, entry);
            submit();
        }
    }

    /** An outbound QoS 2 exchange is over. */
    void completed(int packetId, long entry) {
        if (changes != null && entry != EntryId.NONE) {
            changes.completed(packetId);
        }
    }

    /** Packet ids up to a counter have been used: they are noted ahead, in blocks, before the last block is half used up. */
    void packetIdUsed(long next) {
        if (changes != null && next > packetsReserved - OutboundWindow.BLOCK / 2) {
            packetsReserved = next + OutboundWindow.BLOCK;
            record(true);
        }
    }

    /** Stages a retained message as an entry of its own, with the place of the replay, and submits it. */
    long retained(KeptMessage message, Target target, @Nullable Subscription subscription, RetainedReplay replay) {
        boolean reference = message.frame().isLarge();
        if (subscription != null) {
            on().subscribed(stored(subscription, replay.place()));
        }
        long publishedAtMs = message.publishedAtMs(session.loop.nowMs(), session.loop.wallMs());
        StoredMessages.Delivery delivery = StoredMessages.Delivery.of(message, target);
        if (reference) {
            on().reference(delivery);
            StoredMessage.writeShared(Objects.requireNonNull(writer), message, publishedAtMs);
        } else {
            on().inline(delivery, message, publishedAtMs);
        }
        long ticket = Objects.requireNonNull(writer).submit();
        return EntryId.of(ticket, reference);
    }

    // ---- subscriptions

    /** A subscription is new or changed; {@link #submitted} ends the packet. */
    void subscribed(Subscription subscription, StoredSubscription.@Nullable Replay replay) {
        if (changes != null) {
            changes.subscribed(stored(subscription, replay));
        }
    }

    /** A subscription is gone. */
    void unsubscribed(String filter) {
        if (changes != null) {
            changes.unsubscribed(filter);
        }
    }

    /** All retained messages of a subscription have been sent. */
    void replayed(@Nullable Subscription subscription) {
        if (changes != null && subscription != null) {
            changes.subscribed(stored(subscription, null));
        }
    }

    private static StoredSubscription stored(Subscription of, StoredSubscription.@Nullable Replay replay) {
        return new StoredSubscription(
                of.filter(), of.qos(), of.noLocal(), of.retainAsPublished(), of.subscriptionId(), replay);
    }

    /** Submits what is staged for a reply that waits for it. */
    void submitted() {
        if (writer != null && !writer.isEmpty()) {
            submit();
        }
    }

    // ---- QoS 2 publishes of the client

    /** Stages that a packet id is in use. */
    void received(int packetId) {
        if (changes != null) {
            changes.received(packetId);
        }
    }

    /** A packet id is free: PUBCOMP waits for this. */
    void forgotten(int packetId) {
        if (changes != null) {
            changes.forgotten(packetId);
            submit();
        }
    }

    // ---- the record

    /** The record of a session that a client makes; its number becomes the ticket of its change. */
    static StoredSession newRecord(long expirySeconds, long nowMs, byte[] will) {
        long reserved = OutboundWindow.FIRST + OutboundWindow.BLOCK;
        return new StoredSession(
                0,
                true,
                false,
                expirySeconds,
                nowMs,
                reserved,
                will,
                UnderWay.NOTHING.packetIds,
                UnderWay.NOTHING.sequences);
    }

    /** Its first record was submitted: CONNACK waits for it. */
    void made(long ticket) {
        if (changes != null) {
            packetsReserved = OutboundWindow.FIRST + OutboundWindow.BLOCK;
            lastTicket = ticket;
        }
    }

    /** Submits the record of a session that a connection has now: CONNACK waits for it. */
    void connected() {
        if (changes != null) {
            packetsReserved = nextPacket() + OutboundWindow.BLOCK;
            record(true);
            submit();
        }
    }

    /** Stages the record of a session that has no connection any more. */
    void disconnected() {
        if (changes != null) {
            record(false);
        }
    }

    private long nextPacket() {
        return unloaded == null ? session.window.next() : unloaded.nextPacket();
    }

    /** The record as of now; packet ids of what is under way are worth storing only when the connection is gone. */
    private void record(boolean connected) {
        UnderWay underWay = connected ? UnderWay.NOTHING : underWay();
        PendingWill will = session.will;
        StoredSession stored = new StoredSession(
                session.sid,
                connected,
                unloaded == null ? session.queue.isMaybeSent() : unloaded.maybeSent(),
                session.expirySeconds,
                session.loop.wallMs(),
                connected ? packetsReserved : nextPacket(),
                will == null ? NO_WILL : will.encoded(session.clientId),
                underWay.packetIds,
                underWay.sequences);
        SessionChanges.session(Objects.requireNonNull(writer), session.clientId, stored);
    }

    private UnderWay underWay() {
        if (unloaded != null) {
            return new UnderWay(unloaded.packetIds(), unloaded.sequences());
        }
        OutboundWindow window = session.window;
        List<Long> counters = new ArrayList<>();
        window.forEach(counter -> {
            boolean own = window.state(counter) == OutboundWindow.SENT_QOS_1
                    && window.target(counter).destination() == session; // else the entry is a shared group's
            if (own && window.entry(counter) != EntryId.NONE) {
                counters.add(counter);
            }
        });
        return new UnderWay(
                counters.stream().mapToInt(OutboundWindow::packetId).toArray(),
                counters.stream()
                        .mapToLong(counter -> EntryId.sequence(window.entry(counter)))
                        .toArray());
    }

    /** QoS 1 messages under way, in the order of their sending. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record UnderWay(int[] packetIds, long[] sequences) {
        static final UnderWay NOTHING = new UnderWay(new int[0], new long[0]);
    }

    /** Stages that the client has no session any more. */
    void recordGone() {
        if (writer != null && changes != null) {
            SessionChanges.noSession(writer, session.clientId);
        }
    }

    // ---- coming and going

    /** The session comes from the store: of its queue and exchanges nothing is known yet. */
    void notLoaded(StoredSession stored) {
        unloaded = stored;
        session.queue.allIsOlder();
    }

    /** What the store said of the session, as long as its queue and exchanges are only there; null once they are loaded. */
    @Nullable
    StoredSession unloaded() {
        return unloaded;
    }

    /** The load of what is only in the store: one, however many connections come and go meanwhile. */
    SessionLoad load(StoredSession record, Store from) {
        if (load == null) {
            load = new SessionLoad(session, record, from);
        }
        return load;
    }

    void loaded() {
        unloaded = null;
        load = null;
    }

    /**
     * Stages that everything of the session but its record goes. What is queued or under way is told to {@link #entryGone}
     * behind this, and {@link #discarded} ends it. What only the store knows of is removed in the background.
     */
    void discard(@Nullable BitSet received) {
        if (changes == null) {
            return;
        }
        session.subscriptions.keySet().forEach(changes::unsubscribed);
        if (unloaded != null) {
            changes.noExchanges();
        } else if (received != null) {
            received.stream().forEach(changes::forgotten);
        }
        if (session.queue.olderFrom() != SessionReader.Page.END) {
            SessionQueue queue = session.queue;
            Objects.requireNonNull(store).purge(session.sid, queue.olderFrom(), queue.olderUnderWay(), queue::purged);
        } else if (session.queue.size() > POINT_DELETES_MAX) {
            changes.noEntries();
            rangeIsGone = true;
        }
        session.window.forEach(this::exchangeGone);
    }

    void discarded() {
        rangeIsGone = false;
    }

    private void exchangeGone(long counter) {
        byte state = session.window.state(counter);
        long entry = session.window.entry(counter);
        if (state != OutboundWindow.SENT_QOS_1) {
            completed(OutboundWindow.packetId(counter), entry);
        }
        if (state != OutboundWindow.RELEASED) {
            entryGone(entry);
        }
    }
}
