package dev.dunlin.broker.simulation;

import io.netty.channel.AbstractServerChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.local.LocalAddress;
import java.net.SocketAddress;

/** Listens: whoever has a {@link Wire} to the broker is accepted here. */
final class SimulatedServer extends AbstractServerChannel {
    static final SocketAddress ADDRESS = new LocalAddress("broker");

    private final ChannelConfig config = new DefaultChannelConfig(this);
    private boolean open = true;
    private boolean bound;

    /** On its loop. */
    void accept(SimulatedChannel channel) {
        pipeline().fireChannelRead(channel);
        pipeline().fireChannelReadComplete();
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        promise.setSuccess();
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
    protected void doBind(SocketAddress localAddress) {
        bound = true;
    }

    @Override
    protected void doClose() {
        open = false;
    }

    @Override
    protected void doBeginRead() {}

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
        return open && bound;
    }
}
