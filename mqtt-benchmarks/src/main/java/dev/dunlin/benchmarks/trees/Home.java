package dev.dunlin.benchmarks.trees;

import dev.dunlin.broker.routing.Destination;

/** Stands for a session. A class, not a record: a destination is one object. */
public final class Home implements Destination {
    private final int loopIndex;
    private final int hash;

    /** A session of that loop. */
    public Home(int loopIndex, int hash) {
        this.loopIndex = loopIndex;
        this.hash = hash;
    }

    @Override
    public int loopIndex() {
        return loopIndex;
    }

    @Override
    public int hash() {
        return hash;
    }

    @Override
    public boolean isPersistent() {
        return false;
    }
}
