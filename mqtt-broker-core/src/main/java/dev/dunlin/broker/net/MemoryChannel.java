package dev.dunlin.broker.net;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.SingleThreadEventExecutor;
import io.netty.util.internal.StringUtil;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The broker's end of a connection within the process: reads and writes a pair of {@link MemoryPipe}s as it would a socket,
 * at most {@link MemoryPipe#BYTES_MAX} at a time, and leaves what there is no room for in its outbound buffer. Netty's
 * {@code LocalChannel} has no bound on what waits for a reader, and serves loops of its own kind only; this one is registered
 * with any loop, and moves from one to another.
 */
final class MemoryChannel extends AbstractChannel implements DuplexChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false);

    private final MemoryPipe fromClient = new MemoryPipe(this::wakeUp);
    private final MemoryPipe toClient = new MemoryPipe(this::wakeUp);
    private final ChannelConfig config = new Config();

    /** Sockets are closed by the handler of their loop when that ends; this one isn't registered with it. */
    private final Runnable closeAtTheEnd = this::closeNow;

    private volatile boolean open = true;
    private volatile boolean outputShutdown;
    private boolean reads;

    MemoryChannel() {
        super(null);
    }

    MemoryPipe fromClient() {
        return fromClient;
    }

    MemoryPipe toClient() {
        return toClient;
    }

    // ---- when the client has done something

    /** Any thread. */
    private void wakeUp() {
        try {
            eventLoop().execute(this::work);
        } catch (RejectedExecutionException e) {
            open = false; // its loop has ended, and the broker with it: the client has to see that
            endPipes();
        }
    }

    private void work() {
        if (!eventLoop().inEventLoop()) { // it has moved meanwhile
            wakeUp();
        } else if (isRegistered()) { // else it is on its way, and will look when it arrives
            readSome(); // first: a client that has gone may have left something behind
            writeMore();
        }
    }

    private void writeMore() {
        ChannelOutboundBuffer pending = unsafe().outboundBuffer();
        if (pending != null && !pending.isEmpty() && toClient.awaitRoom()) {
            unsafe().flush();
        }
    }

    private void readSome() {
        if (!reads || !open || !fromClient.awaitReadable()) {
            return;
        }
        reads = false;
        int bytes = fromClient.available();
        if (bytes == 0) {
            unsafe().close(voidPromise());
            return;
        }
        ByteBuf received = alloc().ioBuffer(bytes);
        fromClient.take(received);
        pipeline().fireChannelRead(received);
        pipeline().fireChannelReadComplete();
    }

    private void closeNow() {
        unsafe().close(voidPromise());
    }

    // ---- by Netty

    @Override
    protected void doRegister(ChannelPromise promise) {
        if (eventLoop() instanceof SingleThreadEventExecutor loop) {
            loop.addShutdownHook(closeAtTheEnd);
        }
        promise.setSuccess();
        eventLoop().execute(this::work); // what the client has done while it was on its way
    }

    @Override
    protected void doDeregister() {
        if (eventLoop() instanceof SingleThreadEventExecutor loop) {
            loop.removeShutdownHook(closeAtTheEnd);
        }
    }

    @Override
    protected void doBeginRead() {
        reads = true;
        if (fromClient.awaitReadable()) {
            // Never in the middle of another read, nor before the loop has looked at its other connections.
            eventLoop().schedule(this::work, 0, TimeUnit.NANOSECONDS);
        }
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer pending) throws IOException {
        for (ByteBuf bytes = (ByteBuf) pending.current(); bytes != null; bytes = (ByteBuf) pending.current()) {
            int before = bytes.readableBytes();
            toClient.offer(bytes);
            pending.progress(before - bytes.readableBytes());
            if (!bytes.isReadable()) {
                pending.remove();
            } else if (!toClient.awaitRoom()) {
                return;
            }
        }
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        if (message instanceof ByteBuf) {
            return message;
        }
        throw new UnsupportedOperationException("only bytes, no " + StringUtil.simpleClassName(message));
    }

    @Override
    protected void doShutdownOutput() {
        outputShutdown = true;
        toClient.closeWriter();
    }

    @Override
    protected void doClose() {
        open = false;
        endPipes();
    }

    private void endPipes() {
        outputShutdown = true;
        toClient.closeWriter();
        fromClient.closeReader();
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new AbstractUnsafe() {
            @Override
            public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
                promise.setFailure(new UnsupportedOperationException("it is connected from the beginning"));
            }
        };
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected SocketAddress localAddress0() {
        return InProcessAddress.THE_ONLY;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return InProcessAddress.THE_ONLY;
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        throw new UnsupportedOperationException("it is connected from the beginning");
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    // ---- one direction alone

    @Override
    public boolean isInputShutdown() {
        return !open;
    }

    @Override
    public boolean isOutputShutdown() {
        return outputShutdown;
    }

    @Override
    public boolean isShutdown() {
        return !open;
    }

    @Override
    public ChannelFuture shutdownInput() {
        return shutdownInput(newPromise());
    }

    @Override
    public ChannelFuture shutdownInput(ChannelPromise promise) {
        return promise.setFailure(new UnsupportedOperationException("only its output ends alone"));
    }

    @Override
    public ChannelFuture shutdownOutput() {
        return shutdownOutput(newPromise());
    }

    @Override
    public ChannelFuture shutdownOutput(ChannelPromise promise) {
        if (eventLoop().inEventLoop()) {
            ((AbstractUnsafe) unsafe()).shutdownOutput(promise);
        } else {
            eventLoop().execute(() -> ((AbstractUnsafe) unsafe()).shutdownOutput(promise));
        }
        return promise;
    }

    @Override
    public ChannelFuture shutdown() {
        return shutdown(newPromise());
    }

    @Override
    public ChannelFuture shutdown(ChannelPromise promise) {
        return close(promise);
    }

    private final class Config extends DefaultChannelConfig {
        Config() {
            super(MemoryChannel.this);
        }

        /** Nothing is read behind a pause. */
        @Override
        protected void autoReadCleared() {
            reads = false;
        }
    }
}
