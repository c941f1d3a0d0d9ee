package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.TimeSource;

/** A clock whose wall time goes on from what the store has seen, should it have been set back meanwhile. Any thread. */
final class ResumedTime implements TimeSource {
    private final TimeSource time;
    private final long aheadMs;

    ResumedTime(TimeSource time, long lastSeenMs) {
        this.time = time;
        aheadMs = Math.max(0, lastSeenMs - time.wallMs());
    }

    @Override
    public long monotonicMs() {
        return time.monotonicMs();
    }

    @Override
    public long monotonicNanos() {
        return time.monotonicNanos();
    }

    @Override
    public long wallMs() {
        return time.wallMs() + aheadMs;
    }
}
