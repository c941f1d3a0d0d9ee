package dev.dunlin.broker.session;

import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What handlers' threads should do, on a thread of its own if their executor doesn't take it: a user's that is full or has ended,
 * or ours after its end. For what must be done all the same, may run user code, and is rare: each is a new thread.
 */
public final class OwnThread {
    private static final Logger LOG = LoggerFactory.getLogger(OwnThread.class);

    private OwnThread() {}

    /** Runs a task on the handlers' executor, and if that refuses it on a thread of its own. Any thread; the task must not throw. */
    public static void ifRefused(Executor handlers, Runnable task) {
        try {
            handlers.execute(task);
        } catch (Throwable e) { // the user's executor; or ours, which has ended
            LOG.debug("the executor for handlers refuses a task: {}", e.toString());
            run(task);
        }
    }

    /** Runs a task on a thread of its own; if the system has none left, on the thread at hand. The task must not throw. */
    public static void run(Runnable task) {
        try {
            Thread thread = new Thread(task, "dunlin-instead-of-handlers");
            thread.setDaemon(true);
            thread.start();
        } catch (OutOfMemoryError e) { // no thread to be had
            LOG.error("there is no thread for what handlers refuse: {}", e.toString());
            task.run();
        }
    }
}
