package dev.dunlin.broker;

import dev.dunlin.broker.spi.TimeSource;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The system's clock, which a test may set forward: a store that has failed is tried again in real time all the same. */
final class MovedTime implements TimeSource {
    private final TimeSource system = TimeSource.system();
    private final AtomicLong aheadMs = new AtomicLong();

    void advance(Duration by) {
        aheadMs.addAndGet(by.toMillis());
    }

    @Override
    public long monotonicMs() {
        return system.monotonicMs() + aheadMs.get();
    }

    @Override
    public long wallMs() {
        return system.wallMs() + aheadMs.get();
    }
}
