package dev.dunlin.junit;

import dev.dunlin.broker.spi.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * A clock that stands still until it is moved, and with it all that a broker does by time: keep-alive, will delay, session and
 * message expiry, timeouts, rates. For {@link dev.dunlin.broker.BrokerBuilder#time}. Any thread.
 *
 * <p>When it is moved it jumps: whatever becomes due on the way runs afterwards, in the order of its time, and sees the new time.
 */
public final class VirtualClock implements TimeSource {
    private static final Comparator<Alarm> BY_TIME =
            Comparator.comparingLong(Alarm::atMs).thenComparingLong(Alarm::number);

    private final PriorityQueue<Alarm> alarms = new PriorityQueue<>(BY_TIME);
    private final long startMs;
    private long passedMs;
    private long numbers;

    /** A clock that stands at this moment of wall time. */
    public VirtualClock(Instant start) {
        startMs = start.toEpochMilli();
    }

    /**
     * Moves it on. What becomes due is set off, and need not be done yet, when this returns: see
     * {@link DunlinExtension#advance}.
     *
     * @param by 0 or more; what is less than a millisecond is cut off
     * @throws IllegalArgumentException if it is negative
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("time doesn't go back: " + by);
        }
        move(by).forEach(alarm -> alarm.ring().run()); // user code may be behind it: not under the lock
    }

    private synchronized List<Alarm> move(Duration by) {
        passedMs += by.toMillis();
        List<Alarm> due = new ArrayList<>();
        while (!alarms.isEmpty() && alarms.element().atMs() <= passedMs) {
            due.add(alarms.remove());
        }
        return due;
    }

    /** The present moment of wall time. */
    public Instant now() {
        return Instant.ofEpochMilli(wallMs());
    }

    @Override
    public synchronized long monotonicMs() {
        return passedMs;
    }

    @Override
    public synchronized long wallMs() {
        return startMs + passedMs;
    }

    /** Rings when it is moved so far. What is due at once rings with the next move, or in this call if the delay is 0. */
    @Override
    public Runnable alarm(long delayMs, Runnable ring) {
        Alarm alarm = set(delayMs, ring);
        if (delayMs <= 0) {
            ring.run();
            return () -> {};
        }
        return () -> cancel(alarm);
    }

    private synchronized Alarm set(long delayMs, Runnable ring) {
        Alarm alarm = new Alarm(passedMs + delayMs, numbers++, ring);
        if (delayMs > 0) {
            alarms.add(alarm);
        }
        return alarm;
    }

    private synchronized void cancel(Alarm alarm) {
        alarms.remove(alarm);
    }

    /** @param number those of one moment ring in the order in which they were set */
    private record Alarm(long atMs, long number, Runnable ring) {}
}
