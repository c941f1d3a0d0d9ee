package dev.dunlin.codec;

/** Quality of service of a message or a subscription [3.1.1 section 4.3, 5.0 section 4.3]. */
public enum QoS {
    AT_MOST_ONCE,
    AT_LEAST_ONCE,
    EXACTLY_ONCE;

    private static final QoS[] BY_LEVEL = values();

    /** The level on the wire, 0 to 2. */
    public int level() {
        return ordinal();
    }

    /**
     * The QoS of a level.
     *
     * @param level 0 to 2
     * @throws IllegalArgumentException for any other level
     */
    public static QoS of(int level) {
        if (level < 0 || level > 2) {
            throw new IllegalArgumentException("QoS level is 0, 1 or 2, not " + level);
        }
        return BY_LEVEL[level];
    }
}
