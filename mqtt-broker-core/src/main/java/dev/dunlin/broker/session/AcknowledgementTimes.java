package dev.dunlin.broker.session;

import dev.dunlin.codec.PacketType;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How long clients of one loop wait for PUBACK and PUBREC: from the moment that a PUBLISH is decoded to that when its
 * acknowledgement is among the bytes to be flushed. Measured at one publish at a time, and in each millisecond at one at most,
 * so that all others pay a comparison of two numbers when they come, and one of two references when they are acknowledged.
 *
 * <p>One at a time would see a second in which nothing is acknowledged as one slow publish among thousands of quick ones. So each
 * counts as often as it has taken milliseconds: as if one had come in each. What is kept of it is a number per bucket and second,
 * for the last ten seconds. Buckets are as wide as an eighth of a power of two [HdrHistogram has the same form]: what is read of
 * them is right to 7 %.
 *
 * <p>Its loop only, but for {@link #addTo}, which may see a moment ago.
 */
final class AcknowledgementTimes { // hot
    static final int SECONDS = 10;

    /** Who waits longer than this counts before he is answered: otherwise nothing would be seen while nothing is answered. */
    private static final long WAITING_NANOS = 1_000_000_000;

    /** Who waits longer than this, or is never answered, makes way. */
    private static final long LONGEST_MS = 60_000;

    private static final int SLOTS = SECONDS + 1;
    private static final int SHIFT = 10;
    private static final int LINEAR = 16;
    private static final int EIGHTHS = 8;
    static final int BUCKETS = LINEAR + (36 - SHIFT - 3) * EIGHTHS;
    private static final long NANOS = 1_000_000;
    private static final long SECOND_MS = 1_000;

    private final LongSupplier nanoTime;
    private @Nullable Object measured;
    private int packetId;

    /** When the measured one came; 0 for none. Alone what other threads see of it: a moment ago is good enough for them. */
    private long sinceNanos;

    /** From when on the next one is measured. */
    private long dueMs;

    /** The second that a slot is of, plus one; 0 for none. */
    private final long[] seconds = new long[SLOTS];

    private final int[] samples = new int[SLOTS];

    /** By slot and bucket. Made for the first one. */
    private int @Nullable [] counts;

    AcknowledgementTimes(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * A PUBLISH with QoS 1 or 2 has come.
     *
     * @param from the connection's, of which nothing but that it is the same one matters
     */
    void came(Object from, int id, long nowMs) {
        if (nowMs >= dueMs) {
            measured = from;
            packetId = id;
            sinceNanos = nanoTime.getAsLong();
            dueMs = nowMs + LONGEST_MS;
        }
    }

    /** The acknowledgement of a PUBLISH, or PUBCOMP, is being appended. */
    void leaves(Object to, PacketType type, int id, long nowMs) {
        if (measured == to && id == packetId && type != PacketType.PUBCOMP) {
            measured = null;
            dueMs = nowMs + 1;
            add(nanoTime.getAsLong() - sinceNanos, nowMs);
            sinceNanos = 0;
        }
    }

    /** Nobody there is answered any more. */
    void forget(Object closed) {
        if (measured == closed) {
            measured = null;
            sinceNanos = 0;
            dueMs = 0;
        }
    }

    private void add(long nanos, long nowMs) {
        int[] all = counts;
        if (all == null) {
            all = new int[SLOTS * BUCKETS];
            counts = all;
        }
        long second = nowMs / SECOND_MS + 1;
        int slot = (int) (second % SLOTS);
        if (seconds[slot] != second) {
            seconds[slot] = second;
            samples[slot] = 0;
            Arrays.fill(all, slot * BUCKETS, (slot + 1) * BUCKETS, 0);
        }
        samples[slot]++;
        all[slot * BUCKETS + bucket(nanos)] += (int) weight(nanos);
    }

    private static long weight(long nanos) {
        return Math.max(1, Math.min(LONGEST_MS, nanos / NANOS));
    }

    static int bucket(long nanos) {
        long value = Math.max(0, nanos) >> SHIFT;
        if (value < LINEAR) {
            return (int) value;
        }
        int power = 63 - Long.numberOfLeadingZeros(value);
        int eighth = (int) (value >>> (power - 3)) & (EIGHTHS - 1);
        return Math.min(BUCKETS - 1, LINEAR + (power - 4) * EIGHTHS + eighth);
    }

    /** The middle of a bucket, in nanoseconds. */
    static long nanos(int bucket) {
        if (bucket < LINEAR) {
            return ((long) bucket << SHIFT) + (1L << (SHIFT - 1));
        }
        int power = 4 + (bucket - LINEAR) / EIGHTHS;
        long eighths = EIGHTHS + (long) (bucket - LINEAR) % EIGHTHS;
        return ((2 * eighths + 1) << (power - 4)) << SHIFT;
    }

    /**
     * Adds what was measured in the last ten seconds, by bucket, and the one that waits for more than a second, as long as it
     * has waited so far; returns how many that were. Any thread.
     *
     * @param sum of {@link #BUCKETS} numbers
     */
    long addTo(long[] sum, long nowMs) {
        int[] all = counts;
        long measures = 0;
        long since = sinceNanos;
        long waits = since == 0 ? 0 : nanoTime.getAsLong() - since;
        if (waits > WAITING_NANOS) {
            measures++;
            sum[bucket(waits)] += weight(waits);
        }
        if (all == null) {
            return measures;
        }
        long now = nowMs / SECOND_MS + 1;
        for (int slot = 0; slot < SLOTS; slot++) {
            if (seconds[slot] > now - SECONDS && seconds[slot] > 0) {
                measures += samples[slot];
                for (int bucket = 0; bucket < BUCKETS; bucket++) {
                    sum[bucket] += all[slot * BUCKETS + bucket];
                }
            }
        }
        return measures;
    }

    /** The bucket below whose end this part of all is; of none, the first. */
    static int quantile(long[] sum, double part) {
        long all = Arrays.stream(sum).sum();
        long left = (long) Math.ceil(part * all);
        int bucket = 0;
        while (bucket < BUCKETS - 1 && (left -= sum[bucket]) > 0) {
            bucket++;
        }
        return bucket;
    }
}
