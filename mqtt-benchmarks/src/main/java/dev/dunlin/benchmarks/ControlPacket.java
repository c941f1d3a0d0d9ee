package dev.dunlin.benchmarks;

import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.codec.Unsuback;
import dev.dunlin.codec.Unsubscribe;
import dev.dunlin.codec.WillMessage;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * A packet that isn't a PUBLISH, in a version. CONNECT has a will, a name and a password, those that subscribe or unsubscribe
 * have two filters, and MQTT 5 has properties in CONNECT, CONNACK and AUTH. Versions 3.1 and 3.1.1 differ in CONNECT only.
 */
public enum ControlPacket {
    CONNECT_V3_1(PacketType.CONNECT, MqttVersion.V3_1),
    CONNECT_V3_1_1(PacketType.CONNECT, MqttVersion.V3_1_1),
    CONNECT_V5(PacketType.CONNECT, MqttVersion.V5),
    CONNACK_V3_1_1(PacketType.CONNACK, MqttVersion.V3_1_1),
    CONNACK_V5(PacketType.CONNACK, MqttVersion.V5),
    PUBACK_V3_1_1(PacketType.PUBACK, MqttVersion.V3_1_1),
    PUBACK_V5(PacketType.PUBACK, MqttVersion.V5),
    PUBREC_V3_1_1(PacketType.PUBREC, MqttVersion.V3_1_1),
    PUBREC_V5(PacketType.PUBREC, MqttVersion.V5),
    PUBREL_V3_1_1(PacketType.PUBREL, MqttVersion.V3_1_1),
    PUBREL_V5(PacketType.PUBREL, MqttVersion.V5),
    PUBCOMP_V3_1_1(PacketType.PUBCOMP, MqttVersion.V3_1_1),
    PUBCOMP_V5(PacketType.PUBCOMP, MqttVersion.V5),
    SUBSCRIBE_V3_1_1(PacketType.SUBSCRIBE, MqttVersion.V3_1_1),
    SUBSCRIBE_V5(PacketType.SUBSCRIBE, MqttVersion.V5),
    SUBACK_V3_1_1(PacketType.SUBACK, MqttVersion.V3_1_1),
    SUBACK_V5(PacketType.SUBACK, MqttVersion.V5),
    UNSUBSCRIBE_V3_1_1(PacketType.UNSUBSCRIBE, MqttVersion.V3_1_1),
    UNSUBSCRIBE_V5(PacketType.UNSUBSCRIBE, MqttVersion.V5),
    UNSUBACK_V3_1_1(PacketType.UNSUBACK, MqttVersion.V3_1_1),
    UNSUBACK_V5(PacketType.UNSUBACK, MqttVersion.V5),
    PINGREQ(PacketType.PINGREQ, MqttVersion.V3_1_1),
    PINGRESP(PacketType.PINGRESP, MqttVersion.V3_1_1),
    DISCONNECT_V3_1_1(PacketType.DISCONNECT, MqttVersion.V3_1_1),
    DISCONNECT_V5(PacketType.DISCONNECT, MqttVersion.V5),
    AUTH_V5(PacketType.AUTH, MqttVersion.V5);

    private static final List<String> FILTERS = List.of("fleet/70/device-7000/command/#", "fleet/70/news");

    final PacketType type;
    final MqttVersion version;

    ControlPacket(PacketType type, MqttVersion version) {
        this.type = type;
        this.version = version;
    }

    /** Who sends it. */
    MqttDecoder.Peer sender() {
        return switch (type) {
            case CONNACK, SUBACK, UNSUBACK, PINGRESP -> MqttDecoder.Peer.SERVER;
            default -> MqttDecoder.Peer.CLIENT;
        };
    }

    /** Appends it. The objects that the encoder takes are made anew, as a broker or a client makes them. */
    void write(ByteBuf out, int packetId) {
        switch (type) {
            case CONNECT -> MqttEncoder.connect(out, connect());
            case CONNACK ->
                MqttEncoder.connack(out, version, new Connack(false, ReasonCode.SUCCESS, connackProperties()));
            case PUBACK, PUBREC, PUBREL, PUBCOMP ->
                MqttEncoder.ack(out, version, type, packetId, ReasonCode.SUCCESS, Properties.EMPTY);
            case SUBSCRIBE -> MqttEncoder.subscribe(out, version, subscribe(packetId));
            case SUBACK ->
                MqttEncoder.suback(
                        out,
                        version,
                        new Suback(packetId, Properties.EMPTY, List.of(ReasonCode.SUCCESS, ReasonCode.GRANTED_QOS_1)));
            case UNSUBSCRIBE ->
                MqttEncoder.unsubscribe(out, version, new Unsubscribe(packetId, Properties.EMPTY, FILTERS));
            case UNSUBACK ->
                MqttEncoder.unsuback(
                        out,
                        version,
                        new Unsuback(packetId, Properties.EMPTY, List.of(ReasonCode.SUCCESS, ReasonCode.SUCCESS)));
            case PINGREQ -> MqttEncoder.pingreq(out);
            case PINGRESP -> MqttEncoder.pingresp(out);
            case DISCONNECT -> MqttEncoder.disconnect(out, version, ReasonCode.SUCCESS, Properties.EMPTY);
            case AUTH -> MqttEncoder.auth(out, ReasonCode.CONTINUE_AUTHENTICATION, authProperties());
            case PUBLISH -> throw new IllegalStateException("see PacketKind");
        }
    }

    private Connect connect() {
        WillMessage will =
                new WillMessage("fleet/70/device-7000/lost", new byte[1], QoS.AT_LEAST_ONCE, false, Properties.EMPTY);
        Properties properties = version == MqttVersion.V5
                ? Properties.builder()
                        .add(Property.SESSION_EXPIRY_INTERVAL, 3_600)
                        .add(Property.RECEIVE_MAXIMUM, 20)
                        .build()
                : Properties.EMPTY;
        return new Connect(version, "device-7000", true, 60, properties, will, "name", new byte[8]);
    }

    private Properties connackProperties() {
        return version == MqttVersion.V5
                ? Properties.builder()
                        .add(Property.RECEIVE_MAXIMUM, 1_000)
                        .add(Property.TOPIC_ALIAS_MAXIMUM, 16)
                        .build()
                : Properties.EMPTY;
    }

    private static Properties authProperties() {
        return Properties.builder()
                .add(Property.AUTHENTICATION_METHOD, "SCRAM-SHA-256")
                .build();
    }

    private static Subscribe subscribe(int packetId) {
        return new Subscribe(
                packetId,
                Properties.EMPTY,
                FILTERS.stream()
                        .map(filter -> new SubscriptionRequest(filter, QoS.AT_LEAST_ONCE))
                        .toList());
    }
}
