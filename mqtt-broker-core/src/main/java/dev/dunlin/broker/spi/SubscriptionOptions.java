package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;

/**
 * The options of a subscription [5.0 section 3.8.3.1].
 *
 * @param maximumQoS messages of a higher QoS are delivered with this one
 * @param noLocal whether it withholds what the subscriber itself publishes; not of a shared subscription [5.0:MQTT-3.8.3-4]
 * @param retainAsPublished whether RETAIN is delivered as it was published; else it is set on what was retained before the
 *     subscription, and on nothing else
 * @param retainHandling whether retained messages come at the beginning; never to a shared subscription
 */
public record SubscriptionOptions(
        QoS maximumQoS, boolean noLocal, boolean retainAsPublished, RetainHandling retainHandling) {

    /** Whether retained messages are sent when a subscription is made. In the order of their numbers in MQTT. */
    public enum RetainHandling {
        /** Whenever it is made, or made anew. */
        SEND,
        /** Only if there was none with this filter before. */
        SEND_IF_NEW,
        /** Never. */
        DO_NOT_SEND
    }

    /** With this maximum QoS, of everybody's messages, RETAIN as published, and with retained messages. */
    public static SubscriptionOptions of(QoS maximumQoS) {
        return new SubscriptionOptions(maximumQoS, false, true, RetainHandling.SEND);
    }

    /** The same with another {@link #noLocal()}. */
    public SubscriptionOptions withNoLocal(boolean withholds) {
        return new SubscriptionOptions(maximumQoS, withholds, retainAsPublished, retainHandling);
    }

    /** The same with another {@link #retainAsPublished()}. */
    public SubscriptionOptions withRetainAsPublished(boolean asPublished) {
        return new SubscriptionOptions(maximumQoS, noLocal, asPublished, retainHandling);
    }

    /** The same with another {@link #retainHandling()}. */
    public SubscriptionOptions withRetainHandling(RetainHandling handling) {
        return new SubscriptionOptions(maximumQoS, noLocal, retainAsPublished, handling);
    }
}
