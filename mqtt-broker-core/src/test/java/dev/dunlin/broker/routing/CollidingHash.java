package dev.dunlin.broker.routing;

/** A hash of so few bits that texts collide: with none, all of them, and a level with those before it. */
final class CollidingHash extends KeyedHash {
    private final long mask;

    CollidingHash(int bits) {
        super(1, 2);
        mask = (1L << bits) - 1;
    }

    @Override
    public long hash(String text, int from, int to) {
        return super.hash(text, from, to) & mask;
    }
}
