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

    private final double[] times = new double[SAMPLES];
    private final double[][] series = new double[NAMES.size()][SAMPLES];
    private long added;

    synchronized void add(Sample sample) {
        int at = (int) (added++ % SAMPLES);
        times[at] = sample.unixSeconds();
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
        view.put("times", last(times, count));
        view.put("series", columns);
        return view;
    }

    private double[] last(double[] ring, int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = ring[(int) ((added - count + i) % SAMPLES)];
        }
        return values;
    }
}
