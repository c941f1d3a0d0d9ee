package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One change of the store: operations that become durable together, encoded as in {@link OpBuffer}. Made by
 * {@link ChangeWriter}, consumed by the commit thread.
 *
 * @param ops encoded operations, behind them the key and the first part of the value of {@code large}
 * @param opsBytes how much of {@code ops} is operations
 * @param count how many operations
 * @param references queue entries in this change that refer to the message in it
 * @param released messages that lose a reference by this change
 * @param large a value too large for {@code ops}; null if there is none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Change(
        byte[] ops,
        int opsBytes,
        int count,
        int references,
        long[] released,
        @Nullable Large large) {

    private static final int OBJECT_BYTES = 64;
    private static final int CRC_BYTES = 4;

    /**
     * A value with a payload that stays in Netty's buffers until it is written. Owns a reference to it.
     *
     * @param keyAt index of its key in {@code ops}
     * @param headAt index of what precedes the payload in its value; the end of the key
     */
    record Large(Space space, int keyAt, int headAt, ByteBuf payload) {}

    /** About what it occupies in memory. */
    long bytes() {
        return (long) OBJECT_BYTES + ops.length + (large == null ? 0 : large.payload.readableBytes());
    }

    /** Appends its operations to a batch. */
    void appendTo(OpBuffer batch) {
        ByteBuffer value = large == null ? null : largeValue(large); // before anything is appended: it may fail
        batch.append(ops, opsBytes, count);
        if (large != null && value != null) {
            batch.put(large.space, ByteBuffer.wrap(ops, large.keyAt, large.headAt - large.keyAt), value);
        }
    }

    private ByteBuffer largeValue(Large of) {
        int headBytes = ops.length - of.headAt;
        ByteBuffer value = ByteBuffer.allocateDirect(headBytes + of.payload.readableBytes() + CRC_BYTES);
        value.put(ops, of.headAt, headBytes);
        ByteBuf payload = of.payload.duplicate();
        payload.readBytes(value.limit(value.capacity() - CRC_BYTES));
        CRC32C crc = new CRC32C();
        crc.update(value.duplicate().position(value.position() - headBytes - of.payload.readableBytes()));
        value.limit(value.capacity());
        return value.putInt((int) crc.getValue()).flip();
    }

    /** Gives back what it holds, once it is written or given up. */
    void release() {
        if (large != null) {
            large.payload.release();
        }
    }
}
