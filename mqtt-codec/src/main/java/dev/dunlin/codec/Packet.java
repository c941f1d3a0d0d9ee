package dev.dunlin.codec;

/**
 * What {@link MqttCodec} passes along a pipeline. All are immutable values, except {@link Publish}, a view that is valid only
 * while {@code channelRead} runs, and {@link OutgoingPublish}, which borrows its frame until it is written.
 */
public sealed interface Packet
        permits Connect,
                Connack,
                Publish,
                Subscribe,
                Suback,
                Unsubscribe,
                Unsuback,
                Packet.OutgoingPublish,
                Packet.Ack,
                Packet.Ping,
                Packet.Pingresp,
                Packet.Disconnect,
                Packet.Auth {

    /**
     * A PUBLISH to send.
     *
     * @param frame encoded for the version of the connection; still the caller's, who releases it after the write
     * @param dup whether this is a repetition; false for QoS 0
     * @param packetId 1 to 65,535; 0 for QoS 0
     */
    record OutgoingPublish(PublishFrame frame, boolean dup, QoS qos, boolean retain, int packetId) implements Packet {
        /** Refuses a packet id that doesn't fit QoS or frame with an IllegalArgumentException. */
        public OutgoingPublish {
            Text.requireRange(
                    "packetId", packetId, qos == QoS.AT_MOST_ONCE ? 0 : 1, qos == QoS.AT_MOST_ONCE ? 0 : 65_535);
            if (frame.hasPacketId() != (packetId != 0)) {
                throw new IllegalArgumentException(
                        "A frame for " + (packetId == 0 ? "QoS 1 and 2" : "QoS 0") + " with " + qos);
            }
        }
    }

    /**
     * PUBACK, PUBREC, PUBREL or PUBCOMP.
     *
     * @param packetId 1 to 65,535
     * @param reason SUCCESS in MQTT 3.x, which has no reasons here
     * @param properties empty in MQTT 3.x
     */
    record Ack(PacketType type, int packetId, ReasonCode reason, Properties properties) implements Packet {
        /** Refuses other types and packet ids out of range with an IllegalArgumentException. */
        public Ack {
            Text.requireRange("packetId", packetId, 1, 65_535);
            if (type.code() < PacketType.PUBACK.code() || type.code() > PacketType.PUBCOMP.code()) {
                throw new IllegalArgumentException(type + " is no acknowledgement of a PUBLISH");
            }
        }
    }

    /** PINGREQ. */
    record Ping() implements Packet {}

    /** PINGRESP. */
    record Pingresp() implements Packet {}

    /**
     * DISCONNECT.
     *
     * @param reason SUCCESS for a normal one, as always in MQTT 3.x
     * @param properties empty in MQTT 3.x
     */
    record Disconnect(ReasonCode reason, Properties properties) implements Packet {}

    /** AUTH, MQTT 5 only. */
    record Auth(ReasonCode reason, Properties properties) implements Packet {}
}
