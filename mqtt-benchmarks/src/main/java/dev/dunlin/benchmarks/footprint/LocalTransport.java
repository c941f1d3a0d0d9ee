package dev.dunlin.benchmarks.footprint;

import dev.dunlin.broker.net.Transport;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.SessionLoop;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A broker's loops on in-memory channels: as many connections as there is memory, without a file each. */
final class LocalTransport implements Transport {
    private final MultiThreadIoEventLoopGroup group;
    private final IdentityHashMap<EventLoop, SessionLoop> loops = new IdentityHashMap<>();

    LocalTransport(Core core) {
        AtomicInteger made = new AtomicInteger();
        group = new MultiThreadIoEventLoopGroup(
                core.loopCount(),
                new DefaultThreadFactory("local", true),
                executor -> core.loop(made.getAndIncrement())
                        .turns(LocalIoHandler.newFactory())
                        .newHandler(executor));
        int index = 0;
        for (EventExecutor executor : group) {
            SessionLoop loop = core.loop(index++);
            loop.bind((IoEventLoop) executor);
            loops.put((EventLoop) executor, loop);
            executor.execute(() -> {}); // starts its thread
        }
    }

    @Override
    public EventLoopGroup group() {
        return group;
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels() {
        return LocalServerChannel::new;
    }

    @Override
    public boolean isTcp() {
        return false;
    }

    @Override
    public SessionLoop loopOf(EventLoop eventLoop) {
        SessionLoop loop = loops.get(eventLoop);
        if (loop == null) {
            throw new IllegalArgumentException("not a loop of this broker: " + eventLoop);
        }
        return loop;
    }

    @Override
    public CompletionStage<Void> close(Duration timeout) {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        group.shutdownGracefully(0, timeout.toMillis(), TimeUnit.MILLISECONDS)
                .addListener(done -> closed.complete(null));
        return closed;
    }
}
