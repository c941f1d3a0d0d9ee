package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.Traits;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A store that fails, stalls, fills up and forgets at a test's command: for tests of what uses a store. It wraps another one, a
 * {@link ModelStore} above all, whose contents outlast every failure. All methods may be called by any thread at any time, also
 * from the hooks.
 *
 * <p>After a failed write or sync an engine takes no further one until it is opened anew, as real engines do, except after
 * {@code FULL} if the traits say that this leaves no trace.
 */
public final class FaultyStore implements StorageEngineProvider {
    private static final int LOG_MAX = 1 << 16;

    private final StorageEngineProvider inner;
    private final Map<Call, Switch> switches = new EnumMap<>(Call.class);
    private final Deque<Batch> log = new ArrayDeque<>();
    private volatile boolean failedWritesAreApplied;
    private volatile boolean failedWriteLeavesNoTrace;
    private volatile boolean survivesPowerLoss = true;
    private volatile long fullAboveBytes = Long.MAX_VALUE;
    private volatile @Nullable EngineStats stats;
    private volatile Consumer<Batch> beforeWrite = batch -> {};
    private volatile Consumer<Batch> afterWrite = batch -> {};
    private volatile @Nullable FaultyEngine engine;

    /** What can go wrong. A write that is to be synced is a WRITE and then a SYNC. */
    public enum Call {
        /** {@link StorageEngineProvider#open} and {@link StorageEngineProvider#recover}. */
        OPEN,
        /** {@link StorageEngine#write}. */
        WRITE,
        /** {@link StorageEngine#sync}, and the second half of a write with sync. */
        SYNC,
        /** {@link StorageEngine#view}. */
        VIEW,
        /** What a view reads. */
        READ,
        /** {@link StorageEngine#backup}: it fails, or stands still, when all is copied. */
        BACKUP,
        /** {@link StorageEngine#close}: it lets go of the store, and fails all the same. */
        CLOSE
    }

    /**
     * A batch that was to be written.
     *
     * @param operations how many it has
     * @param bytes of keys, values and headers
     * @param sync whether it was to be synced
     */
    public record Batch(int operations, long bytes, boolean sync) {}

    /** On a model store. */
    public FaultyStore() {
        this(new ModelStore());
    }

    /** On another store; only a {@link CrashingProvider} can {@link #crash}. */
    public FaultyStore(StorageEngineProvider inner) {
        this.inner = inner;
        for (Call call : Call.values()) {
            switches.put(call, new Switch());
        }
    }

    @Override
    public StorageEngine open() throws StoreException {
        at(Call.OPEN).pass("opening");
        return opened(inner.open());
    }

    @Override
    public StorageEngine recover() throws StoreException {
        at(Call.OPEN).pass("opening");
        return opened(inner.recover());
    }

    private StorageEngine opened(StorageEngine wrapped) {
        FaultyEngine opened = new FaultyEngine(this, wrapped);
        engine = opened;
        return opened;
    }

    // ---- failures

    /** Lets the next call of a kind fail. Several of these add up. */
    public void failNext(Call call, Kind kind) {
        at(call).failNext(1, kind);
    }

    /** Lets a number of calls fail, then no more. */
    public void failNext(Call call, int times, Kind kind) {
        at(call).failNext(times, kind);
    }

    /** Lets all calls of a kind fail until {@link #heal}. */
    public void failAll(Call call, Kind kind) {
        at(call).failNext(Integer.MAX_VALUE, kind);
    }

    /** Lets the next call of a kind throw what no engine should: it is a bug, and the broker has to live with it. */
    public void throwNext(Call call, RuntimeException bug) {
        at(call).throwNext(bug);
    }

    /** Ends all failures, fullness and stalls. What has failed stays failed. */
    public void heal() {
        fullAboveBytes = Long.MAX_VALUE;
        for (Call call : Call.values()) {
            at(call).heal();
        }
    }

    /**
     * Whether a batch is there although its write fails: the outcome of a failed write is unknown, so both must be right. False
     * at first. A write that is refused because the store is full leaves nothing while the traits promise that.
     */
    public void failedWritesAreApplied(boolean applied) {
        failedWritesAreApplied = applied;
    }

    /** Lets writes fail with FULL that would bring the store above a number of bytes, as {@link EngineStats#diskBytes} counts. */
    public void fullAbove(long bytes) {
        fullAboveBytes = bytes;
    }

    // ---- stalls

