package dev.dunlin.broker.net;

import dev.dunlin.broker.session.Outbound;
import dev.dunlin.broker.session.VersionRules;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import org.jspecify.annotations.Nullable;

/** The last packet that the broker sends on a connection that it ends: what each version knows, and what fits. */
final class Farewell {
    private Farewell() {}

    /**
     * DISCONNECT to a 5.0 client; without the reason string where that would be too large [5.0:MQTT-3.14.2-3].
     *
     * @param cause what the decoder finds wrong with a second CONNECT may have no place in DISCONNECT [5.0:MQTT-3.14.2-1]
     */
    static void disconnect(Outbound out, ReasonCode cause, String text) {
        ReasonCode reason = cause.allowedIn(PacketType.DISCONNECT) ? cause : ReasonCode.PROTOCOL_ERROR;
        Properties why = explained(text);
        if (MqttEncoder.disconnectBytes(out.version(), reason, why) > out.packetBytesMax()) {
            why = Properties.EMPTY;
        }
        int bytes = MqttEncoder.disconnectBytes(out.version(), reason, why);
        if (bytes <= out.packetBytesMax()) {
            MqttEncoder.disconnect(out.room(bytes), out.version(), reason, why);
        }
    }

    /**
     * CONNACK with an error, if CONNECT came far enough for one to be understood [5.0:MQTT-3.2.2-7],
     * [3.1.1:MQTT-3.2.2-5]. Below 5.0 an error without a return code closes without CONNACK [3.1.1:MQTT-3.2.2-6].
     *
     * @param version as the decoder knows it; null if the protocol name or level is unknown or none came. An unknown level
     *     is answered in the words of 3.1.1, one of a later version in those of 5.0.
     */
    static void connack(Outbound out, @Nullable MqttVersion version, ReasonCode reason, String text) {
        boolean unknownVersion = reason == ReasonCode.UNSUPPORTED_PROTOCOL_VERSION;
        if (version == null && !unknownVersion) {
            return;
        }
        MqttVersion spoken = version == null
                ? MqttVersion.V3_1_1 // [3.1.1:MQTT-3.1.2-2]: a CONNACK with 0x01 is what every client understands
                : version;
        VersionRules rules = VersionRules.of(spoken);
        if (!rules.canRefuseWith(reason)) {
            return; // [3.1.1:MQTT-3.1.4-1]
        }
        Properties why = rules.hasReasons() && !unknownVersion ? explained(text) : Properties.EMPTY;
        Connack connack = new Connack(false, reason, why); // [5.0:MQTT-3.2.2-6], [3.1.1:MQTT-3.2.2-4]
        if (MqttEncoder.connackBytes(spoken, connack) > out.packetBytesMax()) { // [5.0:MQTT-3.2.2-19]
            connack = new Connack(false, reason, Properties.EMPTY);
        }
        if (MqttEncoder.connackBytes(spoken, connack) > out.packetBytesMax()) { // [5.0:MQTT-3.1.2-24]
            return;
        }
        MqttEncoder.connack(out.room(MqttEncoder.connackBytes(spoken, connack)), spoken, connack);
    }

    private static Properties explained(String text) {
        return text.isEmpty()
                ? Properties.EMPTY
                : Properties.builder().add(Property.REASON_STRING, text).build();
    }
}
