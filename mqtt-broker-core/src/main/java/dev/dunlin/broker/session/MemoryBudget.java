package dev.dunlin.broker.session;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.spi.BrokerEvent;
import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What the broker holds in memory beside the budget for it: queued and retained messages, publishes between loops, packets
 * that aren't complete, output that isn't taken, changes on their way to the store, and the store's cache. Above the budget
 * nothing new is taken on that would have to be kept: see {@code Limits.memoryBudgetBytes}.
 *
 * <p>Loops report what they hold as it changes; the sum is made by {@link #look}, so it is up to {@value #LOOK_MS} ms old. Of
 * incomplete packets, the one thing that grows as fast as the network, each part counts at once. What a message occupies is
 * approximate, and one that several hold may count several times: the budget is reached early rather than late. Any thread.
 */
public final class MemoryBudget {
    /** Between two sums. */
    static final long LOOK_MS = 10;

    /** A packet that isn't complete is reported when it has grown by so much. */
    public static final int STEP_BYTES = 1 << 10;

    /** The part of the budget that packets may have which aren't complete, whatever the rest is used for. */
    private static final int INCOMPLETE_PART = 4;

    /** Observers are told that it is under the budget again when it is by this part: else they would be again and again. */
    private static final int WELL_PART = 16;

    private final Core core;
    private volatile long budgetBytes;
    private final AtomicLong incomplete = new AtomicLong();
    private final LongAdder localQueues = new LongAdder();
    private volatile long lookedMs;
    private volatile long usedBytes;
    private volatile boolean over;
    private final AtomicBoolean toldOver = new AtomicBoolean();

    /**
     * Nothing is used yet.
     *
     * @param bytes the budget; 0 for the default
     */
    MemoryBudget(Core core, long bytes) {
        this.core = core;
        budgetBytes = orDefault(bytes);
    }

    /** Another budget from now on, in bytes; 0 for the default. Any thread. */
    void budget(long bytes) {
        budgetBytes = orDefault(bytes);
        sum();
    }

    private static long orDefault(long bytes) {
        return bytes > 0 ? bytes : defaultBytes(Runtime.getRuntime().maxMemory(), PlatformDependent.maxDirectMemory());
    }

    /**
     * The budget by default: a quarter of what the JVM has on its heap, or of what it may have beside it, if that is less.
     */
    static long defaultBytes(long heapMax, long directMax) {
        return Math.max(1, Math.min(heapMax, directMax) / 4);
    }

    /** Whether nothing more may be taken on. */
    public boolean isOver() {
        return over;
    }

    /** In bytes, as of the last look. */
    public long usedBytes() {
        return usedBytes;
    }

    /**
     * A packet that isn't complete has grown, or is over.
     *
     * @param bytes by which it has grown; less than 0 if it is over
     * @return whether it may grow further: those packets have what is left of the budget, or a quarter of it if that is more
     */
    public boolean incomplete(long bytes) {
        long all = incomplete.addAndGet(bytes);
        if (bytes > 0) {
            sum();
        }
        return !over || all <= budgetBytes / INCOMPLETE_PART;
    }

    /** What the handler of a local subscription is still to get has grown by so many bytes. Any thread. */
    void localQueue(long bytes) {
        localQueues.add(bytes);
    }

    /** At the end of a turn. */
    void look(long nowMs) {
        if (nowMs - lookedMs >= LOOK_MS) {
            lookedMs = nowMs; // two loops may come here at once: both sums are right
            sum();
        }
    }

    /** Whether the observers are to be told something else than last. */
    private boolean isNews(long bytes) {
        return toldOver.get() ? bytes < budgetBytes - budgetBytes / WELL_PART : bytes > budgetBytes;
    }

    /** It has gone over the budget, or clearly under it: whichever loop notes that first tells it. */
    private void tell() {
        long bytes = held(); // once more: another loop's sum may have been the later one
        boolean now = bytes > budgetBytes;
        Events events = core.events();
        if (events != null && isNews(bytes) && toldOver.compareAndSet(!now, now)) {
            events.tell(
                    now
                            ? new BrokerEvent.MemoryOver(events.now(), bytes, budgetBytes)
                            : new BrokerEvent.MemoryWell(events.now(), bytes, budgetBytes));
        }
    }

    private void sum() {
        long sum = held();
        usedBytes = sum;
        over = sum > budgetBytes;
        if (isNews(sum)) {
            tell();
        }
    }

    private long held() {
        long sum = incomplete.get() + localQueues.sum() + core.retained.bytes();
        for (int i = 0; i < core.loopCount(); i++) {
            sum += core.loop(i).heldBytes();
        }
        return core.store == null ? sum : sum + core.store.memoryBytes();
    }
}
