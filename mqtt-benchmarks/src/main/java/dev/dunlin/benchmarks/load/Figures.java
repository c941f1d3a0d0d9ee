package dev.dunlin.benchmarks.load;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What one run of the generator has printed: numbers by name; those of a group as {@code group.name}. */
record Figures(Map<String, Double> values) {
    private static final Pattern FIELD = Pattern.compile("\"(\\w+)\": (?:\\{([^}]*)}|(-?[0-9.]+)|\"[^\"]*\")");

    /** Each more than 0 is a fault of the broker; redelivery is none with QoS 1. */
    private static final List<String> FAULTS = List.of(
            "lost", "out_of_order", "foreign", "rejected", "refused", "connect_errors", "disconnects", "redelivered");

    static Figures parse(String line) {
        Map<String, Double> values = new TreeMap<>();
        parse("", line, values);
        if (values.isEmpty()) {
            throw new IllegalArgumentException("no figures in: " + line);
        }
        return new Figures(values);
    }

    private static void parse(String prefix, String text, Map<String, Double> values) {
        Matcher field = FIELD.matcher(text);
        while (field.find()) {
            if (field.group(2) != null) {
                parse(prefix + field.group(1) + '.', field.group(2), values);
            } else if (field.group(3) != null) {
                values.put(prefix + field.group(1), Double.valueOf(field.group(3)));
            }
        }
    }

    double get(String name) {
        Double value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException(
                    "the generator said nothing of " + name + ", only of " + values.keySet());
        }
        return value;
    }

    /** Lost, doubled and the like, as {@code lost=3}; empty if there is nothing. */
    List<String> faults() {
        boolean mayRepeat = values.getOrDefault("qos", 0.0) == 1;
        return FAULTS.stream()
                .filter(name -> values.getOrDefault(name, 0.0) > 0 && !(mayRepeat && name.equals("redelivered")))
                .map(name -> name + '=' + (long) get(name))
                .toList();
    }
}
