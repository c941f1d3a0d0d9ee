package dev.dunlin.broker.routing;

import dev.dunlin.codec.QoS;

/**
 * One filter of one destination, with its options. Immutable. Carries the {@link Target} of a match in which it is the only
 * subscription of its destination, so that the common match allocates no targets.
 */
public final class Subscription extends HashTrie.Key<Subscription> { // hot
    private final String filter;
    private final int subscriptionId;
    private final Target target;
    private final int hash;

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
        assert Topics.isValidFilter(filter) : filter;
        assert subscriptionId >= 0 : subscriptionId;
        this.filter = filter;
        this.subscriptionId = subscriptionId;
        int[] ids = subscriptionId == 0 ? Target.NO_IDS : new int[] {subscriptionId};
        this.target = new Target(destination, qos, noLocal, retainAsPublished, ids);
        this.hash = destination.hash();
    }

    public Destination destination() {
        return target.destination();
    }

    public String filter() {
        return filter;
    }

    public QoS qos() {
        return target.qos();
    }

    /** Whether messages that the subscriber published itself are withheld. */
    public boolean noLocal() {
        return target.noLocal();
    }

    /** Whether the RETAIN flag is forwarded as it was published. */
    public boolean retainAsPublished() {
        return target.retainAsPublished();
    }

    /** 1 to 268,435,455, or 0 for none. */
    public int subscriptionId() {
        return subscriptionId;
    }

    /** What a match yields for the destination if this is its only matching subscription. */
    public Target target() {
        return target;
    }

    /** Among the subscribers of one filter, a subscription is known by its destination. */
    @Override
    int hash() {
        return hash;
    }

    @Override
    boolean matches(Subscription other) {
        return destination() == other.destination();
    }

    /** The key of a destination's subscription among the subscribers of one filter. */
    static HashTrie.Key<Subscription> keyOf(Destination destination) {
        return new HashTrie.Key<>() {
            @Override
            int hash() {
                return destination.hash();
            }

            @Override
            boolean matches(Subscription entry) {
                return entry.destination() == destination;
            }
        };
    }

    @Override
    public String toString() {
        return filter + " -> " + target;
    }
}
