package dev.dunlin.auth;

import dev.dunlin.broker.spi.AuthResult;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Few threads for what takes too long for an event loop, with a bounded queue in front of them. Any thread. */
final class CheckPool implements AutoCloseable {
    static final int THREADS = Math.max(1, Math.min(2, Runtime.getRuntime().availableProcessors() / 2));

    /** Some seconds of work: who came later than that would hardly be waited for. */
    static final int WAITING_MAX = 200;

    private static final long REPORT_EVERY_NS = TimeUnit.SECONDS.toNanos(10);
    private static final Logger LOG = LoggerFactory.getLogger(CheckPool.class);

    private final ThreadPoolExecutor checkers;
    private final int waitingMax;
    private final LongSupplier nanoTime;
    private final AtomicLong reportedNs;
    private final AtomicInteger refused = new AtomicInteger();

    /**
     * No thread runs yet, nor when there has been nothing to do for a while.
     *
     * @param name of its threads, with a number behind it
     */
    CheckPool(String name, int threads, int waitingMax, LongSupplier nanoTime) {
        this.waitingMax = waitingMax;
        this.nanoTime = nanoTime;
        reportedNs = new AtomicLong(nanoTime.getAsLong() - REPORT_EVERY_NS);
        AtomicInteger number = new AtomicInteger();
        checkers = new ThreadPoolExecutor(
                threads, threads, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(waitingMax), task -> {
                    Thread thread = new Thread(task, name + "-" + number.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
        checkers.allowCoreThreadTimeOut(true);
    }

    /**
     * Runs a check on one of its threads.
     *
     * @throws RejectedExecutionException if too many wait, or it is closed; logged, one line every ten seconds at most
     */
    CompletionStage<AuthResult> answer(Supplier<AuthResult> check) {
        try {
            return CompletableFuture.supplyAsync(check, checkers);
        } catch (RejectedExecutionException e) {
            report();
            throw e;
        }
    }

    private void report() {
        refused.incrementAndGet();
        long now = nanoTime.getAsLong();
        long last = reportedNs.get();
        if (now - last >= REPORT_EVERY_NS && reportedNs.compareAndSet(last, now)) {
            LOG.warn(
                    "refused as too many wait to be checked: {} since the last such line; {} wait, on {} threads",
                    refused.getAndSet(0),
                    waitingMax,
                    checkers.getCorePoolSize());
        }
    }

    /** Who comes from now on is refused; who waits is still checked. The threads end with that. */
    @Override
    public void close() {
        checkers.shutdown();
    }
}
