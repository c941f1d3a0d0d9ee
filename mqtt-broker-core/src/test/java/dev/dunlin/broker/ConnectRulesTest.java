package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.codec.ReasonCode.CLIENT_IDENTIFIER_NOT_VALID;
import static dev.dunlin.codec.ReasonCode.MALFORMED_PACKET;
import static dev.dunlin.codec.ReasonCode.NOT_AUTHORIZED;
import static dev.dunlin.codec.ReasonCode.SERVER_BUSY;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.testkit.EachStandard;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a CONNECT may hold, field by field, and what CONNACK says to it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ConnectRulesTest {
    private final Map<String, ReasonCode> refusals = new ConcurrentHashMap<>();
    private final Map<String, ConnectRequest> asked = new ConcurrentHashMap<>();

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.authenticator(request -> {
        asked.put(request.clientId(), request);
        ReasonCode refusal = refusals.get(request.clientId());
        return CompletableFuture.completedFuture(
                refusal == null
                        ? AuthResult.accept(Identity.ANONYMOUS)
                        : new AuthResult.Refused(refusal, "as you are"));
    }));

    private final Violations violations = new Violations(broker);

    private WireClient letIn(MqttVersion version, String connect) {
        WireClient c = broker.open(version).send(raw(connect));
        c.expect(connack());
        return c;
    }

    // ---- payload

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.3-1", "5.0:MQTT-3.1.3-1"})
    void readsThePayloadInItsOrder(MqttVersion version) {
        WireClient witness = broker.client(version, "witness").subscribed("will", 2);
        letIn(version, "10 {N CE 0000 P ['id'] P ['will'] ['gone'] ['user'] ['word']}")
                .drop();

        witness.expect(publish("will", "gone").qos(1));
        assertThat(asked.get("id").userName()).isEqualTo("user");
        assertThat(asked.get("id").password()).isEqualTo("word".getBytes(StandardCharsets.UTF_8));
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.3-3", "5.0:MQTT-3.1.3-3"})
    void refusesAConnectWithoutAClientId(MqttVersion version) {
        violations.refuse(
                version, MALFORMED_PACKET, "10 {N 02 0000 P}", "10 {N 02 0000 P 00}", "10 {N 02 0000 P 0009 'c'}");
        letIn(version, "10 {N 02 0000 P ['c']}");
        assertThat(asked).containsKey("c");
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.1.2-3", "5.0:MQTT-3.1.2-3"})
    void refusesAConnectWithTheReservedFlag(MqttVersion version) {
        violations.refuse(
                version,
                MALFORMED_PACKET,
                "10 {N 03 0000 P ['c']}",
                "10 {N 83 0000 P ['c'] ['u']}",
                "10 {N 01 0000 P ['c']}");
    }

    // ---- will

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.2-9", "5.0:MQTT-3.1.2-9"})
    void refusesAWillFlagWithoutAWholeWill(MqttVersion version) {
        violations.refuse(
                version,
                MALFORMED_PACKET,
                "10 {N 06 0000 P ['c']}",
                "10 {N 06 0000 P ['c'] P}",
                "10 {N 06 0000 P ['c'] P ['will']}",
                "10 {N 06 0000 P ['c'] P 0009 'will'}",
                "10 {N 06 0000 P ['c'] P ['will'] 0009 'gone'}");
        letIn(version, "10 {N 06 0000 P ['c'] P ['will'] []}");
    }

    @EachVersion
    @Statement("3.1.1:MQTT-3.1.2-11")
    void refusesAWillWithoutItsFlag(MqttVersion version) {
        violations.refuse(
                version,
                MALFORMED_PACKET,
                "10 {N 02 0000 P ['c'] P ['will'] ['gone']}",
                "10 {N 2A 0000 P ['c'] P ['will'] ['gone']}");
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.1.2-13", "3.1.1:MQTT-3.1.2-11", "5.0:MQTT-3.1.2-11"})
    void refusesAWillQosWithoutAWill(MqttVersion version) {
        violations.refuse(version, MALFORMED_PACKET, "10 {N 0A 0000 P ['c']}", "10 {N 12 0000 P ['c']}");
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.1.2-15", "3.1.1:MQTT-3.1.2-11", "5.0:MQTT-3.1.2-13"})
    void refusesAWillRetainWithoutAWill(MqttVersion version) {
        violations.refuse(version, MALFORMED_PACKET, "10 {N 22 0000 P ['c']}", "10 {N 20 0000 P ['c']}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.2-14", "5.0:MQTT-3.1.2-12"})
    void refusesAWillQosOf3AndTakesTheOthers(MqttVersion version) {
        violations.refuse(
                version,
                MALFORMED_PACKET,
                "10 {N 1E 0000 P ['c'] P ['will'] ['gone']}",
                "10 {N 3E 0000 P ['c'] P ['will'] ['gone']}");
        WireClient witness = broker.client(version, "witness").subscribed("will", 2);
        letIn(version, "10 {N 06 0000 P ['c'] P ['will'] ['0']}").drop();
        witness.take("will", "0", 0);
        letIn(version, "10 {N 0E 0000 P ['c'] P ['will'] ['1']}").drop();
        witness.take("will", "1", 1);
        letIn(version, "10 {N 16 0000 P ['c'] P ['will'] ['2']}").drop();
        witness.take("will", "2", 2);
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.2-16", "5.0:MQTT-3.1.2-14"})
    void publishesAWillWithoutRetainAsAMessageThatIsNotKept(MqttVersion version) {
        WireClient present = broker.client(version, "present").subscribed("will", 1);
        letIn(version, "10 {N 0E 0000 P ['c'] P ['will'] ['gone']}").drop();
        present.take("will", "gone", 1);
        broker.client(version, "late").subscribed("will", 1).expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.2-17", "5.0:MQTT-3.1.2-15"})
    void publishesAWillWithRetainAsAMessageThatIsKept(MqttVersion version) {
        WireClient present = broker.client(version, "present").subscribed("will", 2);
        letIn(version, "10 {N 2E 0000 P ['c'] P ['will'] ['gone']}").drop();
        present.take("will", "gone", 1);
        WireClient late = broker.client(version, "late").subscribed("will", 2);
        late.take(publish("will", "gone").qos(1).retain());
        late.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-3.2.2-9", "5.0:MQTT-3.2.2-12", "5.0:MQTT-3.2.2-13"})
    void announcesNoRestrictionOfQosAndRetainAndServesEveryWillThatItLetsIn() {
        WireClient witness = broker.client("witness");
        witness.send(raw("82 {0001 00 ['will'] 0A}")); // QoS 2, retain as published
        witness.expectRaw("90 {0001 00 02}");
        PublishPacket will = publish("will", "gone").qos(2).retain();
        WireClient c = broker.send(MqttVersion.V5, connect("c").will(will));
        Connack connack = c.expect(connack());
        assertThat(connack.properties().has(Property.MAXIMUM_QOS)).isFalse();
        assertThat(connack.properties().has(Property.RETAIN_AVAILABLE)).isFalse();
        c.drop();
        witness.take(will);
    }

    // ---- user name and password

    @EachStandard
    @Statement({"3.1.1:MQTT-3.1.2-18", "5.0:MQTT-3.1.2-16"})
    void refusesAUserNameWithoutItsFlag(MqttVersion version) {
        violations.refuse(
                version,
                MALFORMED_PACKET,
                "10 {N 02 0000 P ['c'] ['user']}",
                "10 {N 06 0000 P ['c'] P ['w'] [] ['user']}");
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.1.2-19", "5.0:MQTT-3.1.2-17"})
    void refusesAUserNameFlagWithoutAUserName(MqttVersion version) {
        violations.refuse(version, MALFORMED_PACKET, "10 {N 82 0000 P ['c']}", "10 {N 82 0000 P ['c'] 0009 'user'}");
        letIn(version, "10 {N 82 0000 P ['c'] ['user']}");
        assertThat(asked.get("c").userName()).isEqualTo("user");
        assertThat(asked.get("c").password()).isNull();
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.1.2-20", "5.0:MQTT-3.1.2-18"})
    void refusesAPasswordWithoutItsFlag(MqttVersion version) {
        violations.refuse(version, MALFORMED_PACKET, "10 {N 82 0000 P ['c'] ['user'] ['word']}");
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.1.2-21", "5.0:MQTT-3.1.2-19"})
    void refusesAPasswordFlagWithoutAPassword(MqttVersion version) {
        violations.refuse(
                version,
                MALFORMED_PACKET,
                "10 {N C2 0000 P ['c'] ['user']}",
                "10 {N C2 0000 P ['c'] ['user'] 0009 'word'}");
        letIn(version, "10 {N C2 0000 P ['c'] ['user'] ['word']}");
        assertThat(asked.get("c").password()).isEqualTo("word".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    @Statement("3.1.1:MQTT-3.1.2-22")
    void refusesAPasswordWithoutAUserNameUnlessItIs5() {
        violations.refuse(
                MqttVersion.V3_1_1, MALFORMED_PACKET, "10 {N 42 0000 ['c'] ['word']}", "10 {N 42 0000 ['c']}");
        letIn(MqttVersion.V5, "10 {N 42 0000 00 ['c'] ['word']}");
        assertThat(asked.get("c").userName()).isNull();
        assertThat(asked.get("c").password()).isEqualTo("word".getBytes(StandardCharsets.UTF_8));
    }

    // ---- malformed as a whole

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.4-1", "5.0:MQTT-3.1.4-1"})
    void refusesAConnectThatIsTooShortOrTooLong(MqttVersion version) {
        violations.refuse(
                version,
                MALFORMED_PACKET,
                "10 {N}",
                "10 {N 02}",
                "10 {N 02 00}",
                "10 {N 02 0000 P ['c'] 00}",
                "10 {N 02 0000 P ['c'] ['more']}");
    }

    @Test
    @Statement({"3.1.1:MQTT-3.1.4-1", "5.0:MQTT-3.1.4-1"})
    void closesWithoutAWordWhenNoVersionCanBeRead() {
        violations.close(
                "10 00",
                "10 {00}",
                "10 {0004 'MQ'}",
                "10 {['MQTT']}",
                "10 {[C328] 04 02 0000 ['c']}",
                "10 {['MQTT' 00] 04}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.0-2", "5.0:MQTT-3.1.0-2"})
    void disconnectsOnASecondConnect(MqttVersion version) {
        violations.disconnect(
                version,
                ReasonCode.PROTOCOL_ERROR,
                "10 {N 02 0000 P ['breaks rules']}",
                "10 {N 00 0000 P ['another']}");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Statement({"3.1.1:MQTT-3.1.2-1", "5.0:MQTT-3.1.2-1"})
    void doesNotLetInWhoNamesAnotherProtocol(MqttVersion version) {
        violations.watched();
        for (String name : new String[] {"['mqtt']", "['MQTT ']", "['MQTTS']", "['MQISDP']", "['HTTP']", "[]"}) {
            WireClient c = broker.open(version);
            c.send(raw("10 {" + name + " 04 02 0000 ['c']}"), publish("too/late", "p"));
            c.expectRaw("20 02 00 01");
            c.expectClosed();
            violations.assertNobodyElseNotices();
        }
        assertThat(asked).doesNotContainKey("c");
    }

    // ---- CONNACK

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.3-9", "3.1.1:MQTT-3.2.2-5", "5.0:MQTT-3.1.3-8"})
    void closesBehindTheRefusalOfAClientId(MqttVersion version) {
        violations.watched();
        refusals.put("bad", CLIENT_IDENTIFIER_NOT_VALID);
        WireClient c = broker.send(version, connect("bad"));
        c.expectRaw(version == MqttVersion.V5 ? "20 {00 85 {1F ['as you are']}}" : "20 {00 02}");
        c.expectClosed();
        violations.assertNobodyElseNotices();
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.2.2-4", "5.0:MQTT-3.2.2-6", "5.0:MQTT-3.2.2-7"})
    void saysThatNoSessionIsPresentWhenItRefusesThoughThereIsOne(MqttVersion version) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.leave();
        refusals.put("c", NOT_AUTHORIZED);
        WireClient refused = broker.send(version, connect("c").sessionExpiry(100));
        refused.expectRaw(version == MqttVersion.V5 ? "20 {00 87 {1F ['as you are']}}" : "20 {00 05}");
        refused.expectClosed();

        refusals.clear();
        broker.send(version, connect("c")).expect(connack().sessionPresent());
    }

    @EachVersion
    @Statement("3.1.1:MQTT-3.2.2-6")
    void closesWithoutConnackWhenThereIsNoReturnCodeForTheReason(MqttVersion version) {
        violations.watched();
        refusals.put("c", ReasonCode.QUOTA_EXCEEDED);
        WireClient c = broker.send(version, connect("c").cleanStart());
        if (version == MqttVersion.V5) {
            c.expectRaw("20 {00 97 {1F ['as you are']}}");
        }
        c.expectClosed();
        violations.assertNobodyElseNotices();
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.2.2-1", "5.0:MQTT-3.2.2-2", "5.0:MQTT-3.2.2-1"})
    void saysThatNoSessionIsPresentToACleanStart(MqttVersion version) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expectRaw(0x20);
        c.receiveRaw(1);
        c.expectRaw(0, 0);
        c.drop();
        c = broker.send(version, connect("c").sessionExpiry(100).cleanStart());
        c.expectRaw(0x20);
        c.receiveRaw(1);
        c.expectRaw(0, 0);
    }

    @EachStandard
    @Statement({"3.1.1:MQTT-3.2.2-2", "5.0:MQTT-3.2.2-3", "5.0:MQTT-3.2.2-1"})
    void saysThatASessionIsPresentWhenThereIsOne(MqttVersion version) {
        for (int round = 0; round < 3; round++) {
            WireClient c = broker.send(version, connect("c").sessionExpiry(100));
            c.expectRaw(0x20);
            c.receiveRaw(1); // the length, with properties in 5.0
            c.expectRaw(round == 0 ? 0 : 1, 0);
            c.drop();
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.2.2-3", "5.0:MQTT-3.1.2-6"})
    void beginsANewSessionWhenThereIsNone(MqttVersion version) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.subscribed("t", 1).leave();
        c = broker.send(version, connect("c").sessionExpiry(0).cleanStart());
        c.expect(connack());
        c.leave(); // and with it the session is gone
        c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.send(publish("t", "p"));
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.2.0-1", "5.0:MQTT-3.2.0-1"})
    void sendsConnackBeforeAllElse(MqttVersion version) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.subscribed("t", 2).leave();
        broker.client("publisher").published("t", "1", 1).published("t", "2", 2);
        c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        c.take("t", "1", 1);
        c.take("t", "2", 2);
    }

    @Test
    @Statement("5.0:MQTT-3.14.0-1")
    void sendsNoDisconnectBeforeConnack() {
        refusals.put("c", SERVER_BUSY);
        WireClient c = broker.send(MqttVersion.V5, connect("c"));
        c.expect(connack(SERVER_BUSY));
        c.expectClosed();
        broker.open(MqttVersion.V5).send(disconnect()).expectClosed();
        broker.open(MqttVersion.V5).send(raw("C0 00")).expectClosed();
    }

    // ---- client ids

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.3-5", "5.0:MQTT-3.1.3-5"})
    void takesEveryLetterAndDigitInClientIdsOf1To23Bytes(MqttVersion version) {
        String all = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for (int i = 0; i < all.length(); i++) {
            int length = 1 + i % 23;
            String id = (all + all).substring(i, i + length);
            letIn(version, "10 {N 02 0000 P ['" + id + "']}").leave();
            assertThat(asked).containsKey(id);
        }
    }
}
