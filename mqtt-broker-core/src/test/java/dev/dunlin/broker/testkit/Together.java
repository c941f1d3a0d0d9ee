package dev.dunlin.broker.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Threads of one schedule: what fails in one of them fails the test. Lincheck looks at everything that happens in a schedule, and
 * calls {@code equals} of what it meets: AssertJ's objects don't bear that.
 */
public final class Together {
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /** Fails the schedule, with what was found, unless it is as it must be. */
    public static void check(boolean asItMustBe, Object found) {
        if (!asItMustBe) {
            throw new AssertionError(found.toString());
        }
    }

    /** Starts a thread. */
    public void start(Runnable work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
        });
        threads.add(thread);
        thread.start();
    }

    /** Waits for all of them. */
    public void end() {
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        Throwable failed = failure.get();
        if (failed != null) {
            throw new AssertionError(failed);
        }
    }
}
