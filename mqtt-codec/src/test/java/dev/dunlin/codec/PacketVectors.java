package dev.dunlin.codec;

import static dev.dunlin.codec.MqttDecoder.Peer.CLIENT;
import static dev.dunlin.codec.MqttDecoder.Peer.SERVER;
import static dev.dunlin.codec.MqttVersion.V3_1;
import static dev.dunlin.codec.MqttVersion.V3_1_1;
import static dev.dunlin.codec.MqttVersion.V5;
import static dev.dunlin.codec.QoS.AT_LEAST_ONCE;
import static dev.dunlin.codec.QoS.AT_MOST_ONCE;
import static dev.dunlin.codec.QoS.EXACTLY_ONCE;
import static dev.dunlin.codec.ReasonCode.CONTINUE_AUTHENTICATION;
import static dev.dunlin.codec.ReasonCode.DISCONNECT_WITH_WILL_MESSAGE;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static dev.dunlin.codec.ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR;
import static dev.dunlin.codec.ReasonCode.KEEP_ALIVE_TIMEOUT;
import static dev.dunlin.codec.ReasonCode.NOT_AUTHORIZED;
import static dev.dunlin.codec.ReasonCode.NO_MATCHING_SUBSCRIBERS;
import static dev.dunlin.codec.ReasonCode.NO_SUBSCRIPTION_EXISTED;
import static dev.dunlin.codec.ReasonCode.PACKET_IDENTIFIER_IN_USE;
import static dev.dunlin.codec.ReasonCode.PACKET_IDENTIFIER_NOT_FOUND;
import static dev.dunlin.codec.ReasonCode.QUOTA_EXCEEDED;
import static dev.dunlin.codec.ReasonCode.REAUTHENTICATE;
import static dev.dunlin.codec.ReasonCode.SERVER_MOVED;
import static dev.dunlin.codec.ReasonCode.SESSION_TAKEN_OVER;
import static dev.dunlin.codec.ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED;
import static dev.dunlin.codec.ReasonCode.SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static dev.dunlin.codec.ReasonCode.TOPIC_FILTER_INVALID;
import static dev.dunlin.codec.ReasonCode.UNSPECIFIED_ERROR;
import static dev.dunlin.codec.ReasonCode.USE_ANOTHER_SERVER;
import static dev.dunlin.codec.ReasonCode.WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED;

import dev.dunlin.codec.MqttDecoder.Peer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one table of packets as bytes: every type, version and property, the odd forms that are legal, and what is malformed.
 * The decoder, the encoder, the fuzz corpus, benchmarks and the broker's tests all take their bytes from here. See
 * {@link Bytes} for the notation.
 */
public final class PacketVectors {
    /**
     * Legal bytes and what they mean.
     *
     * @param peer who sends them
     * @param packet a record of the codec, or a {@link ReceivedPublish}
     * @param canonical whether our encoder writes exactly these bytes
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Vector(String name, MqttVersion version, Peer peer, byte[] bytes, Object packet, boolean canonical) {
        @Override
        public String toString() {
            return version + " " + name;
        }
    }

    /**
     * Bytes that end a connection.
     *
     * @param version of the connection; null before CONNECT
     * @param reason what the decoder must answer
     * @param statement the rule that is broken: a statement id, or a section
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Malformed(
            String name, @Nullable MqttVersion version, Peer peer, byte[] bytes, ReasonCode reason, String statement) {
        @Override
        public String toString() {
            return (version == null ? "first" : version) + " " + name + " [" + statement + "]";
        }
    }

    private static final Properties NONE = Properties.EMPTY;
    private static final List<Vector> VALID = new ArrayList<>();
    private static final List<Malformed> MALFORMED = MalformedVectors.read();

    private PacketVectors() {}

    /** All legal vectors. */
    public static List<Vector> valid() {
        return List.copyOf(VALID);
    }

    /** Those of one version and sender, in an order in which they may follow each other on one connection. */
    public static List<Vector> valid(MqttVersion version, Peer peer) {
        return VALID.stream()
                .filter(v -> v.version == version && v.peer == peer)
                .toList();
    }

    /** All malformed vectors. */
    public static List<Malformed> malformed() {
        return MALFORMED;
    }

