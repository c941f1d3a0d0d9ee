package dev.dunlin.codec;

import static dev.dunlin.codec.PacketType.AUTH;
import static dev.dunlin.codec.PacketType.CONNACK;
import static dev.dunlin.codec.PacketType.CONNECT;
import static dev.dunlin.codec.PacketType.DISCONNECT;
import static dev.dunlin.codec.PacketType.PUBACK;
import static dev.dunlin.codec.PacketType.PUBCOMP;
import static dev.dunlin.codec.PacketType.PUBLISH;
import static dev.dunlin.codec.PacketType.PUBREC;
import static dev.dunlin.codec.PacketType.PUBREL;
import static dev.dunlin.codec.PacketType.SUBACK;
import static dev.dunlin.codec.PacketType.SUBSCRIBE;
import static dev.dunlin.codec.PacketType.UNSUBACK;
import static dev.dunlin.codec.PacketType.UNSUBSCRIBE;

import org.jspecify.annotations.Nullable;

/** The MQTT 5 properties: wire type, range and where each may stand [5.0 section 2.2.2.2, table 2-4]. */
public enum Property {
    PAYLOAD_FORMAT_INDICATOR(0x01, WireType.BYTE, 0, 1, true, PUBLISH),
    /** Seconds. */
    MESSAGE_EXPIRY_INTERVAL(0x02, WireType.FOUR_BYTES, 0, 0xFFFF_FFFFL, true, PUBLISH),
    CONTENT_TYPE(0x03, WireType.STRING, true, PUBLISH),
    RESPONSE_TOPIC(0x08, WireType.STRING, true, PUBLISH),
    CORRELATION_DATA(0x09, WireType.BINARY, true, PUBLISH),
    /** Repeatable in PUBLISH, once in SUBSCRIBE. */
    SUBSCRIPTION_IDENTIFIER(0x0B, WireType.VARIABLE, 1, 268_435_455, false, PUBLISH, SUBSCRIBE),
    /** Seconds; 0xFFFFFFFF never expires. */
    SESSION_EXPIRY_INTERVAL(0x11, WireType.FOUR_BYTES, 0, 0xFFFF_FFFFL, false, CONNECT, CONNACK, DISCONNECT),
    ASSIGNED_CLIENT_IDENTIFIER(0x12, WireType.STRING, false, CONNACK),
    /** Seconds; 0 turns keep alive off. */
    SERVER_KEEP_ALIVE(0x13, WireType.TWO_BYTES, 0, 65_535, false, CONNACK),
    AUTHENTICATION_METHOD(0x15, WireType.STRING, false, CONNECT, CONNACK, AUTH),
    AUTHENTICATION_DATA(0x16, WireType.BINARY, false, CONNECT, CONNACK, AUTH),
    REQUEST_PROBLEM_INFORMATION(0x17, WireType.BYTE, 0, 1, false, CONNECT),
    /** Seconds; the will only. */
    WILL_DELAY_INTERVAL(0x18, WireType.FOUR_BYTES, 0, 0xFFFF_FFFFL, true),
    REQUEST_RESPONSE_INFORMATION(0x19, WireType.BYTE, 0, 1, false, CONNECT),
    RESPONSE_INFORMATION(0x1A, WireType.STRING, false, CONNACK),
    SERVER_REFERENCE(0x1C, WireType.STRING, false, CONNACK, DISCONNECT),
    REASON_STRING(
            0x1F, WireType.STRING, false, CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH),
    /** Packets in flight. */
    RECEIVE_MAXIMUM(0x21, WireType.TWO_BYTES, 1, 65_535, false, CONNECT, CONNACK),
    TOPIC_ALIAS_MAXIMUM(0x22, WireType.TWO_BYTES, 0, 65_535, false, CONNECT, CONNACK),
    TOPIC_ALIAS(0x23, WireType.TWO_BYTES, 1, 65_535, false, PUBLISH),
    MAXIMUM_QOS(0x24, WireType.BYTE, 0, 1, false, CONNACK),
    RETAIN_AVAILABLE(0x25, WireType.BYTE, 0, 1, false, CONNACK),
    /** Repeatable everywhere. */
    USER_PROPERTY(
            0x26,
            WireType.STRING_PAIR,
            true,
            CONNECT,
            CONNACK,
            PUBLISH,
            PUBACK,
            PUBREC,
            PUBREL,
            PUBCOMP,
            SUBSCRIBE,
            SUBACK,
            UNSUBSCRIBE,
            UNSUBACK,
            DISCONNECT,
            AUTH),
    /** Bytes, of the whole packet. */
    MAXIMUM_PACKET_SIZE(0x27, WireType.FOUR_BYTES, 1, 0xFFFF_FFFFL, false, CONNECT, CONNACK),
    WILDCARD_SUBSCRIPTION_AVAILABLE(0x28, WireType.BYTE, 0, 1, false, CONNACK),
    SUBSCRIPTION_IDENTIFIER_AVAILABLE(0x29, WireType.BYTE, 0, 1, false, CONNACK),
    SHARED_SUBSCRIPTION_AVAILABLE(0x2A, WireType.BYTE, 0, 1, false, CONNACK);

