package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** What a store holds, immutable: the model of the contract, also for the kit's own expectations. */
final class Contents {
    static final Contents EMPTY = new Contents(emptySpaces());

    private static final byte[] BEFORE_ALL = {};

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

    /** Everything that a view shows; an AssertionError if it isn't in order. */
    static Contents of(View view) throws StoreException {
        SortedBytes[] read = emptySpaces();
        for (Space space : Space.values()) {
            List<byte[]> last = new ArrayList<>(List.of(BEFORE_ALL));
            view.scan(space, BEFORE_ALL, null, (keyBuffer, value) -> {
                byte[] key = copy(keyBuffer);
                byte[] before = last.set(0, key);
                if (before != BEFORE_ALL && Arrays.compareUnsigned(before, key) >= 0) {
                    throw new AssertionError("scan of " + space + ": " + hex(key) + " comes after " + hex(before));
                }
                read[space.ordinal()] = read[space.ordinal()].put(key, copy(value));
                return true;
            });
        }
        return new Contents(read);
    }

    /** What is different in the other one: the first difference of each space; empty if nothing is. */
    String difference(Contents found) {
        StringBuilder text = new StringBuilder();
        for (Space space : Space.values()) {
            String difference = in(space).difference(found.in(space));
            if (!difference.isEmpty()) {
                text.append(space).append(": ").append(difference).append("; ");
            }
        }
        return text.toString();
    }

    static String hex(byte[] bytes) {
        String text = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, 32));
        return bytes.length <= 32 ? text : text + "... (" + bytes.length + " bytes)";
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
