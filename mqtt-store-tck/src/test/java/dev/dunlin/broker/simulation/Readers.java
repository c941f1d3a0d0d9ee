package dev.dunlin.broker.simulation;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;

/** The reader threads of a store: a task runs when it has its turn. */
final class Readers extends AbstractExecutorService {
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private boolean direct;

    @Override
    public void execute(Runnable task) {
        if (direct) {
            task.run();
        } else {
            tasks.add(task);
        }
    }

    /** Runs the next task; false if there is none. */
    boolean runOne() {
        Runnable task = tasks.poll();
        if (task != null) {
            task.run();
        }
        return task != null;
    }

    /** Whether everything that comes is run at once; what waits is then run now. */
    void direct(boolean now) {
        direct = now;
        for (boolean more = now; more; ) {
            more = runOne();
        }
    }

    @Override
    public void shutdown() {}

    @Override
    public List<Runnable> shutdownNow() {
        return List.of();
    }

    @Override
    public boolean isShutdown() {
        return false;
    }

    @Override
    public boolean isTerminated() {
        return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
        return true;
    }
}
