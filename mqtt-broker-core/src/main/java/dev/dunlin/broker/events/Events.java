package dev.dunlin.broker.events;

import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.BrokerObserver;
import dev.dunlin.broker.spi.DropReason;
import io.netty.util.internal.PlatformDependent;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of events to the observers of a broker: a bounded queue, and one thread that works it off. There is none in a broker
 * without observers: who has something to tell asks for null first. Any thread may tell something; nobody waits.
 *
 * <p>An event that finds no room is lost, and counted; as soon as there is room the observers are told how many. Only drops may
 * not be lost: whoever has them keeps them until there is room ({@link #offer}, {@link #whenRoom}), so that their sum stays
 * right. Of observers that are too slow at the end see {@link #close}.
 */
public final class Events {
    private static final Logger LOG = LoggerFactory.getLogger(Events.class);

    /** After an interrupt, how long observers may take to come to an end, and to be told the last sums. */
    private static final long LAST_MS = 1_000;

    private static final int FAILURES_PER_LINE = 1_000;

    /** The same bound or fault of the same client is told of once in this time. */
    private static final long AGAIN_MS = 1_000;

    private static final int TOLD_SLOTS = 1_024;

    private final List<BrokerObserver> observers;
    private volatile int max;
    private final LongSupplier wallMs;
    private final Thread thread;
    private final Queue<BrokerEvent> queue = PlatformDependent.newMpscQueue();
    private final AtomicInteger queued = new AtomicInteger();
    private final AtomicLong lost = new AtomicLong();
    private final Queue<Runnable> waitingForRoom = new ConcurrentLinkedQueue<>();

    /** What was told last of clients at bounds, and of faults, by its hash: what is pushed out is told of again. */
    private final AtomicReferenceArray<Told> told = new AtomicReferenceArray<>(TOLD_SLOTS);

    private volatile boolean asleep;
    private volatile boolean closing;

    /** The time of the end is over: only sums are told from now on. */
    private volatile boolean late;

    /** An observer doesn't come to an end: nothing more is told. Written under the lock of {@link #take}. */
    private volatile boolean abandoned;

    // The thread's own.
    private boolean summedUp;
    private long lostTold;
    private int failures;

    /**
     * For these observers; {@link #start} begins.
     *
     * @param brokerName what the name of the thread begins with
     * @param max how many events may wait
     * @param wallMs wall time in milliseconds; any thread
     */
    public Events(String brokerName, List<BrokerObserver> observers, int max, LongSupplier wallMs) {
        this.observers = List.copyOf(observers);
        this.max = max;
        this.wallMs = wallMs;
        thread = new Thread(this::run, brokerName + "-events");
        thread.setDaemon(true);
    }

    /** Begins to tell the observers; what was told before isn't lost. */
    public void start() {
        thread.start();
    }

    /** Has another bound of those that wait from now on. Any thread. */
    public void max(int changed) {
        max = changed;
        if (hasRoom()) {
            releaseWaiters();
        }
    }

    /** When something happens that happens now. */
    public Instant now() {
        return Instant.ofEpochMilli(wallMs.getAsLong());
    }

    /** Tells the observers, if there is room; else the event is lost, and counted. */
    public void tell(BrokerEvent event) {
        if (!offer(event)) {
            lost.incrementAndGet();
        }
    }

    /** Tells the observers, if there is room; false if there is none, and then the event is the caller's to keep. */
    public boolean offer(BrokerEvent event) {
        // Who finds no room leaves no trace, not for a moment: the thread could take it for an event, and sleep.
        for (int n = queued.get(); n < max; n = queued.get()) {
            if (queued.compareAndSet(n, n + 1)) {
                add(event);
                return true;
            }
        }
        return false;
    }

    /** Tells the observers, room or not: what was kept and can't be kept any longer. While the broker is being closed. */
    public void tellLast(BrokerEvent event) {
        queued.incrementAndGet();
        add(event);
    }

    private void add(BrokerEvent event) {
        queue.add(event);
        if (asleep) {
            LockSupport.unpark(thread);
        }
    }

    /**
     * Tells that a bound has made a difference; for one client and bound at most once a second.
     *
     * @param limit the name of the bound in {@code Limits}
     */
    public void limit(String clientId, String limit, String text) {
        Instant now = now();
        if (isNew(new Told(clientId, limit, now))) {
            tell(new BrokerEvent.LimitReached(now, clientId, limit, text));
        }
    }

    /** Tells that something has failed which is not a client's doing; the same of one client at most once a second. */
    public void fault(String clientId, String what, @Nullable Object cause) {
        Instant now = now();
        if (isNew(new Told(clientId, what, now))) {
            tell(new BrokerEvent.Fault(now, clientId, what, String.valueOf(cause)));
        }
    }

    /** As {@link #fault(String, String, Object)}, if there is anybody to tell. */
    public static void tellFault(@Nullable Events to, String clientId, String what, @Nullable Object cause) {
        if (to != null) {
            to.fault(clientId, what, cause);
        }
    }

    private record Told(String clientId, String what, Instant at) {}

    private boolean isNew(Told now) {
        int slot = Math.floorMod(31 * now.clientId.hashCode() + now.what.hashCode(), TOLD_SLOTS);
        Told last = told.get(slot);
        boolean again = last != null
                && last.clientId.equals(now.clientId)
                && last.what.equals(now.what)
                && Duration.between(last.at, now.at).abs().toMillis() < AGAIN_MS;
        return !again && told.compareAndSet(slot, last, now);
    }

    /** Runs {@code task}, once, on any thread, when at least half of the queue is free. It must be quick. */
    public void whenRoom(Runnable task) {
        waitingForRoom.add(task);
        if (hasRoom()) { // noted first, then looked: room that came meanwhile isn't missed
            releaseWaiters();
        }
    }

    private boolean hasRoom() {
        return queued.get() <= max / 2;
    }

    private void releaseWaiters() {
        for (Runnable task = waitingForRoom.poll(); task != null; task = waitingForRoom.poll()) {
            task.run();
        }
    }

    /** How many events were lost. */
    public long lost() {
        return lost.get();
    }

    /** Whether the observers are called on this thread, which asks. */
    public boolean isCaller() {
        return Thread.currentThread() == thread;
    }

    // ---- the thread

    private void run() {
        while (!abandoned) {
            if (late && !summedUp) {
                sumUp();
            }
            BrokerEvent event = take();
            if (event != null) {
                deliver(event);
                tellLost();
            } else if (closing) {
                return;
            } else {
                await();
            }
            if (!waitingForRoom.isEmpty() && hasRoom()) {
                releaseWaiters();
            }
        }
    }

    /** The next event, if there is one that is still to be told: who abandons the thread knows exactly what is left. */
    private synchronized @Nullable BrokerEvent take() {
        BrokerEvent event = abandoned ? null : queue.poll();
        if (event != null) {
            queued.decrementAndGet();
        }
        return event;
    }

    private void await() {
        asleep = true; // said first, then looked again
        if (queue.isEmpty() && !closing && !abandoned) {
            LockSupport.park(this);
        }
        asleep = false;
        Thread.interrupted(); // an observer may have left its own: with it nobody could sleep any more
    }

    private void tellLost() {
        long now = lost.get();
        if (now > lostTold && !abandoned) {
            long more = now - lostTold;
            lostTold = now;
            deliver(new BrokerEvent.EventsLost(now(), more));
        }
    }

    private void deliver(BrokerEvent event) {
        for (BrokerObserver observer : observers) {
            try {
                observer.on(event);
            } catch (Throwable e) { // user code: the others are told all the same, and the next one too
                failed(event, e);
            }
        }
    }

    private void failed(BrokerEvent event, Throwable cause) {
        if (failures++ % FAILURES_PER_LINE == 0) {
            LOG.warn("an observer failed on {}: {}", event.id(), cause.toString());
        }
    }

    // ---- the end

    /**
     * Tells what is queued, and ends the thread. Nothing may be told afterwards. Not on the thread itself.
     *
     * <p>An observer that isn't done when the time is over is interrupted. It is still told of all drops, in one sum for each
     * reason, if it comes back within another second; everything else is lost, and counted. One that doesn't come back, or that
     * hangs again, is left behind with its thread: what it hasn't been told by then is lost too, sums of drops included, and
     * counted.
     *
     * @param atMostMs how long the observers may take
     */
    public void close(long atMostMs) {
        closing = true;
        LockSupport.unpark(thread);
        if (!isOver(atMostMs)) {
            hurry();
            if (!isOver(LAST_MS)) {
                LOG.warn("an observer doesn't come to an end: its thread {} stays", thread.getName());
                lost.addAndGet(abandon());
                return; // the queue is still its own
            }
        }
        while (take() != null) { // who was told not to tell anything did
            lost.incrementAndGet();
        }
        if (late) {
            LOG.warn("observers were too slow: {} events could not be told", lost.get());
        }
    }

    /** Under the lock, so that the thread, which sees that it is late, doesn't go on before the interrupt: the sums are not to be hit. */
    private synchronized void hurry() {
        late = true;
        thread.interrupt();
    }

    private synchronized void forgetInterrupt() {
        Thread.interrupted();
    }

    private synchronized int abandon() {
        abandoned = true;
        return queued.get();
    }

    /** On the thread: puts one sum for each reason in the place of all that is queued. */
    private void sumUp() {
        summedUp = true;
        forgetInterrupt(); // an observer may have left it: the sums are to be told
        Map<DropReason, BrokerEvent.Dropped> sums = new EnumMap<>(DropReason.class);
        for (BrokerEvent event = take(); event != null; event = take()) {
            if (event instanceof BrokerEvent.Dropped dropped) {
                sums.merge(dropped.why(), dropped, Events::sum);
            } else {
                lost.incrementAndGet();
            }
        }
        sums.values().forEach(this::tellLast);
        if (sums.isEmpty()) {
            tellLost();
        }
    }

    private static BrokerEvent.Dropped sum(BrokerEvent.Dropped one, BrokerEvent.Dropped other) {
        String client = one.clientId().equals(other.clientId()) ? one.clientId() : "";
        return new BrokerEvent.Dropped(other.at(), client, other.topic(), other.why(), one.count() + other.count());
    }

    private boolean isOver(long waitMs) {
        try {
            thread.join(Math.max(1, waitMs)); // 0 would be for ever
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !thread.isAlive();
    }
}
