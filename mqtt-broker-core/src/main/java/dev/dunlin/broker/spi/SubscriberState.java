package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;
import java.util.List;

/**
 * One who would be given a publish to a topic: once, whatever the number of its subscriptions that match.
 *
 * @param kind what it is
 * @param name a client identifier, a shared filter, or how a local subscription is called in the log
 * @param qos the highest that was granted
 * @param noLocal whether it is withheld what it has published itself
 * @param subscriptionIds those of all subscriptions that match, in no particular order
 * @param group the group, if it is one; one of its members gets the publish
 */
public record SubscriberState(
        Kind kind, String name, QoS qos, boolean noLocal, List<Integer> subscriptionIds, List<GroupMember> group) {
    /** Takes copies of the lists. */
    public SubscriberState {
        subscriptionIds = List.copyOf(subscriptionIds);
        group = List.copyOf(group);
    }

    /** What a subscriber is. */
    public enum Kind {
        /** A session, connected or not. */
        SESSION,
        /** A shared group. */
        SHARED_GROUP,
        /** A subscription within the process. */
        LOCAL
    }
}
