package dev.dunlin.auth;

import org.jspecify.annotations.Nullable;

/** Topic filters in rules [3.1.1 section 4.7, 5.0 section 4.7]. */
final class Filters {
    /** As many as Mosquitto takes. */
    static final int LEVELS_MAX = 200;

    private static final int BYTES_MAX = 65_535;

    private Filters() {}

    /** What is wrong with a filter, such as "has a wildcard inside of a level"; null if nothing is. */
    static @Nullable String fault(String filter) {
        if (filter.isEmpty()) {
            return "is empty";
        }
        if (filter.length() > BYTES_MAX) {
            return "is longer than a topic can be";
        }
        int levels = 1;
        for (int i = 0; i < filter.length(); i++) {
            char c = filter.charAt(i);
            if (c == 0) {
                return "has a character U+0000";
            }
            if (c == '#' && i != filter.length() - 1) {
                return "has a # that isn't its end";
            }
            if ((c == '#' || c == '+') && !isWholeLevel(filter, i)) {
                return "has a wildcard that isn't a whole level";
            }
            levels += c == '/' ? 1 : 0;
        }
        return levels > LEVELS_MAX ? "has more than " + LEVELS_MAX + " levels" : null;
    }

    private static boolean isWholeLevel(String filter, int position) {
        boolean begins = position == 0 || filter.charAt(position - 1) == '/';
        return begins && levelEnd(filter, position) == position + 1;
    }

    /** Whether each topic that a valid filter matches is matched by a rule's. Levels are compared one by one. */
    static boolean covers(String rule, String filter) {
        boolean wildcardFirst = rule.startsWith("#") || rule.startsWith("+");
        if (wildcardFirst && filter.startsWith("$")) {
            return false; // [5.0:MQTT-4.7.2-1]
        }
        if (rule.equals("+/#")) {
            return true; // each topic has a first level
        }
        int wanted = 0;
        int given = 0;
        while (wanted <= rule.length()) {
            int wantedEnd = levelEnd(rule, wanted);
            int givenEnd = given > filter.length() ? -1 : levelEnd(filter, given);
            if (is(rule, wanted, wantedEnd, '#')) {
                return true; // also with no level left: a/# matches a
            }
            if (givenEnd < 0 || is(filter, given, givenEnd, '#')) {
                return false;
            }
            boolean same = wantedEnd - wanted == givenEnd - given
                    && rule.regionMatches(wanted, filter, given, wantedEnd - wanted);
            if (!same && !is(rule, wanted, wantedEnd, '+')) {
                return false;
            }
            wanted = wantedEnd + 1;
            given = givenEnd + 1;
        }
        return given > filter.length();
    }

    private static boolean is(String filter, int from, int to, char wildcard) {
        return to == from + 1 && filter.charAt(from) == wildcard;
    }

    /** Where the level that begins at {@code from} ends: at the next '/', or at the end of the text. */
    static int levelEnd(String filter, int from) {
        int end = filter.indexOf('/', from);
        return end < 0 ? filter.length() : end;
    }
}
