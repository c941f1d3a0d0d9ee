package dev.dunlin.store.rocksdb;

/**
 * What may be tuned about a store. Most stores never need it. Takes effect at the next opening, for an existing store too.
 *
 * @param memoryBytes native memory for recent writes and for blocks read, together, in bytes; default 128 MiB, 8 MiB to
 *     64 GiB. Half of it at most holds writes. A value larger than this may exceed it while it is being written.
 * @param walBytesMax size of the log from which on its content is moved to table files, in bytes; default 128 MiB, 1 MiB to
 *     16 GiB. A start after a crash reads that much.
 * @param blobBytesMin size from which on a message lies in a blob file of its own kind, not copied again and again by
 *     compactions, in bytes; default 4 KiB, 1 to 1 GiB
 * @param backgroundThreads threads that flush and compact at the same time, shared with other RocksDB databases of the
 *     process; default 2, 1 to 64
 * @param openFilesMax file handles held open at most; default 1,000, 64 to 1,000,000
 */
public record RocksDbOptions(
        long memoryBytes, long walBytesMax, long blobBytesMin, int backgroundThreads, int openFilesMax) {
    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;
    private static final long GIB = 1 << 30;

    /** What a broker of medium size on a small machine needs. */
    public static final RocksDbOptions DEFAULT = new RocksDbOptions(128 * MIB, 128 * MIB, 4 * KIB, 2, 1_000);

    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException if a value is outside of its range
     */
    public RocksDbOptions {
        check("memoryBytes", memoryBytes, 8 * MIB, 64 * GIB);
        check("walBytesMax", walBytesMax, MIB, 16 * GIB);
        check("blobBytesMin", blobBytesMin, 1, GIB);
        check("backgroundThreads", backgroundThreads, 1, 64);
        check("openFilesMax", openFilesMax, 64, 1_000_000);
    }

    /** With other native memory, in bytes: 8 MiB to 64 GiB. */
    public RocksDbOptions withMemoryBytes(long bytes) {
        return new RocksDbOptions(bytes, walBytesMax, blobBytesMin, backgroundThreads, openFilesMax);
    }

    /** With another bound of the log, in bytes: 1 MiB to 16 GiB. */
    public RocksDbOptions withWalBytesMax(long bytes) {
        return new RocksDbOptions(memoryBytes, bytes, blobBytesMin, backgroundThreads, openFilesMax);
    }

    /** With another size from which on messages lie in blob files, in bytes: 1 to 1 GiB. */
    public RocksDbOptions withBlobBytesMin(long bytes) {
        return new RocksDbOptions(memoryBytes, walBytesMax, bytes, backgroundThreads, openFilesMax);
    }

    /** With another number of background threads: 1 to 64. */
    public RocksDbOptions withBackgroundThreads(int threads) {
        return new RocksDbOptions(memoryBytes, walBytesMax, blobBytesMin, threads, openFilesMax);
    }

    /** With another number of open files: 64 to 1,000,000. */
    public RocksDbOptions withOpenFilesMax(int files) {
        return new RocksDbOptions(memoryBytes, walBytesMax, blobBytesMin, backgroundThreads, files);
    }

    private static void check(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(name + " = " + value + ": must be " + min + " to " + max);
        }
    }
}
