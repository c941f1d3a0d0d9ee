package dev.dunlin.broker.routing;

import org.jspecify.annotations.Nullable;

/**
 * The subscribers of one filter, at least one. Immutable: a change makes another. A single subscription, the common case,
 * stands for itself.
 */
sealed interface Subscribers extends Entry permits Subscription, Crowd {

    /** The filter that they all have. */
    String filter();

    /** These and one more, which replaces the one of the same destination. */
    static Subscribers with(@Nullable Subscribers present, Subscription added) {
        assert present == null || present.filter().equals(added.filter()) : added;
        if (present == null || (present instanceof Subscription alone && alone.destination() == added.destination())) {
            return added;
        }
        Crowd crowd = present instanceof Subscription alone ? Crowd.of(alone) : (Crowd) present;
        return crowd.with(added);
    }

    /** These without one of them; null if it was the last. */
    static @Nullable Subscribers without(Subscribers present, Subscription removed) {
        return present instanceof Crowd crowd ? crowd.without(removed) : null;
    }

    /** The subscription of a destination, or null. */
    static @Nullable Subscription find(Subscribers present, Destination destination) {
        if (present instanceof Subscription alone) {
            return alone.destination() == destination ? alone : null;
        }
        return ((Crowd) present).find(destination);
    }

    /** The filter of subscribers. Any entry's that is no node: a class is told quicker than an interface. */
    static String filter(Entry subscribers) {
        return subscribers instanceof Subscription alone ? alone.filter() : ((Crowd) subscribers).filter();
    }

    /** Passes on each of them. */
    static void pass(Entry subscribers, MatchSink sink) {
        if (subscribers instanceof Subscription alone) {
            sink.accept(alone);
        } else {
            ((Crowd) subscribers).forEach(sink);
        }
    }
}
