package dev.dunlin.server.admin;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The last ten minutes of some figures: a ring of samples, one per second, in columns. Any thread. */
final class History {
    static final int SAMPLES = 600;

    private static final List<String> NAMES = List.of(
            Figures.RECEIVED_PER_SECOND,
            Figures.SENT_PER_SECOND,
            Figures.BYTES_RECEIVED_PER_SECOND,
            Figures.BYTES_SENT_PER_SECOND,
            Figures.DROPPED_PER_SECOND,
            Figures.ACKNOWLEDGEMENT_P50,
            Figures.ACKNOWLEDGEMENT_P99,
            Figures.QUEUED,
            Figures.CONNECTIONS,
            Figures.LOOP_LAG);

    private static final double SECOND_NANOS = 1e9;
    private static final double MILLIS = 1e3;

    /** By a clock that never steps back. */
    private final double[] times = new double[SAMPLES];

    private double lastUnixSeconds;
    private final double[][] series = new double[NAMES.size()][SAMPLES];
    private long added;

    /** @param nanos when that was, by a clock that never steps back */
    synchronized void add(Sample sample, long nanos) {
        int at = (int) (added++ % SAMPLES);
        times[at] = nanos / SECOND_NANOS;
        lastUnixSeconds = sample.unixSeconds();
        for (int i = 0; i < series.length; i++) {
            series[i][at] = sample.value(NAMES.get(i));
        }
    }

    /**
     * The last samples, oldest first, as JSON has it.
     *
     * @param seconds at most so many, 1 to {@value #SAMPLES}
     */
    synchronized Map<String, Object> view(int seconds) {
        int count = (int) Math.min(Math.min(seconds, SAMPLES), added);
        Map<String, Object> columns = new LinkedHashMap<>();
        for (int i = 0; i < series.length; i++) {
            columns.put(NAMES.get(i), last(series[i], count));
        }
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("everySeconds", 1);
        view.put("times", unixTimes(count));
        view.put("series", columns);
        return view;
    }

    /** Counted back from the last one, so that they ascend even where the clock of the machine was set back. */
    private double[] unixTimes(int count) {
        double[] unix = last(times, count);
        double last = count == 0 ? 0 : unix[count - 1];
        for (int i = 0; i < count; i++) {
            unix[i] = Math.rint((lastUnixSeconds - (last - unix[i])) * MILLIS) / MILLIS;
        }
        return unix;
    }

    private double[] last(double[] ring, int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = ring[(int) ((added - count + i) % SAMPLES)];
        }
        return values;
    }
}
