package dev.dunlin.broker.session;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes what users wait for, off the loops for as long as the executor takes it: if not, on the thread that has the result,
 * which may be a loop's. Better there than never.
 */
public final class Completions {
    private static final Logger LOG = LoggerFactory.getLogger(Completions.class);

    private final Executor executor;
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private final Serial serial;

    /** Completes on this executor. */
    public Completions(Executor executor) {
        this.executor = executor;
        serial = new Serial(executor, this::completeAll, refused -> completeAll());
    }

    /** Completes in order and in batches: what depends on one holds up those behind it. Any thread. */
    public void add(Runnable completion) {
        waiting.add(completion);
        serial.signal();
    }

    /** Completes beside all others: what depends on it may take its time, and wait for them. Any thread. */
    public void addApart(Runnable completion) {
        try {
            executor.execute(completion);
        } catch (Throwable e) { // the user's executor; or ours, which has ended
            LOG.debug("an executor refuses: it is completed here: {}", e.toString());
            completion.run();
        }
    }

    private void completeAll() {
        for (Runnable each = waiting.poll(); each != null; each = waiting.poll()) {
            each.run();
        }
    }
}
