package dev.dunlin.store.mapdb;

/**
 * What may be tuned about a store. Most stores never need it. Takes effect at the next opening, for an existing store too.
 *
 * @param journalBytes size of the journal from which on its content becomes a new generation, in bytes; default 64 MiB, or an
 *     eighth of the largest heap if that is less; 1 MiB to 4 GiB. The journal's changes are in memory too, so that about twice
 *     as much heap is needed; a start reads that much. A generation is written as a whole: with a state much larger than the
 *     journal, a larger journal spares writing. It grows by itself, up to half of the state, and to at most 8 times this.
 */
public record MapDbOptions(long journalBytes) {
    private static final long MIB = 1 << 20;
    private static final long JOURNAL_MIN = MIB;
    private static final long JOURNAL_MAX = 4096 * MIB;
    private static final long HEAP_SHARE = 8;

    /** What fits the heap of this JVM. */
    public static final MapDbOptions DEFAULT = new MapDbOptions(
            Math.max(8 * MIB, Math.min(64 * MIB, Runtime.getRuntime().maxMemory() / HEAP_SHARE)));

    /**
     * Checks the range.
     *
     * @throws IllegalArgumentException if it is outside
     */
    public MapDbOptions {
        if (journalBytes < JOURNAL_MIN || journalBytes > JOURNAL_MAX) {
            throw new IllegalArgumentException(
                    "journalBytes = " + journalBytes + ": must be " + JOURNAL_MIN + " to " + JOURNAL_MAX);
        }
    }

    /** With another size of the journal, in bytes: 1 MiB to 4 GiB. */
    public MapDbOptions withJournalBytes(long bytes) {
        return new MapDbOptions(bytes);
    }

    /** What a segment of the journal holds, in bytes. */
    long segmentBytes() {
        return Math.max(256 << 10, Math.min(4 * MIB, journalBytes / 16));
    }

    /** How many used segments are kept for the next ones. */
    int sparesMax() {
        return (int) Math.min(64, journalBytes / segmentBytes() + 1);
    }

    /** From what size on the journal becomes a generation, beside a last one of this size. */
    long journalBytesBeside(long generationBytes) {
        long heapMax = Math.max(journalBytes, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
        return Math.max(journalBytes, Math.min(generationBytes / 2, Math.min(8 * journalBytes, heapMax)));
    }
}
