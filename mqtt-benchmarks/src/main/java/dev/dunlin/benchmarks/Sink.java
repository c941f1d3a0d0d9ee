package dev.dunlin.benchmarks;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.util.concurrent.CountDownLatch;

/** Stands for the network: counts what is written and forgets it. For the channels of one thread. */
@ChannelHandler.Sharable
final class Sink extends ChannelOutboundHandlerAdapter {
    private long bytes;
    private long bytesAwaited = Long.MAX_VALUE;
    private CountDownLatch arrived = new CountDownLatch(0);

    /** Counts down {@code latch} when that much more has been written. Before it is. */
    void await(long more, CountDownLatch latch) {
        arrived = latch;
        bytesAwaited = bytes + more;
    }

    long bytes() {
        return bytes;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ByteBuf buffer = (ByteBuf) message;
        bytes += buffer.readableBytes();
        buffer.release();
        promise.trySuccess();
        if (bytes >= bytesAwaited) {
            bytesAwaited = Long.MAX_VALUE;
            arrived.countDown();
        }
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {}
}
