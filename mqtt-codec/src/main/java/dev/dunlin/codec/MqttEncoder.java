package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * Appends encoded packets to a buffer, which stays the caller's. Stateless. What is encoded here was checked when it was made;
 * a string that MQTT can't carry, a reason or a type that doesn't fit the packet, and a packet beyond MQTT's maximum are
 * refused with an IllegalArgumentException, and the buffer's content is as it was.
 */
public final class MqttEncoder { // hot: publish, ack
    private static final int FAILURE = 0x80;

    private MqttEncoder() {}

    /**
     * Appends a PUBLISH: the frame's head with flags, packet id and expiry in place. A large payload is the caller's to write
     * behind it: {@code frame.largePayload().retainedDuplicate()}.
     *
     * @param dup false for QoS 0
     * @param packetId 1 to 65,535; ignored by a frame without packet id
     * @param expirySeconds what remains of the expiry, 0 to 4,294,967,295; ignored by a frame without one
     */
    public static void publish(
            ByteBuf out, PublishFrame frame, boolean dup, QoS qos, boolean retain, int packetId, long expirySeconds) {
        assert frame.hasPacketId() == (qos != QoS.AT_MOST_ONCE) : qos; // [5.0:MQTT-2.2.1-2, 3.1.1:MQTT-2.3.1-5]
        assert !dup || qos != QoS.AT_MOST_ONCE; // [5.0:MQTT-3.3.1-2, 3.1.1:MQTT-3.3.1-2]
        int at = out.writerIndex();
        out.writeBytes(frame.head);
        out.setByte(at, 0x30 | (dup ? 8 : 0) | qos.level() << 1 | (retain ? 1 : 0));
        if (frame.packetIdAt != 0) {
            assert packetId > 0 && packetId <= 65_535 : packetId;
            out.setShort(at + frame.packetIdAt, packetId);
        }
        if (frame.expiryAt != 0) { // [5.0:MQTT-3.3.2-6]
            assert expirySeconds >= 0 && expirySeconds <= 0xFFFF_FFFFL : expirySeconds;
            out.setInt(at + frame.expiryAt, (int) expirySeconds);
        }
    }

    /**
     * Appends a PUBLISH with a topic alias; for the rest as {@link #publish}. For clients that have asked for aliases: it costs
     * a little more than the one copy that all others share.
     *
     * @param frame one for MQTT 5
     * @param topicAlias 1 to 65,535
     * @param withTopic true to set the alias, false to have it tell the topic
     */
    public static void publishWithAlias(
            ByteBuf out,
            PublishFrame frame,
            int topicAlias,
            boolean withTopic,
            boolean dup,
            QoS qos,
            boolean retain,
            int packetId,
            long expirySeconds) {
        assert frame.version() == MqttVersion.V5 && topicAlias > 0 && topicAlias <= 65_535 : topicAlias;
        assert frame.hasPacketId() == (qos != QoS.AT_MOST_ONCE) && (!dup || qos != QoS.AT_MOST_ONCE) : qos;
        int at = out.writerIndex();
        int moved = frame.writeWithAlias(out, topicAlias, withTopic);
        out.setByte(at, 0x30 | (dup ? 8 : 0) | qos.level() << 1 | (retain ? 1 : 0));
        if (frame.packetIdAt != 0) {
            assert packetId > 0 && packetId <= 65_535 : packetId;
            out.setShort(at + frame.packetIdWithAliasAt(withTopic), packetId);
        }
        if (frame.expiryAt != 0) { // [5.0:MQTT-3.3.2-6]
            out.setInt(at + moved + frame.expiryAt, (int) expirySeconds);
        }
    }

    /** Appends PUBACK, PUBREC, PUBREL or PUBCOMP; reason and properties go to MQTT 5 only. */
    public static void ack(
            ByteBuf out, MqttVersion version, PacketType type, int packetId, ReasonCode reason, Properties properties) {
        assert packetId > 0 && packetId <= 65_535 : packetId;
        int first = type.code() << 4 | (type == PacketType.PUBREL ? 2 : 0);
        boolean plain = version != MqttVersion.V5 || (reason == ReasonCode.SUCCESS && properties.isEmpty());
        if (plain) {
            out.writeInt(first << 24 | 2 << 16 | packetId);
            return;
        }
        requireAllowed(reason, type);
        header(out, first, 2 + reasonBytes(reason, properties));
        out.writeShort(packetId);
        reason(out, reason, properties);
    }

    /** The size of what {@link #ack} appends. */
    public static int ackBytes(MqttVersion version, ReasonCode reason, Properties properties) {
        return packetBytes(2L + (version == MqttVersion.V5 ? reasonBytes(reason, properties) : 0));
    }

