package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;
import java.util.Random;

/**
 * Queues of many sessions, as an engine sees them: entries are appended to one queue and removed from the head of another, by
 * chance. Their payloads can't be compressed, the rest of them can. One thread.
 */
final class Queues {
    private static final int SESSIONS = 10_000;
    /** More than any engine compresses together. */
    private static final int VALUES = 4_096;

    private static final int ENTRIES_IN_A_GROUP = 1_000;

    private final Random random = new Random(1);
    private final long[] heads = new long[SESSIONS];
    private final long[] tails = new long[SESSIONS];
    private final byte[] key = new byte[2 * Long.BYTES];
    private final byte[][] values = new byte[VALUES][];
    private long entries;

    /**
     * Empty queues.
     *
     * @param value of an entry, with the payload and a checksum at its end
     */
    Queues(byte[] value) {
        byte[] end = new byte[Samples.PAYLOAD_BYTES + Integer.BYTES];
        for (int i = 0; i < VALUES; i++) {
            random.nextBytes(end);
            values[i] = value.clone();
            System.arraycopy(end, 0, values[i], value.length - end.length, end.length);
        }
    }

    /** Keys and values that are there. */
    long liveBytes() {
        return entries * (key.length + values[0].length);
    }

    /** Appends entries until as much is there. */
    void fill(StorageEngine engine, long bytes) throws StoreException {
        OpBuffer group = new OpBuffer();
        while (liveBytes() < bytes) {
            group.clear();
            for (int i = 0; i < ENTRIES_IN_A_GROUP; i++) {
                append(group);
            }
            engine.write(group, false);
        }
        engine.sync();
    }

    /** Appends an entry to a queue. */
    void append(OpBuffer group) {
        int queue = random.nextInt(SESSIONS);
        group.put(
                Space.QUEUE,
                ByteBuffer.wrap(key(queue, tails[queue]++)),
                ByteBuffer.wrap(values[random.nextInt(VALUES)]));
        entries++;
    }

    /** Removes the oldest entry of a queue. There must be one somewhere. */
    void remove(OpBuffer group) {
        assert entries > 0 : "all are empty";
        int queue = random.nextInt(SESSIONS);
        while (heads[queue] == tails[queue]) {
            queue = (queue + 1) % SESSIONS;
        }
        group.delete(Space.QUEUE, ByteBuffer.wrap(key(queue, heads[queue]++)));
        entries--;
    }

    private byte[] key(int queue, long sequence) {
        ByteBuffer.wrap(key).putLong(queue).putLong(sequence);
        return key;
    }
}
