package dev.dunlin.codec;

import java.util.List;

/**
 * UNSUBACK [3.1.1 section 3.11, 5.0 section 3.11].
 *
 * @param packetId 1 to 65,535
 * @param properties empty in MQTT 3.x
 * @param reasons one for each filter of the UNSUBSCRIBE, in its order; MQTT 3.x has none on the wire
 */
public record Unsuback(int packetId, Properties properties, List<ReasonCode> reasons) implements Packet {
    /** Copies the list. Refuses a packet id out of range with an IllegalArgumentException. */
    public Unsuback {
        Text.requireRange("packetId", packetId, 1, 65_535);
        reasons = List.copyOf(reasons);
    }
}
