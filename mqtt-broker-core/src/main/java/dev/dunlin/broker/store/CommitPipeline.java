package dev.dunlin.broker.store;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.events.Flight;
import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.TimeSource;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From the loops' changes to the engine's log: takes them in the order of their tickets, writes them in groups, moves the
 * watermark up to which they are durable, and tells the loops.
 *
 * <p>There is no timer and no wait for company: while one group is being synced the next one gathers by itself. A group ends
 * <em>after</em> the change that reaches its bound, so a change is never split. Each group carries the ticket of its last
 * change, so that after a failure, whose outcome nobody knows, the engine can be closed, opened again and asked what is there.
 * Groups are kept until they are synced; what is missing then is written again.
 *
 * <p>Loops submit and ask; {@link #step} and everything below belong to the commit thread, or to a simulation.
 */
final class CommitPipeline {
    private static final Logger LOG = LoggerFactory.getLogger(CommitPipeline.class);
    private static final long GROUP_BYTES_MAX = 1 << 20;
    private static final int GROUP_OPERATIONS_MAX = 8_192;
    private static final long UNSYNCED_BYTES_MAX = 32 << 20;
    private static final long SYNC_INTERVAL_MS = 1_000;
    private static final long HANGING_MS = 5_000;
    private static final long RETRY_MIN_MS = 20;
    private static final long RETRY_MAX_MS = 1_000;
    private static final long NOTHING_DUE = Long.MAX_VALUE;

    private final Durability level;
    private final TimeSource time;
    private final LiveEngine engine;
    private volatile Bounds bounds;
    private final ChangeQueue queue;
    private final SpaceGuard guard = new SpaceGuard();
    private final Sweep sweep;
    private Runnable advanced = () -> {};

    private final AtomicLong pendingBytes = new AtomicLong();
    private final Queue<Runnable> waitingForRoom = new ConcurrentLinkedQueue<>();
    private final Queue<Runnable> waitingForHealth = new ConcurrentLinkedQueue<>();
    private volatile long durable;
    private volatile long writingSinceMs = -1;
    private volatile boolean failing;

    // ---- commit thread
    /** Groups that may be lost by a failure, oldest first: the first {@code written} of them have been written. */
    private final ArrayDeque<Group> unsynced = new ArrayDeque<>();

    private final ArrayDeque<Group> spare = new ArrayDeque<>();

    /** The group that changes are being added to, and the change that was taken for it: they outlive a failure. */
    private @Nullable Group gathering;

    private @Nullable Change taken;
    private int written;
    private long unsyncedBytes;
    private long syncedMs;
    private long retryAtMs;
    private long retryMs = RETRY_MIN_MS;
    private boolean hopeless;
    private @Nullable Events events;

    /**
     * How much may be under way before publishers have to wait.
     *
     * @param bytesMax of changes that aren't written yet
     * @param ageMaxMs how long the group that is being written may take
     */
    record Bounds(long bytesMax, long ageMaxMs) {}

    CommitPipeline(Durability level, TimeSource time, LiveEngine engine, Bounds bounds, long firstTicket, Sweep sweep) {
        this.level = level;
        this.time = time;
        this.engine = engine;
        this.bounds = bounds;
        this.sweep = sweep;
        queue = new ChangeQueue(firstTicket);
        durable = firstTicket - 1;
        syncedMs = time.monotonicMs();
    }

    /** Has {@code task} run by the commit thread whenever the watermark has moved. Before the first change. */
    void onAdvance(Runnable task) {
        advanced = task;
    }

    /** Whom to tell of what befalls it. Before the commit thread runs. */
    void observe(Events to) {
        events = to;
        guard.observe(to);
    }

    // ---- the loops' side

    /**
     * Submits a change. Any thread. What it has left blank for its ticket is filled in.
     *
     * @return its ticket
     */
    long submit(Change change, Blanks blanks) {
        pendingBytes.addAndGet(change.bytes());
        long ticket = queue.claim();
        blanks.fill(change.ops(), ticket);
        queue.fill(ticket, change);
        return ticket;
    }

    /** The ticket up to which changes are as durable as the level promises. */
    long durable() {
        return durable;
    }

    /** The last ticket that anybody has. */
    long lastTicket() {
        return queue.lastClaimed();
    }

    /** Whether nothing is waiting to be taken. */
    boolean isIdle() {
        return queue.isEmpty();
    }

    /** Has other bounds from now on. Any thread. */
    void bounds(Bounds changed) {
        bounds = changed;
        releaseWaiters();
    }

    /** Whether so much is under way that publishers should wait: {@link #awaitRoom}. */
    boolean isCrowded() {
        long since = writingSinceMs;
        Bounds now = bounds;
        return pendingBytes.get() > now.bytesMax || (since >= 0 && time.monotonicMs() - since > now.ageMaxMs);
    }

    /** For how long the write under way has gone on, in milliseconds; 0 if there is none. */
    long writeMs() {
        long since = writingSinceMs;
        return since < 0 ? 0 : Math.max(0, time.monotonicMs() - since);
    }

    /** What changes under way and the engine hold in memory, the latter as of the last second. */
    long memoryBytes() {
        return pendingBytes.get() + guard.memoryBytes();
    }

    /** Whether what was acknowledged is in the engine: not between a failure and the moment when all is written again. */
    boolean holdsAll() {
        return !failing;
    }

    /** Whether the store can't write: durable work is refused before it changes anything. */
    boolean isStalled() {
        long since = writingSinceMs;
        return failing || (since >= 0 && time.monotonicMs() - since > HANGING_MS);
    }

    /** Whether what makes the store grow is refused. */
    boolean refusesGrowth() {
        return guard.isLittle() || isStalled();
    }

    /** Runs {@code task}, on any thread, when less than half of the bound is under way, or nothing can be written. */
    void awaitRoom(Runnable task) {
        waitingForRoom.add(task);
        releaseWaiters(); // registered first, then looked again
    }

    /** Runs {@code task}, on any thread, when growth is no longer refused. */
    void awaitHealth(Runnable task) {
        waitingForHealth.add(task);
        releaseWaiters();
    }

    /** Whether somebody waits for room. */
    boolean hasWaiters() {
        return !waitingForRoom.isEmpty();
    }

    /** Looks whether those who wait need no longer. Any thread. */
    void releaseWaiters() {
        if (isStalled() || (!isCrowded() && pendingBytes.get() <= bounds.bytesMax / 2)) {
            runAll(waitingForRoom); // if it is stalled there may never be room: what they publish is refused
        }
        if (!refusesGrowth()) {
            runAll(waitingForHealth);
        }
    }

    private static void runAll(Queue<Runnable> tasks) {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    // ---- the commit thread's side

    /**
     * Does one thing that is due: opens a failed engine, writes a group, syncs.
     *
     * @return 0 if there may be more to do now, else the milliseconds until something is due, if no change comes before
     */
    long step() {
        long nowMs = time.monotonicMs();
        if (hopeless) {
            return NOTHING_DUE;
        }
        if (failing && nowMs < retryAtMs) {
            return retryAtMs - nowMs;
        }
        try {
            return act(nowMs);
        } catch (StoreException e) {
            failed(e, nowMs);
        } catch (RuntimeException | Error e) { // nothing of an engine's may end this thread
            failed(new StoreException(Kind.IO, String.valueOf(e), e), nowMs);
        } finally {
            writingSinceMs = -1;
            releaseWaiters();
        }
        return RETRY_MIN_MS;
    }

    private long act(long nowMs) throws StoreException {
        if (!engine.isOpen()) {
            reopen();
        }
        guard.poll(engine, nowMs);
        if (written == unsynced.size()) { // what was released so far is in the store, or will be counted
            sweep.begin(engine);
        }
        if (written < unsynced.size()) {
            writeNext(nowMs);
        } else if (failing) {
            syncAll(nowMs);
        } else if (isSyncDue(nowMs)) {
            syncAll(nowMs);
        } else if (gather()) {
            writeNext(nowMs);
        } else {
            return untilSync(nowMs);
        }
        return 0;
    }

    /** Gathers the next group; false if there is nothing. What fails here is kept, and tried again. */
    private boolean gather() {
        if (!takeNext() && gathering == null && !sweep.hasEnded()) {
            return false;
        }
        Group group = gathering();
        while (takeNext()) {
            group.add(Objects.requireNonNull(taken), queue.lastTaken(), sweep.references());
            taken = null;
            if (group.ops.bytes() >= GROUP_BYTES_MAX || group.ops.count() >= GROUP_OPERATIONS_MAX) {
                break;
            }
        }
        sweep.end(group.ops);
        group.close(queue.lastTaken(), time.wallMs());
        gathering = null;
        unsynced.add(group);
        unsyncedBytes += group.ops.bytes();
        return true;
    }

    private boolean takeNext() {
        if (taken == null) {
            taken = queue.take();
        }
        return taken != null;
    }

    private Group gathering() {
        Group group = gathering;
        if (group == null) {
            group = spare.isEmpty() ? new Group() : spare.remove();
            gathering = group;
        }
        return group;
    }

    private void writeNext(long nowMs) throws StoreException {
        writingSinceMs = nowMs;
        Group group = groupToWrite();
        boolean sync = level == Durability.POWER;
        write(group, sync);
        writingSinceMs = -1; // before anybody is told: who then asks must not be refused
        written++;
        pendingBytes.addAndGet(-group.takeBytes());
        if (sync && written == unsynced.size()) {
            synced();
        } else if (!sync) {
            advance(group.lastTicket);
        }
    }

    private void write(Group group, boolean sync) throws StoreException {
        Flight.Span span = Flight.commitBegins();
        try {
            engine.write(group.ops, sync);
        } finally {
            if (span != null) {
                Flight.commitEnds(span, group.ops.bytes(), group.ops.count());
            }
        }
    }

    private Group groupToWrite() {
        int skip = written;
        for (Group group : unsynced) {
            if (skip-- == 0) {
                return group;
            }
        }
        throw new IllegalStateException(written + " of " + unsynced.size() + " groups are written");
    }

    /** Whatever is written is on the disk within the interval, at every level. */
    private boolean isSyncDue(long nowMs) {
        return !unsynced.isEmpty() && (nowMs - syncedMs >= SYNC_INTERVAL_MS || unsyncedBytes >= UNSYNCED_BYTES_MAX);
    }

    private long untilSync(long nowMs) {
        if (!unsynced.isEmpty()) {
            return syncedMs + SYNC_INTERVAL_MS - nowMs;
        }
        return guard.isLittle() || sweep.isUnderWay() ? SYNC_INTERVAL_MS : NOTHING_DUE;
    }

    private void syncAll(long nowMs) throws StoreException {
        writingSinceMs = nowMs;
        engine.sync();
        writingSinceMs = -1;
        synced();
    }

    /** All that is written is synced. */
    private void synced() {
        long ticket = durable;
        if (failing && written == unsynced.size()) {
            recovered();
        }
        for (; written > 0; written--) {
            Group group = unsynced.remove();
            ticket = Math.max(ticket, group.lastTicket);
            unsyncedBytes -= group.ops.bytes();
            group.clear();
            spare.add(group);
        }
        syncedMs = time.monotonicMs();
        advance(ticket);
    }

    private void advance(long ticket) {
        if (ticket > durable) {
            durable = ticket;
            advanced.run();
        }
    }

    // ---- failures

    /** The outcome is unknown: unless the engine knows better it is closed, and asked when it is open again. */
    private void failed(StoreException failure, long nowMs) {
        if (!failing) {
            LOG.error("store: {}: durable work is refused until it is back", failure.getMessage());
            tellFailing(failure, false);
        }
        failing = true;
        retryAtMs = nowMs + retryMs;
        retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
        if (failure.kind() == Kind.CORRUPT || failure.kind() == Kind.VERSION) {
            hopeless = true;
            LOG.error("store: {}: durable work stops until the broker is started anew", failure.getMessage());
            tellFailing(failure, true);
        }
        try {
            if (engine.isOpen() && !engine.mayRetryInPlace(failure)) {
                engine.abandon();
            }
        } catch (StoreException closed) { // it isn't open any more, which is what was wanted
            LOG.debug("store: {}", closed.getMessage());
        }
    }

    /** Opens the engine again, and finds out which groups it holds. */
    private void reopen() throws StoreException {
        engine.reopen();
        sweep.beginsAnew();
        long there = engine.read(Meta::lastTicket);
        written = 0;
        for (Group group : unsynced) {
            if (group.lastTicket > there) {
                break;
            }
            written++;
            pendingBytes.addAndGet(-group.takeBytes());
        }
        LOG.warn("store: open again: of {} batches {} are there", unsynced.size(), written);
    }

    private void recovered() {
        failing = false;
        retryMs = RETRY_MIN_MS;
        LOG.warn("store: durable work goes on");
        if (events != null) {
            events.tell(new BrokerEvent.StoreWell(events.now(), "durable work goes on"));
        }
    }

    private void tellFailing(StoreException failure, boolean forGood) {
        if (events != null) {
            events.tell(new BrokerEvent.StoreFailing(events.now(), String.valueOf(failure.getMessage()), forGood));
        }
    }

    /**
     * Writes what is left, as the last thing, and closes the engine.
     *
     * @param patienceMs how long a failing engine is tried
     */
    void close(long patienceMs) {
        long endMs = time.monotonicMs() + patienceMs;
        while (!hopeless && (!queue.isEmpty() || gathering != null || written < unsynced.size() || failing)) {
            long waitMs = step();
            if (waitMs > 0 && time.monotonicMs() + waitMs > endMs) {
                break;
            }
            CommitThread.pause(Math.min(waitMs, RETRY_MAX_MS));
        }
        try {
            if (written == unsynced.size() && !failing) {
                engine.write(Meta.cleanShutdown(time.wallMs()), true);
            }
            engine.close();
        } catch (StoreException | RuntimeException e) {
            LOG.error("store: not closed properly: {}", e.getMessage());
            engine.abandon();
        }
        reportLost();
    }

    private void reportLost() {
        long lost = queue.lastClaimed() - durable;
        if (lost > 0) {
            LOG.error("store: {} changes that were not acknowledged could not be written", lost);
            if (events != null) {
                events.fault("", "changes that were not acknowledged could not be written", lost);
            }
        }
        for (; taken != null || takeNext(); taken = null) {
            Objects.requireNonNull(taken).release();
        }
    }

    /** Changes that become durable with one write. */
    private static final class Group {
        final OpBuffer ops = new OpBuffer();
        long lastTicket;
        private long bytes;

        void add(Change change, long ticket, References references) {
            bytes += change.bytes();
            change.appendTo(ops);
            references.apply(change, ticket, ops);
            change.release();
        }

        void close(long last, long wallMs) {
            lastTicket = last;
            Meta.stamp(ops, last, wallMs);
        }

        /** Bytes that are no longer under way: once. */
        long takeBytes() {
            long taken = bytes;
            bytes = 0;
            return taken;
        }

        void clear() {
            ops.clear();
            lastTicket = 0;
        }
    }
}
