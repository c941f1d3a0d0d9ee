package dev.dunlin.broker.session;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import org.jspecify.annotations.Nullable;

/** Stands between an event loop and its transport, and asks each what the other asks. */
abstract class ForwardingIo implements IoHandler, IoHandlerContext {
    final IoHandler transport;
    private @Nullable IoHandlerContext context;

    ForwardingIo(IoHandler transport) {
        this.transport = transport;
    }

    /** What the event loop says of itself during this run. */
    final void calledWith(IoHandlerContext given) {
        context = given;
    }

    final IoHandlerContext context() {
        assert context != null : "asked outside of run";
        return context;
    }

    // ---- of the event loop

    @Override
    public long delayNanos(long currentTimeNanos) {
        return context().delayNanos(currentTimeNanos);
    }

    @Override
    public long deadlineNanos() {
        return context().deadlineNanos();
    }

    @Override
    public void reportActiveIoTime(long activeNanos) {
        context().reportActiveIoTime(activeNanos);
    }

    @Override
    public boolean shouldReportActiveIoTime() {
        return context().shouldReportActiveIoTime();
    }

    // ---- of the transport

    @Override
    public void prepareToDestroy() {
        transport.prepareToDestroy();
    }

    @Override
    public IoRegistration register(IoHandle handle) throws Exception {
        return transport.register(handle);
    }

    @Override
    public void wakeup() {
        transport.wakeup();
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return transport.isCompatible(handleType);
    }
}
