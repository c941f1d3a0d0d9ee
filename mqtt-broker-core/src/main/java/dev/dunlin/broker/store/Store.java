package dev.dunlin.broker.store;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.spi.View;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The durable side of a broker: an open engine, the pipeline to it, and what was found in it. Open it, {@link #recover} from
 * it, {@link #begin}; then loops submit changes through their {@link ChangeWriter}. Any thread unless said otherwise.
 */
public final class Store {
    /** Tickets that an unclean stop may have given out without a trace in the log: more than can be under way. */
    private static final long UNCLEAN_JUMP = 1 << 20;

    private static final long CLOSE_PATIENCE_MS = 1_500;
    private static final Logger LOG = LoggerFactory.getLogger(Store.class);

    private final TimeSource time;
    private final LiveEngine engine;
    private final CommitPipeline pipeline;
    private final CommitThread committer;
    private final Sweep sweep;
    private final Backups backups;
    private final ExecutorService readers;
    private final long bootTicket;
    private final long[] knownSids;
    private final boolean stoppedCleanly;
    private boolean started;

    /**
     * Opens the engine.
     *
     * @param level how durable what is acknowledged is
     * @param name the broker's, for the names of the threads
     * @param readers where reading is done; ended by {@link #close}
     */
    public static Store open(
            StorageEngineProvider provider,
            Durability level,
            Limits limits,
            TimeSource time,
            String name,
            ExecutorService readers)
            throws StoreException {
        StorageEngine engine = provider.open();
        String found = engine.recovery().text();
        if (!found.isEmpty()) {
            LOG.info("store: {}", found);
        }
        try {
            return new Store(new LiveEngine(provider, engine), new Setting(level, limits, time, name, readers));
        } catch (StoreException | RuntimeException e) {
            engine.close();
            throw e;
        }
    }

    private record Setting(Durability level, Limits limits, TimeSource time, String name, ExecutorService readers) {}

    private Store(LiveEngine live, Setting setting) throws StoreException {
        engine = live;
        readers = setting.readers;
        try (View view = live.view()) {
            Meta.checkFormat(view);
            stoppedCleanly = Meta.wasShutDownCleanly(view);
            bootTicket = Meta.lastTicket(view) + (stoppedCleanly ? 1 : UNCLEAN_JUMP);
            time = new ResumedTime(setting.time, Meta.lastSeenMs(view));
            knownSids = sids(view);
            sweep = new Sweep(bootTicket, knownSids, Meta.mayHoldForgottenMessages(view), readers);
        }
        pipeline = new CommitPipeline(setting.level, time, live, bounds(setting.limits), bootTicket, sweep);
        committer = new CommitThread(setting.name + "-commit", pipeline);
        backups = new Backups(live, pipeline, setting.name + "-backup");
    }

    private static CommitPipeline.Bounds bounds(Limits limits) {
        return new CommitPipeline.Bounds(limits.commitBytesMax(), limits.commitAgeMaxMs());
    }

    /** Has other bounds from now on. Any thread. */
    public void limits(Limits changed) {
        pipeline.bounds(bounds(changed));
    }

    private static long[] sids(View view) throws StoreException {
        List<Long> sids = new ArrayList<>();
        view.scan(
                Space.SESSION,
                Keys.CLIENTS,
                Keys.AFTER_CLIENTS,
                (key, value) -> sids.add(StoredSession.read(value).sid()));
        view.scan(
                Space.SESSION,
                Keys.GROUPS,
                Keys.AFTER_GROUPS,
                (key, value) -> sids.add(key.getLong(key.position() + 1)));
        return sids.stream().mapToLong(Long::longValue).sorted().toArray();
    }

    /** Whom to tell of what befalls it. Before it starts. */
    public void observe(Events events) {
        pipeline.observe(events);
    }

    // ---- at the start

    /** Takes what is in the store. */
    public interface Recovered {
        /** A client's session. All come before the first subscription. */
        void session(String clientId, StoredSession session) throws StoreException;

        /** A shared group, by ascending sid. All come before the first subscription. */
        void group(long sid, String shareFilter) throws StoreException;

        /** A subscription of a session. */
        void subscription(long sid, StoredSubscription subscription) throws StoreException;

        /** A retained message; the packet is the taker's. */
        void retained(String topic, long ticket, StoredMessage message) throws StoreException;
    }

    /** Reads sessions, shared groups, subscriptions and retained messages. Before {@link #begin}. */
    public void recover(Recovered to) throws StoreException {
        try (View view = engine.view()) {
            view.scan(Space.SESSION, Keys.CLIENTS, Keys.AFTER_CLIENTS, (key, value) -> {
                to.session(Keys.text(key.position(key.position() + 1)), StoredSession.read(value));
                return true;
            });
            view.scan(Space.SESSION, Keys.GROUPS, Keys.AFTER_GROUPS, (key, value) -> {
                to.group(key.getLong(key.position() + 1), StoredGroup.read(value));
                return true;
            });
            view.scan(Space.SESSION, Keys.SUBSCRIPTIONS, Keys.AFTER_SUBSCRIPTIONS, (key, value) -> {
                long sid = key.getLong(key.position() + 1);
                if (Arrays.binarySearch(knownSids, sid) >= 0) { // else the sweep removes it
                    String filter = Keys.text(key.position(key.position() + Keys.SID_PREFIX_BYTES));
                    to.subscription(sid, StoredSubscription.read(filter, value));
                }
                return true;
            });
            view.scan(Space.RETAINED, new byte[0], null, (key, value) -> {
                StoredRetained.read(Keys.text(key), value, to);
                return true;
            });
        }
    }

    /**
     * From here on changes are written: says so in the store, durably, before any traffic.
     *
     * @param advanced runs on the commit thread whenever {@link #durable} has moved
     */
    public void begin(Runnable advanced) throws StoreException {
        OpBuffer first = Meta.start(bootTicket - 1, wallMs());
        engine.write(first, true);
        pipeline.onAdvance(advanced);
    }

    /** Starts the commit thread. A simulation calls {@link #step} instead. */
    public void start() {
        started = true;
        committer.start();
    }

    /** One step of the commit thread, as {@link #start} would do it. @return milliseconds until the next one is due */
    public long step() {
        return pipeline.step();
    }

    // ---- changes

    /** A writer for one loop. */
    public ChangeWriter writer() {
        return new ChangeWriter(pipeline, committer);
    }

    /** The ticket up to which changes are as durable as promised. */
    public long durable() {
        return pipeline.durable();
    }

    /** The last ticket that anybody has. */
    public long lastTicket() {
        return pipeline.lastTicket();
    }

    /** The first ticket of this process. Entries and sessions with lower numbers are older. */
    public long bootTicket() {
        return bootTicket;
    }

    /** Whether the process before this one ended orderly: otherwise nobody knows what it had sent. */
    public boolean stoppedCleanly() {
        return stoppedCleanly;
    }

    /** What it holds in memory, in bytes: changes on their way, and the engine's cache as of the last second. */
    public long memoryBytes() {
        return pipeline.memoryBytes();
    }

    /** For how long the write under way has gone on, in milliseconds; 0 if there is none. */
    public long writeMs() {
        return pipeline.writeMs();
    }

    /** Whether so much is under way that publishers should wait: {@link #awaitRoom}. */
    public boolean isCrowded() {
        return pipeline.isCrowded();
    }

    /** Whether the store can't write at present: whatever needs it is refused before it changes anything. */
    public boolean isStalled() {
        return pipeline.isStalled();
    }

    /** Whether what makes the store grow is refused: it is stalled, or there is little space. */
    public boolean refusesGrowth() {
        return pipeline.refusesGrowth();
    }

    /** Runs {@code task}, on any thread, when there is room again. */
    public void awaitRoom(Runnable task) {
        pipeline.awaitRoom(task);
    }

    /** Whether somebody waits for room. */
    public boolean hasWaiters() {
        return pipeline.hasWaiters();
    }

    /** Lets those go on who wait for room in vain, because a write hangs; the commit thread does it otherwise. Any thread. */
    public void releaseWaiters() {
        pipeline.releaseWaiters();
    }

    /** Runs {@code task}, on any thread, when growth is no longer refused. */
    public void awaitHealth(Runnable task) {
        pipeline.awaitHealth(task);
    }

    /** Wall time in milliseconds, never before what the store has seen at its start. */
    public long wallMs() {
        return time.wallMs();
    }

    // ---- reading

    /** How much of the time before this process a session has queued; nothing as long as that isn't known. */
    public Sweep.Size olderSize(long sid) {
        return sweep.size(sid);
    }

    /** Reads something of a session. */
    @FunctionalInterface
    public interface Reading<T> {
        /** Reads. */
        T from(SessionReader reader) throws StoreException;
    }

    /** Reads what has been written of a session by now, on a reader thread, and hands over the result or the failure there. */
    public <T> void read(long sid, Reading<T> reading, BiConsumer<@Nullable T, @Nullable StoreException> done) {
        try {
            readers.execute(() -> {
                T result;
                try {
                    result = engine.read(view -> reading.from(new SessionReader(view, sid)));
                } catch (StoreException e) {
                    done.accept(null, e);
                    return;
                } catch (RuntimeException | Error e) { // nothing of an engine's may leave anybody waiting
                    done.accept(null, new StoreException(StoreException.Kind.IO, "reading failed: " + e, e));
                    return;
                }
                done.accept(result, null);
            });
        } catch (RejectedExecutionException closed) {
            done.accept(null, new StoreException(StoreException.Kind.BUSY, "the store is closed"));
        }
    }

    /**
     * Removes what a session that has ended has left of the time before this process, in the background: deletes its entries
     * and gives up their references.
     *
     * @param from the first sequence that nobody else deletes
     * @param without later ones that somebody else deletes all the same
     * @param removed is told how many are removed, page by page, on a reader thread
     */
    public void purge(long sid, long from, Set<Long> without, IntConsumer removed) {
        new Purge(this, sid, from, without, removed).run();
    }

    /**
     * Copies the store on a thread of its own, and hands over the copy or the failure there; one at a time. The copy holds what
     * is {@link #durable} now, and looks as if the process had been killed.
     */
    public void backup(Path emptyDir, BiConsumer<@Nullable Copy, @Nullable StoreException> done) {
        backups.begin(emptyDir, done);
    }

    // ---- the end

    /** Ends a backup under way, and begins no other. Doesn't wait. */
    public void endBackups() {
        backups.end();
    }

    /** After the loops have ended: writes what is left, says that this was a clean end, and closes the engine. */
    public void close() {
        backups.close(CLOSE_PATIENCE_MS);
        if (started) {
            try {
                if (!committer.end(CLOSE_PATIENCE_MS)) {
                    LOG.error("store: a write doesn't come back: what was not acknowledged may be lost");
                    readers.shutdown();
                    return; // the engine stays open rather than being used by two threads
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        pipeline.close(CLOSE_PATIENCE_MS);
        readers.shutdown();
    }

    /** Closes without a word in the store: it was only looked at. */
    public void abandon() {
        readers.shutdown();
        engine.abandon();
    }
}
