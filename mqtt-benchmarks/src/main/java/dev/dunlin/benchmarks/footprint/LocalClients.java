package dev.dunlin.benchmarks.footprint;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.Semaphore;

/** The clients' ends of in-memory channels, in the JVM of the broker. They say CONNECT, and stay. */
final class LocalClients {
    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("clients", true), LocalIoHandler.newFactory());
    private int opened;
    private final Semaphore answers = new Semaphore(0);
    private final Bootstrap bootstrap =
            new Bootstrap().group(group).channel(LocalChannel.class).handler(new Client());

    /** Takes connections that nobody serves: what two ends cost without a broker. */
    void serveNobody(LocalAddress at) throws InterruptedException {
        new ServerBootstrap()
                .group(group)
                .channel(LocalServerChannel.class)
                .childHandler(new Nobody())
                .bind(at)
                .sync();
    }

    /** Opens connections; returns when each has been answered. */
    void open(LocalAddress to, int connections) throws InterruptedException {
        for (int i = 0; i < connections; i++) {
            LocalAddress from = new LocalAddress("client-" + opened++); // Netty's own for it are random, and may meet
            Channel channel = bootstrap.connect(to, from).sync().channel();
            channel.writeAndFlush(Packets.connect(i, true));
        }
        answers.acquire(connections);
    }

    /** Counts the answers. */
    @Sharable
    private final class Client extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object received) {
            ((ByteBuf) received).release();
            answers.release();
        }
    }

    /** Answers whatever comes. */
    @Sharable
    private static final class Nobody extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object received) {
            ((ByteBuf) received).release();
            ctx.writeAndFlush(ctx.alloc().directBuffer(4).writeInt(0), ctx.voidPromise());
        }
    }
}
