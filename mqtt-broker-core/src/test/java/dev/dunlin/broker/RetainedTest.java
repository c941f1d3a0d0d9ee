package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Retained messages: kept, replaced, removed, and sent to new subscriptions. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RetainedTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final WireClient publisher = broker.client("publisher");

    private void retain(String topic, String payload, int qos) {
        publisher.published(publish(topic, payload).retain(), qos);
    }

    // ---- kept

    @EachVersion
    @Statement({"5.0:MQTT-3.3.1-5", "3.1.1:MQTT-3.3.1-6", "3.1.1:MQTT-3.3.1-8"})
    void sendsTheRetainedMessageToANewSubscription(MqttVersion version) {
        for (int qos = 0; qos <= 2; qos++) {
            broker.client(version, "author").published(publish("t/" + qos, "p").retain(), qos);
        }
        WireClient c = broker.client(version, "c").subscribed("t/+", 2);
        for (int qos = 0; qos <= 2; qos++) {
            c.take(publish("t/" + qos, "p").qos(qos).retain());
        }
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.1-9", "5.0:MQTT-3.3.1-12"})
    void sendsItToEstablishedSubscriptionsWithoutRetain(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        for (int qos = 0; qos <= 2; qos++) {
            retain("t", "p", qos);
            c.take("t", "p", qos);
        }
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.3.1-5", "3.1.1:MQTT-3.3.1-7"})
    void keepsOnlyTheLastOfATopic(MqttVersion version) {
        retain("t", "first", 2);
        retain("t", "second", 1);
        retain("t", "third", 0);
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        c.take(publish("t", "third").retain());
        c.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.3.1-8", "3.1.1:MQTT-3.3.1-12"})
    void isUntouchedByMessagesWithoutRetain(MqttVersion version) {
        retain("t", "kept", 1);
        publisher.published("t", "not kept", 1);
        publisher.published("t", "", 1);
        publisher.published("u", "not kept", 1);
        WireClient c = broker.client(version, "c").subscribed("#", 1);
        c.take(publish("t", "kept").qos(1).retain());
        c.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.3.1-6", "5.0:MQTT-3.3.1-7", "3.1.1:MQTT-3.3.1-10"})
    void isRemovedByAnEmptyPayloadWhichIsDeliveredToo(MqttVersion version) {
        WireClient present = broker.client(version, "present").subscribed("t", 1);
        retain("t", "p", 1);
        present.take("t", "p", 1);
        retain("t", "", 1);
        present.take("t", "", 1);
        WireClient late = broker.client(version, "late").subscribed("t", 1);
        late.expectNothing();
        retain("t", "again", 1);
        present.take("t", "again", 1);
        late.take("t", "again", 1);
    }

    @EachVersion
    @Statement("3.1.1:MQTT-3.1.2-7")
    void outlivesTheSessionOfItsPublisher(MqttVersion version) {
        WireClient author = broker.client(version, "author");
        author.published(publish("t", "p").retain(), 1);
        author.leave();
        broker.client(version, "author").leave();
        broker.client(version, "c").subscribed("t", 0).take(publish("t", "p").retain());
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.8.4-8", "3.1.1:MQTT-3.8.4-6"})
    void isSentWithTheLowerQos(MqttVersion version) {
        retain("t", "p", 2);
        WireClient c = broker.client(version, "c").subscribed("t", 1);
        c.take(publish("t", "p").qos(1).retain());
        c.subscribed("t", 0);
        c.take(publish("t", "p").retain());
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-4", "5.0:MQTT-3.3.2-18"})
    void keepsItsPropertiesAndTellsTheSubscriptionIdentifier() {
        publisher.published(publish("t", "p").retain().userProperty("b", "1").userProperty("a", "2"), 1);
        WireClient c = broker.client("c");
        c.send(subscribe(1, "#", 1).identifier(12));
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        ReceivedPublish came = c.take(publish("t", "p").qos(1).retain());
        assertThat(came.properties().subscriptionIdentifiers()).containsExactly(12);
        assertThat(came.properties().userProperties()).extracting("name").containsExactly("b", "a");
    }

    @ParameterizedTest
    @Statement({"5.0:MQTT-4.7.2-1", "5.0:MQTT-3.3.2-3"})
    @CsvSource({
        "#, a a/b a/b/c /a b",
        "a/#, a a/b a/b/c",
        "+, a b",
        "+/+, a/b /a",
        "+/b/#, a/b a/b/c",
        "a/b/c, a/b/c",
        "$x/#, $x $x/y",
        "$x/+, $x/y",
        "nothing/#, ''"
    })
    void matchesFiltersAsLiveMessagesDo(String filter, String topics) {
        for (String topic : new String[] {"a", "a/b", "a/b/c", "/a", "b", "$x", "$x/y"}) {
            retain(topic, "p", 0);
        }
        WireClient c = broker.client("c").subscribed(filter, 0);
        Set<String> came = new HashSet<>();
        for (int i = 0; i < (topics.isEmpty() ? 0 : topics.split(" ").length); i++) {
            came.add(((ReceivedPublish) c.receive()).topic());
        }
        c.expectNothing();
        assertThat(came).isEqualTo(topics.isEmpty() ? Set.of() : Set.of(topics.split(" ")));
    }

    // ---- retain handling

    @EachVersion
    @Statement({"5.0:MQTT-3.8.4-4", "3.1.1:MQTT-3.8.4-3", "5.0:MQTT-3.3.1-9"})
    void comesAgainWhenTheSubscriptionIsRepeated(MqttVersion version) {
        retain("t", "p", 1);
        WireClient c = broker.client(version, "c");
        for (int round = 0; round < 3; round++) {
            c.subscribed("t", 1);
            c.take(publish("t", "p").qos(1).retain());
        }
        c.expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.3.1-10")
    void comesOnlyForANewSubscriptionWithRetainHandling1() {
        retain("t", "p", 1);
        WireClient c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.send(subscribe(1, "t", 1).retainHandling(1));
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        c.take(publish("t", "p").qos(1).retain());
        c.send(subscribe(2, "t", 0).retainHandling(1));
        c.expect(suback(2, ReasonCode.SUCCESS));
        c.expectNothing();
        c.leave();

        c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        c.send(subscribe(3, "t", 0).retainHandling(1)); // the session still has it
        c.expect(suback(3, ReasonCode.SUCCESS));
        c.expectNothing();
        c.send(unsubscribe(4, "t"), subscribe(5, "t", 0).retainHandling(1));
        c.expect(unsuback(4, ReasonCode.SUCCESS));
        c.expect(suback(5, ReasonCode.SUCCESS));
        c.take(publish("t", "p").retain());
    }

    @Test
    @Statement("5.0:MQTT-3.3.1-11")
    void neverComesWithRetainHandling2() {
        retain("t", "p", 1);
        WireClient c = broker.client("c");
        c.send(subscribe(1, "t", 1).retainHandling(2).and("#", 1).retainHandling(2));
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1, ReasonCode.GRANTED_QOS_1));
        c.expectNothing();
        retain("t", "live", 1);
        c.take("t", "live", 1);
    }

    @Test
    void comesOncePerSubscriptionOfOneSubscribe() {
        retain("t", "p", 0);
        WireClient c = broker.client("c");
        c.send(subscribe(1, "t", 0).and("+", 0).and("u", 0));
        c.expect(suback(1, ReasonCode.SUCCESS, ReasonCode.SUCCESS, ReasonCode.SUCCESS));
        c.take(publish("t", "p").retain());
        c.take(publish("t", "p").retain());
        c.expectNothing();
    }

    // ---- pace

    @Test
    @Statement("5.0:MQTT-3.3.4-9")
    void comesAtThePaceOfTheReceiveMaximum() {
        int messages = 2_500; // more than one pump's worth
        for (int i = 0; i < messages; i++) {
            publisher.send(publish("t/" + i, "p").qos(1, 1).retain());
            publisher.expect(puback(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        }
        WireClient c =
                broker.send(MqttVersion.V5, connect("c").sessionExpiry(100).receiveMaximum(3));
        c.expect(connack());
        c.send(subscribe(1, "t/#", 1).retainAsPublished());
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        Set<String> topics = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            topics.add(takeAny(c).topic());
        }
        int unacknowledged = 3;
        for (int i = 0; i < unacknowledged; i++) {
            assertThat(((ReceivedPublish) c.receive()).dup()).isFalse();
        }
        c.expectNothing();
        c.drop();

        c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100).receiveMaximum(1));
        c.expect(connack().sessionPresent());
        for (int i = 1_000; i < messages; i++) { // goes on where it was, with what was under way
            topics.add(takeAny(c).topic());
        }
        c.expectNothing();
        assertThat(topics).hasSize(messages);
    }

    private static ReceivedPublish takeAny(WireClient c) {
        ReceivedPublish came = (ReceivedPublish) c.receive();
        assertThat(came.retain()).isTrue();
        c.acknowledge(came);
        return came;
    }

    @Test
    @Statement("5.0:MQTT-3.10.4-2")
    void stopsComingAfterUnsubscribe() {
        for (int i = 0; i < 5; i++) {
            retain("t/" + i, "p", 1);
        }
        WireClient c = broker.send(MqttVersion.V5, connect("c").receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t/#", 1);
        ReceivedPublish begun = c.expect(publish("t/0", "p").qos(1).retain());
        c.send(unsubscribe(1, "t/#"));
        c.expect(unsuback(1, ReasonCode.SUCCESS));
        c.acknowledge(begun);
        c.expectNothing();
    }

    @Test
    void beginsAnewWhenTheSubscriptionIsRepeatedMeanwhile() {
        for (int i = 0; i < 3; i++) {
            retain("t/" + i, "p", 1);
        }
        WireClient c = broker.send(MqttVersion.V5, connect("c").receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t/#", 1);
        ReceivedPublish begun = c.expect(publish("t/0", "p").qos(1).retain());
        for (int i = 0; i < 50; i++) {
            c.subscribed("t/#", 1); // 50 walks at a time would be 150 messages
        }
        c.acknowledge(begun);
        for (int i = 0; i < 3; i++) {
            c.take(publish("t/" + i, "p").qos(1).retain());
        }
        c.expectNothing();
    }

    @Test
    void aLiveMessageIsNotFollowedByAnOlderRetainedOne() {
        for (int i = 0; i < 3; i++) {
            retain("t/" + i, "old", 1);
        }
        WireClient c = broker.send(MqttVersion.V5, connect("c").receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t/#", 1);
        ReceivedPublish begun = c.expect(publish("t/0", "old").qos(1).retain());
        retain("t/1", "new", 1);
        retain("t/2", "", 1);
        c.acknowledge(begun);
        c.take("t/1", "new", 1);
        c.take("t/2", "", 1);
        c.expectNothing();
    }

    @Test
    void relaysLargeRetainedMessages() {
        byte[] large = new byte[3 << 20];
        new Random(2).nextBytes(large);
        publisher.published(publish("t", large).retain(), 1);
        for (int i = 0; i < 3; i++) {
            WireClient c = broker.client(MqttVersion.values()[i], "c" + i).subscribed("t", i);
            c.take(publish("t", large).qos(Math.min(i, 1)).retain());
        }
        publisher.published(publish("t", new byte[2_000]).retain(), 1);
        broker.client("late")
                .subscribed("t", 0)
                .take(publish("t", new byte[2_000]).retain());
    }

    @ParameterizedTest
    @ValueSource(ints = {1_024, 64 << 10, 80 << 10, 1 << 20})
    void comesCompletelyAndInOrderHoweverOftenTheOutputFillsUp(int outputBytesMax) {
        int messages = 2_500;
        String filling = "x".repeat(200);
        try (TestBroker narrow = TestBroker.start(Limits.EMBEDDED.withOutputBytesMax(outputBytesMax))) {
            WireClient author = narrow.client("author");
            for (int i = 0; i < messages; i++) {
                author.send(publish("t/" + (10_000 + i), i + filling).retain());
            }
            author.ping();
            for (int qos = 0; qos <= 1; qos++) {
                WireClient c = narrow.client("c" + qos).subscribed("t/+", qos);
                for (int i = 0; i < messages; i++) {
                    c.expect(publish("t/" + (10_000 + i), i + filling).retain());
                }
                c.expectNothing();
            }
        }
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-25")
    void isDroppedWhereItIsTooLarge() {
        retain("t/1", "x".repeat(200), 1);
        retain("t/2", "y", 1);
        WireClient c = broker.send(MqttVersion.V5, connect("c").maximumPacketSize(100));
        c.expect(connack());
        c.subscribed("t/#", 1);
        c.take(publish("t/2", "y").qos(1).retain());
        c.expectNothing();
        assertThat(broker.dropped(DropReason.PACKET_TOO_LARGE)).isEqualTo(1);
    }
}
