package dev.dunlin.broker.store;

/**
 * How a queue entry of a session is known in memory: one {@code long} with its sequence and two flags; 0 if there is none,
 * because the message isn't stored for that session.
 */
public final class EntryId {
    /** No entry. */
    public static final long NONE = 0;

    private static final int REFERENCE = 1;
    private static final int MAYBE_SENT = 2;

    private EntryId() {}

    /**
     * An entry.
     *
     * @param reference whether the message lies beside it, under the same number
     */
    public static long of(long sequence, boolean reference) {
        return sequence << 2 | (reference ? REFERENCE : 0);
    }

    /** The same entry, which may have been sent before the broker stopped. */
    public static long maybeSent(long entry) {
        return entry | MAYBE_SENT;
    }

    public static long sequence(long entry) {
        return entry >>> 2;
    }

    /** Whether its message is stored beside it. */
    public static boolean isReference(long entry) {
        return (entry & REFERENCE) != 0;
    }

    /** Whether it may have been sent before the broker stopped: then it goes out with DUP. */
    public static boolean isMaybeSent(long entry) {
        return (entry & MAYBE_SENT) != 0;
    }
}