    /** The legal vector with a name. */
    public static Vector named(MqttVersion version, String name) {
        return VALID.stream()
                .filter(v -> v.version == version && v.name.equals(name))
                .findFirst()
                .orElseThrow();
    }

    static {
        connect();
        connack();
        publish();
        publish5();
        acks();
        subscribe();
        unsubscribe();
        rest();
    }

    private static void connect() {
        v(V3_1, "CONNECT", CLIENT, "10 {['MQIsdp'] 03 02 003C ['id']}", connect(V3_1, "id", 60));
        odd(
                V3_1,
                "CONNECT without the announced user name and password",
                CLIENT,
                "10 {['MQIsdp'] 03 C2 003C ['id']}",
                connect(V3_1, "id", 60));
        odd(
                V3_1,
                "CONNECT without the announced password",
                CLIENT,
                "10 {['MQIsdp'] 03 C2 003C ['id'] ['u']}",
                new Connect(V3_1, "id", true, 60, NONE, null, "u", null));
        odd(
                V3_1,
                "CONNECT with the reserved flag, unused in 3.1",
                CLIENT,
                "10 {['MQIsdp'] 03 03 003C ['id']}",
                connect(V3_1, "id", 60));
        v(V3_1_1, "CONNECT", CLIENT, "10 {['MQTT'] 04 02 003C ['id']}", connect(V3_1_1, "id", 60));
        v(V3_1_1, "CONNECT with an empty client id", CLIENT, "10 {['MQTT'] 04 02 0000 []}", connect(V3_1_1, "", 0));
        odd(
                V3_1_1,
                "CONNECT with a padded remaining length",
                CLIENT,
                "10 8E00 ['MQTT'] 04 02 003C ['id']",
                connect(V3_1_1, "id", 60));
        v(
                V3_1_1,
                "CONNECT of a kept session",
                CLIENT,
                "10 {['MQTT'] 04 00 FFFF ['id']}",
                new Connect(V3_1_1, "id", false, 65_535, NONE, null, null, null));
        v(
                V3_1,
                "CONNECT with everything",
                CLIENT,
                "10 {['MQIsdp'] 03 EE 003C ['id'] ['will/t'] ['bye'] ['user'] [00FF]}",
                everything(V3_1, 1, NONE));
        v(
                V3_1_1,
                "CONNECT with everything",
                CLIENT,
                "10 {['MQTT'] 04 EE 003C ['id'] ['will/t'] ['bye'] ['user'] [00FF]}",
                everything(V3_1_1, 1, NONE));
        v(
                V3_1_1,
                "CONNECT with an empty will message and user name",
                CLIENT,
                "10 {['MQTT'] 04 86 0000 ['id'] ['w'] [] []}",
                new Connect(
                        V3_1_1,
                        "id",
                        true,
                        0,
                        NONE,
                        new WillMessage("w", new byte[0], AT_MOST_ONCE, false, NONE),
                        "",
                        null));
        v5("CONNECT", CLIENT, "10 {['MQTT'] 05 02 003C {} ['id']}", connect(V5, "id", 60));
        v5(
                "CONNECT with an empty client id of a kept session",
                CLIENT,
                "10 {['MQTT'] 05 00 0000 {} []}",
                new Connect(V5, "", false, 0, NONE, null, null, null));
        v5(
                "CONNECT with a password only",
                CLIENT,
                "10 {['MQTT'] 05 42 003C {} ['id'] ['secret']}",
                new Connect(V5, "id", true, 60, NONE, null, null, bytes("secret")));
        v5(
                "CONNECT with byte order mark and four-byte characters",
                CLIENT,
                "10 {['MQTT'] 05 02 003C {} [EFBBBF F09F9880 F48FBFBD EFBFBD EE8080 ED9FBF]}",
                connect(V5, "\uFEFF\uD83D\uDE00\uDBFF\uDFFD\uFFFD\uE000\uD7FF", 60));
        v5(
                "CONNECT with everything",
                CLIENT,
                "10 {['MQTT'] 05 F6 003C {11 0000000A  21 0014  27 00001000  22 0005  19 01  17 00  26 ['a'] ['b']"
                        + " 26 ['a'] ['c']  15 ['SCRAM']  16 [0102]}"
                        + " ['id'] {18 00000005  01 01  02 0000003C  03 ['text/plain']  08 ['answer']  09 [0A0B]  26 ['k'] ['v']}"
                        + " ['will/t'] ['bye'] ['user'] [00FF]}",
                everything5());
    }

