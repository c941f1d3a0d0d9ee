package dev.dunlin.server.admin;

import dev.dunlin.broker.BrokerStats;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the broker once a second, on a thread of its own: the event loops are not asked. Whoever wants figures gets those of
 * the last look. Any thread.
 */
final class Sampler implements AutoCloseable {
    /** So many looks back begins what is "the last ten seconds". */
    private static final int LATELY = 10;

    private static final long STALE_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** Who waits for a look longer than this goes on with the last one. */
    private static final long PATIENCE_MS = 5_000;

    private static final Logger LOG = LoggerFactory.getLogger(Sampler.class);

    private final Supplier<BrokerStats> broker;
    private final LongSupplier nanoTime;
    private final History history = new History();
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread made = new Thread(task, "dunlin-admin-sampler");
        made.setDaemon(true);
        return made;
    });

    /** The totals of the last looks, oldest first. Under the lock, as all below. */
    private final ArrayDeque<Rates.Totals> totals = new ArrayDeque<>();

    private Sample last;
    private long lastNanos;
    private long looks;
    private boolean closed;

    /** Looks for the first time. */
    Sampler(Supplier<BrokerStats> broker, LongSupplier nanoTime) {
        this.broker = broker;
        this.nanoTime = nanoTime;
        last = sampleOf(broker.get());
        lastNanos = nanoTime.getAsLong();
    }

    /** Looks each second from now on. */
    void start() {
        // Not at a fixed rate: after a pause of the process all that were missed would come at once.
        thread.scheduleWithFixedDelay(this::lookGuarded, 1, 1, TimeUnit.SECONDS);
    }

    private void lookGuarded() {
        try {
            look();
        } catch (RuntimeException | Error e) { // otherwise it would have been the last look
            LOG.error("admin: the figures of the broker can't be taken", e);
        }
    }

    /** Once more. */
    void look() {
        BrokerStats stats = broker.get();
        synchronized (this) {
            last = sampleOf(stats);
            lastNanos = nanoTime.getAsLong();
            looks++;
            history.add(last, lastNanos);
            notifyAll();
        }
    }

    private Sample sampleOf(BrokerStats stats) {
        Rates.Totals now = Rates.Totals.of(stats, nanoTime.getAsLong());
        Rates.Totals before = totals.isEmpty() ? now : totals.getLast();
        totals.add(now);
        if (totals.size() > LATELY + 1) {
            totals.remove();
        }
        Rates lately = Rates.between(totals.getFirst(), now);
        List<Figure> figures = Figures.of(stats, Rates.between(before, now), lately);
        return new Sample(Instant.now(), stats.store(), figures, Figures.drops(stats));
    }

    synchronized Sample last() {
        return last;
    }

    /** Whether the last look is so long ago that nothing is known of the broker. */
    synchronized boolean isStale() {
        return nanoTime.getAsLong() - lastNanos > STALE_NANOS;
    }

    History history() {
        return history;
    }

    /** How often it has looked so far. */
    synchronized long looks() {
        return looks;
    }

    /** Waits for more looks than these, for 5 s at most, then it is the same one; null if it was closed. */
    synchronized @Nullable Sample awaitAfter(long seen) throws InterruptedException {
        long endNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MS);
        long leftMs = PATIENCE_MS;
        while (looks <= seen && !closed && leftMs > 0) {
            wait(leftMs);
            leftMs = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
        }
        return closed ? null : last;
    }

    /** Looks no more; who waits goes on. */
    @Override
    public void close() {
        thread.shutdownNow();
        synchronized (this) {
            closed = true;
            notifyAll();
        }
    }
}
