package dev.dunlin.broker.routing;

/** Where subscriptions deliver: a session or a shared group. Two destinations are the same only if they are one object. */
public interface Destination {

    /** The home loop, from 0. Never changes: the targets of a match are grouped by it. */
    int loopIndex();

    /** Its place among the subscribers of a filter: always the same, and spread evenly. */
    default int hash() {
        return System.identityHashCode(this);
    }

    /** Whether what is delivered here must outlive the connection. */
    boolean isPersistent();

    /** Whether it is a shared group, whose deliveries go to one of its members: {@link Targets#shared()}. */
    default boolean isShared() {
        return false;
    }
}