    private static Connect connect(MqttVersion version, String clientId, int keepAliveSeconds) {
        return new Connect(version, clientId, true, keepAliveSeconds, NONE, null, null, null);
    }

    private static Connect everything(MqttVersion version, int willQos, Properties properties) {
        WillMessage will = new WillMessage("will/t", bytes("bye"), QoS.of(willQos), true, NONE);
        return new Connect(version, "id", true, 60, properties, will, "user", new byte[] {0, (byte) 0xFF});
    }

    private static Connect everything5() {
        Properties properties = properties("SESSION_EXPIRY_INTERVAL=10; RECEIVE_MAXIMUM=20; MAXIMUM_PACKET_SIZE=4096"
                + "; TOPIC_ALIAS_MAXIMUM=5; REQUEST_RESPONSE_INFORMATION=1; REQUEST_PROBLEM_INFORMATION=0"
                + "; USER_PROPERTY=a:b; USER_PROPERTY=a:c; AUTHENTICATION_METHOD=SCRAM" + "; AUTHENTICATION_DATA=0102");
        Properties ofWill = properties("WILL_DELAY_INTERVAL=5; PAYLOAD_FORMAT_INDICATOR=1; MESSAGE_EXPIRY_INTERVAL=60"
                + "; CONTENT_TYPE=text/plain; RESPONSE_TOPIC=answer; CORRELATION_DATA=0A0B" + "; USER_PROPERTY=k:v");
        WillMessage will = new WillMessage("will/t", bytes("bye"), EXACTLY_ONCE, true, ofWill);
        return new Connect(V5, "id", true, 60, properties, will, "user", new byte[] {0, (byte) 0xFF});
    }

    private static void connack() {
        v3("CONNACK", SERVER, "20 02 00 00", new Connack(false, SUCCESS, NONE));
        v(V3_1_1, "CONNACK with session", SERVER, "20 02 01 00", new Connack(true, SUCCESS, NONE));
        odd(
                V3_1,
                "CONNACK with the bit that is unused in 3.1",
                SERVER,
                "20 02 01 00",
                new Connack(false, SUCCESS, NONE));
        for (int code = 1; code <= 5; code++) {
            ReasonCode reason = ReasonCode.ofConnectReturnCode(code);
            v3("CONNACK refusing with " + code, SERVER, "20 02 00 0" + code, new Connack(false, reason, NONE));
        }
        v5("CONNACK", SERVER, "20 {00 00 {}}", new Connack(false, SUCCESS, NONE));
        v5(
                "CONNACK refusing",
                SERVER,
                "20 {00 9D {1C ['other:1883'] 1F ['moved']}}",
                new Connack(false, SERVER_MOVED, properties("SERVER_REFERENCE=other:1883; REASON_STRING=moved")));
        v5(
                "CONNACK with everything",
                SERVER,
                "20 {01 00 {11 FFFFFFFF  21 FFFF  24 01  25 00  27 FFFFFFFF  12 ['given']  22 000A  1F ['fine']  26 ['a'] ['']"
                        + " 28 01  29 00  2A 01  13 0000  1A ['info']  1C ['ref']  15 ['m']  16 []}}",
                new Connack(
                        true,
                        SUCCESS,
                        properties("SESSION_EXPIRY_INTERVAL=4294967295; RECEIVE_MAXIMUM=65535; MAXIMUM_QOS=1"
                                + "; RETAIN_AVAILABLE=0; MAXIMUM_PACKET_SIZE=4294967295; ASSIGNED_CLIENT_IDENTIFIER=given"
                                + "; TOPIC_ALIAS_MAXIMUM=10; REASON_STRING=fine; USER_PROPERTY=a:"
                                + "; WILDCARD_SUBSCRIPTION_AVAILABLE=1; SUBSCRIPTION_IDENTIFIER_AVAILABLE=0"
                                + "; SHARED_SUBSCRIPTION_AVAILABLE=1; SERVER_KEEP_ALIVE=0; RESPONSE_INFORMATION=info"
                                + "; SERVER_REFERENCE=ref; AUTHENTICATION_METHOD=m; AUTHENTICATION_DATA=")));
    }

