package dev.dunlin.broker.routing;

import dev.dunlin.codec.QoS;

/**
 * One filter of one destination, with its options. Immutable. It is itself the {@link Target} of a match in which it is the
 * only subscription of its destination, so that the common match allocates no targets.
 */
public final class Subscription extends Target implements Subscribers { // hot
    private final String filter;
    private final int hash;
    private final byte mark;

    /**
     * A subscription.
     *
     * @param filter valid by {@link Topics#isValidFilter}; of a shared group only what follows the share name
     * @param qos the granted QoS
     * @param subscriptionId 1 to 268,435,455, or 0 for none
     */
    public Subscription(
            Destination destination,
            String filter,
            QoS qos,
            boolean noLocal,
            boolean retainAsPublished,
            int subscriptionId) {
        super(destination, qos, noLocal, retainAsPublished, ids(subscriptionId));
        assert Topics.isValidFilter(filter) : filter;
        this.filter = filter;
        this.hash = destination.hash();
        this.mark = Mark.of(filter);
    }

    private static int[] ids(int subscriptionId) {
        assert subscriptionId >= 0 : subscriptionId;
        return subscriptionId == 0 ? NO_IDS : new int[] {subscriptionId};
    }

    @Override
    public String filter() {
        return filter;
    }

    @Override
    public byte mark() {
        return mark;
    }

    /** 1 to 268,435,455, or 0 for none. */
    public int subscriptionId() {
        return subscriptionIds().length == 0 ? 0 : subscriptionIds()[0];
    }

    /** The destination's: among the subscribers of one filter, a subscription is known by it. */
    int hash() {
        return hash;
    }

    @Override
    public String toString() {
        return filter + " -> " + super.toString();
    }
}
