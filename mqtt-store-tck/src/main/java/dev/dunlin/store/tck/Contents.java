package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** What a store holds, immutable: the model of the contract, also for the kit's own expectations. */
final class Contents {
    static final Contents EMPTY = new Contents(emptySpaces());

    private final SortedBytes[] spaces;

    private Contents(SortedBytes[] spaces) {
        this.spaces = spaces;
    }

    SortedBytes in(Space space) {
        return spaces[space.ordinal()];
    }

    /** Bytes of all keys and values. */
    long bytes() {
        return Arrays.stream(spaces).mapToLong(SortedBytes::bytes).sum();
    }

    /** With a batch, whose bytes are copied. */
    Contents with(OpBuffer ops) throws StoreException {
        SortedBytes[] changed = spaces.clone();
        ops.forEach(new OpBuffer.Reader() {
            @Override
            public void put(Space space, ByteBuffer key, ByteBuffer value) {
                changed[space.ordinal()] = changed[space.ordinal()].put(copy(key), copy(value));
            }

            @Override
            public void delete(Space space, ByteBuffer key) {
                changed[space.ordinal()] = changed[space.ordinal()].remove(copy(key));
            }

            @Override
            public void deleteRange(Space space, ByteBuffer from, ByteBuffer to) {
                changed[space.ordinal()] = changed[space.ordinal()].removeRange(copy(from), copy(to));
            }
        });
        return new Contents(changed);
    }

    private static byte[] copy(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static SortedBytes[] emptySpaces() {
        SortedBytes[] spaces = new SortedBytes[Space.values().length];
        Arrays.fill(spaces, SortedBytes.EMPTY);
        return spaces;
    }
}