    private static void publish() {
        for (Peer peer : Peer.values()) {
            all("PUBLISH QoS 0", peer, "30 {['a/b'] ", "'hello'}", got("a/b", AT_MOST_ONCE, 0, "hello"));
            all("PUBLISH same topic again", peer, "30 {['a/b'] ", "'again'}", got("a/b", AT_MOST_ONCE, 0, "again"));
            all("PUBLISH same length of topic", peer, "30 {['a/c'] ", "}", got("a/c", AT_MOST_ONCE, 0, ""));
            all(
                    "PUBLISH retained, empty",
                    peer,
                    "31 {['a/b'] ",
                    "}",
                    got("a/b", AT_MOST_ONCE, 0, "").with(false, true));
            all("PUBLISH QoS 1", peer, "32 {['a/b'] 0001 ", "'hello'}", got("a/b", AT_LEAST_ONCE, 1, "hello"));
            all(
                    "PUBLISH QoS 1, repeated, retained",
                    peer,
                    "3B {['a/b'] FFFF ",
                    "'hello'}",
                    got("a/b", AT_LEAST_ONCE, 65_535, "hello").with(true, true));
            all("PUBLISH QoS 2", peer, "34 {['a/b'] 8000 ", "'hello'}", got("a/b", EXACTLY_ONCE, 0x8000, "hello"));
            all(
                    "PUBLISH QoS 2, repeated",
                    peer,
                    "3C {['a/b'] 0100 ",
                    "}",
                    got("a/b", EXACTLY_ONCE, 256, "").with(true, false));
            all("PUBLISH topic of two levels of nothing", peer, "30 {['/'] ", "00}", got("/", AT_MOST_ONCE, 0, "\0"));
            all(
                    "PUBLISH topic of every width",
                    peer,
                    "30 {['$a\u00e9\u20ac\ud83d\ude00/long/enough/for/words/\u00fc'] ",
                    "'x'}",
                    got("$a\u00e9\u20ac\ud83d\ude00/long/enough/for/words/\u00fc", AT_MOST_ONCE, 0, "x"));
            all(
                    "PUBLISH with two bytes of length",
                    peer,
                    "30 {['long/topic/of/many/levels/and/words'] ",
                    "'" + "p".repeat(200) + "'}",
                    got("long/topic/of/many/levels/and/words", AT_MOST_ONCE, 0, "p".repeat(200)));
            all(
                    "PUBLISH with three bytes of length",
                    peer,
                    "34 {['t'] 0007 ",
                    "'" + "q".repeat(17_000) + "'}",
                    got("t", EXACTLY_ONCE, 7, "q".repeat(17_000)));
        }
    }

    private static void publish5() {
        for (Peer peer : Peer.values()) {
            v5(
                    "PUBLISH with everything forwarded",
                    peer,
                    "32 {['a/b'] 000A {02 0000003C  01 01  03 ['text/plain']  08 ['answer/to']  09 [00FF]  26 ['k'] ['1']"
                            + " 26 ['k'] ['2']  26 [''] ['']} 'hello'}",
                    got("a/b", AT_LEAST_ONCE, 10, "hello")
                            .with(properties(
                                    "MESSAGE_EXPIRY_INTERVAL=60; PAYLOAD_FORMAT_INDICATOR=1; CONTENT_TYPE=text/plain"
                                            + "; RESPONSE_TOPIC=answer/to; CORRELATION_DATA=00FF; USER_PROPERTY=k:1; USER_PROPERTY=k:2"
                                            + "; USER_PROPERTY=:")));
            odd5(
                    "PUBLISH with topic and alias",
                    peer,
                    "30 {['a/b'] {23 0001} 'x'}",
                    got("a/b", AT_MOST_ONCE, 0, "x").with(properties("TOPIC_ALIAS=1")));
            odd5(
                    "PUBLISH with an alias alone",
                    peer,
                    "30 {[] {23 FFFF} 'x'}",
                    got("", AT_MOST_ONCE, 0, "x").with(properties("TOPIC_ALIAS=65535")));
            odd5(
                    "PUBLISH with the expiry last",
                    peer,
                    "30 {['a/b'] {03 ['c'] 02 FFFFFFFF}}",
                    got("a/b", AT_MOST_ONCE, 0, "")
                            .with(properties("CONTENT_TYPE=c; MESSAGE_EXPIRY_INTERVAL=4294967295")));
        }
        v5(
                "PUBLISH with subscription identifiers",
                SERVER,
                "30 {['a/b'] {0B 01  0B 8001  0B FFFFFF7F} 'x'}",
                got("a/b", AT_MOST_ONCE, 0, "x")
                        .with(properties("SUBSCRIPTION_IDENTIFIER=1; SUBSCRIPTION_IDENTIFIER=128"
                                + "; SUBSCRIPTION_IDENTIFIER=268435455")));
    }