    /** Appends a CONNECT. */
    public static void connect(ByteBuf out, Connect connect) {
        ConnectWriter.write(out, connect);
    }

    /**
     * Appends a CONNACK.
     *
     * @throws IllegalArgumentException for MQTT 3.x, when the reason has no return code: such a connection is just closed
     */
    public static void connack(ByteBuf out, MqttVersion version, Connack connack) {
        boolean v5 = version == MqttVersion.V5;
        int code = v5 ? connack.reason().code() : connack.reason().connectReturnCode();
        if (code < 0) { // [3.1.1:MQTT-3.2.2-6]
            throw new IllegalArgumentException("No CONNACK of MQTT 3.x says " + connack.reason());
        }
        header(out, PacketType.CONNACK.code() << 4, 2L + (v5 ? blockBytes(connack.properties()) : 0));
        out.writeByte(connack.sessionPresent() && version != MqttVersion.V3_1 ? 1 : 0);
        out.writeByte(code);
        if (v5) {
            block(out, connack.properties());
        }
    }

    /** The size of what {@link #connack} appends. */
    public static int connackBytes(MqttVersion version, Connack connack) {
        return packetBytes(2L + (version == MqttVersion.V5 ? blockBytes(connack.properties()) : 0));
    }

    /** Appends a SUBSCRIBE; options that MQTT 3.x doesn't have are left out there. */
    public static void subscribe(ByteBuf out, MqttVersion version, Subscribe subscribe) {
        byte[][] filters = new byte[subscribe.subscriptions().size()][];
        long bytes = 0;
        for (int i = 0; i < filters.length; i++) {
            filters[i] = Text.utf8(subscribe.subscriptions().get(i).filter());
            bytes += 2 + filters[i].length + 1;
        }
        requestHeader(out, version, PacketType.SUBSCRIBE, subscribe.packetId(), subscribe.properties(), bytes);
        for (int i = 0; i < filters.length; i++) {
            out.writeShort(filters[i].length).writeBytes(filters[i]);
            out.writeByte(options(subscribe.subscriptions().get(i), version));
        }
    }

    private static int options(SubscriptionRequest request, MqttVersion version) {
        int qos = request.maximumQoS().level();
        return version != MqttVersion.V5
                ? qos
                : qos
                        | (request.noLocal() ? 0x04 : 0)
                        | (request.retainAsPublished() ? 0x08 : 0)
                        | request.retainHandling() << 4;
    }

    /** Appends a SUBACK; every error is 0x80 in MQTT 3.x. */
    public static void suback(ByteBuf out, MqttVersion version, Suback suback) {
        List<ReasonCode> reasons = suback.reasons();
        requireAllowed(version, reasons, PacketType.SUBACK);
        requestHeader(out, version, PacketType.SUBACK, suback.packetId(), suback.properties(), reasons.size());
        for (int i = 0; i < reasons.size(); i++) {
            ReasonCode reason = reasons.get(i);
            out.writeByte(reason.isError() && version != MqttVersion.V5 ? FAILURE : reason.code());
        }
    }

    /** The size of what {@link #suback} appends. */
    public static int subackBytes(MqttVersion version, Suback suback) {
        return requestBytes(version, suback.properties(), suback.reasons().size());
    }

    /** Appends an UNSUBSCRIBE. */
    public static void unsubscribe(ByteBuf out, MqttVersion version, Unsubscribe unsubscribe) {
        byte[][] filters = new byte[unsubscribe.filters().size()][];
        long bytes = 0;
        for (int i = 0; i < filters.length; i++) {
            filters[i] = Text.utf8(unsubscribe.filters().get(i));
            bytes += 2 + filters[i].length;
        }
        requestHeader(out, version, PacketType.UNSUBSCRIBE, unsubscribe.packetId(), unsubscribe.properties(), bytes);
        for (byte[] filter : filters) {
            out.writeShort(filter.length).writeBytes(filter);
        }
    }

    /** Appends an UNSUBACK; MQTT 3.x has no reasons in it. */
    public static void unsuback(ByteBuf out, MqttVersion version, Unsuback unsuback) {
        boolean v5 = version == MqttVersion.V5;
        List<ReasonCode> reasons = v5 ? unsuback.reasons() : List.of();
        requireAllowed(version, reasons, PacketType.UNSUBACK);
        requestHeader(out, version, PacketType.UNSUBACK, unsuback.packetId(), unsuback.properties(), reasons.size());
        for (int i = 0; i < reasons.size(); i++) {
            out.writeByte(reasons.get(i).code());
        }
    }

