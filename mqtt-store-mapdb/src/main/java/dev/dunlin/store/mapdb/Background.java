package dev.dunlin.store.mapdb;

import java.nio.file.Path;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The threads that make segments and generations, while there is something to make. */
final class Background implements Executor, AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    private final ExecutorService threads;

    Background(Path dir) {
        threads = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, "dunlin-mapdb-" + dir.getFileName());
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public void execute(Runnable work) {
        threads.execute(work);
    }

    /** Leaves no thread. All work has ended before. */
    @Override
    public void close() {
        threads.shutdown();
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = threads.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