    private static void acks() {
        PacketType[] types = {PacketType.PUBACK, PacketType.PUBREC, PacketType.PUBREL, PacketType.PUBCOMP};
        String[] first = {"40", "50", "62", "70"};
        for (Peer peer : Peer.values()) {
            for (int i = 0; i < types.length; i++) {
                PacketType type = types[i];
                Packet.Ack plain = new Packet.Ack(type, 0x1234, SUCCESS, NONE);
                v3(type.name(), peer, first[i] + " 02 1234", plain);
                v5(type.name(), peer, first[i] + " 02 1234", plain);
                odd5(type + " with SUCCESS spelled out", peer, first[i] + " 03 1234 00", plain);
                odd5(type + " with everything spelled out", peer, first[i] + " 04 1234 00 00", plain);
                ReasonCode error = i < 2 ? NOT_AUTHORIZED : PACKET_IDENTIFIER_NOT_FOUND;
                String code = i < 2 ? "87" : "92";
                v5(
                        type + " with a reason",
                        peer,
                        first[i] + " 03 1234 " + code,
                        new Packet.Ack(type, 0x1234, error, NONE));
                Properties both = properties("REASON_STRING=no; USER_PROPERTY=k:v");
                v5(
                        type + " with everything",
                        peer,
                        first[i] + " {1234 " + code + " {1F ['no'] 26 ['k'] ['v']}}",
                        new Packet.Ack(type, 0x1234, error, both));
                v5(
                        type + " with SUCCESS and properties",
                        peer,
                        first[i] + " {1234 00 {1F ['no'] 26 ['k'] ['v']}}",
                        new Packet.Ack(type, 0x1234, SUCCESS, both));
            }
        }
        odd(
                V3_1,
                "PUBREL repeated, with DUP as in 3.1",
                CLIENT,
                "6A 02 1234",
                new Packet.Ack(PacketType.PUBREL, 0x1234, SUCCESS, NONE));
        v5(
                "PUBACK without matching subscribers",
                SERVER,
                "40 03 1234 10",
                new Packet.Ack(PacketType.PUBACK, 0x1234, NO_MATCHING_SUBSCRIBERS, NONE));
    }

