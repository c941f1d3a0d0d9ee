package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static dev.dunlin.codec.ReasonCode.PACKET_IDENTIFIER_NOT_FOUND;
import static dev.dunlin.codec.ReasonCode.PROTOCOL_ERROR;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The exchanges of QoS 0, 1 and 2 in both directions: packet ids, DUP, what is sent again and what isn't. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class QosFlowTest {
    private static final List<ReasonCode> PUBLISH_REASONS = List.of(
            SUCCESS,
            ReasonCode.NO_MATCHING_SUBSCRIBERS,
            ReasonCode.UNSPECIFIED_ERROR,
            ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
            ReasonCode.NOT_AUTHORIZED,
            ReasonCode.TOPIC_NAME_INVALID,
            ReasonCode.PACKET_IDENTIFIER_IN_USE,
            ReasonCode.QUOTA_EXCEEDED,
            ReasonCode.PAYLOAD_FORMAT_INVALID);

    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final Violations violations = new Violations(broker);
    private final WireClient publisher = broker.client("publisher");

    private WireClient persistent(MqttVersion version) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        return c;
    }

    private WireClient reconnect(MqttVersion version) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        return c;
    }

    // ---- packet ids

    @EachVersion
    @Statement({"3.1.1:MQTT-2.3.1-1", "5.0:MQTT-2.2.1-3"})
    void disconnectsOnPacketId0(MqttVersion version) {
        violations.disconnect(
                version,
                PROTOCOL_ERROR,
                "32 {['t'] 0000 P 'p'}",
                "34 {['t'] 0000 P 'p'}",
                "82 {0000 P ['t'] 00}",
                "A2 {0000 P ['t']}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-2.3.1-5", "5.0:MQTT-2.2.1-2"})
    void neitherReadsNorSendsAPacketIdWithQos0(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        WireClient author = broker.client(version, "author");
        author.send(raw("30 {['t'] P 0001}"), raw("30 {['t'] P}"));
        c.expectRaw("30 {['t'] P 0001} 30 {['t'] P}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-2.3.1-6", "5.0:MQTT-2.2.1-5"})
    void repeatsThePacketIdOfThePublishInEveryAcknowledgement(MqttVersion version) {
        broker.client("c").subscribed("t", 2);
        WireClient author = broker.client(version, "author");
        author.send(
                publish("t", "1").qos(1, 0x0102),
                publish("t", "2").qos(2, 0xFFFF),
                publish("t", "3").qos(1, 1),
                publish("t", "4").qos(2, 0x0100));
        author.expectRaw("40 {0102} 50 {FFFF} 40 {0001} 50 {0100}");
        author.send(pubrel(0x0100), pubrel(0xFFFF));
        author.expectRaw("70 {0100} 70 {FFFF}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-2.3.1-6", "5.0:MQTT-2.2.1-5"})
    void releasesUnderThePacketIdOfItsOwnPublish(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        publisher.published("t", "1", 2).published("t", "2", 2);
        int first = c.expectPublish("t", "1", 2).packetId();
        int second = c.expectPublish("t", "2", 2).packetId();
        assertThat(second).isNotEqualTo(first);
        c.send(pubrec(second));
        c.expect(pubrel(second));
        c.send(pubrec(first));
        c.expect(pubrel(first));
        c.send(pubcomp(first), pubcomp(second));
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-2.3.1-7", "5.0:MQTT-2.2.1-6"})
    void repeatsThePacketIdOfTheRequestInSubackAndUnsuback(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        c.send(subscribe(0xFFFF, "a", 1), subscribe(0x0102, "b", 1), unsubscribe(0x0100, "a"), unsubscribe(1, "b"));
        c.expect(suback(0xFFFF, GRANTED_QOS_1));
        c.expect(suback(0x0102, GRANTED_QOS_1));
        c.expect(unsuback(0x0100, SUCCESS));
        c.expect(unsuback(1, SUCCESS));
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-2.3.1-4", "5.0:MQTT-4.3.3-1", "5.0:MQTT-4.3.2-1"})
    void neverSendsAnIdThatIsInUseInWhateverState(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        int[] ids = new int[6];
        for (int i = 0; i < 6; i++) {
            publisher.published("t", "p" + i, 1 + i % 2);
            ReceivedPublish came = c.expectPublish("t", "p" + i, 1 + i % 2);
            ids[i] = came.packetId();
            if (i == 3) {
                c.send(pubrec(ids[3]), puback(ids[2]));
                c.expect(pubrel(ids[3])); // and is in use up to PUBCOMP
            }
        }
        assertThat(ids).doesNotContain(0);
        assertThat(ids[4]).isNotIn(ids[0], ids[1], ids[3]);
        assertThat(ids[5]).isNotIn(ids[0], ids[1], ids[3], ids[4]);
        assertThat(List.of(ids[0], ids[1], ids[2], ids[3])).doesNotHaveDuplicates();
    }

    // ---- QoS 0

    @EachVersion
    @Statement({"3.1.1:MQTT-4.3.1-1", "5.0:MQTT-4.3.1-1"})
    void sendsQos0WithDup0AndNeverAgain(MqttVersion version) {
        WireClient c = persistent(version).subscribed("t", 0);
        publisher.send(
                publish("t", "1").qos(1, 1).dup(), publish("t", "2").qos(2, 2).dup(), publish("t", "3"));
        publisher.expect(puback(1));
        publisher.expect(pubrec(2));
        c.expectRaw("30 {['t'] P '1'} 30 {['t'] P '2'} 30 {['t'] P '3'}");
        c.drop();
        reconnect(version).expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-2", "5.0:MQTT-3.3.1-2"})
    void sendsEveryQos0MessageWithDup0AlsoForARetainedOne(MqttVersion version) {
        publisher.send(publish("t", "p").qos(1, 1).dup().retain());
        publisher.expect(puback(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        WireClient c = broker.client(version, "c").subscribed("t", 0);
        c.expect(publish("t", "p").retain());
    }

    // ---- QoS 1

    @EachVersion
    @Statement({"3.1.1:MQTT-4.3.2-1", "5.0:MQTT-4.3.2-3", "5.0:MQTT-4.3.2-2"})
    void treatsAQos1PublishAsUnacknowledgedUpToItsPuback(MqttVersion version) {
        WireClient c = persistent(version).subscribed("t", 1);
        publisher.published("t", "1", 1).published("t", "2", 1).published("t", "3", 1);
        int first = c.expect(publish("t", "1").qos(1)).packetId(); // DUP 0
        c.expect(publish("t", "2").qos(1, first + 1));
        c.expect(publish("t", "3").qos(1, first + 2));
        c.send(puback(first + 1));
        c.ping();
        c.drop();

        c = reconnect(version);
        c.expect(publish("t", "1").qos(1, first).dup());
        c.expect(publish("t", "3").qos(1, first + 2).dup());
        c.send(puback(first));
        c.ping();
        c.drop();

        c = reconnect(version);
        c.expect(publish("t", "3").qos(1, first + 2).dup());
        c.send(puback(first + 2));
        c.leave();
        reconnect(version).expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-1", "5.0:MQTT-3.3.1-1"})
    void setsDupOnWhatItSendsAgainAndOnThatAlone(MqttVersion version) {
        WireClient c = persistent(version).subscribed("t", 2);
        publisher.published("t", "1", 1).published("t", "2", 2);
        int one = c.expectPublish("t", "1", 1).packetId();
        int two = c.expectPublish("t", "2", 2).packetId();
        c.drop();
        publisher.published("t", "3", 1);
        for (int round = 0; round < 2; round++) {
            c = reconnect(version);
            c.expect(publish("t", "1").qos(1, one).dup());
            c.expect(publish("t", "2").qos(2, two).dup());
            c.expect(
                    round == 0
                            ? publish("t", "3").qos(1)
                            : publish("t", "3").qos(1).dup());
            c.drop();
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.3.2-2", "5.0:MQTT-4.3.2-5", "5.0:MQTT-4.3.2-4"})
    void takesAQos1PublishAfterItsPubackForANewMessageWhateverItsDup(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 1);
        WireClient author = broker.client(version, "author");
        for (int round = 0; round < 3; round++) {
            author.send(
                    round == 0
                            ? publish("t", "p").qos(1, 7)
                            : publish("t", "p").qos(1, 7).dup());
            author.expect(puback(7));
            c.take("t", "p", 1);
        }
        c.expectNothing();
    }

    // ---- QoS 2

    @EachVersion
    @Statement({"3.1.1:MQTT-4.3.3-1", "5.0:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-3"})
    void treatsAQos2PublishAsUnacknowledgedUpToItsPubrec(MqttVersion version) {
        WireClient c = persistent(version).subscribed("t", 2);
        publisher.published("t", "1", 2).published("t", "2", 2);
        int one = c.expect(publish("t", "1").qos(2)).packetId(); // DUP 0
        c.expect(publish("t", "2").qos(2, one + 1));
        c.expectNothing();
        c.drop();

        c = reconnect(version);
        c.expect(publish("t", "1").qos(2, one).dup());
        c.expect(publish("t", "2").qos(2, one + 1).dup());
        c.send(pubrec(one));
        c.expect(pubrel(one));
        c.drop();

        c = reconnect(version);
        c.expect(pubrel(one));
        c.expect(publish("t", "2").qos(2, one + 1).dup());
        c.send(pubcomp(one), pubrec(one + 1));
        c.expect(pubrel(one + 1));
        c.send(pubcomp(one + 1));
        c.leave();
        reconnect(version).expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.3.3-2", "5.0:MQTT-4.3.3-10", "5.0:MQTT-4.3.3-12"})
    void passesOnNothingTwiceBeforePubrelAndTakesTheIdForANewMessageBehindPubcomp(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        WireClient author = broker.client(version, "author");
        for (String message : List.of("first", "second")) {
            author.send(
                    publish("t", message).qos(2, 7),
                    publish("t", message).qos(2, 7).dup());
            author.expect(pubrec(7));
            author.expect(pubrec(7));
            author.send(pubrel(7));
            author.expect(pubcomp(7));
            c.take("t", message, 2);
        }
        c.expectNothing();
    }

    @EachVersion
    @Statement("5.0:MQTT-4.3.3-11")
    void answersEveryPubrelWithPubcomp(MqttVersion version) {
        broker.client("c").subscribed("t", 2);
        WireClient author = broker.client(version, "author");
        author.send(publish("t", "p").qos(2, 7));
        author.expect(pubrec(7));
        author.send(pubrel(7), pubrel(7), pubrel(8));
        author.expect(pubcomp(7));
        author.expect(pubcomp(7));
        author.expect(pubcomp(8));
    }

    @Test
    @Statement({"5.0:MQTT-4.3.3-4", "5.0:MQTT-4.4.0-2"})
    void sendsNoPubrelAndNothingAgainAfterAFailingPubrec() {
        for (ReasonCode reason : PUBLISH_REASONS) {
            WireClient c = persistent(MqttVersion.V5).subscribed("t", 2);
            publisher.published("t", "p", 2);
            int id = c.expectPublish("t", "p", 2).packetId();
            c.send(pubrec(id).reason(reason));
            if (!reason.isError()) {
                c.expect(pubrel(id));
                c.send(pubcomp(id));
            }
            c.expectNothing();
            c.leave();
            c = reconnect(MqttVersion.V5);
            c.expectNothing();
            c.leave(disconnect().sessionExpiry(0));
        }
    }

    @Test
    @Statement("5.0:MQTT-4.3.3-9")
    void takesAQos2PublishAfterAFailingPubrecForANewMessage() {
        WireClient c = broker.client("c").subscribed("t", 2);
        WireClient author = broker.client("author");
        author.send(publish("$SYS/no", "refused").qos(2, 7));
        author.expect(pubrec(7).reason(ReasonCode.NOT_AUTHORIZED));
        author.send(publish("t", "another").qos(2, 7).dup());
        author.expect(pubrec(7));
        author.send(pubrel(7));
        author.expect(pubcomp(7));
        c.take("t", "another", 2);
        c.expectNothing();
    }

    // ---- the window

    @Test
    @Statement({"5.0:MQTT-4.9.0-3", "5.0:MQTT-3.3.4-10"})
    void goesOnWithEverythingButPublishesWhileTheWindowOfTheClientIsFull() {
        WireClient c = broker.send(MqttVersion.V5, connect("c").receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t", 2);
        publisher.published("t", "1", 2).published("t", "2", 2);
        int id = c.expectPublish("t", "1", 2).packetId();

        c.send(subscribe(1, "u", 2), unsubscribe(2, "u"));
        c.expect(suback(1, GRANTED_QOS_2));
        c.expect(unsuback(2, SUCCESS));
        c.send(publish("t", "own").qos(2, 3));
        c.expect(pubrec(3));
        c.send(pubrel(3));
        c.expect(pubcomp(3));
        c.ping();
        c.send(pubrec(id));
        c.expect(pubrel(id));
        c.expectNothing();
        c.send(pubcomp(id));
        c.take("t", "2", 2);
        c.take("t", "own", 2);
    }

    // ---- reason codes

    @Test
    @Statement("5.0:MQTT-3.4.2-1")
    void takesTheReasonsOfPubackAndNoOthers() {
        WireClient c = broker.client("c").subscribed("t", 1);
        for (ReasonCode reason : PUBLISH_REASONS) {
            publisher.published("t", "p", 1);
            c.send(puback(c.expectPublish("t", "p", 1).packetId()).reason(reason));
        }
        c.expectNothing();
        violations.disconnect(
                MqttVersion.V5,
                PROTOCOL_ERROR,
                "40 {0001 01}",
                "40 {0001 02}",
                "40 {0001 92}",
                "40 {0001 7F}",
                "40 {0001 FF}");
    }

    @Test
    @Statement("5.0:MQTT-3.4.2-1")
    void sendsPubackWithAReasonThatIsListed() {
        broker.client("subscriber").subscribed("t", 1);
        WireClient c = broker.client("c");
        c.send(
                publish("t", "p").qos(1, 1),
                publish("nobody", "p").qos(1, 2),
                publish("$SYS/x", "p").qos(1, 3));
        c.expectRaw("40 {0001} 40 {0002 10} 40 {0003 87 {1F ['not authorized to publish to this topic']}}");
    }

    @Test
    @Statement("5.0:MQTT-3.5.2-1")
    void takesAndSendsTheReasonsOfPubrecAndNoOthers() {
        WireClient c = broker.client("c");
        c.send(publish("nobody", "p").qos(2, 2), publish("$SYS/x", "p").qos(2, 3));
        c.expectRaw("50 {0002 10} 50 {0003 87 {1F ['not authorized to publish to this topic']}}");
        violations.disconnect(
                MqttVersion.V5,
                PROTOCOL_ERROR,
                "50 {0001 01}",
                "50 {0001 02}",
                "50 {0001 92}",
                "50 {0001 7F}",
                "50 {0001 FF}");
    }

    @Test
    @Statement("5.0:MQTT-3.6.2-1")
    void takesAndSendsTheReasonsOfPubrelAndNoOthers() {
        WireClient c = broker.client("c");
        c.send(pubrel(9).reason(PACKET_IDENTIFIER_NOT_FOUND));
        c.expect(pubcomp(9));
        c.send(pubrec(9));
        c.expectRaw("62 {0009}");
        violations.disconnect(
                MqttVersion.V5,
                PROTOCOL_ERROR,
                "62 {0001 10}",
                "62 {0001 80}",
                "62 {0001 87}",
                "62 {0001 7F}",
                "62 {0001 FF}");
    }

    @Test
    @Statement("5.0:MQTT-3.7.2-1")
    void takesAndSendsTheReasonsOfPubcompAndNoOthers() {
        WireClient c = broker.client("c").subscribed("t", 2);
        publisher.published("t", "p", 2);
        int id = c.expectPublish("t", "p", 2).packetId();
        c.send(pubrec(id));
        c.expect(pubrel(id));
        c.send(pubcomp(id).reason(PACKET_IDENTIFIER_NOT_FOUND), pubrel(9));
        c.expectRaw("70 {0009}");
        violations.disconnect(
                MqttVersion.V5,
                PROTOCOL_ERROR,
                "70 {0001 10}",
                "70 {0001 80}",
                "70 {0001 87}",
                "70 {0001 7F}",
                "70 {0001 FF}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-2.3.1-6", "5.0:MQTT-2.2.1-5"})
    void disconnectsOnAnAcknowledgementOfPacketId0(MqttVersion version) {
        violations.disconnect(version, PROTOCOL_ERROR, "40 {0000}", "50 {0000}", "62 {0000}", "70 {0000}");
    }
}
