package dev.dunlin.metrics.micrometer;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStats;
import io.micrometer.core.instrument.Clock;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The figures of one moment for all meters of a registry that are read within a second. Any thread. */
final class Snapshot {
    private static final long HOLDS_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Broker broker;
    private final Clock clock;
    private @Nullable BrokerStats stats;
    private long takenNanos;

    Snapshot(Broker broker, Clock clock) {
        this.broker = broker;
        this.clock = clock;
    }

    synchronized BrokerStats stats() {
        BrokerStats present = stats;
        long nowNanos = clock.monotonicTime();
        if (present == null || nowNanos - takenNanos >= HOLDS_NANOS) {
            present = broker.stats();
            stats = present;
            takenNanos = nowNanos;
        }
        return present;
    }
}
