package dev.dunlin.broker.routing;

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
