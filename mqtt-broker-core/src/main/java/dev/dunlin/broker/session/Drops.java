package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.DropReason;
import java.util.concurrent.atomic.AtomicLongArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accounts for every message that ends without delivery: {@link #count} is the only way to end one. Counters per loop,
 * written by that loop, read by anybody.
 */
public final class Drops {
    private static final Logger LOG = LoggerFactory.getLogger(Drops.class);

    private final AtomicLongArray counts = new AtomicLongArray(DropReason.values().length);

    /**
     * Counts {@code n} deliveries that will not happen. Loop only.
     *
     * @param session who would have received them, or who published what was refused
     * @param filter the topic of the messages, or the filter they came by
     */
    void count(String session, String filter, DropReason reason, long n) {
        counts.lazySet(reason.ordinal(), counts.get(reason.ordinal()) + n);
        if (LOG.isDebugEnabled()) {
            LOG.debug("client {}: dropped {} on {}: {}", session, n, filter, reason);
        }
    }

    /** How many were counted for a reason. Any thread; may trail the loop by a moment. */
    public long of(DropReason reason) {
        return counts.get(reason.ordinal());
    }
}
