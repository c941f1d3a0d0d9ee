package dev.dunlin.broker.spi;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A batch of changes for {@link StorageEngine#write}: filled by the broker, read by the engine, used again. One thread.
 *
 * <p>Operations lie one behind the other in one direct buffer, big-endian, which an engine may also take as it is
 * ({@link #encoded}), a value above {@link #INLINE_BYTES} beside it:
 *
 * <pre>
 * 0      1       2           6             10     10 + key length
 * +------+-------+-----------+-------------+------+----------------+
 * | kind | space | key bytes | value bytes | key  | value (PUT) or |
 * |      |       |           |             |      | end of range   |
 * +------+-------+-----------+-------------+------+----------------+
 * </pre>
 */
public final class OpBuffer {
    /** The largest value that lies in the buffer itself, in bytes. */
    public static final int INLINE_BYTES = 64 << 10;

    /** Bytes of an operation before its key. */
    public static final int HEADER_BYTES = 10;

    /** Kinds of operations, as they are encoded. */
    public static final byte PUT = 1;
    /** Deletes one key. */
    public static final byte DELETE = 2;
    /** Deletes all keys from one on, to below another. */
    public static final byte DELETE_RANGE = 3;
    /** A PUT whose value lies beside the buffer: the next one of {@link #external}. */
    public static final byte PUT_EXTERNAL = 4;

    private static final int CAPACITY_MIN = 64 << 10;
    private static final int CAPACITY_KEPT = 4 << 20;
    private static final Space[] SPACES = Space.values();

    private ByteBuffer data = ByteBuffer.allocateDirect(CAPACITY_MIN);
    private final List<ByteBuffer> external = new ArrayList<>();
    private long externalBytes;
    private int count;

    /** An empty batch. */
    public OpBuffer() {}

    /** Takes the operations of a batch one by one, in order. All buffers are borrowed, direct, and limited to their part. */
    public interface Reader {
        /** Sets the value of a key. */
        void put(Space space, ByteBuffer key, ByteBuffer value) throws StoreException;

        /** Deletes a key, which need not be there. */
        void delete(Space space, ByteBuffer key) throws StoreException;

        /** Deletes every key from {@code from} on that is below {@code to}. */
        void deleteRange(Space space, ByteBuffer from, ByteBuffer to) throws StoreException;
    }

    /** Sets the value of a key. Copies both, except a value above {@link #INLINE_BYTES} that is direct: it is kept until {@link #clear}. */
    public void put(Space space, ByteBuffer key, ByteBuffer value) {
        if (value.remaining() <= INLINE_BYTES) {
            append(PUT, space, key, value);
            return;
        }
        header(PUT_EXTERNAL, space, key, value.remaining(), 0);
        ByteBuffer kept = value.isDirect() ? value.slice() : copy(value);
        external.add(kept);
        externalBytes += kept.remaining();
    }

    /** Deletes a key. Copies it. */
    public void delete(Space space, ByteBuffer key) {
        header(DELETE, space, key, 0, 0);
    }

    /** Deletes every key from {@code from} on that is below {@code to}. Copies both. */
    public void deleteRange(Space space, ByteBuffer from, ByteBuffer to) {
        append(DELETE_RANGE, space, from, to);
    }

    /**
     * Appends operations that are encoded already, none of them {@link #PUT_EXTERNAL}. Copies.
     *
     * @param operations how many they are
     */
    public void append(byte[] encoded, int length, int operations) {
        reserve(length);
        data.put(encoded, 0, length);
        count += operations;
    }

    /** Operations in the batch. */
    public int count() {
        return count;
    }

    /** Bytes of the batch, headers, keys and values. */
    public long bytes() {
        return data.position() + externalBytes;
    }

    /** Whether there is nothing in it. */
    public boolean isEmpty() {
        return count == 0;
    }

    /** Empties it; keeps the memory, unless it has grown large. */
    public void clear() {
        if (data.capacity() > CAPACITY_KEPT) {
            data = ByteBuffer.allocateDirect(CAPACITY_MIN);
        }
        data.clear();
        external.clear();
        externalBytes = 0;
        count = 0;
    }

    /** The encoded operations, read-only, without external values. Borrowed: valid until the next change. */
    public ByteBuffer encoded() {
        return data.duplicate().flip().asReadOnlyBuffer();
    }

    /** Values that lie beside the buffer, in the order of their operations. Borrowed, as {@link #encoded}. */
    public List<ByteBuffer> external() {
        return external;
    }

    /** Hands every operation to the reader, in order. */
    public void forEach(Reader reader) throws StoreException {
        ByteBuffer key = data.duplicate();
        ByteBuffer value = data.duplicate();
        int nextExternal = 0;
        int end = data.position();
        for (int at = 0; at < end; ) {
            byte kind = data.get(at);
            Space space = SPACES[data.get(at + 1)];
            int keyAt = at + HEADER_BYTES;
            int valueAt = keyAt + data.getInt(at + 2);
            int inline = kind == PUT_EXTERNAL ? 0 : data.getInt(at + 6);
            key.limit(valueAt).position(keyAt);
            value.limit(valueAt + inline).position(valueAt);
            switch (kind) {
                case PUT -> reader.put(space, key, value);
                case PUT_EXTERNAL ->
                    reader.put(space, key, external.get(nextExternal++).duplicate());
                case DELETE -> reader.delete(space, key);
                case DELETE_RANGE -> reader.deleteRange(space, key, value);
                default -> throw new IllegalStateException("operation " + kind + " at " + at);
            }
            at = valueAt + inline;
        }
    }

    private void append(byte kind, Space space, ByteBuffer key, ByteBuffer value) {
        header(kind, space, key, value.remaining(), value.remaining());
        data.put(value.duplicate());
    }

    private void header(byte kind, Space space, ByteBuffer key, int valueBytes, int following) {
        reserve(HEADER_BYTES + key.remaining() + following);
        data.put(kind)
                .put((byte) space.ordinal())
                .putInt(key.remaining())
                .putInt(valueBytes)
                .put(key.duplicate());
        count++;
    }

    private void reserve(int bytes) {
        if (data.remaining() >= bytes) {
            return;
        }
        int needed = Math.addExact(data.position(), bytes);
        int capacity = (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(needed, 2L * data.capacity()));
        data = ByteBuffer.allocateDirect(capacity).order(ByteOrder.BIG_ENDIAN).put(data.flip());
    }

    private static ByteBuffer copy(ByteBuffer value) {
        return ByteBuffer.allocateDirect(value.remaining())
                .put(value.duplicate())
                .flip();
    }
}
