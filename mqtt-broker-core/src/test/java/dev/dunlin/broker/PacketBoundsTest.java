package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.NO_SUBSCRIPTION_EXISTED;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static dev.dunlin.codec.ReasonCode.TOPIC_FILTER_INVALID;
import static dev.dunlin.codec.ReasonCode.TOPIC_NAME_INVALID;
import static dev.dunlin.codec.ReasonCode.UNSPECIFIED_ERROR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bounds of what one packet may hold. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PacketBoundsTest {
    private TestBroker broker;

    private void start(Limits limits) {
        broker = TestBroker.start(limits);
    }

    @AfterEach
    void close() {
        if (broker != null) {
            broker.close();
        }
    }

    // ---- topics

    @EachVersion
    @Reaches("topicBytesMax")
    void refusesTopicsAndFiltersWithMoreBytes(MqttVersion version) {
        start(Limits.EMBEDDED.withTopicBytesMax(8));
        WireClient witness = broker.client("witness").subscribed("#", 0);
        WireClient c = broker.client(version, "c");
        c.send(
                publish("a/b/c/de", "p").qos(1, 1),
                publish("a/b/c/def", "p").qos(1, 2),
                publish("a/b/c/def", "p").qos(2, 3),
                publish("a/b/c/def", "p"));
        c.expect(puback(1));
        c.expect(puback(2).reason(TOPIC_NAME_INVALID));
        c.expect(pubrec(3).reason(TOPIC_NAME_INVALID));
        witness.expectPublish("a/b/c/de", "p", 0);
        witness.expectNothing();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(3);

        boolean five = version == MqttVersion.V5;
        c.send(subscribe(4, "a/b/c/d/#", 0).and("a/b/c/d/e/#", 0).and("a/b/c/d+", 0));
        if (!five) { // which has no code for the last one
            c.expectClosed();
            c = broker.client(version, "c");
            c.send(subscribe(4, "a/b/c/#", 0).and("a/b/c/d/e/#", 0));
            c.expect(suback(4, SUCCESS, UNSPECIFIED_ERROR));
        } else {
            c.expect(suback(4, TOPIC_FILTER_INVALID, TOPIC_FILTER_INVALID, TOPIC_FILTER_INVALID));
            c.subscribed("a/b/c/#", 0);
        }
        c.send(unsubscribe(5, "a/b/c/#", "a/b/c/x", "a/b/c/d/e"));
        c.expect(unsuback(5, SUCCESS, NO_SUBSCRIPTION_EXISTED, TOPIC_FILTER_INVALID));
    }

    @EachVersion
    @Reaches("topicBytesMax")
    void countsBytesNotCharacters(MqttVersion version) {
        start(Limits.EMBEDDED.withTopicBytesMax(8));
        WireClient c = broker.client(version, "c");
        c.send(
                publish("äöüß", "p").qos(1, 1),
                publish("äöüßx", "p").qos(1, 2),
                publish("€€xx", "p").qos(1, 3),
                publish("€€€", "p").qos(1, 4),
                publish("\uD83E\uDD86\uD83E\uDD86", "p").qos(1, 5),
                publish("\uD83E\uDD86\uD83E\uDD86x", "p").qos(1, 6));
        for (int id = 1; id <= 6; id++) {
            c.expect(puback(id).reason(id % 2 == 1 ? ReasonCode.NO_MATCHING_SUBSCRIBERS : TOPIC_NAME_INVALID));
        }
    }

    @EachVersion
    @Reaches({"topicBytesMax", "topicLevelsMax"})
    void refusesAConnectWithAWillThatNobodyCouldPublish(MqttVersion version) {
        start(Limits.EMBEDDED.withTopicBytesMax(8).withTopicLevelsMax(3));
        broker.send(version, connect("c").cleanStart().will(publish("a/b/cdef", "p")))
                .expect(connack());
        broker.send(version, connect("d").cleanStart().will(publish("a/b/cdefg", "p")))
                .expectRefusal(TOPIC_NAME_INVALID);
        broker.send(version, connect("e").cleanStart().will(publish("a/b/c/d", "p")))
                .expectRefusal(TOPIC_NAME_INVALID);
        assertThat(broker.sessions()).isEqualTo(1);
    }

    @Test
    @Reaches("topicBytesMax")
    void aResponseTopicIsATopicToo() {
        start(Limits.EMBEDDED.withTopicBytesMax(8));
        WireClient witness = broker.client("witness").subscribed("t", 0);
        WireClient c = broker.client("c");
        c.send(publish("t", "p").qos(1, 1).with(Property.RESPONSE_TOPIC, "12345678"));
        c.expect(puback(1));
        witness.expect(publish("t", "p").with(Property.RESPONSE_TOPIC, "12345678"));
        c.send(publish("t", "p").qos(1, 2).with(Property.RESPONSE_TOPIC, "123456789"));
        c.expect(puback(2).reason(TOPIC_NAME_INVALID));
        witness.expectNothing();
        broker.send(MqttVersion.V5, connect("d").will(publish("w", "p").with(Property.RESPONSE_TOPIC, "123456789")))
                .expectRefusal(TOPIC_NAME_INVALID);
    }

    // ---- payload

    @EachVersion
    @Reaches("payloadBytesMax")
    void refusesALargerPayload(MqttVersion version) {
        start(Limits.EMBEDDED.withPayloadBytesMax(4));
        WireClient witness = broker.client("witness").subscribed("#", 0);
        WireClient c = broker.client(version, "c");
        c.send(
                publish("t", "four").qos(1, 1),
                publish("t", "fives").qos(1, 2),
                publish("t", "fives").retain().qos(2, 3),
                publish("t", "fives"));
        c.expect(puback(1));
        Packet.Ack refused = c.expect(puback(2).reason(ReasonCode.QUOTA_EXCEEDED));
        c.expect(pubrec(3).reason(ReasonCode.QUOTA_EXCEEDED));
        assertThat(refused.properties().string(Property.REASON_STRING))
                .isEqualTo(version == MqttVersion.V5 ? "the payload is too large" : null);
        witness.expectPublish("t", "four", 0);
        witness.expectNothing();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(3);
        broker.client("late").subscribed("t", 0).expectNothing();
    }

    @EachVersion
    @Reaches("payloadBytesMax")
    void refusesAConnectWithAWillOfALargerPayload(MqttVersion version) {
        start(Limits.EMBEDDED.withPayloadBytesMax(4));
        broker.send(version, connect("c").cleanStart().will(publish("t", "four")))
                .expect(connack());
        broker.send(version, connect("d").cleanStart().will(publish("t", "fives")))
                .expectRefusal(ReasonCode.PACKET_TOO_LARGE);
    }

    @Test
    @Reaches("payloadBytesMax")
    void refusesALargerPayloadOfTheLocalClient() {
        start(Limits.EMBEDDED.withPayloadBytesMax(4));
        broker.local().publish(Message.of("t", "four")).toCompletableFuture().join();
        assertThat(broker.local().publish(Message.of("t", "fives")).toCompletableFuture())
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withCauseInstanceOf(RejectedException.class);
    }

    // ---- user properties

    @Test
    @Reaches("userPropertiesMax")
    void closesOnAPublishWithMoreUserProperties() {
        start(Limits.EMBEDDED.withUserPropertiesMax(3));
        WireClient witness = broker.client("witness").subscribed("t", 0);
        WireClient c = broker.client("c");
        c.published(withUserProperties(publish("t", "p"), 3), 1);
        witness.expect(withUserProperties(publish("t", "p"), 3));
        c.published(withUserProperties(publish("t", "p"), 3), 1); // each packet for itself
        c.send(withUserProperties(publish("t", "q"), 4).qos(1, 2));
        c.expectDisconnect(ReasonCode.QUOTA_EXCEEDED);
        witness.expect(withUserProperties(publish("t", "p"), 3));
        witness.expectNothing();
    }

    @Test
    @Reaches("userPropertiesMax")
    void refusesAConnectWithMoreUserPropertiesByDefaultToo() {
        start(Limits.EMBEDDED);
        int max = Limits.EMBEDDED.userPropertiesMax();
        broker.open(MqttVersion.V5).send(connectWith(max)).expect(connack());
        broker.open(MqttVersion.V5).send(connectWith(max + 1)).expectRefusal(ReasonCode.QUOTA_EXCEEDED);
        broker.send(MqttVersion.V5, connect("w").cleanStart().will(withUserProperties(publish("w", "p"), max)))
                .expect(connack());
        broker.send(MqttVersion.V5, connect("x").cleanStart().will(withUserProperties(publish("w", "p"), max + 1)))
                .expectRefusal(ReasonCode.QUOTA_EXCEEDED);
    }

    @Test
    @Reaches("userPropertiesMax")
    void noPacketMayHaveMore() {
        start(Limits.EMBEDDED.withUserPropertiesMax(1));
        String two = "{26 ['a'] [] 26 ['a'] []}";
        for (String packet : new String[] {
            "82 {0001 " + two + " ['t'] 00}", // SUBSCRIBE
            "A2 {0001 " + two + " ['t']}", // UNSUBSCRIBE
            "40 {0001 00 " + two + "}", // PUBACK
            "E0 {00 " + two + "}", // DISCONNECT
        }) {
            WireClient c = broker.client("c");
            c.send(raw(packet));
            c.expectDisconnect(ReasonCode.QUOTA_EXCEEDED);
        }
    }

    private static PublishPacket withUserProperties(PublishPacket publish, int count) {
        for (int i = 0; i < count; i++) {
            publish.userProperty("name", "value" + i);
        }
        return publish;
    }

    private static Sendable connectWith(int userProperties) {
        return raw("10 {['MQTT'] 05 02 0000 {" + "26 ['a'] []".repeat(userProperties) + "} ['c']}");
    }
}
