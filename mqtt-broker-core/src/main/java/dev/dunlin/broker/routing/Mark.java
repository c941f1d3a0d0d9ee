package dev.dunlin.broker.routing;

/**
 * What a topic must have for a filter to match it, in a byte: the position of the filter's last level that is text, and five
 * bits of a hash of that text. It lies in the object of the subscribers, so that most filters which a topic doesn't match are
 * told without reading their text. Not keyed: who makes marks collide only has texts compared.
 */
final class Mark { // hot
    /** Of a filter without text, or with its last text too deep: any topic may match. */
    static final byte NONE = (byte) (7 << 5);

    private static final int HASH_BITS = 5;
    private static final int HASH = (1 << HASH_BITS) - 1;
    private static final int POSITION_MAX = 6;

    private Mark() {}

    /** The mark of a valid filter. */
    static byte of(String filter) {
        int end = filter.length();
        int from = filter.lastIndexOf('/') + 1;
        while (isWildcard(filter, from, end)) {
            if (from == 0) {
                return NONE;
            }
            end = from - 1;
            from = filter.lastIndexOf('/', end - 1) + 1;
        }
        int position = position(filter, from);
        return position > POSITION_MAX ? NONE : (byte) (position << HASH_BITS | hash(filter, from, end));
    }

    private static boolean isWildcard(String filter, int from, int end) {
        return end == from + 1 && (filter.charAt(from) == '+' || filter.charAt(from) == '#');
    }

    private static int position(String filter, int from) {
        int position = 0;
        for (int i = filter.indexOf('/'); i >= 0 && i < from; i = filter.indexOf('/', i + 1)) {
            position++;
        }
        return position;
    }

    /** Position of the level that must be there, from 0. */
    static int position(byte mark) {
        return (mark & 0xFF) >>> HASH_BITS;
    }

    /** Whether a level of a topic may be the one that must be there. */
    static boolean isLike(byte mark, String topic, int from, int to) {
        return hash(topic, from, to) == (mark & HASH);
    }

    private static int hash(String text, int from, int to) {
        int mixed = from == to
                ? 0
                : (to - from) * 0x9E37_79B1 + text.charAt(from) * 0x85EB_CA6B + text.charAt(to - 1) * 0xC2B2_AE35;
        return mixed >>> (Integer.SIZE - HASH_BITS);
    }
}
