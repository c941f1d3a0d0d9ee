package dev.dunlin.broker.net;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what may come in floods, so that a line about it is logged once a second at most. Any thread. */
final class Refusals {
    private static final long AGAIN_MS = 1_000;

    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong toldMs = new AtomicLong(Long.MIN_VALUE / 2);

    /** One more. Returns how many there have been since the last that was told of, if it is time to tell; else 0. */
    int add(long nowMs) {
        count.incrementAndGet();
        long last = toldMs.get();
        return nowMs - last >= AGAIN_MS && toldMs.compareAndSet(last, nowMs) ? count.getAndSet(0) : 0;
    }
}
