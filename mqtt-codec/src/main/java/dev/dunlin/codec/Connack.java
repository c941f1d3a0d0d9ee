package dev.dunlin.codec;

/**
 * CONNACK [3.1.1 section 3.2, 5.0 section 3.2].
 *
 * @param sessionPresent false with any reason but SUCCESS, and always in MQTT 3.1
 * @param reason one allowed in CONNACK; for MQTT 3.x one with a {@link ReasonCode#connectReturnCode()}
 * @param properties empty in MQTT 3.x
 */
public record Connack(boolean sessionPresent, ReasonCode reason, Properties properties) implements Packet {
    /** Refuses a reason that CONNACK can't carry, and a session with a refusal, with an IllegalArgumentException. */
    public Connack {
        if (!reason.allowedIn(PacketType.CONNACK) || (sessionPresent && reason != ReasonCode.SUCCESS)) {
            throw new IllegalArgumentException("CONNACK with " + reason + ", session present " + sessionPresent);
        }
    }
}
