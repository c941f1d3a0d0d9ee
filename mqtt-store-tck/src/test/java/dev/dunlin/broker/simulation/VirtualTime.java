package dev.dunlin.broker.simulation;

import dev.dunlin.broker.spi.TimeSource;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;

/** The clocks of a simulation: the monotonic one moves when it is told to, and the wall may be set to anything. */
final class VirtualTime implements TimeSource, Ticker {
    private static final long START_WALL_MS = 1_800_000_000_000L;

    private long nanos;
    private long wallOffsetMs = START_WALL_MS;
    private boolean running;

    void advanceMs(long ms) {
        nanos += TimeUnit.MILLISECONDS.toNanos(ms);
    }

    /** Somebody sets the clock on the wall. */
    void jumpWallMs(long ms) {
        wallOffsetMs += ms;
    }

    /** Whether time goes on by itself whenever it is looked at: Netty's loops wait for that when they are to end. */
    void running(boolean itself) {
        running = itself;
    }

    @Override
    public long monotonicMs() {
        return TimeUnit.NANOSECONDS.toMillis(nanoTime());
    }

    @Override
    public long wallMs() {
        return monotonicMs() + wallOffsetMs;
    }

    @Override
    public long initialNanoTime() {
        return 0;
    }

    @Override
    public long nanoTime() {
        nanos += running ? 1_000 : 0;
        return nanos;
    }

    @Override
    public void sleep(long delay, TimeUnit unit) {
        throw new UnsupportedOperationException("nobody sleeps in a simulation");
    }
}