    /** The size of what {@link #unsuback} appends. */
    public static int unsubackBytes(MqttVersion version, Unsuback unsuback) {
        return requestBytes(
                version,
                unsuback.properties(),
                version == MqttVersion.V5 ? unsuback.reasons().size() : 0);
    }

    /** Appends a PINGREQ. */
    public static void pingreq(ByteBuf out) {
        out.writeShort(PacketType.PINGREQ.code() << 12);
    }

    /** Appends a PINGRESP. */
    public static void pingresp(ByteBuf out) {
        out.writeShort(PacketType.PINGRESP.code() << 12);
    }

    /** Appends a DISCONNECT; reason and properties go to MQTT 5 only. */
    public static void disconnect(ByteBuf out, MqttVersion version, ReasonCode reason, Properties properties) {
        boolean v5 = version == MqttVersion.V5;
        if (v5) {
            requireAllowed(reason, PacketType.DISCONNECT);
        }
        header(out, PacketType.DISCONNECT.code() << 4, v5 ? reasonBytes(reason, properties) : 0);
        if (v5) {
            reason(out, reason, properties);
        }
    }

    /** The size of what {@link #disconnect} appends. */
    public static int disconnectBytes(MqttVersion version, ReasonCode reason, Properties properties) {
        return packetBytes(version == MqttVersion.V5 ? reasonBytes(reason, properties) : 0);
    }

    /** Appends an AUTH; MQTT 5 only. */
    public static void auth(ByteBuf out, ReasonCode reason, Properties properties) {
        requireAllowed(reason, PacketType.AUTH);
        header(out, PacketType.AUTH.code() << 4, reasonBytes(reason, properties));
        reason(out, reason, properties);
    }

    /** The size of what {@link #auth} appends. */
    public static int authBytes(ReasonCode reason, Properties properties) {
        return packetBytes(reasonBytes(reason, properties));
    }

    /** The fixed header. */
    static void header(ByteBuf out, int firstByte, long remainingBytes) {
        Text.requireRange("The remaining length", remainingBytes, 0, Varint.MAX);
        out.writeByte(firstByte);
        Varint.write(out, (int) remainingBytes);
    }

    /** Properties with their length in front. */
    static void block(ByteBuf out, Properties properties) {
        Varint.write(out, properties.encodedBytes());
        properties.writeTo(out);
    }

    static int blockBytes(Properties properties) {
        return Varint.bytes(properties.encodedBytes()) + properties.encodedBytes();
    }

    /** What SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK have in common; {@code payloadBytes} follow. */
    private static void requestHeader(
            ByteBuf out, MqttVersion version, PacketType type, int packetId, Properties properties, long payloadBytes) {
        boolean request = type == PacketType.SUBSCRIBE || type == PacketType.UNSUBSCRIBE;
        boolean v5 = version == MqttVersion.V5;
        header(out, type.code() << 4 | (request ? 2 : 0), 2 + (v5 ? blockBytes(properties) : 0) + payloadBytes);
        out.writeShort(packetId);
        if (v5) {
            block(out, properties);
        }
    }

    private static int requestBytes(MqttVersion version, Properties properties, int payloadBytes) {
        return packetBytes(2L + (version == MqttVersion.V5 ? blockBytes(properties) : 0) + payloadBytes);
    }

    /** Both are left out when they say nothing, the properties also alone [5.0 sections 3.4.2.1, 3.14.2.1, 3.15.2.1]. */
    private static void reason(ByteBuf out, ReasonCode reason, Properties properties) {
        if (reason != ReasonCode.SUCCESS || !properties.isEmpty()) {
            out.writeByte(reason.code());
        }
        if (!properties.isEmpty()) {
            block(out, properties);
        }
    }

    private static int reasonBytes(ReasonCode reason, Properties properties) {
        if (properties.isEmpty()) {
            return reason == ReasonCode.SUCCESS ? 0 : 1;
        }
        return 1 + blockBytes(properties);
    }

    private static int packetBytes(long remainingBytes) {
        Text.requireRange("The remaining length", remainingBytes, 0, Varint.MAX);
        return (int) (1 + Varint.bytes((int) remainingBytes) + remainingBytes);
    }

    private static void requireAllowed(MqttVersion version, List<ReasonCode> reasons, PacketType type) {
        for (int i = 0; i < reasons.size(); i++) {
            boolean failure = version != MqttVersion.V5 && reasons.get(i).isError(); // 0x80, whichever it is
            if (!failure) {
                requireAllowed(reasons.get(i), type);
            }
        }
    }

    private static void requireAllowed(ReasonCode reason, PacketType type) {
        if (!reason.allowedIn(type)) {
            throw new IllegalArgumentException(reason + " in " + type);
        }
    }
}