    private static void subscribe() {
        v3(
                "SUBSCRIBE",
                CLIENT,
                "82 {0001 ['a/+/#'] 01}",
                new Subscribe(1, NONE, List.of(new SubscriptionRequest("a/+/#", AT_LEAST_ONCE))));
        v3(
                "SUBSCRIBE to several",
                CLIENT,
                "82 {FFFF ['#'] 00 ['+'] 01 ['/'] 02 ['$SYS/+/x'] 00 ['+/+'] 02}",
                new Subscribe(
                        65_535,
                        NONE,
                        List.of(
                                new SubscriptionRequest("#", AT_MOST_ONCE),
                                new SubscriptionRequest("+", AT_LEAST_ONCE),
                                new SubscriptionRequest("/", EXACTLY_ONCE),
                                new SubscriptionRequest("$SYS/+/x", AT_MOST_ONCE),
                                new SubscriptionRequest("+/+", EXACTLY_ONCE))));
        odd(
                V3_1,
                "SUBSCRIBE repeated, with DUP as in 3.1",
                CLIENT,
                "8A {0001 ['a'] 01}",
                new Subscribe(1, NONE, List.of(new SubscriptionRequest("a", AT_LEAST_ONCE))));
        v5(
                "SUBSCRIBE",
                CLIENT,
                "82 {0001 {} ['a'] 00}",
                new Subscribe(1, NONE, List.of(new SubscriptionRequest("a", AT_MOST_ONCE))));
        v5(
                "SUBSCRIBE with everything",
                CLIENT,
                "82 {0001 {0B 8002 26 ['k'] ['v']} ['a'] 2E ['b'] 11 ['$share/g/c'] 08}",
                new Subscribe(
                        1,
                        properties("SUBSCRIPTION_IDENTIFIER=256; USER_PROPERTY=k:v"),
                        List.of(
                                new SubscriptionRequest("a", EXACTLY_ONCE, true, true, 2),
                                new SubscriptionRequest("b", AT_LEAST_ONCE, false, false, 1),
                                new SubscriptionRequest("$share/g/c", AT_MOST_ONCE, false, true, 0))));
        v5(
                "SUBSCRIBE with a filter for the broker to refuse",
                CLIENT,
                "82 {0001 {} ['a#/b+'] 00 ['ok'] 00}",
                new Subscribe(
                        1,
                        NONE,
                        List.of(
                                new SubscriptionRequest("a#/b+", AT_MOST_ONCE),
                                new SubscriptionRequest("ok", AT_MOST_ONCE))));
        v3(
                "SUBACK",
                SERVER,
                "90 {0001 00 01 02 80}",
                new Suback(1, NONE, List.of(SUCCESS, GRANTED_QOS_1, GRANTED_QOS_2, UNSPECIFIED_ERROR)));
        v5("SUBACK", SERVER, "90 {0001 {} 01}", new Suback(1, NONE, List.of(GRANTED_QOS_1)));
        v5(
                "SUBACK with everything",
                SERVER,
                "90 {0001 {1F ['no'] 26 ['k'] ['v']} 00 01 02 80 83 87 8F 91 97 9E A1 A2}",
                new Suback(
                        1,
                        properties("REASON_STRING=no; USER_PROPERTY=k:v"),
                        List.of(
                                SUCCESS,
                                GRANTED_QOS_1,
                                GRANTED_QOS_2,
                                UNSPECIFIED_ERROR,
                                IMPLEMENTATION_SPECIFIC_ERROR,
                                NOT_AUTHORIZED,
                                TOPIC_FILTER_INVALID,
                                PACKET_IDENTIFIER_IN_USE,
                                QUOTA_EXCEEDED,
                                SHARED_SUBSCRIPTIONS_NOT_SUPPORTED,
                                SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED,
                                WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED)));
    }

    private static void unsubscribe() {
        v3("UNSUBSCRIBE", CLIENT, "A2 {0001 ['a/+'] ['#']}", new Unsubscribe(1, NONE, List.of("a/+", "#")));
        v5("UNSUBSCRIBE", CLIENT, "A2 {0001 {} ['a']}", new Unsubscribe(1, NONE, List.of("a")));
        v5(
                "UNSUBSCRIBE with everything",
                CLIENT,
                "A2 {0001 {26 ['k'] ['v']} ['a'] ['$share/g/#']}",
                new Unsubscribe(1, properties("USER_PROPERTY=k:v"), List.of("a", "$share/g/#")));
        v3("UNSUBACK", SERVER, "B0 02 0001", new Unsuback(1, NONE, List.of()));
        v5("UNSUBACK", SERVER, "B0 {0001 {} 00 11}", new Unsuback(1, NONE, List.of(SUCCESS, NO_SUBSCRIPTION_EXISTED)));
        v5(
                "UNSUBACK with everything",
                SERVER,
                "B0 {0001 {1F ['no'] 26 ['k'] ['v']} 80 83 87 8F 91}",
                new Unsuback(
                        1,
                        properties("REASON_STRING=no; USER_PROPERTY=k:v"),
                        List.of(
                                UNSPECIFIED_ERROR,
                                IMPLEMENTATION_SPECIFIC_ERROR,
                                NOT_AUTHORIZED,
                                TOPIC_FILTER_INVALID,
                                PACKET_IDENTIFIER_IN_USE)));
    }

