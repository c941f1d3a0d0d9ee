package dev.dunlin.codec;

/**
 * One subscription of a SUBSCRIBE [5.0 section 3.8.3]. In MQTT 3.x both flags are false and retain handling is 0.
 *
 * @param filter not empty; its syntax is checked by the decoder in MQTT 3.x only, where a bad one ends the connection
 * @param retainHandling 0 sends retained messages, 1 only for a new subscription, 2 never
 */
public record SubscriptionRequest(
        String filter, QoS maximumQoS, boolean noLocal, boolean retainAsPublished, int retainHandling) {
    /** Refuses an empty filter and values out of range with an IllegalArgumentException. */
    public SubscriptionRequest {
        Text.requireRange("retainHandling", retainHandling, 0, 2);
        Text.requireRange("filter length", filter.length(), 1, Text.BYTES_MAX);
    }

    /** One with the options that MQTT 3.x has. */
    public SubscriptionRequest(String filter, QoS maximumQoS) {
        this(filter, maximumQoS, false, false, 0);
    }
}
