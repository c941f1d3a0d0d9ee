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
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The last packet that the broker sends on a connection that it ends: what each version knows, and what fits.
 *
 * @param text the reason string; empty for none
 * @param serverReference where the client should go instead; empty for nowhere
 */
record Farewell(ReasonCode reason, String text, String serverReference) {

    Farewell(ReasonCode reason, String text) {
        this(reason, text, "");
    }

    /** The same for a client whose CONNECT comes while the broker ends: CONNACK has no code for that. */
    Farewell connackInstead() {
        return serverReference.isEmpty() ? new Farewell(ReasonCode.SERVER_UNAVAILABLE, text) : this;
    }

    /** For log lines. */
    String cause() {
        return text.isEmpty() ? reason + (serverReference.isEmpty() ? "" : " " + serverReference) : text;
    }

    /**
     * DISCONNECT to a 5.0 client; without the reason string where that would be too large [5.0:MQTT-3.14.2-3]. What the
     * decoder finds wrong with a second CONNECT may have no place in it [5.0:MQTT-3.14.2-1].
     */
    void disconnect(Outbound out) {
        ReasonCode said = reason.allowedIn(PacketType.DISCONNECT) ? reason : ReasonCode.PROTOCOL_ERROR;
        ToIntFunction<Properties> size = why -> MqttEncoder.disconnectBytes(out.version(), said, why);
        Properties why = fitting(out, size);
        int bytes = size.applyAsInt(why);
        if (bytes <= out.packetBytesMax()) {
            MqttEncoder.disconnect(out.room(bytes), out.version(), said, why);
        }
    }

    /**
     * CONNACK with an error, if CONNECT came far enough for one to be understood [5.0:MQTT-3.2.2-7],
     * [3.1.1:MQTT-3.2.2-5]. Below 5.0 an error without a return code closes without CONNACK [3.1.1:MQTT-3.2.2-6].
     *
     * @param version as the decoder knows it; null if the protocol name or level is unknown or none came. An unknown level
     *     is answered in the words of 3.1.1, one of a later version in those of 5.0.
     */
    void connack(Outbound out, @Nullable MqttVersion version) {
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
        ToIntFunction<Properties> size = why -> MqttEncoder.connackBytes(spoken, refusal(why));
        boolean explains = rules.hasReasons() && !unknownVersion;
        Properties why = explains ? fitting(out, size) : Properties.EMPTY; // [5.0:MQTT-3.2.2-19]
        int bytes = size.applyAsInt(why);
        if (bytes <= out.packetBytesMax()) { // [5.0:MQTT-3.1.2-24]
            MqttEncoder.connack(out.room(bytes), spoken, refusal(why));
        }
    }

    private Connack refusal(Properties why) { // [5.0:MQTT-3.2.2-6], [3.1.1:MQTT-3.2.2-4]
        return new Connack(false, reason, why);
    }

    /** As much of it as the client's maximum packet size allows; where to go counts more than why. */
    private Properties fitting(Outbound out, ToIntFunction<Properties> size) {
        Properties all = properties(text);
        if (size.applyAsInt(all) <= out.packetBytesMax()) {
            return all;
        }
        Properties less = properties("");
        return size.applyAsInt(less) <= out.packetBytesMax() ? less : Properties.EMPTY;
    }

    private Properties properties(String said) {
        Properties.Builder why = Properties.builder();
        if (!said.isEmpty()) {
            why.add(Property.REASON_STRING, said);
        }
        if (!serverReference.isEmpty()) {
            why.add(Property.SERVER_REFERENCE, serverReference);
        }
        return why.build();
    }
}
