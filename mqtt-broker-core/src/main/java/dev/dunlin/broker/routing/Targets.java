package dev.dunlin.broker.routing;

/** The result of one match, grouped by the loops of the destinations. Immutable. */
public final class Targets {
    static final Target[] NONE = {};
    static final Target[][] NO_LOOPS = {};

    private final Target[][] byLoop;
    private final Target[] shared;
    private final int count;
    private final int persistent;
    private final long generation;

    Targets(Target[][] byLoop, Target[] shared, int count, int persistent, long generation) {
        this.byLoop = byLoop;
        this.shared = shared;
        this.count = count;
        this.persistent = persistent;
        this.generation = generation;
    }

    /**
     * The targets of one loop, each destination once, without shared groups; length 0 if there are none. The caller must
     * not change it.
     *
     * @param loopIndex from 0, below the number of loops that the match was asked for
     */
    public Target[] of(int loopIndex) {
        return count == 0 ? NONE : byLoop[loopIndex];
    }

    /** The shared groups, each once; length 0 if there are none. The caller must not change it. */
    public Target[] shared() {
        return shared;
    }

    /** Number of targets of all loops, and of shared groups. */
    public int count() {
        return count;
    }

    /** Number of targets whose deliveries outlive their connections. */
    public int persistent() {
        return persistent;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    /** {@link SubscriptionTree#generation()} before the match: the result holds for as long as it stays the same. */
    public long generation() {
        return generation;
    }
}
