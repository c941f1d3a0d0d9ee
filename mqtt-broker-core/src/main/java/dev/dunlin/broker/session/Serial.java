package dev.dunlin.broker.session;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that one thread at a time does on an executor, whenever there may be something to do; without a lock.
 *
 * <p>Whoever has something done counts a signal, and the first of them puts the work on the executor. The work ends when all
 * signals it has seen were counted down, so none is missed, and what one run has written the next one sees.
 */
public final class Serial {
    private static final Logger LOG = LoggerFactory.getLogger(Serial.class);

    private final Executor executor;
    private final Runnable work;
    private final Consumer<Throwable> refused;
    private final AtomicInteger signals = new AtomicInteger();

    /**
     * Nothing is to be done so far.
     *
     * @param work does all that there is to do
     * @param refused called in place of the work, by the thread that has signalled, if the executor doesn't take it
     */
    public Serial(Executor executor, Runnable work, Consumer<Throwable> refused) {
        this.executor = executor;
        this.work = work;
        this.refused = refused;
    }

    /** There may be something to do; any thread. */
    public void signal() {
        if (signals.getAndIncrement() == 0) {
            try {
                executor.execute(() -> repeat(work));
            } catch (Throwable e) { // the user's executor; or ours, which has ended
                repeat(() -> refused.accept(e));
            }
        }
    }

    private void repeat(Runnable what) {
        int seen;
        do {
            seen = signals.get();
            try {
                what.run();
            } catch (Throwable e) { // a fault of ours, or of the machine, ends one run and not the work
                LOG.error("a task for handlers failed", e);
            }
        } while (signals.addAndGet(-seen) != 0);
    }
}
