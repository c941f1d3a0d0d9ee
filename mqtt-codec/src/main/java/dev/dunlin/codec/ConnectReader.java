package dev.dunlin.codec;

import static dev.dunlin.codec.MalformedPacket.malformed;
import static dev.dunlin.codec.MalformedPacket.protocolError;

/** Reads and checks CONNECT and CONNACK [3.1.1 sections 3.1 and 3.2, 5.0 sections 3.1 and 3.2]. */
final class ConnectReader {
    private static final int RESERVED = 0x01;
    private static final int CLEAN_START = 0x02;
    private static final int WILL = 0x04;
    private static final int WILL_QOS = 0x18;
    private static final int WILL_RETAIN = 0x20;
    private static final int PASSWORD = 0x40;
    private static final int USER_NAME = 0x80;

    private ConnectReader() {}

    /** Reads the protocol name, the beginning of every CONNECT. */
    static String protocolName(Cursor body) throws MalformedPacket {
        String name = body.readString();
        for (MqttVersion version : MqttVersion.values()) {
            if (version.protocolName().equals(name)) {
                return name;
            }
        }
        throw protocolError("Unknown protocol name"); // [5.0:MQTT-3.1.2-1, 3.1.1:MQTT-3.1.2-1]
    }

    /** The version that is asked for. */
    static MqttVersion version(String protocolName, int level) throws MalformedPacket {
        MqttVersion version = MqttVersion.of(protocolName, level);
        if (version == null) { // [5.0:MQTT-3.1.2-2, 3.1.1:MQTT-3.1.2-2]
            throw new MalformedPacket(
                    ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, "Unknown level " + level + " of " + protocolName);
        }
        return version;
    }

    /** Whether the level is one of versions to come, up to 0x7F: bridges to 3.x set the highest bit. */
    static boolean isLater(int level) {
        return level > MqttVersion.V5.level() && level < 0x80;
    }

    /** Reads what follows the version. */
    static Connect connect(Cursor body, MqttVersion version) throws MalformedPacket {
        int flags = body.readByte();
        checkFlags(flags, version);
        int keepAliveSeconds = body.readShort();
        Properties properties = Properties.EMPTY;
        if (version == MqttVersion.V5) {
            properties = body.readProperties(PacketType.CONNECT.code());
            checkAuthentication(properties);
        }
        // [5.0:MQTT-3.1.3-1, 3.1.1:MQTT-3.1.3-1]: client id, will, user name, password, in this order
        String clientId = body.readString();
        boolean cleanStart = (flags & CLEAN_START) != 0;
        checkClientId(clientId, cleanStart, version);
        WillMessage will = (flags & WILL) != 0 ? will(body, flags, version) : null;
        String userName = null;
        byte[] password = null;
        // MQTT 3.1: the remaining length takes precedence over the flags, so both fields may be missing at the end
        boolean missing = version == MqttVersion.V3_1 && body.atEnd();
        if ((flags & USER_NAME) != 0 && !missing) { // [5.0:MQTT-3.1.2-17, 3.1.1:MQTT-3.1.2-19]
            userName = body.readString();
            missing = version == MqttVersion.V3_1 && body.atEnd();
        }
        if ((flags & PASSWORD) != 0 && !missing) { // [5.0:MQTT-3.1.2-19, 3.1.1:MQTT-3.1.2-21]
            password = body.readBinary();
        }
        body.expectEnd(); // [5.0:MQTT-3.1.2-16, MQTT-3.1.2-18, 3.1.1:MQTT-3.1.2-18, MQTT-3.1.2-20]
        return new Connect(version, clientId, cleanStart, keepAliveSeconds, properties, will, userName, password);
    }

