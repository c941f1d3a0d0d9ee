package dev.dunlin.broker.routing;

import org.jspecify.annotations.Nullable;

/**
 * The subscribers of one filter, at least one. Immutable: a change makes another. A single subscription, the common case,
 * stands for itself.
 */
sealed interface Subscribers extends Entry permits Subscription, Few, Crowd {

    /** The filter that they all have. */
    String filter();

    /** The filter's {@link Mark}. */
    byte mark();

    /** These and one more, which replaces the one of the same destination. */
    static Subscribers with(@Nullable Subscribers present, Subscription added) {
        assert present == null || present.filter().equals(added.filter()) : added;
        if (present == null) {
            return added;
        }
        if (present instanceof Subscription alone) {
            return alone.destination() == added.destination() ? added : Few.of(alone, added);
        }
        return present instanceof Few few ? few.with(added) : ((Crowd) present).with(added);
    }

    /** These without one of them; null if it was the last. */
    static @Nullable Subscribers without(Subscribers present, Subscription removed) {
        if (present instanceof Subscription) {
            return null;
        }
        return present instanceof Few few ? few.without(removed) : ((Crowd) present).without(removed);
    }

    /** The subscription of a destination, or null. */
    static @Nullable Subscription find(Subscribers present, Destination destination) {
        if (present instanceof Subscription alone) {
            return alone.destination() == destination ? alone : null;
        }
        return present instanceof Few few ? few.find(destination) : ((Crowd) present).find(destination);
    }

    /** The filter of subscribers. Any entry's that is no node: a class is told quicker than an interface. */
    static String filter(Entry subscribers) {
        if (subscribers instanceof Subscription alone) {
            return alone.filter();
        }
        return subscribers instanceof Few few ? few.filter() : ((Crowd) subscribers).filter();
    }

    /** The mark of their filter. */
    static byte mark(Entry subscribers) {
        if (subscribers instanceof Subscription alone) {
            return alone.mark();
        }
        return subscribers instanceof Few few ? few.mark() : ((Crowd) subscribers).mark();
    }

    /** Passes on each of them. */
    static void pass(Entry subscribers, MatchSink sink) {
        if (subscribers instanceof Subscription alone) {
            sink.accept(alone);
        } else if (subscribers instanceof Few few) {
            few.forEach(sink);
        } else {
            ((Crowd) subscribers).forEach(sink);
        }
    }
}
