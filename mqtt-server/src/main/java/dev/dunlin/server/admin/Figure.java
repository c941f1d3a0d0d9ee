package dev.dunlin.server.admin;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One figure of a broker, at one moment.
 *
 * @param name as Prometheus has it
 * @param labels what tells it apart from others of this name; mostly none
 * @param help what it is
 */
record Figure(String name, Map<String, String> labels, double value, Unit unit, Type type, String help) {
    /** What a figure does over time. */
    enum Type {
        /** It goes up and down. */
        GAUGE("gauge"),
        /** A total, which only goes up while the broker runs. */
        COUNTER("counter");

        final String word;

        Type(String word) {
            this.word = word;
        }
    }

    /** As JSON has it, ready to be shown. */
    Map<String, Object> view() {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("name", name);
        if (labels.isEmpty()) {
            view.put("label", null);
        } else {
            view.put("label", labels);
        }
        view.put("value", value);
        view.put("text", unit.text(value));
        view.put("help", help);
        view.put("unit", unit.word);
        view.put("type", type.word);
        return view;
    }
}
