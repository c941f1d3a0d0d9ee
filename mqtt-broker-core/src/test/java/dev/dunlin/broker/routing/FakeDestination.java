package dev.dunlin.broker.routing;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A destination that only says where it is. */
final class FakeDestination implements Destination {
    private final String name;
    private final int loopIndex;

    FakeDestination(String name, int loopIndex) {
        this.name = name;
        this.loopIndex = loopIndex;
    }

    FakeDestination(String name) {
        this(name, 0);
    }

    /** Two destinations that System.identityHashCode doesn't tell apart; among 31-bit codes they soon meet. */
    static List<FakeDestination> ofEqualHash() {
        Map<Integer, FakeDestination> byHash = new HashMap<>();
        while (true) {
            FakeDestination next = new FakeDestination("twin");
            FakeDestination twin = byHash.putIfAbsent(System.identityHashCode(next), next);
            if (twin != null) {
                return List.of(twin, next);
            }
        }
    }

    @Override
    public int loopIndex() {
        return loopIndex;
    }

    @Override
    public boolean isPersistent() {
        return false;
    }

    @Override
    public String toString() {
        return name;
    }
}
