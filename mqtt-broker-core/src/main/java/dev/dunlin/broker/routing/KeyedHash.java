package dev.dunlin.broker.routing;

/**
 * SipHash-1-3 over the UTF-16 code units of a text (low byte first), keyed per broker: without the key nobody can choose
 * client ids or topics that collide. The variant with one round per word and three at the end is the one that hash tables
 * use (Rust's, Python's); "SipHash: a fast short-input PRF", Aumasson and Bernstein, 2012. Immutable.
 *
 * <p>Not final: tests make texts collide.
 */
public class KeyedHash { // hot
    private static final int CHARS_PER_WORD = 4;
    private static final int FINAL_ROUNDS = 3;

    /** What the hash of several levels begins with. */
    static final long NO_LEVEL = 0;

    /** The last step of the finalizer of splitmix64: "Fast splittable pseudorandom number generators", 2014. */
    private static final long MULTIPLIER = 0x94D0_49BB_1331_11EBL;

    private final long k0;
    private final long k1;

    /** A hash under a secret key of 128 random bits. */
    public KeyedHash(long k0, long k1) {
        this.k0 = k0;
        this.k1 = k1;
    }

    public long hash(String text) {
        return hash(text, 0, text.length());
    }

    /** The hash of a part of the text, equal to that of the same text alone. */
    public long hash(String text, int from, int to) {
        long v0 = k0 ^ 0x736f6d6570736575L;
        long v1 = k1 ^ 0x646f72616e646f6dL;
        long v2 = k0 ^ 0x6c7967656e657261L;
        long v3 = k1 ^ 0x7465646279746573L;
        int position = from;
        for (; position <= to - CHARS_PER_WORD; position += CHARS_PER_WORD) {
            long word = text.charAt(position)
                    | (long) text.charAt(position + 1) << 16
                    | (long) text.charAt(position + 2) << 32
                    | (long) text.charAt(position + 3) << 48;
            v3 ^= word;
            v0 += v1;
            v2 += v3;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 = Long.rotateLeft(v2, 32);
            v0 ^= word;
        }
        long last = rest(text, position, to) | (long) (to - from) << 57; // the length in bytes, in the top byte
        v3 ^= last;
        for (int i = 0; i <= FINAL_ROUNDS; i++) {
            v0 += v1;
            v2 += v3;
            v1 = Long.rotateLeft(v1, 13) ^ v0;
            v3 = Long.rotateLeft(v3, 16) ^ v2;
            v0 = Long.rotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = Long.rotateLeft(v1, 17) ^ v2;
            v3 = Long.rotateLeft(v3, 21) ^ v0;
            v2 = Long.rotateLeft(v2, 32);
            if (i == 0) {
                v0 ^= last;
                v2 ^= 0xff;
            }
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }

    /** The hash of all levels of a topic or filter. */
    final long hashOfLevels(String text) {
        long all = NO_LEVEL;
        for (int from = 0, to; from <= text.length(); from = to + 1) {
            to = Topics.levelEnd(text, from);
            all = joined(all, hash(text, from, to));
        }
        return all;
    }

    /** The hash of some levels and the one that follows them, of theirs, which are secret. */
    static long joined(long before, long level) {
        long mixed = (Long.rotateLeft(before, 23) ^ level) * MULTIPLIER;
        return mixed ^ mixed >>> 32;
    }

    private static long rest(String text, int from, int to) {
        long word = 0;
        for (int i = to - 1; i >= from; i--) {
            word = word << 16 | text.charAt(i);
        }
        return word;
    }

    /**
     * The text's place among {@code n}.
     *
     * @param n at least 1
     * @return 0 to {@code n - 1}
     */
    public int index(String text, int n) {
        return (int) (((hash(text) >>> 32) * n) >>> 32);
    }
}
