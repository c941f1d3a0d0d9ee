package dev.dunlin.broker.routing;

/** Where subscriptions deliver: a session or a shared group. Two destinations are the same only if they are one object. */
public interface Destination {

    /** The home loop, from 0. Never changes: the targets of a match are grouped by it. */
    int loopIndex();

    /** Whether what is delivered here must outlive the connection. */
    boolean isPersistent();

    /** Whether it is a shared group, whose deliveries go to one of its members: {@link Targets#shared()}. */
    default boolean isShared() {
        return false;
    }
}
