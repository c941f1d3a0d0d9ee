package dev.dunlin.auth;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A line in the log that clients can bring about: it is written every ten seconds at most. Any thread. */
final class RareLine {
    static final long EVERY_NS = TimeUnit.SECONDS.toNanos(10);

    private final LongSupplier nanoTime;
    private final AtomicLong writtenNs;
    private final AtomicInteger times = new AtomicInteger();

    RareLine(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        writtenNs = new AtomicLong(nanoTime.getAsLong() - EVERY_NS);
    }

    /**
     * It has happened once more.
     *
     * @return how often since the line was written the last time if it is to be written now, else 0
     */
    int due() {
        times.incrementAndGet();
        long now = nanoTime.getAsLong();
        long last = writtenNs.get();
        return now - last >= EVERY_NS && writtenNs.compareAndSet(last, now) ? times.getAndSet(0) : 0;
    }
}
