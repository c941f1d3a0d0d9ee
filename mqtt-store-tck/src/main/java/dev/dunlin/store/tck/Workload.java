package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Batches that follow from a seed and their number, so that what a store has to hold after any of them can be told without
 * having seen them written. Each batch notes its number in the store.
 */
final class Workload {
    private static final byte[] LAST = {'l', 'a', 's', 't'};
    private static final Space[] SPACES = {Space.SESSION, Space.QUEUE, Space.MESSAGE, Space.RETAINED};
    /** Odd, and not the step of SplittableRandom: no batch begins inside of another one's random numbers. */
    private static final long SPREAD = 0xD1342543DE82EF95L;

    private static final int KEYS = 512;
    private static final int OPERATIONS_MAX = 8;
    private static final int RANGE_MAX = 32;

    private final long seed;
    private final Shape shape;
    private Contents contents = Contents.EMPTY;
    private long number;

    /** What its batches look like. */
    enum Shape {
        /** A few bytes each, to look at every one of them. */
        TINY,
        /** Puts, deletes and ranges on the same keys again and again, mostly small. */
        SMALL,
        /** As SMALL, with values of up to 140 KB among them. */
        MIXED,
        /** Nothing but new keys, with values of 20 to 60 KB. */
        GROWING
    }

    Workload(long seed, Shape shape) {
        this.seed = seed;
        this.shape = shape;
    }

    /** The number of the last batch in a store; 0 if it is empty. */
    static long last(Contents contents) {
        byte[] value = contents.in(Space.META).get(LAST);
        return value == null ? 0 : ByteBuffer.wrap(value).getLong();
    }

    /** Fills a batch; the first one has the number 1. */
    OpBuffer batch(long batchNumber) {
        SplittableRandom random = new SplittableRandom(new SplittableRandom(seed).nextLong() + batchNumber * SPREAD);
        OpBuffer ops = new OpBuffer();
        ops.put(Space.META, ByteBuffer.wrap(LAST), ByteBuffer.allocate(8).putLong(0, batchNumber));
        switch (shape) {
            case TINY -> put(random, ops, value(random, 10, 40));
            case GROWING -> grow(random, ops, batchNumber);
            case SMALL, MIXED -> {
                for (int left = 1 + random.nextInt(OPERATIONS_MAX); left > 0; left--) {
                    change(random, ops);
                }
            }
        }
        return ops;
    }

    private void change(SplittableRandom random, OpBuffer ops) {
        Space space = SPACES[random.nextInt(SPACES.length)];
        int key = random.nextInt(KEYS);
        int kind = random.nextInt(100);
        if (kind < 70) {
            put(random, ops, shape == Shape.SMALL ? value(random, 0, 200) : mixedValue(random));
        } else if (kind < 92) {
            ops.delete(space, key(key));
        } else {
            ops.deleteRange(space, key(key), key(key + random.nextInt(RANGE_MAX)));
        }
    }

    private static void put(SplittableRandom random, OpBuffer ops, ByteBuffer value) {
        ops.put(SPACES[random.nextInt(SPACES.length)], key(random.nextInt(KEYS)), value);
    }

    private static void grow(SplittableRandom random, OpBuffer ops, long batchNumber) {
        int count = 1 + random.nextInt(OPERATIONS_MAX);
        for (int i = 0; i < count; i++) {
            ops.put(Space.MESSAGE, key((int) batchNumber * OPERATIONS_MAX + i), value(random, 20_000, 60_000));
        }
    }

    private static ByteBuffer mixedValue(SplittableRandom random) {
        int kind = random.nextInt(100);
        return value(random, 0, kind < 60 ? 100 : kind < 90 ? 2_000 : kind < 99 ? 20_000 : 140_000);
    }

    private static ByteBuffer value(SplittableRandom random, int bytesMin, int bytesBelow) {
        byte[] value = new byte[random.nextInt(bytesMin, bytesBelow)];
        random.nextBytes(value);
        return ByteBuffer.wrap(value);
    }

    private static ByteBuffer key(int number) {
        return ByteBuffer.allocate(5).put((byte) 'k').putInt(number).flip();
    }

    /** What a store holds after the batch with this number. */
    Contents after(long batchNumber) throws StoreException {
        if (batchNumber < number) {
            contents = Contents.EMPTY;
            number = 0;
        }
        while (number < batchNumber) {
            contents = contents.with(batch(++number));
        }
        return contents;
    }
}
