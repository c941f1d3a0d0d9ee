package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.Traits;
import dev.dunlin.broker.spi.View;
import dev.dunlin.store.tck.FaultyStore.Batch;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An engine of a {@link FaultyStore}: asks its switches before each call. */
final class FaultyEngine implements StorageEngine {
    private final FaultyStore store;
    private final StorageEngine inner;
    private final AtomicInteger openViews = new AtomicInteger();
    private final Set<Thread> backingUp = ConcurrentHashMap.newKeySet();
    private volatile State state = State.OPEN;

    private enum State {
        OPEN,
        FAILED,
        CLOSED,
        CRASHED
    }

    FaultyEngine(FaultyStore store, StorageEngine inner) {
        this.store = store;
        this.inner = inner;
    }

    void crashed() {
        state = State.CRASHED;
    }

    int openViews() {
        return openViews.get();
    }

    boolean isOpen() {
        return state == State.OPEN || state == State.FAILED;
    }

    @Override
    public Traits traits() {
        return store.traits(inner.traits());
    }

    @Override
    public void write(OpBuffer ops, boolean sync) throws StoreException {
        requireSound();
        Batch batch = new Batch(ops.count(), ops.bytes(), sync);
        store.begin(batch);
        requireOpen();
        try {
            passWrite(batch);
        } catch (StoreException e) {
            if (store.isAppliedThoughFailed(e.kind()) && isOpen()) {
                inner.write(ops, false);
            }
            latch(e);
            throw e;
        } catch (RuntimeException e) {
            latch(e);
            throw e;
        }
        inner.write(ops, false);
        if (sync) {
            syncInner(); // a stall or failure of it finds the batch in the store, but not on the disk
        }
        store.end(batch);
        requireOpen();
    }

    private void passWrite(Batch batch) throws StoreException {
        store.at(Call.WRITE).pass("writing");
        requireOpen();
        if (store.isTooMuch(inner, batch)) {
            throw new StoreException(Kind.FULL, "the faulty store is full, as it was told");
        }
    }

    @Override
    public void sync() throws StoreException {
        requireSound();
        syncInner();
        requireOpen();
    }

    private void syncInner() throws StoreException {
        try {
            store.at(Call.SYNC).pass("syncing");
        } catch (StoreException | RuntimeException e) {
            latch(e);
            throw e;
        }
        requireOpen();
        inner.sync();
    }

    /** Nothing more is written after a failure, unless it has certainly left no trace. */
    private void latch(Exception failure) {
        boolean repeatable = failure instanceof StoreException known && store.leavesNoTrace(known.kind());
        if (!repeatable && state == State.OPEN) {
            state = State.FAILED;
        }
    }

    @Override
    public View view() throws StoreException {
        requireOpen();
        store.at(Call.VIEW).pass("opening a view");
        requireOpen();
        return new FaultyView(inner.view());
    }

    @Override
    public void backup(Path emptyDir) throws StoreException {
        requireOpen();
        backingUp.add(Thread.currentThread());
        try {
            inner.backup(emptyDir);
            store.at(Call.BACKUP).passUnlessInterrupted("backing up");
        } finally {
            backingUp.remove(Thread.currentThread());
        }
        if (!isOpen()) {
            throw new StoreException(Kind.BUSY, "this engine of the faulty store was closed during its backup");
        }
    }

    @Override
    public void compact(Space space) throws StoreException {
        requireOpen();
        inner.compact(space);
    }

    @Override
    public RecoveryReport recovery() {
        return inner.recovery();
    }

    @Override
    public EngineStats stats() {
        return store.stats(inner);
    }

    @Override
    public void close() throws StoreException {
        if (state == State.CLOSED || state == State.CRASHED) {
            return;
        }
        state = State.CLOSED;
        backingUp.forEach(Thread::interrupt);
        try {
            store.at(Call.CLOSE).pass("closing");
        } finally {
            inner.close();
        }
    }

    private void requireSound() throws StoreException {
        requireOpen();
        if (state == State.FAILED) {
            throw new StoreException(Kind.IO, "the faulty store has failed: close this engine and open it anew");
        }
    }

    private void requireOpen() throws StoreException {
        if (!isOpen()) {
            throw new StoreException(
                    Kind.IO,
                    "this engine of the faulty store is " + state.name().toLowerCase(Locale.ROOT));
        }
    }

    /** Counts itself, and asks before it reads. */
    private final class FaultyView implements View {
        private final View inner;
        private final AtomicBoolean closed = new AtomicBoolean();

        FaultyView(View inner) {
            this.inner = inner;
            openViews.incrementAndGet();
        }

        @Override
        public @Nullable ByteBuffer get(Space space, byte[] key) throws StoreException {
            pass();
            return inner.get(space, key);
        }

        @Override
        public List<@Nullable ByteBuffer> getAll(Space space, List<byte[]> keys) throws StoreException {
            pass();
            return inner.getAll(space, keys);
        }

        @Override
        public void scan(Space space, byte[] from, byte @Nullable [] to, Visitor visitor) throws StoreException {
            pass();
            inner.scan(space, from, to, visitor);
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                openViews.decrementAndGet();
                inner.close();
            }
        }

        private void pass() throws StoreException {
            store.at(Call.READ).pass("reading");
            requireOpen();
        }
    }
}
