package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the body of a packet that arrives in pieces. Up to {@link #COPIED_BYTES_MAX} the pieces are copied into one buffer
 * of the right size; above, the received buffers themselves are chained, and nothing is allocated ahead of the bytes. A piece
 * that fills less than a quarter of its buffer is copied all the same, or a peer that sends one byte at a time would pin a
 * whole receive buffer with each; and so is a tiny piece in a tiny buffer, of which the chain would outweigh its links.
 *
 * <p>A chain is handed to the system as a list of at most 1,024 parts; from one that is longer Netty makes a copy, of the whole
 * of it, for each connection that it is written to. So behind {@link #CHAINED_MAX} parts all that comes is copied, into parts
 * of {@link #TAIL_BYTES_MAX}, of which the largest packet has 256.
 */
final class Assembly {
    static final int COPIED_BYTES_MAX = 64 * 1024;
    /** A small body's buffer grows from here by doubling, up to its size: what is promised but not sent costs no more. */
    private static final int FIRST_BYTES = 4 * 1024;

    /** A smaller piece is copied, whatever its buffer. */
    private static final int CHAINED_BYTES_MIN = 4 * 1024;
    /** A piece is kept as it is when it fills at least 1/4 of its buffer. */
    private static final int WASTE_MAX = 4;

    /** With receive buffers of 64 KiB so many don't pin more than 32 MiB. */
    private static final int CHAINED_MAX = 512;

    private static final int TAIL_BYTES_MAX = 1 << 20;

    private final ByteBufAllocator alloc;
    private final int wholeBytes;
    private int takenBytes;
    /** The last copies, not yet part of the chain. */
    private @Nullable ByteBuf tail;

    private @Nullable CompositeByteBuf chain;

    /** Begins a body of {@code wholeBytes}, at least 1. */
    Assembly(ByteBufAllocator alloc, int wholeBytes) {
        this.alloc = alloc;
        this.wholeBytes = wholeBytes;
    }

    /** A buffer that doesn't pin more than four times its content: {@code in} itself, or a copy, {@code in} being released. */
    static ByteBuf compact(ByteBuf in) {
        if (in.readableBytes() >= pinnedBytes(in) / WASTE_MAX) {
            return in;
        }
        try {
            return in.alloc().buffer(in.readableBytes()).writeBytes(in);
        } finally {
            in.release();
        }
    }

    /** How much was taken so far. */
    int bytes() {
        return takenBytes;
    }

    /** Takes what belongs to the body. Borrows {@code in}; retains it where it becomes a part. Returns whether all is there. */
    boolean take(ByteBuf in) {
        int bytes = Math.min(in.readableBytes(), wholeBytes - takenBytes);
        boolean large = wholeBytes > COPIED_BYTES_MAX;
        if (large && mayChain() && bytes >= CHAINED_BYTES_MIN && bytes >= pinnedBytes(in) / WASTE_MAX) {
            chain(in.readRetainedSlice(bytes));
        } else if (large) {
            copyLarge(in, bytes);
        } else {
            copy(in, bytes);
        }
        takenBytes += bytes;
        return takenBytes == wholeBytes;
    }

    private boolean mayChain() {
        return chain == null || chain.numComponents() < CHAINED_MAX;
    }

    /** The whole body; the caller owns it, and this object is done. */
    ByteBuf complete() {
        ByteBuf whole = tail;
        if (chain != null) {
            closeTail();
            whole = chain;
        }
        if (whole == null) {
            throw new IllegalStateException("Nothing was taken");
        }
        tail = null;
        chain = null;
        return whole;
    }

    void release() {
        if (tail != null) {
            tail.release();
            tail = null;
        }
        if (chain != null) {
            chain.release();
            chain = null;
        }
    }

    private void copy(ByteBuf in, int bytes) {
        if (tail == null) {
            tail = alloc.buffer(Math.min(wholeBytes, Math.max(FIRST_BYTES, 2 * bytes)), wholeBytes);
        }
        tail.writeBytes(in, bytes);
    }

    /** Copies into tails of doubling size, so that a long drip ends in few parts and never takes twice its bytes. */
    private void copyLarge(ByteBuf in, int bytes) {
        int left = bytes;
        while (left > 0) {
            if (tail == null) {
                int size = Math.max(FIRST_BYTES, Math.min(takenBytes, mayChain() ? COPIED_BYTES_MAX : TAIL_BYTES_MAX));
                tail = alloc.buffer(size, size);
            }
            int part = Math.min(left, tail.writableBytes());
            tail.writeBytes(in, part);
            left -= part;
            if (!tail.isWritable()) {
                closeTail();
            }
        }
    }

    private void closeTail() {
        if (tail != null) {
            ByteBuf full = tail;
            tail = null;
            chained().addComponent(true, compact(full));
        }
    }

    private void chain(ByteBuf part) {
        closeTail();
        chained().addComponent(true, part);
    }

    private CompositeByteBuf chained() {
        if (chain == null) {
            chain = alloc.compositeBuffer(Integer.MAX_VALUE); // no consolidation: that would copy everything again
        }
        return chain;
    }

    /** The size of the memory that a buffer keeps from being reused. */
    private static int pinnedBytes(ByteBuf in) {
        ByteBuf root = in;
        for (ByteBuf next = in.unwrap(); next != null; next = next.unwrap()) {
            root = next;
        }
        return root.capacity();
    }
}
