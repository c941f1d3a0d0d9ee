package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;

/**
 * A subscription of a session.
 *
 * @param filter the whole filter, of a shared one with its share name
 * @param qos as granted
 * @param noLocal whether its client's own messages are withheld
 * @param retainAsPublished whether RETAIN is passed on as it was published
 * @param subscriptionId 1 to 268,435,455, or 0 for none
 */
public record SubscriptionState(
        String filter, QoS qos, boolean noLocal, boolean retainAsPublished, int subscriptionId) {}
