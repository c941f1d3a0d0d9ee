package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.auth;
import static dev.dunlin.broker.testkit.Packets.bytes;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From the first byte to CONNACK, and what ends a connection from the outside of any exchange. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ConnectTest {
    private static final int CONNECTS = 64;
    private static final String MQTT_5_BEGIN = "00044d51545405"; // protocol name and level
    private static final String MQTT_311_BEGIN = "00044d51545404";

    @AutoClose
    private final TestBroker broker = TestBroker.start();

    @EachVersion
    @Statement({"5.0:MQTT-3.1.4-5", "5.0:MQTT-3.2.0-2", "3.1.1:MQTT-3.1.4-4"})
    void answersConnectWithOneConnack(MqttVersion version) {
        WireClient c = broker.open(version);
        c.send(connect("id").cleanStart());
        c.expect(connack());
        c.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.1.3-5", "3.1.1:MQTT-3.1.3-5"})
    void acceptsClientIdsOf23LettersAndDigits(MqttVersion version) {
        for (String id : List.of("a", "0123456789abcdefghijklm", "nopqrstuvwxyzABCDEFGHIJ", "KLMNOPQRSTUVWXYZ")) {
            broker.client(version, id).leave();
        }
    }

    @Test
    @Statement({"5.0:MQTT-3.1.3-6", "5.0:MQTT-3.1.3-7", "5.0:MQTT-3.2.2-16"})
    void assignsAUniqueIdToANamelessClient() {
        WireClient first = broker.open(MqttVersion.V5).send(connect(""));
        WireClient second = broker.open(MqttVersion.V5).send(connect("").cleanStart());
        String firstId = first.expect(connack()).properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER);
        String secondId = second.expect(connack()).properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER);
        assertThat(firstId).isNotEmpty().isNotEqualTo(secondId);

        broker.client(firstId); // it is the identifier of that session: whoever uses it takes over
        first.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        second.ping();
    }

    @Test
    @Statement("3.1.1:MQTT-3.1.3-6")
    void letsNamelessCleanClientsOf311In() {
        WireClient first = broker.client(MqttVersion.V3_1_1, "");
        WireClient second = broker.client(MqttVersion.V3_1_1, "");
        first.ping();
        second.ping();
    }

    @Test
    @Statement({"3.1.1:MQTT-3.1.3-8", "3.1.1:MQTT-3.1.3-9", "3.1.1:MQTT-3.2.2-5"})
    void refusesNamelessPersistentClientsOf311() {
        broker.send(MqttVersion.V3_1_1, connect("")).expectRefusal(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
    }

    @Test
    void refusesNamelessClientsOf31() {
        broker.send(MqttVersion.V3_1, connect("").cleanStart()).expectRefusal(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-28", "5.0:MQTT-3.2.2-22"})
    void announcesItsLimitsAndNothingThatWasNotAskedFor() {
        Connack connack = broker.send(
                        MqttVersion.V5, connect("id").sessionExpiry(77).keepAlive(99))
                .expect(connack());
        assertThat(connack.properties().integer(Property.RECEIVE_MAXIMUM, -1))
                .isEqualTo(Limits.EMBEDDED.receiveMaximum());
        assertThat(connack.properties().integer(Property.MAXIMUM_PACKET_SIZE, -1))
                .isEqualTo(Limits.EMBEDDED.packetBytesMax());
        assertThat(connack.properties().integer(Property.SHARED_SUBSCRIPTION_AVAILABLE, 1))
                .isZero();
        assertThat(connack.properties().integer(Property.TOPIC_ALIAS_MAXIMUM, 0))
                .isEqualTo(Limits.EMBEDDED.topicAliasMax());
        for (Property absent : List.of(
                Property.ASSIGNED_CLIENT_IDENTIFIER,
                Property.SESSION_EXPIRY_INTERVAL,
                Property.MAXIMUM_QOS,
                Property.RETAIN_AVAILABLE,
                Property.SERVER_KEEP_ALIVE,
                Property.RESPONSE_INFORMATION,
                Property.AUTHENTICATION_METHOD)) {
            assertThat(connack.properties().has(absent)).as("%s", absent).isFalse();
        }
    }

    @Test // CONNACK is a packet too
    @Statement("5.0:MQTT-3.1.2-24")
    void refusesAClientWhoseMaximumPacketSizeLeavesNoRoomForConnack() {
        broker.send(MqttVersion.V5, connect("").maximumPacketSize(8)).expectRefusal(ReasonCode.PACKET_TOO_LARGE);
        assertThat(broker.sessions()).isZero();
    }

    // ---- what isn't a CONNECT

    @EachVersion
    @Statement({"5.0:MQTT-3.1.0-1", "3.1.1:MQTT-3.1.0-1", "5.0:MQTT-3.14.0-1"})
    void closesWithoutAWordWhenTheFirstPacketIsNotConnect(MqttVersion version) {
        List<Sendable> others = List.of(
                pingreq(),
                publish("t", "p"),
                publish("t", "p").qos(1, 1),
                puback(1),
                subscribe(1, "t", 0),
                disconnect(),
                auth(ReasonCode.CONTINUE_AUTHENTICATION, "m"));
        for (Sendable other : others) {
            broker.open(version).send(other).expectClosed();
        }
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.1.0-2", "3.1.1:MQTT-3.1.0-2"})
    void endsTheConnectionOnASecondConnect(MqttVersion version) {
        WireClient c = broker.client(version, "id");
        c.send(connect("id").cleanStart());
        c.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
    }

    @Test // 0x84 and 0x85 are not for DISCONNECT
    @Statement({"5.0:MQTT-3.1.0-2", "5.0:MQTT-3.14.2-1"})
    void saysProtocolErrorWhateverElseIsWrongWithASecondConnect() {
        WireClient c = broker.client("id");
        c.sendRaw(0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 6, 2, 0, 0, 0, 0, 0);
        c.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
    }

    @Test
    @Statement("5.0:MQTT-4.12.0-7")
    void endsTheConnectionOnAuthWithoutAMethodInConnect() {
        WireClient c = broker.client("id");
        c.send(auth(ReasonCode.REAUTHENTICATE, "m"));
        c.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
    }

    @Test
    @Statement({"5.0:MQTT-4.12.0-1", "5.0:MQTT-4.12.0-6"})
    void refusesAnAuthenticationMethod() {
        broker.send(MqttVersion.V5, connect("id").with(Property.AUTHENTICATION_METHOD, "SCRAM-SHA-1"))
                .expectRefusal(ReasonCode.BAD_AUTHENTICATION_METHOD);
    }

    @ParameterizedTest
    @Statement({"3.1.1:MQTT-3.1.2-2", "5.0:MQTT-3.1.2-2"})
    @ValueSource(ints = {0, 1, 2, 3, 0x84, 255})
    void refusesUnknownLevelsInTheWordsOf311(int level) {
        WireClient c = broker.open(MqttVersion.V3_1_1);
        c.sendRaw(0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', level, 2, 0, 0, 0, 1, 'i');
        c.expectRaw(0x20, 2, 0, 1);
        c.expectClosed();
    }

    @ParameterizedTest
    @Statement("5.0:MQTT-3.1.2-2")
    @ValueSource(ints = {6, 7, 0x7F})
    void refusesLaterLevelsInTheWordsOf5(int level) {
        WireClient c = broker.open(MqttVersion.V5);
        c.sendRaw(0x10, 14, 0, 4, 'M', 'Q', 'T', 'T', level, 2, 0, 0, 0, 0, 1, 'i');
        c.expectRaw(0x20, 3, 0, 0x84, 0);
        c.expectClosed();
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-1", "3.1.1:MQTT-3.1.2-1"})
    void closesWithoutAWordOnAnUnknownProtocolName() {
        WireClient c = broker.open(MqttVersion.V3_1_1);
        c.sendRaw(0x10, 13, 0, 4, 'M', 'Q', 'T', 'X', 4, 2, 0, 0, 0, 1, 'i');
        c.expectClosed();
    }

    @Test // MQTT 3.1 has no rule for them
    void ignoresTheHeaderFlagsOfA31Connect() {
        WireClient c = broker.open(MqttVersion.V3_1);
        c.sendRaw(0x14, 15, 0, 6, 'M', 'Q', 'I', 's', 'd', 'p', 3, 2, 0, 0, 0, 1, 'i');
        c.expectRaw(0x20, 2, 0, 0);
        c.ping();
    }

    // ---- malformed

    @ParameterizedTest
    @Statement({"5.0:MQTT-3.1.4-1", "5.0:MQTT-4.13.1-1"})
    @ValueSource(
            strings = {
                "03 0000 00 000169", // [5.0:MQTT-3.1.2-3] reserved flag
                "1e 0000 00 000169 00 000174 000170", // [5.0:MQTT-3.1.2-12] will QoS 3
                "0a 0000 00 000169", // [5.0:MQTT-3.1.2-11] will QoS without a will
                "22 0000 00 000169", // [5.0:MQTT-3.1.2-13] will retain without a will
                "06 0000 00 000169 00 000174 000570", // [5.0:MQTT-3.1.2-9] the will is cut off
                "02 0000 00 000169 0001", // [5.0:MQTT-3.1.2-16] a user name without its flag
                "82 0000 00 000169", // [5.0:MQTT-3.1.2-17] no user name with its flag
                "42 0000 00 000169", // [5.0:MQTT-3.1.2-19] no password with its flag
                "02 0000 00 0002c0af", // [5.0:MQTT-3.1.3-4] ill-formed UTF-8 in the client id
                "02 0000 00 00026900", // [5.0:MQTT-1.5.4-2] U+0000 in the client id
                "82 0000 00 000169 0003eda080", // [5.0:MQTT-3.1.3-12] a surrogate in the user name
                "02 0000 00", // [5.0:MQTT-3.1.3-3] no client id
            })
    void refusesAMalformedConnectOf5(String rest) {
        WireClient c = broker.open(MqttVersion.V5);
        c.sendRaw(frame(MQTT_5_BEGIN + rest));
        c.expectRefusal(ReasonCode.MALFORMED_PACKET);
    }

    @ParameterizedTest
    @Statement({"3.1.1:MQTT-3.1.4-1", "3.1.1:MQTT-4.8.0-1"})
    @ValueSource(
            strings = {
                "03 0000 000169", // [3.1.1:MQTT-3.1.2-3]
                "1e 0000 000169 000174 000170", // [3.1.1:MQTT-3.1.2-14]
                "0a 0000 000169", // [3.1.1:MQTT-3.1.2-13]
                "22 0000 000169", // [3.1.1:MQTT-3.1.2-15]
                "06 0000 000169 000174 000570", // [3.1.1:MQTT-3.1.2-9]
                "02 0000 000169 0001", // [3.1.1:MQTT-3.1.2-18]
                "82 0000 000169", // [3.1.1:MQTT-3.1.2-19]
                "c2 0000 000169 000175", // [3.1.1:MQTT-3.1.2-21]
                "42 0000 000169 000170", // [3.1.1:MQTT-3.1.2-22]
                "02 0000 0002c0af", // [3.1.1:MQTT-3.1.3-4]
                "02 0000 00026900", // [3.1.1:MQTT-1.5.3-2]
                "82 0000 000169 0003eda080", // [3.1.1:MQTT-3.1.3-11]
                "02 0000", // [3.1.1:MQTT-3.1.3-3]
            })
    void closesWithoutConnackOnAMalformedConnectOf311(String rest) {
        WireClient c = broker.open(MqttVersion.V3_1_1);
        c.sendRaw(frame(MQTT_311_BEGIN + rest));
        c.expectClosed();
    }

    private static byte[] frame(String hex) {
        byte[] body = HexFormat.of().parseHex(hex.replace(" ", ""));
        byte[] packet = new byte[body.length + 2];
        packet[0] = 0x10;
        packet[1] = (byte) body.length;
        System.arraycopy(body, 0, packet, 2, body.length);
        return packet;
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.1.4-6", "3.1.1:MQTT-3.1.4-5"})
    void processesNothingBehindARefusedConnect(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("#", 0);
        WireClient c = broker.open(version);
        c.sendRaw(concat(new byte[] {0x10, 0}, bytes(version, publish("t", "p"), pingreq())));
        c.expectClosed();
        witness.expectNothing();
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = new byte[first.length + second.length];
        System.arraycopy(first, 0, both, 0, first.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    // ---- many packets in one segment, one packet in many

    @EachVersion
    void worksOffWhatComesInOneSegmentWithConnect(MqttVersion version) {
        for (int i = 0; i < CONNECTS; i++) { // about half of them move to another loop
            WireClient c = broker.open(version);
            c.send(script(i));
            expectScriptAnswered(c, i);
        }
    }

    @EachVersion
    void worksOffTheSameByteByByte(MqttVersion version) {
        for (int i = 0; i < 8; i++) {
            WireClient c = broker.open(version);
            for (byte b : bytes(version, script(i))) {
                c.sendRaw(new byte[] {b});
            }
            expectScriptAnswered(c, i);
        }
    }

    private static Sendable[] script(int i) {
        return new Sendable[] {
            connect("id" + i).cleanStart(),
            subscribe(5, "t/" + i, 2),
            publish("t/" + i, "first"),
            publish("t/" + i, "second"),
            pingreq()
        };
    }

    private static void expectScriptAnswered(WireClient c, int i) {
        c.expect(connack());
        c.expect(suback(5, ReasonCode.GRANTED_QOS_2));
        c.expectPublish("t/" + i, "first", 0);
        c.expectPublish("t/" + i, "second", 0);
        c.expect(pingresp());
        c.leave();
    }

    @EachVersion
    void clientMayDisconnectInTheSegmentOfItsConnect(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("t", 0);
        for (int i = 0; i < CONNECTS; i++) {
            WireClient c = broker.open(version);
            c.send(connect("id" + i).cleanStart(), publish("t", "p" + i), disconnect());
            c.expect(connack());
            c.expectClosed();
            witness.expectPublish("t", "p" + i, 0);
        }
    }

    // ---- the end

    @EachVersion
    @Statement({"5.0:MQTT-3.12.4-1", "3.1.1:MQTT-3.12.4-1"})
    void answersEveryPing(MqttVersion version) {
        WireClient c = broker.client(version, "id");
        c.send(pingreq(), pingreq(), pingreq());
        c.expect(pingresp());
        c.expect(pingresp());
        c.expect(pingresp());
        c.expectNothing();
    }

    @ParameterizedTest
    @Statement({"5.0:MQTT-3.14.1-1", "3.1.1:MQTT-3.14.1-1", "3.1.1:MQTT-2.2.2-2"})
    @EnumSource(
            value = MqttVersion.class,
            names = {"V3_1_1", "V5"})
    void endsTheConnectionOnReservedBitsInDisconnect(MqttVersion version) {
        WireClient c = broker.client(version, "id");
        c.sendRaw(0xE1, 0);
        c.expectDisconnect(ReasonCode.MALFORMED_PACKET);
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.14.4-1", "5.0:MQTT-3.14.4-2", "3.1.1:MQTT-3.14.4-2"})
    void processesNothingBehindDisconnect(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("#", 0);
        WireClient c = broker.client(version, "id");
        c.send(disconnect(), publish("t", "p"), pingreq());
        c.expectClosed();
        witness.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-22", "3.1.1:MQTT-3.1.2-24"})
    void disconnectsASilentClientAfterOneAndAHalfKeepAlives() {
        List<WireClient> silent = new ArrayList<>();
        long startNs = System.nanoTime();
        for (MqttVersion version : MqttVersion.values()) {
            silent.add(broker.send(version, connect("id" + version).keepAlive(1).cleanStart()));
        }
        for (WireClient c : silent) {
            c.expect(connack());
        }
        for (WireClient c : silent) {
            c.expectDisconnect(ReasonCode.KEEP_ALIVE_TIMEOUT);
            assertThat(Duration.ofNanos(System.nanoTime() - startNs))
                    .isBetween(Duration.ofMillis(1_500), Duration.ofMillis(6_500));
        }
    }

    @Test
    void everyPacketMovesTheEndOfKeepAlive() {
        ManualTime time = new ManualTime();
        try (TestBroker timed = TestBroker.start(builder -> builder.time(time).loops(1))) {
            WireClient active = timed.send(MqttVersion.V5, connect("active").keepAlive(1));
            active.expect(connack());
            WireClient never = timed.send(MqttVersion.V5, connect("never").keepAlive(0));
            never.expect(connack());
            WireClient silent = timed.send(MqttVersion.V5, connect("silent").keepAlive(1));
            silent.expect(connack());

            time.advance(Duration.ofMillis(1_400));
            active.published("t", "p", 0);
            time.advance(Duration.ofMillis(100));
            silent.expectDisconnect(ReasonCode.KEEP_ALIVE_TIMEOUT); // its timer is the last to end
            active.ping();
            never.ping();
        }
    }
}
