package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.BrokerEvent;

/**
 * How far a loop is behind: how long what comes to it waits. That is the time of a whole turn, or, as long as one turn doesn't
 * finish what there is, the time that something needs to get through the mailbox. Measured by the loop, asked by any thread.
 *
 * <p>A single long wait is no overload: a collection of garbage looks the same. Two in a row are.
 */
final class LoopLag {
    private static final int MEASURES = 2;
    private static final long LONGEST_HOLDS_MS = 60_000;

    /** Plain, though any thread looks: who sees the one before is right a moment later. */
    private int limitMs;

    /** Measures in a row that were above the limit. */
    private int above;

    private volatile long lagMs;
    private volatile long measuredMs;
    private volatile boolean overloaded;

    /** The longest of late; plain, because a reader may well see the one before. */
    private long longestMs;

    private long longestAtMs;

    LoopLag(int limitMs) {
        this.limitMs = limitMs;
    }

    /** Has another limit from now on. Loop only. */
    void limit(int ms) {
        limitMs = ms;
    }

    /** Something has waited that long. Returns whether the loop is overloaded by that, or no longer is. Loop only. */
    boolean measured(long waitedMs, long nowMs) {
        if (waitedMs >= longestMs || nowMs - longestAtMs > LONGEST_HOLDS_MS) {
            longestMs = waitedMs;
            longestAtMs = nowMs;
        }
        if (waitedMs > limitMs) {
            lagMs = waitedMs;
            measuredMs = nowMs;
            above++;
            boolean before = overloaded;
            overloaded = above >= MEASURES;
            return overloaded != before;
        } else if (above > 0) {
            above = 0;
            boolean before = overloaded;
            overloaded = false;
            return before;
        }
        return false;
    }

    /** The longest wait of the last minute. */
    long longestMs(long nowMs) {
        return nowMs - longestAtMs > LONGEST_HOLDS_MS ? 0 : longestMs;
    }

    /** Tells the observers what {@link #measured} has found to be another state than before. Loop only. */
    void tell(Events events, int loop, long waitedMs) {
        events.tell(
                overloaded
                        ? new BrokerEvent.LoopOverloaded(events.now(), loop, waitedMs)
                        : new BrokerEvent.LoopWell(events.now(), loop));
    }

    /** Whether the loop is too far behind to take on more. What was measured last counts until another measure is overdue. */
    boolean isOverloaded(long nowMs) {
        return overloaded && nowMs - measuredMs <= lagMs + limitMs;
    }
}
