package dev.dunlin.broker.simulation;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoRegistration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The transport of one loop. It never blocks, but it knows whether a real one would: a loop that would sleep gets no turn until
 * something has come or somebody wakes it. So a wake-up that is lost is seen here.
 */
final class SimulatedIo implements IoHandler {
    private final Set<SimulatedChannel> channels = new LinkedHashSet<>();
    private @Nullable IoHandlerContext context;
    private boolean woken = true;
    private boolean running;

    void add(SimulatedChannel channel) {
        channels.add(channel);
    }

    void remove(SimulatedChannel channel) {
        channels.remove(channel);
    }

    /** Whether the loop has something to do, or would at least not sleep now. */
    boolean isAwake() {
        return woken || context == null || channels.stream().anyMatch(SimulatedChannel::isReady) || !context.canBlock();
    }

    @Override
    public int run(IoHandlerContext given) {
        context = given;
        woken = false;
        for (SimulatedChannel channel : List.copyOf(channels)) {
            channel.work();
        }
        return 0;
    }

    /** Whether its loop has its turn now. */
    void running(boolean now) {
        running = now;
    }

    /** Nanoseconds until a timer of its loop is due; 0 before the first turn. */
    long untilTimer(long nowNanos) {
        return context == null ? 0 : context.delayNanos(nowNanos);
    }

    /** What a loop does in its own turn doesn't wake it: it will look before it sleeps. */
    @Override
    public void wakeup() {
        woken |= !running;
    }

    @Override
    public void prepareToDestroy() {
        for (SimulatedChannel channel : List.copyOf(channels)) {
            channel.unsafe().close(channel.voidPromise());
        }
    }

    @Override
    public void destroy() {}

    @Override
    public IoRegistration register(IoHandle handle) {
        throw new UnsupportedOperationException("channels register themselves");
    }

    @Override
    public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return false;
    }
}
