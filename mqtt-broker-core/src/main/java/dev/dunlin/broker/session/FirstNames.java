package dev.dunlin.broker.session;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/** A page of names that are kept in no order. */
final class FirstNames {
    private FirstNames() {}

    /**
     * The first names behind a name, in their order: at most {@code max}. Looks at all names once, and keeps no more than it
     * returns, so that the sets may be large and change meanwhile.
     */
    static List<String> after(String name, int max, List<Set<String>> sets) {
        PriorityQueue<String> first = new PriorityQueue<>(max, Comparator.reverseOrder());
        for (Set<String> names : sets) {
            for (String each : names) {
                if (each.compareTo(name) <= 0) {
                    continue;
                }
                if (first.size() < max) {
                    first.add(each);
                } else if (each.compareTo(first.element()) < 0) {
                    first.remove();
                    first.add(each);
                }
            }
        }
        List<String> sorted = new ArrayList<>(first);
        Collections.sort(sorted);
        return sorted;
    }
}
