package dev.dunlin.broker.simulation;

import dev.dunlin.broker.testkit.ThreadlessExecutor;
import java.util.ArrayDeque;
import java.util.Queue;

/** The reader threads of a store: a task runs when it has its turn. */
final class Readers extends ThreadlessExecutor {
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
}
