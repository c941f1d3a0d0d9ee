package dev.dunlin.broker.simulation;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.local.LocalAddress;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The broker's end of a {@link Wire}. Reads and writes when its loop has a turn, as a socket would. */
final class SimulatedChannel extends AbstractChannel {
    private static final int RECEIVE_BYTES = 64 << 10;
    private static final SocketAddress ADDRESS = new LocalAddress("simulated");
    private static final ChannelMetadata METADATA = new ChannelMetadata(false);

    private final ChannelConfig config = new DefaultChannelConfig(this);
    private final Wire wire;
    private final Function<EventLoop, SimulatedIo> ios;
    private @Nullable SimulatedIo io;
    private boolean open = true;
    private boolean reads;

    SimulatedChannel(Wire wire, Function<EventLoop, SimulatedIo> ios) {
        super(null);
        this.wire = wire;
        this.ios = ios;
    }

    // ---- by its loop

    /** Whether there is something to be done here. */
    boolean isReady() {
        return (reads && (wire.readable() > 0 || wire.isAtEnd())) || (isWriting() && wire.room() > 0);
    }

    private boolean isWriting() {
        ChannelOutboundBuffer pending = unsafe().outboundBuffer();
        return pending != null && pending.size() > 0;
    }

    /** Does what can be done: at most one read. */
    void work() {
        if (isWriting() && wire.room() > 0) {
            unsafe().flush();
        }
        if (!reads || !open) {
            return;
        }
        if (wire.readable() > 0) {
            reads = false;
            int bytes = Math.min(wire.readable(), RECEIVE_BYTES);
            ByteBuf received = alloc().directBuffer(RECEIVE_BYTES);
            wire.read(received, bytes);
            pipeline().fireChannelRead(received);
            pipeline().fireChannelReadComplete();
        } else if (wire.isAtEnd()) {
            unsafe().close(voidPromise());
        }
    }

    // ---- by Netty

    @Override
    protected void doBeginRead() {
        reads = true;
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer in) {
        for (ByteBuf bytes = (ByteBuf) in.current(); bytes != null; bytes = (ByteBuf) in.current()) {
            wire.write(bytes, Math.min(bytes.readableBytes(), wire.room()));
            if (bytes.isReadable()) {
                return;
            }
            in.remove();
        }
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        SimulatedIo joined = ios.apply(eventLoop());
        joined.add(this);
        io = joined;
        promise.setSuccess();
    }

    @Override
    protected void doDeregister() {
        Objects.requireNonNull(io).remove(this);
        io = null;
    }

    @Override
    protected void doClose() {
        open = false;
        wire.brokerEnded();
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new AbstractUnsafe() {
            @Override
            public void connect(SocketAddress remote, SocketAddress local, ChannelPromise promise) {
                promise.setFailure(new UnsupportedOperationException());
            }
        };
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected SocketAddress localAddress0() {
        return ADDRESS;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return ADDRESS;
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        throw new UnsupportedOperationException();
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
}
