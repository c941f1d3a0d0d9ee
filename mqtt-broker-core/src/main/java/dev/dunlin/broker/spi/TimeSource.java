package dev.dunlin.broker.spi;

/**
 * Where the broker takes its time from. Running timers use the monotonic clock; wall time is for what outlives the
 * process. Both are called from any thread and never block.
 */
public interface TimeSource {

    /** Milliseconds since an arbitrary origin; never goes back. */
    long monotonicMs();

    /** Milliseconds since 1970-01-01T00:00Z; may jump. */
    long wallMs();

    /** The clocks of the operating system. */
    static TimeSource system() {
        return SystemTimeSource.INSTANCE;
    }
}
