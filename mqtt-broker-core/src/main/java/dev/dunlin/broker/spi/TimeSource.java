package dev.dunlin.broker.spi;

import org.jspecify.annotations.Nullable;

/**
 * Where the broker takes its time from. Running timers use the monotonic clock; wall time is for what outlives the
 * process. All are called from any thread and never block.
 */
public interface TimeSource {

    /** Milliseconds since an arbitrary origin; never goes back. */
    long monotonicMs();

    /**
     * Nanoseconds on the clock of {@link #monotonicMs}, for measuring what is short: never goes back. The default has them in
     * whole milliseconds.
     */
    default long monotonicNanos() {
        return monotonicMs() * 1_000_000;
    }

    /** Milliseconds since 1970-01-01T00:00Z; may jump. */
    long wallMs();

    /**
     * Rings once, when that much time has passed by this clock. One that runs as the system's does, as this method's default
     * supposes, leaves it to the timers of the event loops; one that is moved by hand has to ring by itself.
     *
     * @param delayMs milliseconds from now, 0 or more
     * @param ring to be run on any thread; doesn't block
     * @return to be run when it need not ring any more, on any thread, also after it has rung; null to have an event loop's own
     *     timer instead
     */
    default @Nullable Runnable alarm(long delayMs, Runnable ring) {
        return null;
    }

    /** The clocks of the operating system. */
    static TimeSource system() {
        return SystemTimeSource.INSTANCE;
    }
}
