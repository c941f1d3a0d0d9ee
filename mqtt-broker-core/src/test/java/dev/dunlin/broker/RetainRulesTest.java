package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static dev.dunlin.codec.ReasonCode.SUCCESS;

import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The RETAIN flag in both directions, in every version. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RetainRulesTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-5", "5.0:MQTT-3.3.1-5"})
    void keepsTheLastMessageOfATopicWithItsQos(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        int[] order = {0, 2, 1, 2, 0, 1};
        for (int i = 0; i < order.length; i++) {
            publisher.published(publish("t", "p" + i).retain(), order[i]);
            WireClient c = broker.client(version, "c").subscribed("t", 2);
            c.take(publish("t", "p" + i).qos(order[i]).retain());
            c.expectNothing();
            c.leave();
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-6", "3.1.1:MQTT-3.3.1-8", "5.0:MQTT-3.3.1-9"})
    void sendsTheKeptMessagesOfAllTopicsThatMatchANewSubscription(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        publisher
                .published(publish("a", "1").retain(), 1)
                .published(publish("a/b", "2").retain(), 2)
                .published(publish("b", "3").retain(), 1);
        WireClient c = broker.client(version, "c").subscribed("a", 1);
        c.take(publish("a", "1").qos(1).retain());
        c.subscribed("+/b", 2);
        c.take(publish("a/b", "2").qos(2).retain());
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-12"})
    void clearsRetainOnTheWayToSubscriptionsThatStandAtThatTime(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        publisher.send(publish("t", "0").retain());
        c.expectPublish("t", "0", 0);
        publisher.published(publish("t", "1").retain(), 1);
        c.take("t", "1", 1);
        publisher.published(publish("t", "2").retain(), 2);
        c.take("t", "2", 2);
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-10", "3.1.1:MQTT-3.3.1-11", "5.0:MQTT-3.3.1-7"})
    void deliversAnEmptyMessageAndKeepsNeitherItNorTheOneBefore(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        WireClient present = broker.client(version, "present").subscribed("#", 1);
        publisher.published(publish("t", "").retain(), 1); // where there was none
        present.take("t", "", 1);
        publisher
                .published(publish("t", "p").retain(), 1)
                .published(publish("other", "stays").retain(), 1);
        present.take("t", "p", 1);
        present.take("other", "stays", 1);
        publisher.published(publish("t", "").retain(), 1);
        present.take("t", "", 1);
        WireClient late = broker.client(version, "late").subscribed("#", 1);
        late.take(publish("other", "stays").qos(1).retain());
        late.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-12", "5.0:MQTT-3.3.1-8"})
    void neitherReplacesNorRemovesByAMessageWithoutRetain(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        publisher
                .published(publish("t", "kept").retain(), 1)
                .published("t", "other", 2)
                .published("t", "", 1);
        WireClient late = broker.client(version, "late").subscribed("t", 2);
        late.take(publish("t", "kept").qos(1).retain());
        late.expectNothing();
    }

    @EachVersion
    @Statement("3.1.1:MQTT-3.3.1-7")
    void aMessageOfQos0TakesThePlaceOfTheOneBefore(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        publisher.published(publish("t", "old").retain(), 2);
        publisher.send(publish("t", "new").retain());
        publisher.ping();
        WireClient late = broker.client(version, "late").subscribed("t", 2);
        late.take(publish("t", "new").retain());
        late.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-3.3.1-13", "5.0:MQTT-3.3.1-12"})
    void leavesRetainAsItIsForASubscriptionThatAsksForThat() {
        WireClient c = broker.client("c");
        c.send(subscribe(1, "as/published", 2).retainAsPublished().and("cleared", 2));
        c.expect(suback(1, GRANTED_QOS_2, GRANTED_QOS_2));
        WireClient publisher = broker.client(MqttVersion.V3_1_1, "publisher");
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published(publish("as/published", "p").retain(), qos);
            c.take(publish("as/published", "p").qos(qos).retain());
            publisher.published(publish("as/published", "p"), qos);
            c.take("as/published", "p", qos);
            publisher.published(publish("cleared", "p").retain(), qos);
            c.take("cleared", "p", qos);
        }
    }

    @Test
    @Statement({"5.0:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-10", "5.0:MQTT-3.3.1-11"})
    void sendsKeptMessagesAsTheRetainHandlingOfTheSubscriptionSays() {
        broker.client("publisher").published(publish("t", "kept").retain(), 0);
        WireClient c = broker.client("c");
        int id = 0;
        for (int handling : new int[] {2, 0, 0, 1, 2, 0}) {
            c.send(subscribe(++id, "t", 0).retainHandling(handling));
            c.expect(suback(id, SUCCESS));
            if (handling == 0) {
                c.expect(publish("t", "kept").retain());
            }
            c.expectNothing();
        }
        c.send(subscribe(++id, "+", 0).retainHandling(1)); // a new one
        c.expect(suback(id, SUCCESS));
        c.expect(publish("t", "kept").retain());
        c.expectNothing();
    }
}
