package dev.dunlin.server.hocon;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What is wrong with a configuration.
 *
 * @param text one sentence
 */
record Fault(Where where, String text) {
    private static final int LINES_MAX = 20;

    /** One line for each in the order of the files' lines; of many only the first. */
    static List<String> lines(List<Fault> faults) {
        List<String> lines = new ArrayList<>(faults.stream()
                .sorted(Comparator.comparing(Fault::where, Where.ORDER))
                .map(Fault::toString)
                .distinct()
                .toList());
        int all = lines.size();
        if (all <= LINES_MAX) {
            return lines;
        }
        lines.subList(LINES_MAX - 1, all).clear();
        lines.add("and " + (all - lines.size()) + " more");
        return lines;
    }

    @Override
    public String toString() {
        return where + ": " + text;
    }
}
