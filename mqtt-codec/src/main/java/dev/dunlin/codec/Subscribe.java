package dev.dunlin.codec;

import java.util.List;

/**
 * SUBSCRIBE [3.1.1 section 3.8, 5.0 section 3.8].
 *
 * @param packetId 1 to 65,535
 * @param properties empty in MQTT 3.x
 * @param subscriptions at least one
 */
public record Subscribe(int packetId, Properties properties, List<SubscriptionRequest> subscriptions)
        implements Packet {
    /** Copies the list. Refuses an empty one and a packet id out of range with an IllegalArgumentException. */
    public Subscribe {
        Text.requireRange("packetId", packetId, 1, 65_535);
        Text.requireRange("subscriptions", subscriptions.size(), 1, Integer.MAX_VALUE);
        subscriptions = List.copyOf(subscriptions);
    }
}
