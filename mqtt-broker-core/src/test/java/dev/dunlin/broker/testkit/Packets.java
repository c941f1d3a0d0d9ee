package dev.dunlin.broker.testkit;

import dev.dunlin.codec.Bytes;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.Unsuback;
import dev.dunlin.codec.Unsubscribe;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/**
 * The vocabulary of wire tests: packets to send, packets to expect, and some that are both. They don't know a version: the
 * same script runs with 3.1, 3.1.1 and 5.0, and what a version doesn't have (properties, reason codes) is left out of what is
 * sent to it and isn't expected of it.
 */
public final class Packets {
    private Packets() {}

    /** These packets as they lie on the wire, one behind the other. */
    public static byte[] bytes(MqttVersion version, Sendable... packets) {
        ByteBuf out = Unpooled.buffer(256);
        for (Sendable packet : packets) {
            packet.encode(out, version);
        }
        return ByteBufUtil.getBytes(out);
    }

    /** Bytes written as in the specification: {@code raw(0xC0, 0)}. */
    public static Sendable raw(int... bytes) {
        ByteBuf encoded = Unpooled.buffer(bytes.length);
        for (int b : bytes) {
            encoded.writeByte(b);
        }
        return raw(ByteBufUtil.getBytes(encoded));
    }

    /** Bytes as they are. */
    public static Sendable raw(byte[] bytes) {
        String text = HexFormat.ofDelimiter(" ").formatHex(bytes, 0, Math.min(bytes.length, 64));
        return new Named(text, (out, version) -> out.writeBytes(bytes));
    }

    /**
     * A packet in the notation of {@link Bytes}, with two letters for what differs from version to version: {@code N} is the
     * protocol name and level of CONNECT, {@code P} an empty block of properties, which 3.x doesn't have:
     * {@code raw("82 {0001 P ['t'] 00}")}.
     */
    public static Sendable raw(String notation) {
        return new Named(notation, (out, version) -> out.writeBytes(noted(version, notation)));
    }

