package dev.dunlin.broker.simulation;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Random;

/**
 * A connection over a socket; {@link Sockets} works it. What is sent leaves in pieces, and what comes is read in pieces, or
 * for a while not at all.
 */
final class SocketWire implements Connection {
    /** After so long the broker knows of a reset. Being late is allowed for by the slack of the model. */
    private static final long RESET_NOTICED_MS = 500;

    private static final int FEW_BYTES = 12;

    private final SocketChannel channel;
    private final SelectionKey key;
    private final Connection.End client;
    private final Random random;
    private final ByteBuf out = Unpooled.buffer();
    private long deafUntilMs;
    private long resetAtMs;
    private boolean heard;
    private boolean discards;
    private boolean ending;
    private boolean sendsNothing;
    private boolean reset;
    private boolean ended;

    SocketWire(SocketChannel channel, SelectionKey key, Connection.End client, Random random) {
        this.channel = channel;
        this.key = key;
        this.client = client;
        this.random = random;
    }

    // ---- the client's side

    @Override
    public void send(ByteBuf bytes) {
        if (!ending && !sendsNothing) {
            out.writeBytes(bytes);
        }
    }

    @Override
    public void end() {
        ending = true;
        discards = true;
    }

    /** Half of the time the socket is reset; not if a CONNECT is under way, whose fate the client must learn. */
    @Override
    public void cut() {
        out.clear();
        if (heard && random.nextBoolean()) {
            discards = true;
            reset();
        } else {
            end();
        }
    }

    /** It isn't read for a while, and then only to learn of its end. */
    @Override
    public void abandon() {
        out.clear();
        sendsNothing = true;
        discards = true;
        if (random.nextBoolean()) {
            pause(500 + random.nextInt(15_000));
        }
    }

    @Override
    public boolean isBrokerEnded() {
        return ended || (reset && nowMs() - resetAtMs > RESET_NOTICED_MS);
    }

    /** Doesn't read for so long. */
    void pause(long ms) {
        deafUntilMs = nowMs() + ms;
    }

    // ---- the network

    /** Reads again, if it didn't. */
    void resume() {
        deafUntilMs = 0;
    }

    /** Whether nothing can come any more. */
    boolean isOver() {
        return ended || reset;
    }

    boolean hasUnsent() {
        return out.isReadable() && !isOver();
    }

    /** Whether the client has gone without a word, and the broker may not know. */
    boolean isAbandoned() {
        return sendsNothing && !ending && !isOver();
    }

    /** Sends what is to be sent, or a piece of it. Says whether it reads at present. */
    void prepare() {
        if (isOver()) {
            return;
        }
        try {
            if (out.isReadable()) {
                int count = random.nextInt(6) == 0 ? Math.min(FEW_BYTES, out.readableBytes()) : out.readableBytes();
                out.skipBytes(channel.write(out.nioBuffer(out.readerIndex(), count)));
                out.discardSomeReadBytes();
            }
            if (ending && !sendsNothing && !out.isReadable()) {
                sendsNothing = true;
                channel.shutdownOutput();
            }
        } catch (IOException e) { // the broker has closed it: what it has sent can still be read
            out.clear();
            sendsNothing = true;
        }
        key.interestOps(nowMs() < deafUntilMs ? 0 : SelectionKey.OP_READ);
    }

    /** Reads some of what has come; returns how many bytes it was. */
    int read(ByteBuffer chunk) {
        try {
            chunk.clear();
            if (random.nextInt(6) == 0) {
                chunk.limit(FEW_BYTES);
            }
            int count = channel.read(chunk);
            if (count < 0) {
                over();
                return 0;
            }
            heard |= count > 0;
            if (!discards && count > 0) {
                client.received(Unpooled.copiedBuffer(chunk.flip()));
            }
            return count;
        } catch (IOException e) { // reset
            over();
            return 0;
        }
    }

    private void over() {
        ended = true;
        close();
        client.ended(this);
    }

    private void reset() {
        reset = true;
        resetAtMs = nowMs();
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        close();
    }

    /** Gives the socket back. */
    void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long nowMs() {
        return System.nanoTime() / 1_000_000;
    }
}
