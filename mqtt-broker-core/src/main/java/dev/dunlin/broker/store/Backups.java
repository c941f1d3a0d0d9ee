package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes backups of a store, one at a time, each on a thread of its own beside the commit thread. A failure of the engine ends
 * the one under way, as the engine is closed then. Any thread.
 */
final class Backups {
    private static final Logger LOG = LoggerFactory.getLogger(Backups.class);

    private final LiveEngine engine;
    private final CommitPipeline pipeline;
    private final String threadName;
    private @Nullable Running running;
    private boolean ended;

    private record Running(Thread thread, CountDownLatch over) {}

    Backups(LiveEngine engine, CommitPipeline pipeline, String threadName) {
        this.engine = engine;
        this.pipeline = pipeline;
        this.threadName = threadName;
    }

    /** Begins one, or says why not: {@code done} runs on the backup's thread, or in this call. */
    void begin(Path emptyDir, BiConsumer<@Nullable Copy, @Nullable StoreException> done) {
        String hindrance = start(new Thread(() -> run(emptyDir, done), threadName));
        if (!hindrance.isEmpty()) {
            done.accept(null, new StoreException(Kind.BUSY, hindrance));
        }
    }

    private synchronized String start(Thread thread) {
        if (ended) {
            return "the broker closes: make the backup when it runs again";
        }
        if (running != null) {
            return "a backup is under way already: begin the next one when it is done";
        }
        thread.setDaemon(true);
        thread.start();
        running = new Running(thread, new CountDownLatch(1));
        return "";
    }

    private void run(Path emptyDir, BiConsumer<@Nullable Copy, @Nullable StoreException> done) {
        Copy copy = null;
        StoreException failure = null;
        try {
            copy = Copy.make(emptyDir, folder -> engine.backup(folder, pipeline::holdsAll));
        } catch (StoreException e) {
            failure = e;
        } catch (RuntimeException | Error e) { // nothing of an engine's may leave anybody waiting
            failure = new StoreException(Kind.IO, "the backup to " + emptyDir + " failed: " + e, e);
        }
        over(); // before anybody is told: who then begins the next one must not be refused
        done.accept(copy, failure);
    }

    private synchronized void over() {
        if (running != null) {
            running.over.countDown();
        }
        running = null;
    }

    /** Ends the one under way, and begins no other. Doesn't wait. */
    void end() {
        ended();
    }

    /** As {@link #end}, and waits until it has cleared away what it had; not longer than this. */
    void close(long patienceMs) {
        Running last = ended();
        try {
            if (last != null && !last.over.await(patienceMs, TimeUnit.MILLISECONDS)) {
                LOG.warn("store: the backup under way takes long to end: what it leaves is in a folder \".partial\"");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized @Nullable Running ended() {
        ended = true;
        if (running != null) {
            running.thread.interrupt();
        }
        return running;
    }
}