    static byte[] noted(MqttVersion version, String notation) {
        StringBuilder plain = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < notation.length(); i++) {
            char c = notation.charAt(i);
            quoted ^= c == '\'';
            switch (quoted ? ' ' : c) {
                case 'N' ->
                    plain.append(
                            switch (version) {
                                case V3_1 -> "['MQIsdp'] 03";
                                case V3_1_1 -> "['MQTT'] 04";
                                case V5 -> "['MQTT'] 05";
                            });
                case 'P' -> plain.append(version == MqttVersion.V5 ? "00" : "");
                default -> plain.append(c);
            }
        }
        return Bytes.of(plain.toString());
    }

    // ---- CONNECT, CONNACK

    /** A CONNECT with Clean Start 0, keep alive 0 and nothing optional. */
    public static ConnectPacket connect(String clientId) {
        return new ConnectPacket(clientId);
    }

    /** The CONNACK that lets in, without a session. */
    public static ConnackPacket connack() {
        return connack(ReasonCode.SUCCESS);
    }

    /** A CONNACK with this reason; in 3.x with the return code that it maps to. */
    public static ConnackPacket connack(ReasonCode reason) {
        return new ConnackPacket(reason, false);
    }

    /** An expected CONNACK. */
    public record ConnackPacket(ReasonCode reason, boolean present) implements Expected<Connack> {
        /** With Session Present 1; MQTT 3.1 doesn't have that. */
        public ConnackPacket sessionPresent() {
            return new ConnackPacket(reason, true);
        }

        @Override
        public Class<Connack> type() {
            return Connack.class;
        }

        @Override
        public boolean matches(Connack came, MqttVersion version) {
            boolean same = version == MqttVersion.V5
                    ? came.reason() == reason
                    : came.reason().connectReturnCode() == reason.connectReturnCode();
            return same && came.sessionPresent() == (present && version != MqttVersion.V3_1);
        }
    }

    // ---- PUBLISH and its acknowledgements

    /** A QoS 0 PUBLISH. */
    public static PublishPacket publish(String topic, String payload) {
        return publish(topic, payload.getBytes(StandardCharsets.UTF_8));
    }

    /** A QoS 0 PUBLISH. */
    public static PublishPacket publish(String topic, byte[] payload) {
        return new PublishPacket(topic, payload);
    }

    public static AckPacket puback(int packetId) {
        return new AckPacket(PacketType.PUBACK, packetId, ReasonCode.SUCCESS, Properties.EMPTY);
    }

    public static AckPacket pubrec(int packetId) {
        return new AckPacket(PacketType.PUBREC, packetId, ReasonCode.SUCCESS, Properties.EMPTY);
    }

    public static AckPacket pubrel(int packetId) {
        return new AckPacket(PacketType.PUBREL, packetId, ReasonCode.SUCCESS, Properties.EMPTY);
    }

    public static AckPacket pubcomp(int packetId) {
        return new AckPacket(PacketType.PUBCOMP, packetId, ReasonCode.SUCCESS, Properties.EMPTY);
    }

    /** PUBACK, PUBREC, PUBREL or PUBCOMP, to send or to expect. */
    public record AckPacket(PacketType kind, int packetId, ReasonCode reason, Properties properties)
            implements Sendable, Expected<Packet.Ack> {

        /** With this reason code, which 3.x doesn't have. */
        public AckPacket reason(ReasonCode code) {
            return new AckPacket(kind, packetId, code, properties);
        }

        @Override
        public void encode(ByteBuf out, MqttVersion version) {
            MqttEncoder.ack(out, version, kind, packetId, reason, properties);
        }

        @Override
        public Class<Packet.Ack> type() {
            return Packet.Ack.class;
        }

        @Override
        public boolean matches(Packet.Ack came, MqttVersion version) {
            return came.type() == kind
                    && came.packetId() == packetId
                    && (version != MqttVersion.V5 || came.reason() == reason);
        }
    }

    // ---- SUBSCRIBE, UNSUBSCRIBE

    /** A SUBSCRIBE with one filter; {@link SubscribePacket#and} adds another. */
    public static SubscribePacket subscribe(int packetId, String filter, int qos) {
        return new SubscribePacket(packetId).and(filter, qos);
    }

    /** A SUBACK; in 3.x every error is 0x80. */
    public static Expected<Suback> suback(int packetId, ReasonCode... reasons) {
        return expected("SUBACK " + packetId + " " + List.of(reasons), Suback.class, (came, version) -> {
            Stream<ReasonCode> wanted = Stream.of(reasons);
            if (version != MqttVersion.V5) {
                wanted = wanted.map(reason -> reason.isError() ? ReasonCode.UNSPECIFIED_ERROR : reason);
            }
            return came.packetId() == packetId && came.reasons().equals(wanted.toList());
        });
    }

    public static Sendable unsubscribe(int packetId, String... filters) {
        Unsubscribe packet = new Unsubscribe(packetId, Properties.EMPTY, List.of(filters));
        return new Named(packet.toString(), (out, version) -> MqttEncoder.unsubscribe(out, version, packet));
    }

    /** An UNSUBACK; 3.x has no reasons in it. */
    public static Expected<Unsuback> unsuback(int packetId, ReasonCode... reasons) {
        List<ReasonCode> wanted = List.of(reasons);
        return expected(
                "UNSUBACK " + packetId + " " + wanted,
                Unsuback.class,
                (came, version) -> came.packetId() == packetId
                        && came.reasons().equals(version == MqttVersion.V5 ? wanted : List.of()));
    }

    // ---- PING, DISCONNECT, AUTH

    public static Sendable pingreq() {
        return new Named("PINGREQ", (out, version) -> MqttEncoder.pingreq(out));
    }

    public static Expected<Packet.Pingresp> pingresp() {
        return expected("PINGRESP", Packet.Pingresp.class, (came, version) -> true);
    }

    /** A normal DISCONNECT. */
    public static DisconnectPacket disconnect() {
        return disconnect(ReasonCode.SUCCESS);
    }

    public static DisconnectPacket disconnect(ReasonCode reason) {
        return new DisconnectPacket(reason, Properties.EMPTY);
    }

    /** An AUTH without data. */
    public static AuthPacket auth(ReasonCode reason, String method) {
        return new AuthPacket(
                reason,
                Properties.builder().add(Property.AUTHENTICATION_METHOD, method).build());
    }

    /** An AUTH, to send or to expect. */
    public record AuthPacket(ReasonCode reason, Properties properties) implements Sendable, Expected<Packet.Auth> {

        /** With authentication data. */
        public AuthPacket data(byte[] data) {
            Properties.Builder with = Properties.builder();
            String method = properties.string(Property.AUTHENTICATION_METHOD);
            if (method != null) {
                with.add(Property.AUTHENTICATION_METHOD, method);
            }
            return new AuthPacket(
                    reason, with.add(Property.AUTHENTICATION_DATA, data).build());
        }

        /** With authentication data. */
        public AuthPacket data(String text) {
            return data(text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void encode(ByteBuf out, MqttVersion version) {
            MqttEncoder.auth(out, reason, properties);
        }

        @Override
        public Class<Packet.Auth> type() {
            return Packet.Auth.class;
        }

        @Override
        public boolean matches(Packet.Auth came, MqttVersion version) {
            return came.reason() == reason && came.properties().equals(properties);
        }
    }

    /** A DISCONNECT to send or, in 5.0, to expect. */
    public record DisconnectPacket(ReasonCode reason, Properties properties)
            implements Sendable, Expected<Packet.Disconnect> {

        /** With another session expiry interval than CONNECT asked for. */
        public DisconnectPacket sessionExpiry(long seconds) {
            return new DisconnectPacket(
                    reason,
                    Properties.builder()
                            .add(Property.SESSION_EXPIRY_INTERVAL, seconds)
                            .build());
        }

        @Override
        public void encode(ByteBuf out, MqttVersion version) {
            MqttEncoder.disconnect(out, version, reason, properties);
        }

        @Override
        public Class<Packet.Disconnect> type() {
            return Packet.Disconnect.class;
        }

        @Override
        public boolean matches(Packet.Disconnect came, MqttVersion version) {
            return came.reason() == reason;
        }
    }

    // ---- helpers

    private static <P> Expected<P> expected(String name, Class<P> type, BiPredicate<P, MqttVersion> matches) {
        return new Expected<>() {
            @Override
            public Class<P> type() {
                return type;
            }

            @Override
            public boolean matches(P came, MqttVersion version) {
                return matches.test(came, version);
            }

            @Override
            public String toString() {
                return name;
            }
        };
    }

    /** A packet that says what it is in the transcript. */
    private record Named(String name, Sendable packet) implements Sendable {
        @Override
        public void encode(ByteBuf out, MqttVersion version) {
            packet.encode(out, version);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Properties in(MqttVersion version, Properties properties) {
        return version == MqttVersion.V5 ? properties : Properties.EMPTY;
    }

    static void varint(ByteBuf out, int value) {
        int rest = value;
        while (rest > 0x7F) {
            out.writeByte((rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        out.writeByte(rest);
    }

    static String describePublish(
            String topic, byte[] payload, QoS qos, boolean dup, boolean retain, int id, Properties properties) {
        String text = new String(payload, 0, Math.min(payload.length, 40), StandardCharsets.UTF_8);
        return "PUBLISH " + topic + " '" + text + (payload.length > 40 ? "...' of " + payload.length + " bytes" : "'")
                + " QoS " + qos.level() + (dup ? " DUP" : "") + (retain ? " RETAIN" : "")
                + (id == 0 ? "" : " id " + id) + (properties.isEmpty() ? "" : " " + properties);
    }
}
