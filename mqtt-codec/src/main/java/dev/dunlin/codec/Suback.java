package dev.dunlin.codec;

import java.util.List;

/**
 * SUBACK [3.1.1 section 3.9, 5.0 section 3.9]. In MQTT 3.x every error is 0x80 on the wire and UNSPECIFIED_ERROR here.
 *
 * @param packetId 1 to 65,535
 * @param properties empty in MQTT 3.x
 * @param reasons one for each subscription of the SUBSCRIBE, in its order
 */
public record Suback(int packetId, Properties properties, List<ReasonCode> reasons) implements Packet {
    /** Copies the list. Refuses an empty one and a packet id out of range with an IllegalArgumentException. */
    public Suback {
        Text.requireRange("packetId", packetId, 1, 65_535);
        Text.requireRange("reasons", reasons.size(), 1, Integer.MAX_VALUE);
        reasons = List.copyOf(reasons);
    }
}
