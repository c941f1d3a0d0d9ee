package dev.dunlin.benchmarks.footprint;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a broker held at a time, after a full collection.
 *
 * @param bufferBytes in buffers that are in use, as the pool counts them
 * @param poolBytes of direct memory that the pool has taken
 * @param bytes on the heap, by class
 */
record Look(long bufferBytes, long poolBytes, Map<String, Long> bytes) {
    /** The last line of an answer. */
    static final String END = "--";

    private static final Pattern ROW = Pattern.compile("\\s*\\d+:\\s+\\d+\\s+(\\d+)\\s+(\\S+).*");
    private static final double NOTEWORTHY_BYTES = 4;

    /** From what a {@link MeasuredBroker} prints. */
    static Look parse(List<String> lines) {
        String[] buffers = lines.get(0).split(" ", -1);
        Map<String, Long> bytes = new HashMap<>();
        for (String line : lines) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                bytes.merge(row.group(2), Long.parseLong(row.group(1)), Long::sum);
            }
        }
        return new Look(Long.parseLong(buffers[0]), Long.parseLong(buffers[1]), bytes);
    }

    /** Bytes on the heap. */
    long heapBytes() {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Bytes on the heap for each of what has come since another look. */
    double heapBytesEach(Look before, int count) {
        return (double) (heapBytes() - before.heapBytes()) / count;
    }

    /** Prints what has come since another look, for each of so many. */
    void printSince(Look before, int count, String what) {
        print("%s: %.0f bytes of heap each%n", what, heapBytesEach(before, count));
        print(
                "  direct memory: %,d bytes in buffers (%,d before), %,d bytes in the pool (%,d before)%n",
                bufferBytes, before.bufferBytes, poolBytes, before.poolBytes);
        bytes.entrySet().stream()
                .map(of -> Map.entry(
                        of.getKey(), (double) (of.getValue() - before.bytes.getOrDefault(of.getKey(), 0L)) / count))
                .filter(of -> of.getValue() >= NOTEWORTHY_BYTES)
                .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
                .forEach(of -> print("  %7.1f  %s%n", of.getValue(), of.getKey()));
    }

    static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format, values);
    }
}
