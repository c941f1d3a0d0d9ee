package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What is to go wrong with one kind of call. Any thread. */
final class Switch {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    /** Oldest first; the number of times of the last one may be without end. */
    private final Deque<Failure> failures = new ArrayDeque<>();

    private long calls;
    private int standing;
    private boolean stalling;

    private record Failure(int times, Kind kind, @Nullable RuntimeException bug) {}

    void failNext(int times, Kind kind) {
        lock.lock();
        try {
            failures.add(new Failure(times, kind, null));
        } finally {
            lock.unlock();
        }
    }

    void throwNext(RuntimeException bug) {
        lock.lock();
        try {
            failures.add(new Failure(1, Kind.IO, bug));
        } finally {
            lock.unlock();
        }
    }

    void stall() {
        lock.lock();
        try {
            stalling = true;
        } finally {
            lock.unlock();
        }
    }

    void release() {
        lock.lock();
        try {
            stalling = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void heal() {
        lock.lock();
        try {
            failures.clear();
            release();
        } finally {
            lock.unlock();
        }
    }

    void awaitStalled(FaultyStore.Call call, Duration patience) throws TimeoutException, InterruptedException {
        long leftNs = patience.toNanos();
        lock.lock();
        try {
            while (standing == 0) {
                if (leftNs <= 0) {
                    throw new TimeoutException("no " + call + " has stalled within " + patience);
                }
                leftNs = changed.awaitNanos(leftNs);
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isStalled() {
        lock.lock();
        try {
            return standing > 0;
        } finally {
            lock.unlock();
        }
    }

    long calls() {
        lock.lock();
        try {
            return calls;
        } finally {
            lock.unlock();
        }
    }

    /** A call comes by: is counted, stands still if it has to, and fails if it has to. */
    void pass(String doing) throws StoreException {
        lock.lock();
        try {
            arrive();
            while (stalling) {
                changed.awaitUninterruptibly();
            }
            standing--;
            failIfDue(doing);
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #pass}; an interrupt, which stays, ends a stall with BUSY. */
    void passUnlessInterrupted(String doing) throws StoreException {
        lock.lock();
        try {
            arrive();
            while (stalling) {
                changed.await();
            }
            failIfDue(doing);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException(Kind.BUSY, "the faulty store was interrupted at " + doing, e);
        } finally {
            standing--;
            lock.unlock();
        }
    }

    private void arrive() {
        calls++;
        standing++;
        changed.signalAll(); // for who awaits a stall; it looks when the lock is free, which is in a stall or behind it
    }

    private void failIfDue(String doing) throws StoreException {
        Failure failure = failures.poll();
        if (failure == null) {
            return;
        }
        if (failure.times == Integer.MAX_VALUE) {
            failures.addFirst(failure);
        } else if (failure.times > 1) {
            failures.addFirst(new Failure(failure.times - 1, failure.kind, failure.bug));
        }
        if (failure.bug != null) {
            throw failure.bug;
        }
        throw new StoreException(failure.kind, "the faulty store fails at " + doing + ", as it was told");
    }
}
