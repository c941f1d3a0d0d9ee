package dev.dunlin.broker.session;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;

/** Completes what users wait for, in order and in batches, off the loops. */
public final class Completions {
    private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    private final Serial serial;

    /** Completes on this executor; if that takes nothing, on the thread that has the result: better there than never. */
    public Completions(Executor executor) {
        serial = new Serial(executor, this::completeAll, refused -> completeAll());
    }

    /** Any thread. */
    public void add(Runnable completion) {
        waiting.add(completion);
        serial.signal();
    }

    private void completeAll() {
        for (Runnable each = waiting.poll(); each != null; each = waiting.poll()) {
            each.run();
        }
    }
}
