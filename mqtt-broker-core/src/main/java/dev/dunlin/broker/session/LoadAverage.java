package dev.dunlin.broker.session;

/**
 * How much of something there was per minute, over the last minute, five and fifteen: three averages in which the past counts
 * less and less, as the load averages of Unix do it.
 */
final class LoadAverage {
    /** In minutes. */
    static final int[] PERIODS = {1, 5, 15};

    private static final double MS_PER_MINUTE = 60_000;

    private final double[] perMinute = new double[PERIODS.length];
    private long last;

    /**
     * Takes in what has come to be.
     *
     * @param total of all time
     * @param elapsedMs since the last call, above 0
     */
    void update(long total, long elapsedMs) {
        double minutes = elapsedMs / MS_PER_MINUTE;
        double now = (total - last) / minutes;
        last = total;
        for (int i = 0; i < PERIODS.length; i++) {
            double kept = Math.exp(-minutes / PERIODS[i]);
            perMinute[i] = now + kept * (perMinute[i] - now);
        }
    }

    /** Per minute, over the period of this index. */
    double perMinute(int period) {
        return perMinute[period];
    }
}
