package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.events.Flight;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.routing.Targets;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.store.ChangeWriter;
import dev.dunlin.broker.store.DurabilityGate;
import dev.dunlin.broker.store.Store;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.util.concurrent.Future;
import io.netty.util.internal.PlatformDependent;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The home of a part of the sessions: one event loop, which alone touches their state. Row 6 of the path of a publish.
 *
 * <p>A <em>turn</em> is one round of the event loop: its transport reads and decodes (which routes), then the mailbox is
 * worked off, the loops that were handed something are woken once each, and the connections that were written to are
 * flushed once each. The turn's end is hooked by wrapping the transport's {@link IoHandler}, so it costs no task.
 *
 * <p>Loops hand each other publishes through one mailbox each, one entry per publish and target loop. Work per turn is
 * bounded: what is left of a fan-out stays in {@code unfinished}, and then everything that begins on this loop queues
 * behind it, so that nothing overtakes. The mailbox is always drained; over its budget of bytes it is the publishers
 * that wait ({@link #awaitRoom}).
 */
public final class SessionLoop { // hot
    private static final Logger LOG = LoggerFactory.getLogger(SessionLoop.class);

    /** It has read nothing in this turn. */
    private static final long ASLEEP = Long.MIN_VALUE;

    /** A delivery of more than this counts as several. */
    private static final int DELIVERY_BYTES = 1 << 10;

    /** So many connections to be flushed end a turn's deliveries: a flush costs as much as twenty of them. */
    private static final int TURN_FLUSHES_MAX = 4_096;

    private final Core core;
    private final int index;
    private final DurabilityGate gate;
    private final @Nullable ChangeWriter changes;
    private final Router router;
    private final Sessions sessions;
    private final Drops drops;
    private final Traffic traffic = new Traffic();
    private final AcknowledgementTimes acknowledgements;
    private final StoreRoom storeRoom = new StoreRoom(this);
    private @Nullable KeepAlives keepAlives;
    private final SlowConsumers slowConsumers;

    private final Queue<Entry> mailbox = PlatformDependent.newMpscQueue();
    private final AtomicLong mailboxBytes = new AtomicLong();
    private final Queue<Waiter> waitingForRoom = new ConcurrentLinkedQueue<>();
    private final ArrayDeque<Entry> unfinished = new ArrayDeque<>();
    private final ArrayDeque<Runnable> later = new ArrayDeque<>();

    /** Timers that a clock of the user's is to ring for, and what cancels that: for them it would keep a closed broker. */
    private final Map<Timer, Runnable> alarms = new HashMap<>(0);

    /** What the bounds are: replaced by the loop alone. Others that look may still see the ones before. */
    private Limits limits;

    private int deliveriesLeft;
    private int flushesMax = TURN_FLUSHES_MAX;

    private final Dirty dirty;
    private final boolean[] wake;
    private boolean anyToWake;

    private @Nullable IoEventLoop eventLoop;
    private @Nullable Turn turn;
    private volatile boolean ended;
    private volatile boolean asleep;
    private long nowMs;
    private long flushes;
    private long queuedBytes;
    private final HeldBytes unacknowledged = new HeldBytes();
    private final HeldBytes untaken = new HeldBytes();

    /** For others to see, as of the end of the last turn. */
    private volatile long heldBytes;

    final LoopLag lag;
    private final Entry probe = new Entry(this::probed);
    private boolean probing;

    /** When this turn has read for the first time. */
    private long wokenMs;

    private long probedMs;

    /** This turn in a recording; null while nothing is recorded. */
    private Flight.@Nullable Span turnSpan;

    SessionLoop(Core core, int index, DurabilityGate gate) {
        this.core = core;
        this.index = index;
        this.gate = gate;
        wake = new boolean[core.loopCount()];
        changes = core.store == null ? null : core.store.writer();
        drops = new Drops(core);
        dirty = new Dirty(core);
        acknowledgements = new AcknowledgementTimes(core::monotonicNanos);
        router = new Router(core, this);
        sessions = new Sessions(core, this);
        limits = core.limits();
        deliveriesLeft = limits.turnDeliveriesMax();
        lag = new LoopLag(limits.overloadLagMs());
        slowConsumers = new SlowConsumers(this, limits.slowConsumerMs(), limits.stuckConsumerMs());
    }

    // ---- bounds

    /** The bounds that this loop goes by. Any thread, but the loop's sees a change first. */
    Limits limits() {
        return limits;
    }

    /** The bounds of the broker have changed. */
    void takeLimits() {
        assert inLoop();
        limits = core.limits();
        lag.limit(limits.overloadLagMs());
        slowConsumers.limits(limits.slowConsumerMs(), limits.stuckConsumerMs());
        sessions.limitsChanged();
    }

    // ---- set-up

    /** The transport's handlers, wrapped so that this loop's turns end with its own work. Use for exactly one loop. */
    public IoHandlerFactory turns(IoHandlerFactory transport) {
        return executor -> {
            turn = new Turn(transport.newHandler(executor));
            return turn;
        };
    }

    /** Ties this loop to the event loop that was made with {@link #turns}. Before anything runs on it. */
    public void bind(IoEventLoop made) {
        eventLoop = made;
        nowMs = core.monotonicMs();
    }

    /** The event loop, for registering channels. */
    public EventLoop eventLoop() {
        assert eventLoop != null : "bound at start";
        return eventLoop;
    }

    // ---- who and when

    public int index() {
        return index;
    }

    /** Whether this loop is the one now running a turn. Compares loops, not threads: a simulation has one thread. */
    public boolean inLoop() {
        return core.running.getIfExists() == this;
    }

    /** Marks the loop that runs a turn on this thread: at the start of its thread, or around each simulated turn. */
    public void enter() {
        core.running.set(this);
    }

    /** No loop runs a turn on this thread any more: the end of a simulated turn. */
    public void exit() {
        core.running.remove();
    }

    /** The monotonic clock in milliseconds, as last read on this loop: once per read event, timer and turn's end. */
    public long nowMs() {
        return nowMs;
    }

    /** Reads the clock: at the start of whatever the transport calls, which may have slept for long. */
    public void readClock() {
        nowMs = core.monotonicMs();
        if (wokenMs == ASLEEP) {
            wokenMs = nowMs;
            turnSpan = Flight.turnBegins(turnSpan);
        }
    }

    public Sessions sessions() {
        return sessions;
    }

    public Drops drops() {
        return drops;
    }

    /** Where to tell what happens; null if nobody wants to know. */
    @Nullable
    Events events() {
        return core.events();
    }

    /** Where it counts. */
    public Traffic traffic() {
        return traffic;
    }

    /** How long acknowledgements take. */
    AcknowledgementTimes acknowledgements() {
        return acknowledgements;
    }

    public DurabilityGate gate() {
        return gate;
    }

    /** Where changes of the store are staged. With a store only. */
    ChangeWriter changes() {
        assert changes != null : "without a store";
        return changes;
    }

    /** Submits what is staged, if anything is. Returns a ticket that is not before any of this loop's changes. */
    long submitStaged() {
        if (!changes().isEmpty()) {
            changes().submit();
        }
        return core.lastTicket();
    }

    /** Milliseconds of wall time, for what outlives the process. */
    long wallMs() {
        return core.wallMs();
    }

    Router router() {
        return router;
    }

    /** Flushes of connections so far: against messages, the number to watch. */
    public long flushes() {
        return flushes;
    }

    /** Bytes in the queues of this loop's sessions. */
    long queuedBytes() {
        return queuedBytes;
    }

    /** Bytes of the messages in its windows. Loop only. */
    HeldBytes unacknowledged() {
        return unacknowledged;
    }

    /** Bytes of output that its connections haven't taken. Loop only. */
    HeldBytes untaken() {
        return untaken;
    }

    /** What this loop holds in memory for clients: queues, windows, output, its mailbox. Any thread. */
    long heldBytes() {
        return heldBytes + mailboxBytes.get();
    }

    /** Whether the broker holds so much that nothing may be added which can wait elsewhere, or must not wait at all. */
    boolean isOutOfMemory() {
        return core.memory().isOver();
    }

    /** Whether it is so far behind that it should get no more clients. Any thread. */
    public boolean isOverloaded() {
        return lag.isOverloaded(core.monotonicMs());
    }

    /** This loop's share of the bytes that may be queued in the whole broker. */
    long queueBytesShare() {
        return limits.queueBytesTotalMax() / wake.length;
    }

    void queuedBytes(long change) {
        queuedBytes += change;
        assert queuedBytes >= 0 : "queued bytes " + queuedBytes;
    }

    // ---- tasks

    /** Runs a task on this loop, in order with the deliveries handed to it. Any thread. Not after the loop has ended. */
    public void execute(Runnable task) {
        if (!ended) {
            mailbox.offer(new Entry(task));
            wakeup();
        }
    }

    /**
     * Counts a delivery of this loop that has ended on another thread: in {@link #drops}, or, if the loop has ended, where the
     * broker counts what comes later. Any thread.
     */
    void countDrop(String client, String topic, DropReason reason) {
        DropElsewhere drop = new DropElsewhere(core, drops, client, topic, reason);
        execute(drop);
        if (ended) { // handed over first, then looked: it may have come behind the end
            drop.countLate();
        }
    }

    /** Runs a task of this loop now, or behind the deliveries that are not finished. Loop only. */
    public void runInOrder(Runnable task) {
        assert inLoop();
        if (unfinished.isEmpty()) {
            task.run();
        } else {
            unfinished.add(new Entry(task));
        }
    }

    /**
     * Runs a task at the end of this turn: never inside the caller, which may be in the middle of a delivery or inside a
     * call to the transport. Loop only.
     */
    public void runLater(Runnable task) {
        assert inLoop();
        later.add(task);
    }

    /** Where those wait who would publish more than the store can take. Loop only. */
    StoreRoom storeRoom() {
        return storeRoom;
    }

    /** The connections whose output waits. Loop only, but for their number. */
    public SlowConsumers slowConsumers() {
        return slowConsumers;
    }

    /** The connections that have to be heard of. Loop only. */
    public KeepAlives keepAlives() {
        KeepAlives made = keepAlives;
        if (made == null) {
            made = new KeepAlives(this);
            keepAlives = made;
        }
        return made;
    }

    /** Runs a task of this loop after a delay, in order. Loop only. */
    public Timer schedule(long delayMs, Runnable task) {
        assert inLoop();
        Timer timer = new Timer(task);
        Runnable alarm = core.alarm(delayMs, () -> execute(timer));
        if (alarm == null) {
            timer.start(delayMs);
        } else {
            alarms.put(timer, alarm);
        }
        return timer;
    }

    /** As {@link #schedule}, but by the system's clock, also if the broker has another: to look again at what isn't a clock's. */
    void scheduleLook(long delayMs, Runnable task) {
        assert inLoop();
        new Timer(task).start(delayMs);
    }

    // ---- handing over a publish

    /**
     * Delivers to all targets, here and on other loops. The publisher's loop. Borrows the message.
     *
     * @return a loop that has been handed more than its budget, for which the publisher must wait; null if there is none
     */
    @Nullable
    SessionLoop handOver(KeptMessage message, Targets targets, long entry) {
        assert inLoop();
        SessionLoop crowded = null;
        for (int i = 0; i < wake.length; i++) {
            Target[] of = targets.of(i);
            if (of.length == 0) {
                continue;
            }
            SessionLoop target = core.loop(i);
            if (isEnded(target, message, of, entry)) {
                continue;
            }
            boolean roomLeft;
            if (target == this) {
                roomLeft = deliverHere(message, of, entry);
            } else {
                roomLeft = target.offer(message, of, entry);
                wake[i] = true;
                anyToWake = true;
            }
            crowded = roomLeft ? crowded : target;
        }
        return crowded;
    }

    /**
     * Hands a message to one recipient that others may have handed something to on our behalf: it goes behind that, also on
     * this loop. Loop only. Borrows the message.
     *
     * @param target of one recipient
     * @return its loop, if that has been handed more than its budget
     */
    @Nullable
    SessionLoop handOver(KeptMessage message, Target[] target, long entry) {
        assert inLoop();
        SessionLoop to = ((Recipient) target[0].destination()).loop;
        if (isEnded(to, message, target, entry)) {
            return null;
        }
        if (to == this && mailbox.isEmpty()) {
            return deliverHere(message, target, entry) ? null : to;
        }
        if (to != this) {
            wake[to.index] = true;
            anyToWake = true;
        }
        return to.offer(message, target, entry) ? null : to;
    }

    private boolean isEnded(SessionLoop target, KeptMessage message, Target[] of, long entry) {
        if (target.ended) {
            drops.countClosed("(loop " + target.index + ")", message, of, 0, entry);
        }
        return target.ended;
    }

    private boolean offer(KeptMessage message, Target[] targets, long stored) {
        message.retain();
        Entry entry = new Entry(message, targets, stored);
        long bytes = mailboxBytes.addAndGet(entry.bytes);
        mailbox.offer(entry);
        return bytes <= limits.mailboxBytesMax();
    }

    private boolean deliverHere(KeptMessage message, Target[] targets, long stored) {
        int done = unfinished.isEmpty() ? deliver(message, targets, stored, 0) : 0;
        if (done == targets.length) {
            return true;
        }
        message.retain();
        Entry rest = new Entry(message, targets, stored);
        rest.next = done;
        unfinished.add(rest);
        return mailboxBytes.addAndGet(rest.bytes) <= limits.mailboxBytesMax();
    }

    /** Delivers from {@code next} on, as far as this turn's budget goes; returns where it stopped. */
    private int deliver(KeptMessage message, Target[] targets, long stored, int next) {
        int cost = 1 + message.footprintBytes() / DELIVERY_BYTES;
        int i = next;
        while (i < targets.length && deliveriesLeft > 0 && dirty.count() < flushesMax) {
            Recipient recipient = (Recipient) targets[i].destination();
            try {
                recipient.deliver(message, targets[i], stored, nowMs);
            } catch (Throwable e) { // a fault with one target, be it memory, isn't the others'
                LOG.error("delivery to {} failed", recipient, e);
                Events.tellFault(core.events(), "", "a delivery to " + recipient + " failed", e);
            }
            deliveriesLeft -= cost;
            i++;
        }
        return i;
    }

    /** Whether what was handed to this loop is over its budget: publishers should wait. Any thread. */
    boolean isCrowded() {
        return mailboxBytes.get() > limits.mailboxBytesMax();
    }

    /** Runs {@code task} on {@code waiter}'s loop once this mailbox is below half of its budget. Any thread. */
    void awaitRoom(SessionLoop waiter, Runnable task) {
        waitingForRoom.add(new Waiter(waiter, task));
        releaseWaiters(); // registered first, then checked again: room that came meanwhile isn't missed
    }

    private void releaseWaiters() {
        while (mailboxBytes.get() <= limits.mailboxBytesMax() / 2) {
            Waiter waiter = waitingForRoom.poll();
            if (waiter == null) {
                return;
            }
            waiter.loop.execute(waiter.task);
        }
    }

    // ---- the end of a turn

    /** Has this connection flushed at the end of the turn. */
    void markDirty(Outbound outbound) {
        dirty.add(outbound);
    }

    void countFlush() {
        flushes++;
    }

    private void endTurn() {
        for (int n = later.size(); n > 0; n--) {
            runGuarded(later.remove());
        }
        drain();
        if (core.store != null) {
            commit(core.store);
        }
        wakeOthers();
        dirty.flush();
        heldBytes = queuedBytes
                + unacknowledged.get()
                + untaken.get()
                + sessions.unanswered().bytes();
        core.memory().look(nowMs);
        if (drops.isToldAtTheEndOfTheTurn()) {
            drops.tell(this);
        }
    }

    /** Submits what nobody waited for, and lets go what has become durable. */
    private void commit(Store store) {
        gate.durable(store.durable());
        if (!changes().isEmpty()) {
            changes().submit();
        }
    }

    /** Changes have become durable: replies may be waiting for them. Commit thread. */
    void commitAdvanced() {
        if (asleep && !ended) {
            wakeup();
        }
    }

    private void drain() {
        flushesMax = Math.max(
                TURN_FLUSHES_MAX, dirty.count() + TURN_FLUSHES_MAX / 4); // some go on, whatever reads have written
        while (deliveriesLeft > 0) {
            Entry entry = unfinished.isEmpty() ? mailbox.poll() : unfinished.poll();
            if (entry == null) {
                break;
            }
            if (!finish(entry)) {
                unfinished.addFirst(entry);
                break;
            }
        }
        deliveriesLeft = limits.turnDeliveriesMax();
        flushesMax = TURN_FLUSHES_MAX;
        if (!waitingForRoom.isEmpty()) {
            releaseWaiters();
        }
        if (!probing && !(unfinished.isEmpty() && mailbox.isEmpty())) {
            probing = true;
            probedMs = nowMs;
            mailbox.offer(probe);
        }
    }

    /** What was behind everything that this loop had to do has come to its turn. */
    private void probed() {
        probing = false;
        lagged(nowMs - probedMs);
    }

    /** A turn is over that has taken so long; but not all work is done, if there is a probe. */
    private void measureTurn(long tookMs) {
        if (!probing) {
            lagged(tookMs);
        }
    }

    private void lagged(long byMs) {
        Events events = core.events();
        if (lag.measured(byMs, nowMs) && events != null) {
            lag.tell(events, index, byMs);
        }
    }

    private boolean finish(Entry entry) {
        KeptMessage message = entry.message;
        if (message == null) {
            deliveriesLeft--;
            runGuarded(entry.task());
            return true;
        }
        entry.next = deliver(message, entry.targets, entry.stored, entry.next);
        if (entry.next < entry.targets.length) {
            return false;
        }
        mailboxBytes.addAndGet(-entry.bytes);
        message.release();
        return true;
    }

    private void wakeOthers() {
        if (!anyToWake) {
            return;
        }
        anyToWake = false;
        for (int i = 0; i < wake.length; i++) {
            if (wake[i]) {
                wake[i] = false;
                core.loop(i).wakeup();
            }
        }
    }

    private boolean isIdle() {
        if (core.store != null && !gate.isEmpty()) {
            asleep = true; // said first, then looked again
            if (gate.isDue(core.store.durable())) {
                return false;
            }
        }
        if (drops.isToldAtTheEndOfTheTurn()) {
            return false;
        }
        return mailbox.isEmpty() && unfinished.isEmpty() && later.isEmpty() && dirty.isEmpty() && !anyToWake;
    }

    private void wakeup() {
        Turn t = turn;
        assert t != null : "bound at start";
        t.wakeup();
    }

    /** A fault ends one task, never the loop: with its thread all of its sessions would stand still. */
    static void runGuarded(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            LOG.error("a task of the broker failed", e);
        }
    }

    /** Gives back what is still held when the event loop ends. */
    private void dispose() {
        ended = true;
        gate.close();
        sessions.dispose();
        core.groups.dispose(this);
        if (changes != null) {
            if (!changes.isEmpty()) {
                changes.submit(); // that sessions have no connection any more
            }
            changes.close();
        }
        later.clear();
        for (Entry e = unfinished.poll(); e != null; e = unfinished.poll()) {
            discard(e);
        }
        for (Entry e = mailbox.poll(); e != null; e = mailbox.poll()) {
            discard(e);
        }
        waitingForRoom.clear();
        alarms.values().forEach(SessionLoop::runGuarded);
        alarms.clear();
    }

    private void discard(Entry entry) {
        KeptMessage message = entry.message;
        if (message != null) {
            drops.countClosed("(handed over)", message, entry.targets, entry.next, entry.stored);
            message.release();
        } else if (entry.task() instanceof DropElsewhere drop) {
            drop.run();
        }
    }

    /** A task that runs after a delay, unless it is cancelled before. Loop only. */
    public final class Timer implements Runnable {
        private final Runnable task;
        private boolean cancelled;
        private @Nullable Future<?> scheduled;

        private Timer(Runnable task) {
            this.task = task;
        }

        private void start(long delayMs) {
            scheduled = eventLoop().schedule(this, delayMs, TimeUnit.MILLISECONDS);
        }

        /** By the event loop when the time has come. */
        @Override
        public void run() {
            readClock();
            runInOrder(this::runUnlessCancelled);
        }

        /** It may have waited behind unfinished deliveries, and been cancelled meanwhile. */
        private void runUnlessCancelled() {
            alarms.remove(this);
            if (!cancelled) {
                runGuarded(task);
            }
        }

        /** It won't run, whatever has happened to it so far. */
        public void cancel() {
            assert inLoop();
            cancelled = true;
            if (scheduled != null) {
                scheduled.cancel(false);
            }
            Runnable alarm = alarms.remove(this);
            if (alarm != null) {
                alarm.run();
            }
        }
    }

    private record Waiter(SessionLoop loop, Runnable task) {}

    /** Wraps the transport's handler: the end of its {@code run} is the end of our turn. */
    private final class Turn extends ForwardingIo {

        /** Whether it had more to do, and so didn't sleep, when it looked for what has come; some look again afterwards. */
        private boolean busy;

        private boolean looked;

        private long lastEndMs;

        Turn(IoHandler transport) {
            super(transport);
        }

        @Override
        public void initialize() {
            enter();
            transport.initialize();
        }

        @Override
        public int run(IoHandlerContext given) {
            calledWith(given);
            busy = false;
            looked = false;
            wokenMs = ASLEEP;
            int events = transport.run(this);
            asleep = false;
            long since = busy ? lastEndMs : wokenMs; // for how long it has slept, nobody knows
            readClock();
            measureTurn(since == ASLEEP ? 0 : nowMs - since);
            lastEndMs = nowMs;
            endTurn();
            if (turnSpan != null) {
                Flight.turnEnds(turnSpan, index);
            }
            return events;
        }

        /** The loop may sleep only when nothing of ours is left to do. */
        @Override
        public boolean canBlock() {
            boolean may = mayBlock();
            busy |= !may && !looked;
            looked = true;
            return may;
        }

        private boolean mayBlock() {
            return context().canBlock() && isIdle();
        }

        @Override
        public void destroy() {
            dispose();
            transport.destroy();
        }
    }
}
