package dev.dunlin.broker.routing;

import org.jspecify.annotations.Nullable;

/**
 * The keys of {@link RetainedIndex} that match a filter, as places in the order of all keys. Immutable.
 *
 * <p>In that order a topic comes before all that lies below it, and that before the topic's next sibling: the separator of
 * levels, U+0000, is the smallest character.
 */
final class TopicRange {
    static final char SEPARATOR = '\0';

    /** Behind a topic and all that lies below it, before every sibling that comes later. */
    private static final char PAST_SUBTREE = SEPARATOR + 1;

    /** Behind every topic that begins with '$'. */
    private static final String PAST_DOLLAR = String.valueOf((char) ('$' + 1));

    private static final int NOWHERE = -1;

    private final String[] wanted;
    private final String first;

    TopicRange(String filter) {
        assert Topics.isValidFilter(filter) : filter;
        wanted = filter.split("/", -1);
        first = RetainedIndex.key(literalPart(filter));
    }

    /** The levels before the first wildcard. */
    private static String literalPart(String filter) {
        for (int from = 0, to; from <= filter.length(); from = to + 1) {
            to = Topics.levelEnd(filter, from);
            if (filter.startsWith("+", from) || filter.startsWith("#", from)) {
                return filter.substring(0, Math.max(0, from - 1));
            }
        }
        return filter;
    }

    /** The place right behind a key. */
    static String after(String key) {
        return key + SEPARATOR;
    }

    /** A place with no matching key before it. */
    String first() {
        return first;
    }

    /**
     * Where to look on after a key was found.
     *
     * @return the key itself if it matches; else a place behind it with no matching key between, or null if none follows
     */
    @Nullable
    String candidate(String key) {
        if (key.startsWith("$") && (wanted[0].equals("+") || wanted[0].equals("#"))) {
            return PAST_DOLLAR; // [3.1.1:MQTT-4.7.2-1] [5.0:MQTT-4.7.2-1]
        }
        int pastSingle = NOWHERE;
        int from = 0;
        for (String level : wanted) {
            if (level.equals("#")) {
                return key; // also with no level left: a/# matches a
            }
            boolean single = level.equals("+");
            if (from > key.length()) {
                return key + SEPARATOR + (single ? "" : level);
            }
            int to = levelEnd(key, from);
            int order = single ? 0 : compare(level, key, from, to);
            if (order != 0) {
                return order > 0 ? key.substring(0, from) + level : pastSubtree(key, pastSingle);
            }
            pastSingle = single ? to : pastSingle;
            from = to + 1;
        }
        return from > key.length() ? key : pastSubtree(key, pastSingle);
    }

    /** Past all keys with the same levels up to the last one that a '+' stands for; without any, nothing can follow. */
    private static @Nullable String pastSubtree(String key, int pastSingle) {
        return pastSingle == NOWHERE ? null : key.substring(0, pastSingle) + PAST_SUBTREE;
    }

    private static int levelEnd(String key, int from) {
        int end = key.indexOf(SEPARATOR, from);
        return end < 0 ? key.length() : end;
    }

    /** The order of a level and a part of a key, as that of {@link String#compareTo}. */
    private static int compare(String level, String key, int from, int to) {
        int common = Math.min(level.length(), to - from);
        for (int i = 0; i < common; i++) {
            if (level.charAt(i) != key.charAt(from + i)) {
                return Character.compare(level.charAt(i), key.charAt(from + i));
            }
        }
        return Integer.compare(level.length(), to - from);
    }
}
