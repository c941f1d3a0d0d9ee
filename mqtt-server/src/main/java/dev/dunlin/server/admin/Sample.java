package dev.dunlin.server.admin;

import dev.dunlin.broker.BrokerStats.StoreState;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * All figures of one moment.
 *
 * @param drops the deliveries that were not made, by reason
 */
record Sample(Instant time, StoreState store, List<Figure> figures, List<Figure> drops) {
    private static final double MILLIS = 1e3;

    double unixSeconds() {
        return time.toEpochMilli() / MILLIS;
    }

    /** The one figure of this name; not a number if there is none. */
    double value(String name) {
        return figures.stream()
                .filter(figure -> figure.name().equals(name))
                .mapToDouble(Figure::value)
                .findFirst()
                .orElse(Double.NaN);
    }

    /** As JSON has it. */
    Map<String, Object> view() {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("time", time);
        view.put("unixSeconds", unixSeconds());
        view.put("figures", figures.stream().map(Figure::view).toList());
        view.put("dropsByReason", drops.stream().map(Figure::view).toList());
        return view;
    }

    /** As Prometheus reads it: text format 0.0.4. What isn't known now is left out. */
    String prometheus() {
        StringBuilder text = new StringBuilder();
        text.append("# HELP dunlin_sample_timestamp_seconds When these figures were taken, since 1970\n");
        text.append("# TYPE dunlin_sample_timestamp_seconds gauge\n");
        text.append("dunlin_sample_timestamp_seconds ")
                .append(Json.number(unixSeconds()))
                .append('\n');
        String last = "";
        for (Figure figure : Stream.concat(figures.stream(), drops.stream()).toList()) {
            if (Double.isNaN(figure.value())) {
                continue;
            }
            if (!figure.name().equals(last)) {
                last = figure.name();
                text.append("# HELP ")
                        .append(last)
                        .append(' ')
                        .append(figure.help())
                        .append('\n');
                text.append("# TYPE ")
                        .append(last)
                        .append(' ')
                        .append(figure.type().word)
                        .append('\n');
            }
            text.append(last).append(labels(figure.labels())).append(' ');
            text.append(Json.number(figure.value())).append('\n');
        }
        return text.toString();
    }

    /** Their values are words of ours, of which none has to be escaped. */
    private static String labels(Map<String, String> labels) {
        StringBuilder text = new StringBuilder();
        labels.forEach((name, value) -> text.append(text.isEmpty() ? '{' : ',')
                .append(name)
                .append("=\"")
                .append(value)
                .append('"'));
        return text.isEmpty() ? "" : text.append('}').toString();
    }
}