    /** How a value is laid out [5.0 section 1.5]. */
    public enum WireType {
        BYTE,
        TWO_BYTES,
        FOUR_BYTES,
        /** One to four bytes, up to 268,435,455. */
        VARIABLE,
        STRING,
        BINARY,
        STRING_PAIR;

        /** Whether the value is a number. */
        public boolean isInteger() {
            return ordinal() <= VARIABLE.ordinal();
        }
    }

    /** The place of the will properties in the mask of packets: type code 0 is reserved and therefore free. */
    static final int IN_WILL = 0;

    private static final @Nullable Property[] BY_ID = new @Nullable Property[0x2B];

    static {
        for (Property property : values()) {
            BY_ID[property.id] = property;
        }
    }

    private final int id;
    private final WireType type;
    private final long min;
    private final long max;
    private final int packets;

    Property(int id, WireType type, boolean inWill, PacketType... packets) {
        this(id, type, 0, 0, inWill, packets);
    }

    Property(int id, WireType type, long min, long max, boolean inWill, PacketType... packets) {
        this.id = id;
        this.type = type;
        this.min = min;
        this.max = max;
        this.packets = PacketType.mask(packets) | (inWill ? 1 << IN_WILL : 0);
    }

    /** The identifier on the wire, 0x01 to 0x2A; always one byte. */
    public int id() {
        return id;
    }

    /** How the value is laid out. */
    public WireType type() {
        return type;
    }

    /** The smallest value allowed; 0 when the value isn't a number. */
    public long min() {
        return min;
    }

    /** The greatest value allowed; 0 when the value isn't a number. */
    public long max() {
        return max;
    }

    /** Whether a packet of this type may carry it. */
    public boolean allowedIn(PacketType packet) {
        return allowedAt(packet.code());
    }

    /** Whether a will may carry it. */
    public boolean allowedInWill() {
        return allowedAt(IN_WILL);
    }

    /** Whether a packet of this type may carry it several times. */
    public boolean repeatableIn(PacketType packet) {
        return repeatableAt(packet.code());
    }

    /**
     * The property with an identifier.
     *
     * @return null when MQTT 5 defines no such property
     */
    public static @Nullable Property of(int id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }

    /** By packet type code, or {@link #IN_WILL}. */
    boolean allowedAt(int place) {
        return (packets >> place & 1) != 0;
    }

    boolean repeatableAt(int place) {
        return this == USER_PROPERTY || (this == SUBSCRIPTION_IDENTIFIER && place == PUBLISH.code());
    }

    /** Its bit in a set of properties. */
    int bit() {
        return 1 << ordinal();
    }
}