    /** Lets calls of a kind wait, before they do anything, until {@link #release}, {@link #heal} or {@link #crash}. */
    public void stall(Call call) {
        at(call).stall();
    }

    /** Lets them go on. */
    public void release(Call call) {
        at(call).release();
    }

    /** Waits until a call of this kind is standing still. */
    public void awaitStalled(Call call, Duration patience) throws TimeoutException, InterruptedException {
        at(call).awaitStalled(call, patience);
    }

    /** Whether a call of this kind is standing still now. */
    public boolean isStalled(Call call) {
        return at(call).isStalled();
    }

    // ---- crashes

    /** Crashes the store; stalled calls fail. */
    public void crash(Crash kind) {
        if (!(inner instanceof CrashingProvider crashing)) {
            throw new IllegalStateException("can't crash " + inner + ": wrap a CrashingProvider, as ModelStore");
        }
        FaultyEngine dead = engine;
        if (dead != null) {
            dead.crashed();
        }
        crashing.crash(kind);
        for (Call call : Call.values()) {
            at(call).release();
        }
    }

    /** Has something done in the writing thread before each batch, as {@code store.crash(...)}: the batch is lost then. */
    public void beforeWrite(Consumer<Batch> hook) {
        beforeWrite = hook;
    }

    /** Has something done after each batch was written and, if asked for, synced, before its write returns. */
    public void afterWrite(Consumer<Batch> hook) {
        afterWrite = hook;
    }

    // ---- appearance

    /** Says whether a write that failed with FULL leaves no trace: then it may be repeated in place. False at first. */
    public void failedWriteLeavesNoTrace(boolean noTrace) {
        failedWriteLeavesNoTrace = noTrace;
    }

    /** Says whether the store pretends to be on a disk. True at first. */
    public void survivesPowerLoss(boolean survives) {
        survivesPowerLoss = survives;
    }

    /** Has {@link StorageEngine#stats} tell these figures, as those of a volume with little room. */
    public void stats(EngineStats figures) {
        stats = figures;
    }

    /** Has {@link StorageEngine#stats} tell these figures of the volume; the others are zero. */
    public void freeBytes(long freeBytes, long volumeBytes) {
        stats = new EngineStats(0, 0, freeBytes, volumeBytes);
    }

    // ---- observations

    /** How many calls of a kind have come, those that failed included. */
    public long calls(Call call) {
        return at(call).calls();
    }

    /** Views that are open on the engine that was opened last. */
    public int openViews() {
        FaultyEngine now = engine;
        return now == null ? 0 : now.openViews();
    }

    /** Whether an engine is open. */
    public boolean isOpen() {
        FaultyEngine now = engine;
        return now != null && now.isOpen();
    }

    /** The last 65,536 batches that were handed in, oldest first, those that failed included. */
    public List<Batch> batches() {
        synchronized (log) {
            return List.copyOf(log);
        }
    }

    /** Operations of all {@link #batches}. */
    public long operations() {
        return batches().stream().mapToLong(Batch::operations).sum();
    }

    // ---- for the engine

    Switch at(Call call) {
        return Objects.requireNonNull(switches.get(call));
    }

    Traits traits(Traits wrapped) {
        return new Traits("faulty-" + wrapped.name(), failedWriteLeavesNoTrace, survivesPowerLoss);
    }

    boolean leavesNoTrace(Kind kind) {
        return kind == Kind.FULL && failedWriteLeavesNoTrace;
    }

    boolean isAppliedThoughFailed(Kind kind) {
        return failedWritesAreApplied && !leavesNoTrace(kind);
    }

    EngineStats stats(StorageEngine wrapped) {
        EngineStats told = stats;
        if (told != null) {
            return told;
        }
        EngineStats real = wrapped.stats();
        long bound = fullAboveBytes;
        return bound == Long.MAX_VALUE
                ? real
                : new EngineStats(real.diskBytes(), real.memoryBytes(), Math.max(0, bound - real.diskBytes()), bound);
    }

    boolean isTooMuch(StorageEngine wrapped, Batch batch) {
        long bound = fullAboveBytes;
        return bound != Long.MAX_VALUE && wrapped.stats().diskBytes() + batch.bytes() > bound;
    }

    void begin(Batch batch) {
        synchronized (log) {
            if (log.size() == LOG_MAX) {
                log.removeFirst();
            }
            log.addLast(batch);
        }
        beforeWrite.accept(batch);
    }

    void end(Batch batch) {
        afterWrite.accept(batch);
    }
}
