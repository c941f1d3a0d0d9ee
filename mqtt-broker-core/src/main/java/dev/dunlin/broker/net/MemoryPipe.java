package dev.dunlin.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Bytes on their way in one direction within the process, in place of a socket's buffers: a ring that grows up to
 * {@link #BYTES_MAX}. At one end is the client, whose threads wait here; at the other a {@link MemoryChannel}, which never
 * waits, but is called when what it has looked for in vain is there. That call is made without the lock. A client may choose
 * to be called as well.
 *
 * <p>The writer's end may be closed, which the reader sees behind what is left; or the reader's, which the writer sees at once.
 */
final class MemoryPipe {
    static final int BYTES_MAX = 64 << 10;
    private static final int BYTES_MIN = 256;

    private final Runnable channel;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private byte[] ring = new byte[BYTES_MIN];
    private int start;
    private int size;
    private boolean channelWaits;
    private @Nullable Runnable client;
    private boolean clientWaits;
    private boolean writerClosed;
    private boolean readerClosed;

    /** Nobody reads any more, though both ends are open: what comes is thrown away. */
    private boolean readerEnded;

    /** @param channel called, by the client's threads, when there is something or room again; once after each vain look */
    MemoryPipe(Runnable channel) {
        this.channel = channel;
    }

    // ---- the client's end

    /**
     * Waits for bytes and takes some.
     *
     * @param timeoutMs how long it waits at most; 0 for no bound
     * @return how many; -1 at the end
     */
    int read(byte[] into, int offset, int length, int timeoutMs) throws IOException {
        if (length == 0) {
            return 0;
        }
        boolean tell;
        int taken;
        lock.lock();
        try {
            awaitBytes(timeoutMs);
            if (size == 0) {
                return -1;
            }
            taken = drain(Unpooled.wrappedBuffer(into, offset, length).clear());
            tell = channelWaits;
            channelWaits = false;
        } finally {
            lock.unlock();
        }
        if (tell) {
            channel.run();
        }
        return taken;
    }

    private void awaitBytes(int timeoutMs) throws IOException {
        long leftNs = TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        while (size == 0 && !writerClosed && !readerClosed && !readerEnded) {
            if (timeoutMs > 0 && leftNs <= 0) {
                throw new SocketTimeoutException("nothing came for " + timeoutMs + " ms");
            }
            leftNs = await(timeoutMs == 0 ? Long.MAX_VALUE : leftNs);
        }
        if (readerClosed) {
            throw new SocketException("socket closed");
        }
    }

    @SuppressWarnings("WaitNotInLoop") // its callers loop
    private long await(long forNs) throws InterruptedIOException {
        try {
            return changed.awaitNanos(forNs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /** Hands over all of it, waiting for room as often as it takes. */
    void write(byte[] bytes, int offset, int length) throws IOException {
        ByteBuf from = Unpooled.wrappedBuffer(bytes, offset, length);
        while (from.isReadable()) {
            boolean tell;
            lock.lock();
            try {
                while (size == BYTES_MAX && !readerClosed && !writerClosed) {
                    await(Long.MAX_VALUE);
                }
                checkOpen();
                fill(from);
                tell = channelWaits;
                channelWaits = false;
            } finally {
                lock.unlock();
            }
            if (tell) {
                channel.run();
            }
        }
    }

    private void checkOpen() throws SocketException {
        if (writerClosed) {
            throw new SocketException("socket closed");
        }
        if (readerClosed) {
            throw new SocketException("closed by the other end");
        }
    }

    // ---- the client's end, for one that doesn't wait

    /** Has the client called, by the channel's threads, once after each vain look. Before anything else. */
    void calls(Runnable whenThereIsSomething) {
        client = whenThereIsSomething;
    }

    /** Whether there are bytes, or the end; else the client is called when there are. */
    boolean clientAwaitsReadable() {
        lock.lock();
        try {
            clientWaits = size == 0 && !writerClosed && !readerClosed;
            return !clientWaits;
        } finally {
            lock.unlock();
        }
    }

    /** Takes what is there; 0 for nothing. */
    int takeNow(ByteBuf into) {
        boolean tell;
        int taken;
        lock.lock();
        try {
            taken = drain(into);
            tell = channelWaits;
            channelWaits = false;
        } finally {
            lock.unlock();
        }
        if (tell) {
            channel.run();
        }
        return taken;
    }

    /**
     * Hands over as much as there is room for; all of it if nobody reads any more. If something is left, the client is called
     * when there is room.
     */
    void offerNow(ByteBuf from) {
        boolean tell;
        lock.lock();
        try {
            if (readerClosed || writerClosed) {
                from.skipBytes(from.readableBytes());
            } else {
                fill(from);
            }
            clientWaits = from.isReadable();
            tell = channelWaits;
            channelWaits = false;
        } finally {
            lock.unlock();
        }
        if (tell) {
            channel.run();
        }
    }

    /** Under the lock: whether the client is to be called. */
    private @Nullable Runnable called() {
        Runnable waiting = clientWaits ? client : null;
        clientWaits = false;
        return waiting;
    }

    private static void call(@Nullable Runnable waiting) {
        if (waiting != null) {
            waiting.run();
        }
    }

    // ---- the channel's end

    /** Whether there are bytes, or the end; else the channel is called when there are. */
    boolean awaitReadable() {
        lock.lock();
        try {
            channelWaits = size == 0 && !writerClosed;
            return !channelWaits;
        } finally {
            lock.unlock();
        }
    }

    /** Takes what is there and fits; 0 for nothing. */
    int take(ByteBuf into) {
        Runnable waiting = null;
        lock.lock();
        try {
            waiting = called();
            return drain(into);
        } finally {
            changed.signalAll();
            lock.unlock();
            call(waiting);
        }
    }

    /** Whether there is room, or nobody who takes anything; else the channel is called when there is. */
    boolean awaitRoom() {
        lock.lock();
        try {
            channelWaits = size == BYTES_MAX && !readerClosed;
            return !channelWaits;
        } finally {
            lock.unlock();
        }
    }

    /** Hands over as much as there is room for; all of it if nobody reads any more, as a network would. */
    void offer(ByteBuf from) throws IOException {
        Runnable waiting = null;
        lock.lock();
        try {
            if (writerClosed) {
                throw new SocketException("socket closed");
            }
            if (readerClosed || readerEnded) {
                from.skipBytes(from.readableBytes());
            } else {
                fill(from);
                waiting = called();
            }
        } finally {
            changed.signalAll();
            lock.unlock();
            call(waiting);
        }
    }

    // ---- both

    /** Bytes that can be taken now. */
    int available() {
        lock.lock();
        try {
            return size;
        } finally {
            lock.unlock();
        }
    }

    /** No more will come. Idempotent. */
    void closeWriter() {
        change(() -> writerClosed = true);
    }

    /** The reader sees the end from now on, whatever comes. Idempotent. */
    void endReader() {
        change(() -> {
            readerEnded = true;
            size = 0;
        });
    }

    /** Nobody will take anything any more. Idempotent. */
    void closeReader() {
        change(() -> {
            readerClosed = true;
            size = 0;
        });
    }

    /** Both ends have to see it, whatever they wait for. */
    private void change(Runnable state) {
        boolean tell;
        Runnable waiting;
        lock.lock();
        try {
            state.run();
            changed.signalAll();
            waiting = called();
            tell = channelWaits;
            channelWaits = false;
        } finally {
            lock.unlock();
        }
        if (tell) {
            channel.run();
        }
        call(waiting);
    }

    // ---- the ring, under the lock

    private void fill(ByteBuf from) {
        int bytes = Math.min(from.readableBytes(), BYTES_MAX - size);
        grow(size + bytes);
        int at = (start + size) % ring.length;
        int untilWrap = Math.min(bytes, ring.length - at);
        from.readBytes(ring, at, untilWrap);
        from.readBytes(ring, 0, bytes - untilWrap);
        size += bytes;
    }

    private int drain(ByteBuf into) {
        int bytes = Math.min(size, into.writableBytes());
        int untilWrap = Math.min(bytes, ring.length - start);
        into.writeBytes(ring, start, untilWrap);
        into.writeBytes(ring, 0, bytes - untilWrap);
        start = (start + bytes) % ring.length;
        size -= bytes;
        return bytes;
    }

    private void grow(int bytes) {
        if (bytes <= ring.length) {
            return;
        }
        byte[] larger = new byte[Math.min(BYTES_MAX, Integer.highestOneBit(bytes - 1) << 1)];
        int untilWrap = Math.min(size, ring.length - start);
        System.arraycopy(ring, start, larger, 0, untilWrap);
        System.arraycopy(ring, 0, larger, untilWrap, size - untilWrap);
        ring = larger;
        start = 0;
    }
}