    private static void rest() {
        all("PINGREQ", CLIENT, "C0 00", new Packet.Ping());
        all("PINGRESP", SERVER, "D0 00", new Packet.Pingresp());
        for (Peer peer : Peer.values()) {
            v5("DISCONNECT", peer, "E0 00", new Packet.Disconnect(SUCCESS, NONE));
            odd5("DISCONNECT with SUCCESS spelled out", peer, "E0 01 00", new Packet.Disconnect(SUCCESS, NONE));
            odd5(
                    "DISCONNECT with no properties spelled out",
                    peer,
                    "E0 02 8E 00",
                    new Packet.Disconnect(SESSION_TAKEN_OVER, NONE));
            v5("DISCONNECT with a reason", peer, "E0 01 8D", new Packet.Disconnect(KEEP_ALIVE_TIMEOUT, NONE));
            v5(
                    "AUTH",
                    peer,
                    "F0 {18 {15 ['m']}}",
                    new Packet.Auth(CONTINUE_AUTHENTICATION, properties("AUTHENTICATION_METHOD=m")));
            v5(
                    "AUTH with everything",
                    peer,
                    "F0 {19 {15 ['m'] 16 [01] 1F ['why'] 26 ['k'] ['v']}}",
                    new Packet.Auth(
                            REAUTHENTICATE,
                            properties(
                                    "AUTHENTICATION_METHOD=m; AUTHENTICATION_DATA=01; REASON_STRING=why; USER_PROPERTY=k:v")));
            v5("AUTH in its shortest form", peer, "F0 00", new Packet.Auth(SUCCESS, NONE));
        }
        v3("DISCONNECT", CLIENT, "E0 00", new Packet.Disconnect(SUCCESS, NONE));
        v5(
                "DISCONNECT with will and session expiry",
                CLIENT,
                "E0 {04 {11 0000000A 1F ['bye'] 26 ['k'] ['v']}}",
                new Packet.Disconnect(
                        DISCONNECT_WITH_WILL_MESSAGE,
                        properties("SESSION_EXPIRY_INTERVAL=10; REASON_STRING=bye; USER_PROPERTY=k:v")));
        v5(
                "DISCONNECT with a server reference",
                SERVER,
                "E0 {9C {1C ['other']}}",
                new Packet.Disconnect(USE_ANOTHER_SERVER, properties("SERVER_REFERENCE=other")));
    }

    private static void v(MqttVersion version, String name, Peer peer, String notation, Object packet) {
        VALID.add(new Vector(name, version, peer, Bytes.of(notation), packet, true));
    }

    private static void odd(MqttVersion version, String name, Peer peer, String notation, Object packet) {
        VALID.add(new Vector(name, version, peer, Bytes.of(notation), packet, false));
    }

    private static void v5(String name, Peer peer, String notation, Object packet) {
        v(V5, name, peer, notation, packet);
    }

    private static void odd5(String name, Peer peer, String notation, Object packet) {
        odd(V5, name, peer, notation, packet);
    }

    private static void v3(String name, Peer peer, String notation, Object packet) {
        v(V3_1, name, peer, notation, packet);
        v(V3_1_1, name, peer, notation, packet);
    }

    private static void all(String name, Peer peer, String notation, Object packet) {
        v3(name, peer, notation, packet);
        v5(name, peer, notation, packet);
    }

    /** For PUBLISH: version 5 has empty properties between head and payload. */
    private static void all(String name, Peer peer, String head, String payload, Object packet) {
        v3(name, peer, head + payload, packet);
        v5(name, peer, head + "{}" + payload, packet);
    }

    /** Properties as "NAME=value; NAME=value": binary data in hex digits, a user property as name:value. */
    private static Properties properties(String notation) {
        Properties.Builder builder = Properties.builder();
        for (String pair : notation.split("; ", -1)) {
            Property property = Property.valueOf(pair.substring(0, pair.indexOf('=')));
            String value = pair.substring(pair.indexOf('=') + 1);
            switch (property.type()) {
                case STRING -> builder.add(property, value);
                case BINARY -> builder.add(property, Bytes.of(value));
                case STRING_PAIR ->
                    builder.userProperty(
                            value.substring(0, value.indexOf(':')), value.substring(value.indexOf(':') + 1));
                default -> builder.add(property, Long.parseLong(value));
            }
        }
        return builder.build();
    }

    private static ReceivedPublish got(String topic, QoS qos, int packetId, String payload) {
        return ReceivedPublish.of(topic, qos, packetId, payload);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
