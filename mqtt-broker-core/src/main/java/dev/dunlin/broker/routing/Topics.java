package dev.dunlin.broker.routing;

/** The rules of topic names and topic filters [3.1.1 section 4.7, 5.0 section 4.7]. */
public final class Topics {
    /** Bytes of a topic or filter in UTF-8 [3.1.1:MQTT-4.7.3-3] [5.0:MQTT-4.7.3-3]. */
    public static final int BYTES_MAX = 65_535;

    /** Of slashes alone. */
    public static final int LEVELS_MAX = BYTES_MAX + 1;

    private static final String SHARE_PREFIX = "$share/";

    private Topics() {}

    /** Whether a message may be published to this topic: text without wildcards [3.1.1:MQTT-4.7.1-1] [5.0:MQTT-4.7.0-1]. */
    public static boolean isValidTopic(String topic) {
        return !hasWildcard(topic) && isText(topic);
    }

    /**
     * Whether the filter is text, has '#' only as its last level [3.1.1:MQTT-4.7.1-2] [5.0:MQTT-4.7.1-1] and '+' only as a
     * whole level [3.1.1:MQTT-4.7.1-3] [5.0:MQTT-4.7.1-2]. A shared filter is judged as it stands, share name included.
     */
    public static boolean isValidFilter(String filter) {
        for (int i = 0; i < filter.length(); i++) {
            char c = filter.charAt(i);
            if (c == '#' && i != filter.length() - 1) {
                return false;
            }
            if ((c == '#' || c == '+') && !isWholeLevel(filter, i)) {
                return false;
            }
        }
        return isText(filter);
    }

    private static boolean isWholeLevel(String filter, int position) {
        return (position == 0 || filter.charAt(position - 1) == '/') && levelEnd(filter, position) == position + 1;
    }

    /**
     * At least one character [5.0:MQTT-4.7.3-1], no U+0000 [5.0:MQTT-4.7.3-2], no lone surrogate [5.0:MQTT-1.5.4-1], and not
     * too long in UTF-8 [5.0:MQTT-4.7.3-3]; the same in 3.1.1.
     */
    private static boolean isText(String text) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                return false;
            }
            if (Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                bytes += 4;
            } else if (Character.isSurrogate(c)) {
                return false;
            } else {
                bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
            }
        }
        return bytes > 0 && bytes <= BYTES_MAX;
    }

    /** Whether a '+' or '#' stands anywhere in the filter. */
    public static boolean hasWildcard(String filter) {
        return filter.indexOf('+') >= 0 || filter.indexOf('#') >= 0;
    }

    /** Whether the filter begins with {@code $share/} [5.0:MQTT-4.8.2-1]. */
    public static boolean isShared(String filter) {
        return filter.startsWith(SHARE_PREFIX);
    }

    /**
     * Whether a shared filter, valid by {@link #isValidFilter}, has a share name of at least one character
     * [5.0:MQTT-4.8.2-1] without wildcards, and a topic filter behind it [5.0:MQTT-4.8.2-2].
     */
    public static boolean isValidShare(String shared) {
        int end = levelEnd(shared, SHARE_PREFIX.length());
        String name = shared.substring(SHARE_PREFIX.length(), end);
        return !name.isEmpty() && !hasWildcard(name) && end + 1 < shared.length();
    }

    /** What a valid shared filter subscribes to: the topic filter behind the share name. */
    public static String filterOfShare(String shared) {
        return shared.substring(levelEnd(shared, SHARE_PREFIX.length()) + 1);
    }

    /** Number of levels, at least 1: empty levels are levels too. */
    public static int levels(String topicOrFilter) {
        int levels = 1;
        for (int i = topicOrFilter.indexOf('/'); i >= 0; i = topicOrFilter.indexOf('/', i + 1)) {
            levels++;
        }
        return levels;
    }

    /** Whether it takes more bytes in UTF-8 than that; counted only if it might: a char takes three at most. */
    public static boolean isLonger(String topicOrFilter, int bytesMax) {
        return topicOrFilter.length() > bytesMax / 3 && utf8Bytes(topicOrFilter) > bytesMax;
    }

    private static int utf8Bytes(String text) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean half = Character.isSurrogate(c); // of a pair, which takes four
            bytes += c < 0x80 ? 1 : c < 0x800 || half ? 2 : 3;
        }
        return bytes;
    }

    /** Where the level that begins at {@code from} ends: at the next '/', or at the end of the text. */
    static int levelEnd(String topicOrFilter, int from) {
        int end = topicOrFilter.indexOf('/', from);
        return end < 0 ? topicOrFilter.length() : end;
    }

    /**
     * Whether the rest of a valid filter matches that of a topic, where all before matches. '#' and '+' match any next level:
     * that of a topic with '$' must not be its first.
     *
     * @param from where the filter's next level begins, which is behind the end if there is none
     * @param topicFrom the same in the topic
     */
    static boolean matches(String filter, int from, String topic, int topicFrom) {
        int wanted = from;
        int given = topicFrom;
        while (wanted <= filter.length()) {
            int wantedEnd = levelEnd(filter, wanted);
            char wildcard = wantedEnd == wanted + 1 ? filter.charAt(wanted) : 0;
            if (wildcard == '#') {
                return true; // also with no level left: a/# matches a
            }
            if (given > topic.length()) {
                return false;
            }
            int givenEnd = levelEnd(topic, given);
            if (wildcard != '+' && !isSame(filter, wanted, wantedEnd, topic, given, givenEnd)) {
                return false;
            }
            wanted = wantedEnd + 1;
            given = givenEnd + 1;
        }
        return given > topic.length();
    }

    private static boolean isSame(String filter, int from, int to, String topic, int topicFrom, int topicTo) {
        return to - from == topicTo - topicFrom && filter.regionMatches(from, topic, topicFrom, to - from);
    }

    /**
     * Whether a valid filter matches a valid topic. Plain and slow: for single questions, and the model against which the
     * tests hold {@link SubscriptionTree} and {@link RetainedIndex}.
     */
    public static boolean matches(String filter, String topic) {
        String[] wanted = filter.split("/", -1);
        String[] levels = topic.split("/", -1);
        if (topic.startsWith("$") && (wanted[0].equals("#") || wanted[0].equals("+"))) {
            return false; // [3.1.1:MQTT-4.7.2-1] [5.0:MQTT-4.7.2-1]
        }
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i].equals("#")) {
                return true; // also with no level left: a/# matches a
            }
            if (i == levels.length || !(wanted[i].equals("+") || wanted[i].equals(levels[i]))) {
                return false;
            }
        }
        return wanted.length == levels.length;
    }
}
