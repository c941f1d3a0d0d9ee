package dev.dunlin.broker.events;

import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.BrokerObserver;
import io.netty.util.internal.PlatformDependent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
 * right.
 */
public final class Events {
    private static final Logger LOG = LoggerFactory.getLogger(Events.class);

    /** After an interrupt, how long an observer may take to come to an end. */
    private static final long GRACE_MS = 100;

    private static final int FAILURES_PER_LINE = 1_000;

    /** The same bound or fault of the same client is told of once in this time. */
    private static final long AGAIN_MS = 1_000;

    private static final int TOLD_SLOTS = 1_024;

    private final List<BrokerObserver> observers;
    private final int max;
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
    private volatile boolean abandoned;

    // The thread's own.
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
        if (queued.incrementAndGet() > max) {
            queued.decrementAndGet();
            return false;
        }
        add(event);
        return true;
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
            BrokerEvent event = queue.poll();
            if (event != null) {
                queued.decrementAndGet();
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
        if (now > lostTold) {
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
     * @param atMostMs how long the observers may take; what is left then is lost, and counted
     */
    public void close(long atMostMs) {
        closing = true;
        LockSupport.unpark(thread);
        if (!isOver(atMostMs)) {
            abandoned = true;
            thread.interrupt();
            if (!isOver(GRACE_MS)) {
                LOG.warn("an observer doesn't come to an end: its thread {} stays", thread.getName());
                return; // the queue is still its own
            }
        }
        int left = 0;
        while (queue.poll() != null) {
            left++;
        }
        if (left > 0) {
            lost.addAndGet(left);
            LOG.warn("{} events could not be told any more: observers are too slow", left);
        }
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
