package dev.dunlin.codec;

import java.util.List;

/**
 * UNSUBSCRIBE [3.1.1 section 3.10, 5.0 section 3.10].
 *
 * @param packetId 1 to 65,535
 * @param properties empty in MQTT 3.x
 * @param filters at least one, none empty
 */
public record Unsubscribe(int packetId, Properties properties, List<String> filters) implements Packet {
    /** Copies the list. Refuses an empty one and a packet id out of range with an IllegalArgumentException. */
    public Unsubscribe {
        Text.requireRange("packetId", packetId, 1, 65_535);
        Text.requireRange("filters", filters.size(), 1, Integer.MAX_VALUE);
        filters = List.copyOf(filters);
    }
}
