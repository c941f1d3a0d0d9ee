package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.store.EntryId;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The QoS 1 and 2 messages of a session that wait, in the order in which they were handed to its loop. Owns a reference to
 * each. Of a stored one only its entry may be kept here: it is <em>paged out</em>, and {@link #pageIn} brings it back before
 * its turn comes. Loop only.
 *
 * <p>A ring of parallel arrays: queueing makes no object, and what is paged out costs 24 bytes.
 */
final class MessageQueue {
    private static final int CAPACITY_MIN = 4;
    private static final @Nullable KeptMessage[] NO_MESSAGES = {};
    private static final @Nullable Target[] NO_TARGETS = {};
    private static final long[] NO_ENTRIES = {};
    private static final int[] NO_FOOTPRINTS = {};

    /** Empty, and nothing can be added: for a session for which nothing has been queued so far. */
    static final MessageQueue NONE = new MessageQueue();

    private @Nullable KeptMessage[] messages = NO_MESSAGES;
    private @Nullable Target[] targets = NO_TARGETS;
    private long[] entries = NO_ENTRIES;
    private int[] footprints = NO_FOOTPRINTS;
    private int head;
    private int size;
    private long removed;
    private long bytes;
    private long residentBytes;

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    /** About what the messages occupy, in memory or in the store, in bytes. */
    long bytes() {
        return bytes;
    }

    /** About what those in memory occupy, in bytes. */
    long residentBytes() {
        return residentBytes;
    }

    /** Appends a message, with a reference of its own. */
    void add(KeptMessage message, Target target, long entry) {
        int slot = append(message.footprintBytes(), entry);
        messages[slot] = message;
        targets[slot] = target;
        residentBytes += footprints[slot];
    }

    /** Appends a stored message without its content. */
    void addPagedOut(int footprintBytes, long entry) {
        assert entry != EntryId.NONE : "only what is stored can be read back";
        append(footprintBytes, entry);
    }

    private int append(int footprintBytes, long entry) {
        assert this != NONE : "shared by all";
        if (size == entries.length) {
            grow();
        }
        int slot = slot(size++);
        entries[slot] = entry;
        footprints[slot] = footprintBytes;
        bytes += footprintBytes;
        return slot;
    }

    /** The oldest message, borrowed; null if it is paged out or there is none. */
    @Nullable
    KeptMessage headMessage() {
        return size == 0 ? null : messages[head];
    }

    /** What the oldest message is delivered for. It must be in memory. */
    Target headTarget() {
        Target target = targets[head];
        assert target != null : "paged out";
        return target;
    }

    /** The entry of the oldest message. There must be one. */
    long headEntry() {
        assert size > 0;
        return entries[head];
    }

    /**
     * How many have been taken out so far: with it a place in the queue has a number that stays. Where one is taken out of the
     * middle those before it move on by one, so that what counts up to a number rather stops too early than too late.
     */
    long removed() {
        return removed;
    }

    /** The message at a place, 0 for the oldest, borrowed; null if it is paged out. */
    @Nullable
    KeptMessage message(int place) {
        return messages[slot(place)];
    }

    /** What the message at a place is delivered for; null if it is paged out. */
    @Nullable
    Target target(int place) {
        return targets[slot(place)];
    }

    /** The entry of the message at a place. */
    long entry(int place) {
        return entries[slot(place)];
    }

    /** Takes the oldest out; its reference, if it is in memory, is the caller's. There must be one. */
    @Nullable
    KeptMessage removeHead() {
        assert size > 0;
        KeptMessage message = messages[head];
        bytes -= footprints[head];
        if (message != null) {
            residentBytes -= footprints[head];
        }
        messages[head] = null;
        targets[head] = null;
        head = slot(1);
        size--;
        removed++;
        return message;
    }

    /** The sequences of the first messages, as far as they are paged out, at most {@code max}. */
    long[] pagedOutHead(int max) {
        int n = 0;
        while (n < Math.min(max, size) && messages[slot(n)] == null) {
            n++;
        }
        long[] sequences = new long[n];
        for (int i = 0; i < n; i++) {
            sequences[i] = EntryId.sequence(entries[slot(i)]);
        }
        return sequences;
    }

    /** Brings the content of a message back; takes the reference over. False if it is no longer queued. */
    boolean pageIn(long sequence, KeptMessage message, Target target) {
        for (int i = 0; i < size; i++) {
            int slot = slot(i);
            if (EntryId.sequence(entries[slot]) == sequence && messages[slot] == null) {
                messages[slot] = message;
                targets[slot] = target;
                bytes += message.footprintBytes() - footprints[slot];
                footprints[slot] = message.footprintBytes();
                residentBytes += footprints[slot];
                return true;
            }
        }
        return false;
    }

    /**
     * Takes a message out that is paged out, wherever it is. For those that can't be read: the others move up.
     *
     * @return its entry; {@link EntryId#NONE} if it is no longer queued
     */
    long removePagedOut(long sequence) {
        for (int i = 0; i < size; i++) {
            int slot = slot(i);
            if (EntryId.sequence(entries[slot]) == sequence && messages[slot] == null) {
                long entry = entries[slot];
                bytes -= footprints[slot];
                for (int to = i; to < size - 1; to++) {
                    move(slot(to + 1), slot(to));
                }
                size--;
                removed++;
                return entry;
            }
        }
        return EntryId.NONE;
    }

    private void move(int from, int to) {
        messages[to] = messages[from];
        targets[to] = targets[from];
        entries[to] = entries[from];
        footprints[to] = footprints[from];
        messages[from] = null;
        targets[from] = null;
    }

    private int slot(int offset) {
        return (head + offset) & (entries.length - 1);
    }

    private void grow() {
        int capacity = Math.max(CAPACITY_MIN, 2 * size);
        @Nullable KeptMessage[] moreMessages = Arrays.copyOf(NO_MESSAGES, capacity);
        @Nullable Target[] moreTargets = Arrays.copyOf(NO_TARGETS, capacity);
        long[] moreEntries = new long[capacity];
        int[] moreFootprints = new int[capacity];
        for (int i = 0; i < size; i++) {
            moreMessages[i] = messages[slot(i)];
            moreTargets[i] = targets[slot(i)];
            moreEntries[i] = entries[slot(i)];
            moreFootprints[i] = footprints[slot(i)];
        }
        messages = moreMessages;
        targets = moreTargets;
        entries = moreEntries;
        footprints = moreFootprints;
        head = 0;
    }
}
