package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.codec.ReasonCode.MALFORMED_PACKET;
import static dev.dunlin.codec.ReasonCode.SESSION_TAKEN_OVER;
import static dev.dunlin.codec.ReasonCode.TOPIC_NAME_INVALID;

import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a session keeps, for whom, and how connections end; seen from outside alone. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SessionRulesTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final Violations violations = new Violations(broker);
    private final WireClient publisher = broker.client("publisher");

    private WireClient fresh(MqttVersion version, ConnectPacket connect) {
        WireClient c = broker.send(version, connect);
        c.expect(connack());
        return c;
    }

    private WireClient resumed(MqttVersion version, ConnectPacket connect) {
        WireClient c = broker.send(version, connect);
        c.expect(connack().sessionPresent());
        return c;
    }

    // ---- what is kept

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.2-4", "3.1.1:MQTT-4.1.0-1", "5.0:MQTT-3.1.2-5"})
    void keepsSubscriptionsAndWhatIsUnderWayInBothDirections(MqttVersion version) {
        WireClient subscriber = broker.client("subscriber").subscribed("inbound", 2);
        WireClient c = fresh(version, connect("c").sessionExpiry(100)).subscribed("t", 2);
        publisher.published("t", "1", 1).published("t", "2", 2);
        int one = c.expectPublish("t", "1", 1).packetId();
        int two = c.expectPublish("t", "2", 2).packetId();
        c.send(publish("inbound", "p").qos(2, 77));
        c.expect(pubrec(77));
        c.drop();
        subscriber.take("inbound", "p", 2);

        c = resumed(version, connect("c").sessionExpiry(100));
        c.expect(publish("t", "1").qos(1, one).dup());
        c.expect(publish("t", "2").qos(2, two).dup());
        c.send(publish("inbound", "p").qos(2, 77).dup());
        c.expect(pubrec(77));
        publisher.published("t", "3", 0);
        c.expectPublish("t", "3", 0);
        subscriber.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.2-5", "3.1.1:MQTT-4.5.0-1", "5.0:MQTT-4.5.0-1"})
    void keepsQos1And2MessagesForEverySessionWhoseSubscriptionMatches(MqttVersion version) {
        for (String id : new String[] {"one", "two"}) {
            fresh(version, connect(id).sessionExpiry(100)).subscribed("t/#", 2).leave();
        }
        fresh(version, connect("other").sessionExpiry(100)).subscribed("u", 2).leave();
        WireClient online = broker.client(version, "online").subscribed("t/1", 1);
        publisher.published("t/1", "a", 1).published("t/2", "b", 2);
        online.take("t/1", "a", 1);
        online.expectNothing();
        for (String id : new String[] {"one", "two"}) {
            WireClient c = resumed(version, connect(id).sessionExpiry(100));
            c.take("t/1", "a", 1);
            c.take("t/2", "b", 2);
            c.expectNothing();
        }
        resumed(version, connect("other").sessionExpiry(100)).expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.1.0-2", "5.0:MQTT-4.1.0-1"})
    void lastsAsLongAsItsConnectionWhateverItsExpiry(MqttVersion version) {
        WireClient c = fresh(version, connect("c").cleanStart()).subscribed("t", 1);
        publisher.published("t", "1", 1);
        int one = c.expectPublish("t", "1", 1).packetId();
        c.ping();
        publisher.published("t", "2", 1);
        int two = c.expect(publish("t", "2").qos(1, one + 1)).packetId();
        c.send(puback(two), puback(one));
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.2-6", "5.0:MQTT-3.1.2-4", "3.1.1:MQTT-3.2.2-1"})
    void discardsWhatThereWasOnACleanStart(MqttVersion version) {
        WireClient c = fresh(version, connect("c").sessionExpiry(100)).subscribed("t", 1);
        publisher.published("t", "under way", 1);
        c.expectPublish("t", "under way", 1);
        c.drop();
        publisher.published("t", "queued", 1);

        c = fresh(version, connect("c").cleanStart()); // Session Present 0
        publisher.published("t", "live", 1);
        c.expectNothing();
        c.leave();
        c = fresh(version, connect("c").sessionExpiry(100)); // and nothing of the clean one is left
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.3-2", "5.0:MQTT-3.1.3-2"})
    void belongsToTheVeryClientId(MqttVersion version) {
        fresh(version, connect("id").sessionExpiry(100)).subscribed("t", 1).leave();
        publisher.published("t", "p", 1);
        for (String other : new String[] {"ID", "id ", "i", "id2", "\u0131d"}) {
            WireClient c = fresh(version, connect(other).sessionExpiry(100));
            c.expectNothing();
            c.leave();
        }
        resumed(version, connect("id").sessionExpiry(100)).take("t", "p", 1);
    }

    @EachVersion
    @Statement("3.1.1:MQTT-3.1.2-7")
    void leavesRetainedMessagesBehindWhenItEnds(MqttVersion version) {
        WireClient author = broker.client(version, "author");
        author.published(publish("t", "kept").retain(), 1);
        author.leave();
        fresh(version, connect("author").cleanStart()).leave();
        broker.client(version, "late")
                .subscribed("t", 1)
                .take(publish("t", "kept").qos(1).retain());
    }

    // ---- ends

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.4-2", "5.0:MQTT-3.1.4-3"})
    void disconnectsTheEarlierConnectionWithTheSameClientId(MqttVersion version) {
        violations.watched();
        WireClient old = fresh(version, connect("c").sessionExpiry(100)).subscribed("t", 1);
        WireClient next = resumed(version, connect("c").sessionExpiry(100));
        if (version == MqttVersion.V5) {
            old.expect(disconnect(SESSION_TAKEN_OVER));
        }
        old.expectClosed();
        publisher.published("t", "p", 1);
        next.take("t", "p", 1);
    }

    @Test
    @Statement({"5.0:MQTT-4.13.2-1", "5.0:MQTT-3.1.2-8"})
    void closesBehindADisconnectWithAnErrorAndPublishesTheWill() {
        WireClient witness = broker.client("witness").subscribed("will", 1);
        for (int reason : new int[] {0x80, 0x81, 0x82, 0x93, 0x99}) {
            WireClient c = fresh(
                    MqttVersion.V5,
                    connect("c").cleanStart().will(publish("will", "gone").qos(1)));
            c.sendRaw(0xE0, 1, reason);
            c.expectClosed();
            witness.take("will", "gone", 1);
        }
        witness.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-4.13.2-1", "5.0:MQTT-3.14.4-1", "5.0:MQTT-3.14.4-2"})
    void closesBehindEveryDisconnectThatItSendsAndSaysNothingElse() {
        WireClient c = broker.client("c");
        c.send(raw("30 {['#'] 00}"), pingreq(), publish("t", "p").qos(1, 1));
        c.expect(disconnect(TOPIC_NAME_INVALID));
        c.expectClosed();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.14.4-3", "5.0:MQTT-3.14.4-3", "3.1.1:MQTT-3.1.2-10"})
    void publishesNoWillAfterANormalDisconnectThoughTheConnectionBreaksThen(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("will", 1);
        WireClient c = fresh(
                version, connect("c").cleanStart().will(publish("will", "gone").qos(1)));
        c.send(raw("E0 00"), raw("00 00")); // what comes behind is not even looked at
        c.expectClosed();
        witness.expectNothing();
        c = fresh(
                version, connect("c").cleanStart().will(publish("will", "gone").qos(1)));
        c.send(raw("00 00"), raw("E0 00"));
        c.expectDisconnect(MALFORMED_PACKET);
        witness.take("will", "gone", 1);
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.1.2-12", "3.1.1:MQTT-3.1.2-8", "5.0:MQTT-3.1.2-7"})
    void publishesTheWillOfTheConnectionThatIsLostAndOfNoOther(MqttVersion version) {
        WireClient witness = broker.client(version, "witness").subscribed("#", 1);
        fresh(version, connect("none").cleanStart()).drop();
        WireClient stays = fresh(version, connect("stays").cleanStart().will(publish("stays", "gone")));
        fresh(version, connect("goes").cleanStart().will(publish("goes", "gone").qos(1)))
                .drop();
        witness.take("goes", "gone", 1);
        witness.expectNothing();
        stays.ping();
    }

    // ---- as printed

    @EachVersion
    @Statement({"3.1.1:MQTT-7.0.0-2", "3.1.1:MQTT-3.1.4-4", "5.0:MQTT-3.1.4-5"})
    void servesAClientThatKnowsTheSpecificationAndNothingElse(MqttVersion version) {
        WireClient c = broker.open(version);
        c.send(raw("10 {N 02 003C P ['plain']}"));
        c.expect(connack());
        c.send(raw("82 {0001 P ['a/b'] 02}"));
        c.expectRaw("90 {0001 P 02}");
        c.send(raw("30 {['a/b'] P 'zero'}"));
        c.expectRaw("30 {['a/b'] P 'zero'}");
        publisher.send(raw("32 {['a/b'] 0001 00 'one'}"));
        c.expectRaw("32 {['a/b'] 0001 P 'one'}");
        c.send(raw("40 {0001}"));
        publisher.send(raw("34 {['a/b'] 0002 00 'two'}"));
        c.expectRaw("34 {['a/b'] 0002 P 'two'}");
        c.send(raw("50 {0002}"));
        c.expectRaw("62 {0002}");
        c.send(raw("70 {0002}"));
        c.send(raw("A2 {0003 P ['a/b']}"));
        c.expectRaw(version == MqttVersion.V5 ? "B0 {0003 00 00}" : "B0 {0003}");
        c.send(raw("C0 00"));
        c.expectRaw("D0 00");
        c.send(raw("E0 00"));
        c.expectClosed();
    }
}
