package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Builds the changes of one loop: operations are staged here, in order, and become one change with the next
 * {@link #submit}. What nobody waits for may stay staged until the end of the turn, so that the deletes of a hundred PUBACKs
 * are one change. Loop only.
 *
 * <p>An operation is written from left to right: {@link #put}, the key, {@link #value}, the value, {@link #end}. Where the
 * ticket of the change belongs, {@link #ticket} leaves room: it isn't known before the change is submitted, and between
 * claiming it and filling its place in the queue nothing can fail.
 */
public final class ChangeWriter { // hot
    private static final long[] NONE = {};

    private final CommitPipeline pipeline;
    private final CommitThread committer;
    private final ByteBuf ops = Unpooled.buffer(1024);
    private int count;
    private int references;
    private final Blanks blanks = new Blanks();
    private long[] released = new long[8];
    private int releasedCount;

    private int operationAt;
    private int keyAt;
    private int valueAt;
    private Space space = Space.META;
    private int largeAt = -1;
    private Change.@Nullable Large large;

    ChangeWriter(CommitPipeline pipeline, CommitThread committer) {
        this.pipeline = pipeline;
        this.committer = committer;
    }

    // ---- operations

    /** Begins to set a value: the key follows. */
    ChangeWriter put(Space of) {
        return begin(OpBuffer.PUT, of);
    }

    /** Begins to delete a key, which follows. */
    ChangeWriter delete(Space of) {
        return begin(OpBuffer.DELETE, of);
    }

    /** Begins to delete a range: its first key follows, and behind {@link #value} the key after its last. */
    ChangeWriter deleteRange(Space of) {
        return begin(OpBuffer.DELETE_RANGE, of);
    }

    private ChangeWriter begin(byte kind, Space of) {
        assert large == null : "what is large comes last";
        operationAt = ops.writerIndex();
        ops.writeByte(kind).writeByte(of.ordinal()).writeZero(8);
        keyAt = ops.writerIndex();
        valueAt = -1;
        space = of;
        return this;
    }

    /** The key is complete, the value follows. */
    ChangeWriter value() {
        valueAt = ops.writerIndex();
        return this;
    }

    /** The operation is complete. */
    void end() {
        int end = ops.writerIndex();
        int keyEnd = valueAt < 0 ? end : valueAt;
        ops.setInt(operationAt + 2, keyEnd - keyAt);
        ops.setInt(operationAt + 6, end - keyEnd);
        count++;
    }

    /** As {@link #end}, behind a checksum of the value. */
    void endChecked() {
        if (blanks.isTicketBehind(valueAt)) {
            blanks.checksum(valueAt, ops.writerIndex());
            ops.writeInt(0);
        } else {
            CRC32C crc = new CRC32C();
            crc.update(ops.array(), ops.arrayOffset() + valueAt, ops.writerIndex() - valueAt);
            ops.writeInt((int) crc.getValue());
        }
        end();
    }

    /** As {@link #endChecked}, but before the checksum comes a payload, borrowed, that may be too large to be copied. */
    void endWithPayload(ByteBuf payload) {
        if (payload.readableBytes() <= OpBuffer.INLINE_BYTES) {
            ops.writeBytes(payload, payload.readerIndex(), payload.readableBytes());
            endChecked();
            return;
        }
        largeAt = operationAt;
        large = new Change.Large(space, keyAt, valueAt, payload.retainedDuplicate());
    }

    ChangeWriter u8(int v) {
        ops.writeByte(v);
        return this;
    }

    ChangeWriter u16(int v) {
        ops.writeShort(v);
        return this;
    }

    ChangeWriter u32(long v) {
        ops.writeInt((int) v);
        return this;
    }

    ChangeWriter u64(long v) {
        ops.writeLong(v);
        return this;
    }

    /** UTF-8 without a length. */
    ChangeWriter text(String v) {
        ops.writeCharSequence(v, StandardCharsets.UTF_8);
        return this;
    }

    /** UTF-8 behind its length in two bytes. */
    ChangeWriter string(String v) {
        int at = ops.writerIndex();
        ops.writeShort(0);
        ops.setShort(at, ops.writeCharSequence(v, StandardCharsets.UTF_8));
        return this;
    }

    /** The ticket of the change, eight bytes. */
    ChangeWriter ticket() {
        blanks.ticket(ops.writerIndex());
        ops.writeLong(0);
        return this;
    }

    /** For what writes into a buffer: the staged operations. Append only. */
    ByteBuf buffer() {
        return ops;
    }

    // ---- references

    /** The message in this change has another queue entry that refers to it. */
    void reference() {
        references++;
    }

    /** A queue entry that referred to a message is gone. */
    void release(long messageId) {
        if (releasedCount == released.length) {
            released = Arrays.copyOf(released, 2 * releasedCount);
        }
        released[releasedCount++] = messageId;
    }

    // ---- changes

    /** Whether anything is staged. */
    public boolean isEmpty() {
        return count == 0 && large == null;
    }

    /**
     * Makes one change of what is staged and submits it. There must be something.
     *
     * @return its ticket
     */
    public long submit() {
        assert !isEmpty() : "nothing to submit";
        byte[] bytes = Arrays.copyOfRange(ops.array(), ops.arrayOffset(), ops.arrayOffset() + ops.writerIndex());
        long[] gone = releasedCount == 0 ? NONE : Arrays.copyOf(released, releasedCount);
        Change change = new Change(bytes, largeAt < 0 ? bytes.length : largeAt, count, references, gone, large);
        long ticket = pipeline.submit(change, blanks);
        large = null; // the change's now
        clear();
        committer.wake();
        return ticket;
    }

    /** Gives up what is staged: the loop ends. */
    public void close() {
        if (large != null) {
            large.payload().release();
            large = null;
        }
        clear();
    }

    private void clear() {
        if (ops.capacity() > OpBuffer.INLINE_BYTES) {
            ops.capacity(1024);
        }
        ops.clear();
        count = 0;
        references = 0;
        blanks.clear();
        releasedCount = 0;
        largeAt = -1;
    }
}
