package dev.dunlin.broker.store;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches the free space on the store's volume: while there is little, what makes the store grow is refused, so that deletes
 * and the state of exchanges still find room. Little is 2 % of the volume, at least 64 MiB and at most 1 GiB.
 */
final class SpaceGuard {
    private static final Logger LOG = LoggerFactory.getLogger(SpaceGuard.class);
    private static final long MIB = 1 << 20;
    private static final long LITTLE_MIN = 64 * MIB;
    private static final long LITTLE_MAX = 1024 * MIB;
    private static final int PARTS = 50;
    private static final long POLL_MS = 1_000;

    private volatile boolean little;
    private volatile long memoryBytes;
    private long polledMs = Long.MIN_VALUE / 2;
    private @Nullable Events events;

    /** Whom to tell. Before the commit thread runs. */
    void observe(Events to) {
        events = to;
    }

    /** Whether there is little space. Any thread. */
    boolean isLittle() {
        return little;
    }

    /** What the engine holds outside of the heap, in bytes; 0 if it doesn't know. Any thread. */
    long memoryBytes() {
        return memoryBytes;
    }

    /** Looks, at most once a second. Commit thread. */
    void poll(LiveEngine engine, long nowMs) throws StoreException {
        if (nowMs - polledMs < POLL_MS) {
            return;
        }
        polledMs = nowMs;
        EngineStats stats = engine.stats();
        memoryBytes = Math.max(0, stats.memoryBytes()); // else UNKNOWN
        boolean now = stats.freeBytes() != EngineStats.UNKNOWN && stats.freeBytes() < threshold(stats.volumeBytes());
        if (now != little) {
            little = now;
            tell(now, stats.freeBytes());
            if (now) {
                LOG.warn(
                        "store: only {} MiB are free: new durable messages and sessions are refused",
                        stats.freeBytes() / MIB);
            } else {
                LOG.info(
                        "store: {} MiB are free: new durable messages and sessions are taken again",
                        stats.freeBytes() / MIB);
            }
        }
    }

    private void tell(boolean now, long freeBytes) {
        if (events != null) {
            events.tell(
                    now
                            ? new BrokerEvent.StoreLittleSpace(events.now(), freeBytes)
                            : new BrokerEvent.StoreWell(events.now(), "the store has space again"));
        }
    }

    static long threshold(long volumeBytes) {
        return Math.max(LITTLE_MIN, Math.min(LITTLE_MAX, volumeBytes / PARTS));
    }
}
