package dev.dunlin.broker.session;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that one thread at a time does on an executor, whenever there may be something to do; without a lock.
 *
 * <p>Whoever has something done signals, and the first of them puts the work on the executor. Each run first forgets the signals
 * that there were; the work ends when none has come since, so none is missed, and what one run has written the next one sees.
 * While one is noted already, further signals only read: a busy worker isn't slowed down by those who feed it.
 */
public final class Serial {
    private static final Logger LOG = LoggerFactory.getLogger(Serial.class);

    private static final int IDLE = 0;

    /** On the executor, or on its way there. */
    private static final int BUSY = 1;

    /** Busy, and to run once more. */
    private static final int SIGNALLED = 2;

    private final Executor executor;
    private final Runnable work;
    private final Consumer<Throwable> refused;
    private final AtomicInteger state = new AtomicInteger(IDLE);

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
        for (int now = state.get(); now != SIGNALLED; now = state.get()) {
            if (state.compareAndSet(now, now + 1)) {
                if (now == IDLE) {
                    start();
                }
                return;
            }
        }
    }

    private void start() {
        try {
            executor.execute(() -> repeat(work));
        } catch (Throwable e) { // the user's executor; or ours, which has ended
            repeat(() -> refused.accept(e));
        }
    }

    private void repeat(Runnable what) {
        do {
            state.set(BUSY); // before it looks: what comes behind that signals again
            try {
                what.run();
            } catch (Throwable e) { // a fault of ours, or of the machine, ends one run and not the work
                LOG.error("a task for handlers failed", e);
            }
        } while (!state.compareAndSet(BUSY, IDLE));
    }
}
