package dev.dunlin.broker.net;

import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.SessionLoop;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.EventExecutor;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.IdentityHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TCP and Unix domain sockets on epoll where its native library is there, else on NIO; one thread per session loop.
 */
public final class SocketTransport implements Transport {
    private static final Logger LOG = LoggerFactory.getLogger(SocketTransport.class);

    private final MultiThreadIoEventLoopGroup group;
    private final boolean epoll;
    private final IdentityHashMap<EventLoop, SessionLoop> loops = new IdentityHashMap<>();

    /**
     * Starts the loops of a broker.
     *
     * @param name prefix of the thread names
     */
    public SocketTransport(String name, Core core) {
        epoll = EpollProbe.isAvailable();
        LOG.info("{}: {} loops on {}", name, core.loopCount(), epoll ? "epoll" : "NIO");
        IoHandlerFactory handlers = epoll ? EpollProbe.handlers() : NioIoHandler.newFactory();
        AtomicInteger made = new AtomicInteger();
        group = new MultiThreadIoEventLoopGroup(
                core.loopCount(),
                threads(name),
                executor -> core.loop(made.getAndIncrement()).turns(handlers).newHandler(executor));
        int index = 0;
        for (EventExecutor executor : group) { // in the order in which they were made
            SessionLoop loop = core.loop(index++);
            loop.bind((IoEventLoop) executor);
            loops.put((EventLoop) executor, loop);
            executor.execute(() -> {}); // starts its thread: a mailbox is worked off from now on
        }
    }

    private static ThreadFactory threads(String name) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new io.netty.util.concurrent.FastThreadLocalThread(
                    task, name + "-loop-" + number.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        };
    }

    @Override
    public EventLoopGroup group() {
        return group;
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels() {
        return epoll ? EpollProbe.serverChannels() : NioServerSocketChannel::new;
    }

    @Override
    public ChannelFactory<? extends ServerChannel> unixServerChannels() {
        return epoll ? EpollProbe.unixServerChannels() : NioServerDomainSocketChannel::new;
    }

    @Override
    public SocketAddress unixAddress(Path file) {
        return epoll ? EpollProbe.unixAddress(file) : UnixDomainSocketAddress.of(file);
    }

    @Override
    public boolean isTcp() {
        return true;
    }

    @Override
    public SessionLoop loopOf(EventLoop eventLoop) {
        SessionLoop loop = loops.get(eventLoop);
        assert loop != null : "not a loop of this broker: " + eventLoop;
        return loop;
    }

    @Override
    public CompletionStage<Void> close(Duration timeout) {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        group.shutdownGracefully(0, timeout.toMillis(), TimeUnit.MILLISECONDS)
                .addListener(done -> closed.complete(null));
        return closed;
    }

    /** Keeps the optional epoll classes out of the way of a program that doesn't have them. */
    private static final class EpollProbe {

        static boolean isAvailable() {
            try {
                return Epoll.isAvailable();
            } catch (NoClassDefFoundError absent) { // the optional dependency isn't there: that is an answer
                return false;
            }
        }

        static IoHandlerFactory handlers() {
            return EpollIoHandler.newFactory();
        }

        static ChannelFactory<? extends ServerChannel> serverChannels() {
            return EpollServerSocketChannel::new;
        }

        static ChannelFactory<? extends ServerChannel> unixServerChannels() {
            return EpollServerDomainSocketChannel::new;
        }

        static SocketAddress unixAddress(Path file) {
            return new DomainSocketAddress(file.toString());
        }
    }
}
