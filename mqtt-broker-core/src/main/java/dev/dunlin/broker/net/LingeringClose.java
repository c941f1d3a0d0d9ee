package dev.dunlin.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a socket so that the client gets to see the last packet. A socket that is closed with bytes unread is reset, and a
 * reset may take from the client, or from our own send buffer, what was written before it: the CONNACK or DISCONNECT that
 * says why. So the output is ended first, behind all that was written, and what still comes is read and thrown away until
 * the client closes too, for a bounded time and a bounded number of bytes.
 *
 * <p>It enters the pipeline only then, as its first handler: behind it TLS and WebSocket have said their own goodbye.
 */
final class LingeringClose extends ChannelDuplexHandler {
    static final long LINGER_MS = 2_000;
    static final long DISCARD_BYTES_MAX = 16 << 20;

    /** So many at a time and listener: beyond, clients that don't close would hold too many sockets. */
    static final int LINGERING_MAX = 1_024;

    private @Nullable Future<?> timer;
    private long discardedBytes;

    private LingeringClose() {}

    /**
     * Closes the channel of a connection. On its loop, with everything flushed.
     *
     * @param ending the channels of its listener that are being closed; this one is among them until it is
     * @param lingers whether something may be lost otherwise, and there is time for it
     */
    static void close(ChannelHandlerContext ctx, Set<Channel> ending, boolean lingers) {
        Channel channel = ctx.channel();
        boolean connected = channel instanceof DuplexChannel && channel.isActive() && channel.isRegistered();
        if (connected && lingers && ending.size() < LINGERING_MAX) {
            channel.pipeline().addFirst(new LingeringClose());
            channel.config().setAutoRead(true);
        }
        ctx.close();
        if (channel.isOpen()) {
            ending.add(channel);
            channel.closeFuture().addListener(closed -> ending.remove(channel));
        }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (timer != null) {
            ctx.close(promise);
            return;
        }
        timer = ctx.executor().schedule(() -> ctx.close(), LINGER_MS, TimeUnit.MILLISECONDS);
        ctx.channel().closeFuture().addListener(closed -> promise.trySuccess());
        ChannelFuture allWritten = ctx.write(Unpooled.EMPTY_BUFFER);
        allWritten.addListener(written -> end(ctx, written.isSuccess()));
        ctx.flush();
    }

    private static void end(ChannelHandlerContext ctx, boolean written) {
        if (written) {
            ((DuplexChannel) ctx.channel()).shutdownOutput();
        } else {
            ctx.close();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        discardedBytes += bytes.readableBytes();
        bytes.release();
        if (discardedBytes > DISCARD_BYTES_MAX) {
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (timer != null) {
            timer.cancel(false);
        }
        ctx.fireChannelInactive();
    }

    /** A reset, most likely: nothing is left to wait for. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
