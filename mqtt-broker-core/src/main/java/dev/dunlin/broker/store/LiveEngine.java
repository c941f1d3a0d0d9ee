package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine of a store, which is closed and opened anew when it has failed. The commit thread writes, closes and opens; any
 * other thread reads, through a view that is closed before the engine is: a long reader asks {@link #isWanted} now and then.
 * A backup isn't waited for: the engine ends it when it is closed.
 */
final class LiveEngine {
    private static final Logger LOG = LoggerFactory.getLogger(LiveEngine.class);

    private static final int VIEWS_MAX = 1 << 20;

    private final StorageEngineProvider provider;
    /** A permit for each open view; all of them for who closes the engine. */
    private final Semaphore inUse = new Semaphore(VIEWS_MAX, true);

    private volatile @Nullable StorageEngine engine;
    private volatile boolean wanted;

    LiveEngine(StorageEngineProvider provider, StorageEngine opened) {
        this.provider = provider;
        engine = opened;
    }

    /** Reads from a view. */
    @FunctionalInterface
    interface Reading<T> {
        /** Reads. The view is borrowed. */
        T from(View view) throws StoreException;
    }

    /** Reads what has been written so far. Any thread but the loops'. BUSY while it is being reopened. */
    <T> T read(Reading<T> reading) throws StoreException {
        try (View view = view()) {
            return reading.from(view);
        }
    }

    /** A view of what has been written so far, as for {@link #read}; closed by any thread. */
    View view() throws StoreException {
        inUse.acquireUninterruptibly();
        try {
            return new CountedView(open().view());
        } catch (StoreException | RuntimeException e) {
            inUse.release();
            throw e;
        }
    }

    /** Copies what has been written so far. Any thread but the loops'. BUSY if the engine is or gets closed. */
    void backup(Path emptyDir, BooleanSupplier holdsAll) throws StoreException {
        StorageEngine now = open();
        if (!holdsAll
                .getAsBoolean()) { // asked of the engine that is then used: none opened later could slip in between
            throw new StoreException(Kind.BUSY, "the store has failed, and isn't back yet: try again when it is");
        }
        now.backup(emptyDir);
    }

    /** Whether somebody waits for the engine: a long reader gives up then, with BUSY. */
    boolean isWanted() {
        return wanted;
    }

    boolean isOpen() {
        return engine != null;
    }

    void write(OpBuffer ops, boolean sync) throws StoreException {
        open().write(ops, sync);
    }

    void sync() throws StoreException {
        open().sync();
    }

    EngineStats stats() throws StoreException {
        return open().stats();
    }

    boolean mayRetryInPlace(StoreException failure) throws StoreException {
        return failure.kind() == Kind.FULL && open().traits().failedWriteLeavesNoTrace();
    }

    private StorageEngine open() throws StoreException {
        StorageEngine now = engine;
        if (now == null) {
            throw new StoreException(Kind.BUSY, "the store is being opened again");
        }
        return now;
    }

    /** Closes the engine, after the readers have left it. */
    void close() throws StoreException {
        wanted = true;
        inUse.acquireUninterruptibly(VIEWS_MAX);
        try {
            StorageEngine closed = engine;
            engine = null;
            if (closed != null) {
                closed.close();
            }
        } finally {
            inUse.release(VIEWS_MAX);
            wanted = false;
        }
    }

    /** Closes an engine that has failed; what it says to that is only logged. */
    void abandon() {
        try {
            close();
        } catch (StoreException | RuntimeException | Error e) { // it is to be let go of, that is all
            LOG.warn("store: closing the failed engine: {}", e.toString());
        }
    }

    /** Opens the store again. */
    void reopen() throws StoreException {
        assert engine == null : "closed first";
        engine = provider.open();
    }

    /** A view that says when it is closed. */
    private final class CountedView implements View {
        private final View view;
        private boolean closed;

        CountedView(View view) {
            this.view = view;
        }

        @Override
        public @Nullable ByteBuffer get(Space space, byte[] key) throws StoreException {
            return view.get(space, key);
        }

        @Override
        public List<@Nullable ByteBuffer> getAll(Space space, List<byte[]> keys) throws StoreException {
            return view.getAll(space, keys);
        }

        @Override
        public void scan(Space space, byte[] from, byte @Nullable [] to, Visitor visitor) throws StoreException {
            view.scan(space, from, to, visitor);
        }

        @Override
        public void close() {
            if (!closed) {
                closed = true;
                view.close();
                inUse.release();
            }
        }
    }
}
