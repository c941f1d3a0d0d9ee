package dev.dunlin.broker;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Where user code runs that may block: threads of the broker, or the user's own executor.
 *
 * @param own to be ended with the broker; null if the executor is the user's
 */
record Handlers(Executor executor, @Nullable ExecutorService own) {
    private static final long IDLE_SECONDS = 5;

    /** For how long those that were interrupted are waited for: what they fail on is still to be counted. */
    private static final long INTERRUPTED_MS = 1_000;

    /** The user's, which stays the user's to end. */
    static Handlers of(Executor users) {
        return new Handlers(users, null);
    }

    /** Threads of a broker: as many as there are handlers at work, none when there are none. */
    static Handlers threads(String broker) {
        AtomicInteger number = new AtomicInteger();
        ExecutorService threads = new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                    Thread thread = new Thread(task, broker + "-handler-" + number.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
        return new Handlers(threads, threads);
    }

    /** Handlers may finish the message that they have; one that takes longer than the drain is interrupted, and may fail on it. */
    void end(Duration drain) {
        if (own == null) {
            return;
        }
        own.shutdown();
        try {
            if (!own.awaitTermination(drain.toMillis(), TimeUnit.MILLISECONDS)) {
                own.shutdownNow();
                own.awaitTermination(INTERRUPTED_MS, TimeUnit.MILLISECONDS); // one that takes no notice is left behind
            }
        } catch (InterruptedException e) {
            own.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