    private static void checkFlags(int flags, MqttVersion version) throws MalformedPacket {
        if ((flags & RESERVED) != 0 && version != MqttVersion.V3_1) { // [5.0:MQTT-3.1.2-3, 3.1.1:MQTT-3.1.2-3]
            throw malformed("The reserved connect flag is set");
        }
        if ((flags & WILL_QOS) == WILL_QOS) { // [5.0:MQTT-3.1.2-12, 3.1.1:MQTT-3.1.2-14]
            throw malformed("Will QoS 3");
        }
        if ((flags & WILL) == 0 && (flags & (WILL_QOS | WILL_RETAIN)) != 0) {
            // [5.0:MQTT-3.1.2-11, MQTT-3.1.2-13, 3.1.1:MQTT-3.1.2-13, MQTT-3.1.2-15]
            throw malformed("Will QoS or will retain without a will");
        }
        if ((flags & PASSWORD) != 0 && (flags & USER_NAME) == 0 && version != MqttVersion.V5) { // [3.1.1:MQTT-3.1.2-22]
            throw malformed("Password without user name");
        }
    }

    private static void checkAuthentication(Properties properties) throws MalformedPacket {
        if (properties.has(Property.AUTHENTICATION_DATA) && !properties.has(Property.AUTHENTICATION_METHOD)) {
            throw protocolError("Authentication data without a method"); // [5.0 section 3.1.2.11.10]
        }
    }

    private static void checkClientId(String clientId, boolean cleanStart, MqttVersion version) throws MalformedPacket {
        boolean mayBeEmpty = version == MqttVersion.V5 || (version == MqttVersion.V3_1_1 && cleanStart);
        if (clientId.isEmpty() && !mayBeEmpty) { // [3.1.1:MQTT-3.1.3-7, MQTT-3.1.3-8]; MQTT 3.1: 1 to 23 characters
            throw new MalformedPacket(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID, "The client identifier is empty");
        }
    }

    private static WillMessage will(Cursor body, int flags, MqttVersion version) throws MalformedPacket {
        // [5.0:MQTT-3.1.2-9, 3.1.1:MQTT-3.1.2-9]
        Properties properties = version == MqttVersion.V5 ? body.readProperties(Property.IN_WILL) : Properties.EMPTY;
        String topic = body.readString(); // [5.0:MQTT-3.1.3-11, 3.1.1:MQTT-3.1.3-10]
        if (topic.isEmpty() || topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0) {
            // [5.0:MQTT-4.7.0-1, MQTT-4.7.3-1, 3.1.1:MQTT-4.7.1-1, MQTT-4.7.3-1]
            throw version == MqttVersion.V5
                    ? new MalformedPacket(ReasonCode.TOPIC_NAME_INVALID, "The will topic is empty or has a wildcard")
                    : malformed("The will topic is empty or has a wildcard");
        }
        byte[] payload = body.readBinary();
        return new WillMessage(topic, payload, QoS.of((flags & WILL_QOS) >> 3), (flags & WILL_RETAIN) != 0, properties);
    }

    static Connack connack(Cursor body, MqttVersion version) throws MalformedPacket {
        int flags = body.readByte();
        if (version != MqttVersion.V3_1 && (flags & ~1) != 0) { // [5.0:MQTT-3.2.2-1]
            throw malformed("CONNACK flags 0x" + Integer.toHexString(flags));
        }
        boolean sessionPresent = version != MqttVersion.V3_1 && flags == 1;
        int code = body.readByte();
        ReasonCode reason = version == MqttVersion.V5 ? ReasonCode.of(code) : ReasonCode.ofConnectReturnCode(code);
        if (reason == null || !reason.allowedIn(PacketType.CONNACK)) { // [5.0:MQTT-3.2.2-8]
            throw protocolError("CONNACK with code 0x" + Integer.toHexString(code));
        }
        if (sessionPresent && reason != ReasonCode.SUCCESS) { // [5.0:MQTT-3.2.2-6, 3.1.1:MQTT-3.2.2-4]
            throw protocolError("CONNACK refuses, yet a session is present");
        }
        Properties properties = Properties.EMPTY;
        if (version == MqttVersion.V5) {
            properties = body.readProperties(PacketType.CONNACK.code());
            checkAuthentication(properties);
        }
        body.expectEnd();
        return new Connack(sessionPresent, reason, properties);
    }
}
