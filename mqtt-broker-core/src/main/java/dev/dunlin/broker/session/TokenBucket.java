package dev.dunlin.broker.session;

/**
 * How much somebody may do: so much per second on average, and as much at once after a second of rest. Not thread-safe; the
 * owner reads the clock.
 *
 * <p>Counts in thousandths, so that each millisecond brings a whole number of them whatever the rate. It may be overdrawn:
 * then nothing is left until the debt is paid.
 */
public final class TokenBucket {
    private static final long PARTS = 1000;

    /** More than any machine does; and thousandths of a debt on top of it still fit a long. */
    private static final long PER_SECOND_MAX = Long.MAX_VALUE / (PARTS * PARTS);

    private final long perSecond;
    private long parts;
    private long filledAtMs;

    /**
     * A full one.
     *
     * @param perSecond from 1
     */
    public TokenBucket(long perSecond, long nowMs) {
        assert perSecond > 0 : perSecond;
        this.perSecond = Math.min(perSecond, PER_SECOND_MAX);
        parts = capacity();
        filledAtMs = nowMs;
    }

    private long capacity() {
        return perSecond * PARTS;
    }

    /** Takes one; false if there is none, and then nothing changes. */
    public boolean take(long nowMs) {
        fill(nowMs);
        if (parts < PARTS) {
            return false;
        }
        parts -= PARTS;
        return true;
    }

    /** Takes so many, be they there or not. */
    public void spend(long tokens, long nowMs) {
        fill(nowMs);
        parts -= tokens * PARTS;
    }

    /** Milliseconds until it isn't overdrawn any more; 0 if it isn't. */
    public long debtMs(long nowMs) {
        fill(nowMs);
        return parts >= 0 ? 0 : (perSecond - 1 - parts) / perSecond;
    }

    /** Whether it is as full as a new one. */
    public boolean isFull(long nowMs) {
        fill(nowMs);
        return parts == capacity();
    }

    private void fill(long nowMs) {
        long missing = capacity() - parts;
        long elapsedMs = nowMs - filledAtMs;
        filledAtMs = nowMs;
        // In this order nothing overflows, however long it has rested.
        parts += elapsedMs > missing / perSecond ? missing : elapsedMs * perSecond;
    }
}
