package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a subscriber is sent: the exchanges of QoS 1 and 2, their repetition, the window, and what a PUBLISH carries. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DeliveryTest {
    private static final int IDS = 65_535;

    /** Fewer are under way at a time when packet ids are reserved in a store. */
    private static final int ID_BLOCK = 1_024;

    @AutoClose
    // The window's own bytes are not the matter here.
    private final TestBroker broker = TestBroker.start(Limits.EMBEDDED.withInflightBytesMax(64 << 20));

    private final WireClient publisher = broker.client("publisher");

    private WireClient reconnect(MqttVersion version, String id) {
        WireClient c = broker.send(version, connect(id).sessionExpiry(1_000));
        c.expect(connack().sessionPresent());
        return c;
    }

    private WireClient persistent(MqttVersion version, String id) {
        WireClient c = broker.send(version, connect(id).sessionExpiry(1_000));
        c.expect(connack());
        return c;
    }

    // ---- QoS

    @ParameterizedTest
    @Statement({"5.0:MQTT-3.8.4-8", "3.1.1:MQTT-3.8.4-6", "5.0:MQTT-3.2.2-10"})
    @CsvSource({"0,0,0", "0,1,0", "0,2,0", "1,0,0", "1,1,1", "1,2,1", "2,0,0", "2,1,1", "2,2,2"})
    void deliversWithTheLowerOfPublishedAndGrantedQos(int published, int granted, int delivered) {
        for (MqttVersion version : MqttVersion.values()) {
            WireClient c = broker.client(version, "c").subscribed("t", granted);
            publisher.published("t", "p", published);
            c.take("t", "p", delivered);
            c.expectNothing();
            c.leave();
        }
    }

    @EachVersion
    @Statement({"5.0:MQTT-2.2.1-4", "5.0:MQTT-4.3.2-1", "3.1.1:MQTT-2.3.1-4"})
    void neverHasTwoExchangesUnderOneId(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        BitSet used = new BitSet();
        for (int i = 0; i < 100; i++) {
            publisher.published("t", "p", 1 + i % 2);
            int id = c.expectPublish("t", "p", 1 + i % 2).packetId();
            assertThat(used.get(id)).as("id %d twice", id).isFalse();
            used.set(id);
        }
    }

    // ---- resending

    @EachVersion
    @Statement({"5.0:MQTT-4.4.0-1", "5.0:MQTT-3.3.1-1", "3.1.1:MQTT-4.4.0-1"})
    void resendsUnackedPublishesInOrderAfterReconnect(MqttVersion version) {
        WireClient c = persistent(version, "c").subscribed("t", 2);
        int[] ids = new int[4];
        for (int i = 0; i < 4; i++) {
            publisher.published("t", "p" + i, 1 + i % 2);
            ids[i] = c.expectPublish("t", "p" + i, 1 + i % 2).packetId();
        }
        c.send(puback(ids[0]), pubrec(ids[1]));
        c.expect(pubrel(ids[1]));
        c.drop();

        c = reconnect(version, "c");
        c.expect(pubrel(ids[1]));
        c.take(publish("t", "p2").qos(1, ids[2]).dup());
        c.take(publish("t", "p3").qos(2, ids[3]).dup());
        c.send(pubcomp(ids[1]));
        c.leave();
        reconnect(version, "c").expectNothing();
    }

    @EachVersion
    @Statement("5.0:MQTT-4.4.0-1")
    void resendsNothingWhileConnected(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        publisher.published("t", "1", 1);
        publisher.published("t", "2", 2);
        c.expectPublish("t", "1", 1);
        c.expectPublish("t", "2", 2);
        c.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-4.3.3-6", "5.0:MQTT-4.3.3-5", "3.1.1:MQTT-4.3.3-1"})
    void resendsPubrelNotThePublishOnceItWasReceived(MqttVersion version) {
        WireClient c = persistent(version, "c").subscribed("t", 2);
        publisher.published("t", "p", 2);
        int id = c.expectPublish("t", "p", 2).packetId();
        c.send(pubrec(id));
        c.expect(pubrel(id));
        for (int round = 0; round < 3; round++) {
            c.drop();
            c = reconnect(version, "c");
            c.expect(pubrel(id));
            c.expectNothing();
        }
        c.send(pubcomp(id));
        c.leave();
        reconnect(version, "c").expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-4.5.0-1", "3.1.1:MQTT-3.1.2-5", "5.0:MQTT-4.3.2-2"})
    void sendsWhatWasQueuedOfflineWithoutDup(MqttVersion version) {
        persistent(version, "c").subscribed("t", 2).leave();
        publisher.published("t", "0", 0);
        publisher.published("t", "1", 1);
        publisher.published("t", "2", 2);
        WireClient c = reconnect(version, "c");
        c.take("t", "1", 1);
        c.take("t", "2", 2);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.OFFLINE_QOS_0)).isEqualTo(1);
    }

    @Test
    void resumesASessionInAnotherVersion() {
        WireClient c = persistent(MqttVersion.V5, "c");
        c.send(subscribe(1, "t", 2).identifier(9));
        c.expect(suback(1, ReasonCode.GRANTED_QOS_2));
        publisher.published(publish("t", "p").userProperty("k", "v"), 1);
        int id = c.expectPublish("t", "p", 1).packetId();
        c.drop();
        c = reconnect(MqttVersion.V3_1_1, "c");
        c.expect(publish("t", "p").qos(1, id).dup());
        c.drop();
        c = reconnect(MqttVersion.V5, "c");
        ReceivedPublish back = c.take(publish("t", "p").qos(1, id).dup());
        assertThat(back.properties().subscriptionIdentifiers()).containsExactly(9);
        assertThat(back.properties().userProperties()).hasSize(1);
    }

    // ---- wrong acknowledgements

    @EachVersion
    void ignoresAcknowledgementsThatFitNoExchange(MqttVersion version) {
        WireClient c = persistent(version, "c").subscribed("t", 2);
        publisher.published("t", "1", 1);
        publisher.published("t", "2", 2);
        int one = c.expectPublish("t", "1", 1).packetId();
        int two = c.expectPublish("t", "2", 2).packetId();
        c.send(puback(77), pubcomp(78));
        c.expectNothing();
        c.send(pubrec(79));
        c.expect(pubrel(79));
        c.drop();
        c = reconnect(version, "c"); // both are still under way
        c.take(publish("t", "1").qos(1, one).dup());
        c.take(publish("t", "2").qos(2, two).dup());
    }

    @EachVersion
    void answersARepeatedPubrecWithPubrel(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        publisher.published("t", "p", 2);
        int id = c.expectPublish("t", "p", 2).packetId();
        c.send(pubrec(id), pubrec(id));
        c.expect(pubrel(id));
        c.expect(pubrel(id));
        c.send(pubcomp(id), pubcomp(id));
        c.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-4.3.3-4", "5.0:MQTT-4.4.0-2"})
    void endsTheExchangeOnAFailingPubrecOrPuback() {
        WireClient c =
                broker.send(MqttVersion.V5, connect("c").sessionExpiry(1_000).receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t", 2);
        publisher.published("t", "1", 1);
        publisher.published("t", "2", 2);
        publisher.published("t", "3", 1);
        c.send(puback(c.expectPublish("t", "1", 1).packetId()).reason(ReasonCode.QUOTA_EXCEEDED));
        c.send(pubrec(c.expectPublish("t", "2", 2).packetId()).reason(ReasonCode.UNSPECIFIED_ERROR));
        c.take("t", "3", 1); // without PUBREL for the second, and the window has room again
        c.leave();
        reconnect(MqttVersion.V5, "c").expectNothing();
        assertThat(broker.dropped(DropReason.REJECTED_BY_RECEIVER)).isEqualTo(2);
    }

    // ---- window

    @Test
    @Statement({"5.0:MQTT-3.3.4-9", "5.0:MQTT-3.3.4-10", "5.0:MQTT-4.9.0-2"})
    void respectsTheReceiveMaximumOfTheClient() {
        WireClient c =
                broker.send(MqttVersion.V5, connect("c").sessionExpiry(1_000).receiveMaximum(2));
        c.expect(connack());
        c.subscribed("t", 2);
        publisher.published("t", "p0", 2);
        int first = c.expectPublish("t", "p0", 2).packetId(); // with a store QoS 1 might overtake it
        for (int i = 1; i < 5; i++) {
            publisher.published("t", "p" + i, 2 - i % 2);
        }
        int second = c.expectPublish("t", "p1", 1).packetId();
        c.expectNothing();
        publisher.published("t", "not limited", 0);
        c.expectPublish("t", "not limited", 0);

        c.send(pubrec(first)); // takes none of the quota back
        c.expect(pubrel(first));
        c.expectNothing();
        c.send(puback(second));
        int third = c.expectPublish("t", "p2", 2).packetId();
        c.expectNothing();
        c.send(pubcomp(first));
        c.take("t", "p3", 1);
        c.expectPublish("t", "p4", 2);
        c.drop();

        c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(1_000).receiveMaximum(1));
        c.expect(connack().sessionPresent());
        c.take(publish("t", "p2").qos(2, third).dup());
        c.take(publish("t", "p4").qos(2).dup());
        c.expectNothing();
    }

    @ParameterizedTest
    @Statement({"5.0:MQTT-2.2.1-4", "3.1.1:MQTT-2.3.1-4"})
    @EnumSource(
            value = MqttVersion.class,
            names = {"V3_1_1", "V5"})
    void packetIdsWrapAndSkipNoneThatIsInUse(MqttVersion version) {
        int inUse = 3; // the ids 2 to 4 are kept in use all the time, by exchanges in each state
        WireClient c = persistent(version, "c").subscribed("t", 2);
        publisher.published("t", "x", 1);
        c.take("t", "x", 1);
        publisher.published("t", "a", 1);
        publisher.published("t", "b", 2);
        publisher.published("t", "c", 2);
        int a = c.expectPublish("t", "a", 1).packetId();
        int b = c.expectPublish("t", "b", 2).packetId();
        c.send(pubrec(c.expectPublish("t", "c", 2).packetId()));
        c.expect(pubrel(b + 1));

        int fit = (TestBroker.isStored() ? IDS - ID_BLOCK : IDS)
                - inUse; // so many more, and the window ends at its oldest exchange
        publishLocally(fit + 10);
        List<Sendable> acks = new ArrayList<>();
        for (int i = 0; i < fit; i++) {
            int id = c.expectPublish("t", "m" + i, 1).packetId();
            assertThat(id).isEqualTo((a + inUse + i - 1) % IDS + 1);
            acks.add(puback(id));
            if (acks.size() == 500 || i == fit - 1) {
                c.send(acks.toArray(Sendable[]::new));
                acks.clear();
            }
        }
        c.expectNothing();
        c.send(puback(a));
        assertThat(c.take("t", "m" + fit, 1).packetId()).isEqualTo((a + inUse + fit - 1) % IDS + 1);
        c.expectNothing();
        c.drop();

        c = reconnect(version, "c");
        c.expect(publish("t", "b").qos(2, b).dup());
        c.expect(pubrel(b + 1));
        c.send(pubrec(b));
        c.expect(pubrel(b));
        c.send(pubcomp(b), pubcomp(b + 1));
        for (int i = fit + 1; i < fit + 10; i++) {
            c.take("t", "m" + i, 1);
        }
        c.expectNothing();
    }

    private void publishLocally(int count) {
        for (int i = 0; i < count; i++) {
            var done = broker.local()
                    .publish(Message.builder("t")
                            .payload("m" + i)
                            .qos(QoS.AT_LEAST_ONCE)
                            .build());
            if (i % 1_000 == 0) {
                done.toCompletableFuture().join();
            }
        }
    }

    // ---- maximum packet size

    @Test
    @Statement({"5.0:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-25"})
    void dropsWhatIsTooLargeForOneSubscriberForThatOneAlone() {
        WireClient small = broker.send(MqttVersion.V5, connect("small").maximumPacketSize(50));
        small.expect(connack());
        small.subscribed("t", 1);
        WireClient other = broker.client("other").subscribed("t", 1);
        String fits = "x".repeat(50 - 8); // fixed header 2, topic 3, packet id 2, properties 1
        for (int qos = 0; qos <= 1; qos++) {
            String largest = fits + (qos == 0 ? "yy" : "");
            publisher.published("t", largest + "z", qos);
            publisher.published("t", largest, qos);
            other.take("t", largest + "z", qos);
            other.take("t", largest, qos);
            small.take("t", largest, qos);
        }
        small.expectNothing();
        assertThat(broker.dropped(DropReason.PACKET_TOO_LARGE)).isEqualTo(2);
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-25"})
    void resendsNothingThatIsTooLargeForTheNewConnection() {
        WireClient c = persistent(MqttVersion.V5, "c").subscribed("t", 2);
        publisher.published("t", "x".repeat(100), 1);
        publisher.published("t", "small", 1);
        publisher.published("t", "y".repeat(100), 2);
        c.expectPublish("t", "x".repeat(100), 1);
        c.expectPublish("t", "small", 1);
        c.expectPublish("t", "y".repeat(100), 2);
        c.drop();

        c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(1_000).maximumPacketSize(64));
        c.expect(connack().sessionPresent());
        c.take(publish("t", "small").qos(1).dup());
        c.leave();
        assertThat(broker.dropped(DropReason.PACKET_TOO_LARGE)).isEqualTo(2);
        reconnect(MqttVersion.V5, "c").expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-24")
    void disconnectsAClientThatAsksForALargerAnswerThanItAllows() {
        WireClient c = broker.send(MqttVersion.V5, connect("c").maximumPacketSize(40));
        c.expect(connack());
        var request = subscribe(1, "0", 0);
        for (int i = 1; i < 40; i++) {
            request.and(String.valueOf(i), 0);
        }
        c.send(request);
        c.expectDisconnect(ReasonCode.PACKET_TOO_LARGE);
    }

    // ---- what a PUBLISH carries

    @Test
    @Statement({"5.0:MQTT-3.3.2-4", "5.0:MQTT-3.3.2-15", "5.0:MQTT-3.3.2-16"})
    void passesAllPropertiesThroughUnaltered() {
        var message = publish("t", "p")
                .userProperty("b", "1") // [5.0:MQTT-3.3.2-18]
                .with(Property.CONTENT_TYPE, "text/plain; x=\ufeff")
                .with(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                .userProperty("a", "2")
                .with(Property.CORRELATION_DATA, new byte[] {0, -1, 1})
                .userProperty("b", "1")
                .with(Property.RESPONSE_TOPIC, "reply/to")
                .userProperty("", "");
        WireClient five = broker.client("five").subscribed("t", 2);
        WireClient three = broker.client(MqttVersion.V3_1_1, "three").subscribed("t", 2);
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published(message, qos);
            five.take(message.qos(qos));
            three.take(publish("t", "p").qos(qos));
        }
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-4")
    void addsNoPropertyOfItsOwn() {
        WireClient c = broker.client("c").subscribed("t", 0);
        publisher.published("t", "p", 0);
        assertThat(c.expectPublish("t", "p", 0).properties().isEmpty()).isTrue();
        broker.client(MqttVersion.V3_1_1, "old").published("t", "p", 0);
        assertThat(c.expectPublish("t", "p", 0).properties().isEmpty()).isTrue();
    }

    @Test
    @Statement({"5.0:MQTT-3.3.4-2", "5.0:MQTT-3.3.4-3", "5.0:MQTT-3.3.4-4"})
    void sendsOneCopyWithAllIdentifiersOfOverlappingSubscriptions() {
        WireClient c = broker.client("c");
        c.send(
                subscribe(1, "a/b", 0).identifier(1),
                subscribe(2, "a/+", 2).identifier(268_435_455),
                subscribe(3, "a/#", 1).identifier(300),
                subscribe(4, "#", 1),
                subscribe(5, "other", 2).identifier(5));
        for (int id = 1; id <= 5; id++) {
            c.expect(suback(id, ReasonCode.granted(QoS.of(List.of(0, 2, 1, 1, 2).get(id - 1)))));
        }
        publisher.published("a/b", "p", 2);
        assertThat(c.take("a/b", "p", 2).properties().subscriptionIdentifiers())
                .containsExactlyInAnyOrder(1, 268_435_455, 300);
        publisher.published("x", "p", 2);
        assertThat(c.take("x", "p", 1).properties().subscriptionIdentifiers()).isEmpty();

        c.send(subscribe(6, "a/b", 0), subscribe(7, "a/#", 1).identifier(301)); // replace the first and the third
        c.expect(suback(6, ReasonCode.SUCCESS));
        c.expect(suback(7, ReasonCode.GRANTED_QOS_1));
        publisher.published("a/b", "p", 2);
        assertThat(c.take("a/b", "p", 2).properties().subscriptionIdentifiers())
                .containsExactlyInAnyOrder(268_435_455, 301);
    }

    @EachVersion
    @Statement("3.1.1:MQTT-3.3.5-1")
    void deliversOverlappingSubscriptionsOnceWithTheHighestQos(MqttVersion version) {
        WireClient c = broker.client(version, "c")
                .subscribed("a/b", 0)
                .subscribed("a/+", 2)
                .subscribed("#", 1);
        publisher.published("a/b", "p", 2);
        c.take("a/b", "p", 2);
        c.expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.8.3-3")
    void keepsTheOwnMessagesFromASubscriptionWithNoLocal() {
        WireClient c = broker.client("c");
        c.send(subscribe(1, "t/#", 1).noLocal());
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        c.published("t/1", "own", 1);
        c.expectNothing();
        publisher.published("t/1", "other's", 1);
        c.take("t/1", "other's", 1);

        c.subscribed("t/2", 0); // an overlapping subscription without No Local wants them
        c.send(publish("t/2", "own"));
        c.expectPublish("t/2", "own", 0);
    }

    @Test
    @Statement({"5.0:MQTT-3.3.1-12", "5.0:MQTT-3.3.1-13"})
    void forwardsRetainAsTheSubscriptionAsks() {
        WireClient c = broker.client("c");
        c.send(subscribe(1, "as/published", 0).retainAsPublished().and("plain", 0));
        c.expect(suback(1, ReasonCode.SUCCESS, ReasonCode.SUCCESS));
        publisher.published(publish("as/published", "p").retain(), 0);
        c.expect(publish("as/published", "p").retain());
        publisher.published(publish("as/published", "p"), 0);
        c.expect(publish("as/published", "p"));
        publisher.published(publish("plain", "p").retain(), 0);
        c.expect(publish("plain", "p"));
    }

    // ---- who gets it

    @EachVersion
    @Statement({"5.0:MQTT-4.7.2-1", "3.1.1:MQTT-4.7.2-1"})
    void matchesDollarTopicsByNoLeadingWildcard(MqttVersion version) {
        WireClient wild = broker.client(version, "wild")
                .subscribed("#", 0)
                .subscribed("+/x", 0)
                .subscribed("+/#", 0);
        WireClient named = broker.client(version, "named").subscribed("$a/#", 0);
        publisher.published("$a/x", "p", 0);
        named.expectPublish("$a/x", "p", 0);
        wild.expectNothing();
        publisher.published("a/$x", "p", 0);
        wild.expectPublish("a/$x", "p", 0);
    }

    @ParameterizedTest
    @Statement({"5.0:MQTT-3.3.2-3", "5.0:MQTT-4.7.1-1", "5.0:MQTT-4.7.3-4"})
    @CsvSource({
        "a/#, a a/ a/b a/b/c a//, A aa b /a",
        "+, a aa, /a a/ a/b",
        "+/+, / a/ /b a/b, a a/b/c",
        "/+, /a /, a a/b",
        "a/+/c, a//c a/b/c, a/c a/b/b/c",
        "a/b, a/b, A/b a/b/ /a/b a/B",
        "\u00e9, \u00e9, e\u0301", // the same letter composed and not: no normalization
    })
    void matchesFiltersCharacterByCharacter(String filter, String matching, String others) {
        WireClient c = broker.client("c").subscribed(filter, 0);
        for (String topic : others.split(" ", -1)) {
            publisher.published(topic, "no", 0);
        }
        c.expectNothing();
        for (String topic : matching.split(" ", -1)) {
            publisher.published(topic, "yes", 0);
            c.expectPublish(topic, "yes", 0);
        }
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.10.4-2", "5.0:MQTT-3.10.4-3", "3.1.1:MQTT-3.10.4-3"})
    void completesWhatWasBegunBeforeUnsubscribe(MqttVersion version) {
        WireClient c = persistent(version, "c").subscribed("t", 2);
        publisher.published("t", "1", 1);
        publisher.published("t", "2", 2);
        int one = c.expectPublish("t", "1", 1).packetId();
        int two = c.expectPublish("t", "2", 2).packetId();
        c.send(unsubscribe(1, "t"));
        c.expect(unsuback(1, ReasonCode.SUCCESS));
        publisher.published("t", "late", 2);
        c.send(pubrec(two));
        c.expect(pubrel(two));
        c.send(pubcomp(two));
        c.drop();
        c = reconnect(version, "c");
        c.take(publish("t", "1").qos(1, one).dup());
        c.expectNothing();
    }

    @ParameterizedTest
    @Statement("5.0:MQTT-4.6.0-5")
    @ValueSource(ints = {1_024, 64 << 10, 80 << 10, 1 << 20})
    void keepsTheOrderHoweverOftenTheOutputFillsUp(int outputBytesMax) {
        int messages = 3_000;
        String filling = "x".repeat(200);
        try (TestBroker narrow = TestBroker.start(Limits.EMBEDDED.withOutputBytesMax(outputBytesMax))) {
            WireClient c = narrow.send(MqttVersion.V5, connect("c").sessionExpiry(100));
            c.expect(connack());
            c.subscribed("t", 2).leave();
            WireClient other = narrow.client("other");
            for (int i = 0; i < messages; i += 100) {
                Sendable[] batch = new Sendable[100];
                for (int j = 0; j < 100; j++) {
                    batch[j] = publish("t", i + j + filling).qos(1, j + 1);
                }
                other.send(batch);
                for (int j = 0; j < 100; j++) {
                    other.expect(puback(j + 1));
                }
            }
            for (int connection = 0; connection < 2; connection++) { // what is queued, then what is sent again
                c = narrow.send(MqttVersion.V5, connect("c").sessionExpiry(100));
                c.expect(connack().sessionPresent());
                for (int i = 0; i < messages; i++) {
                    PublishPacket expected = publish("t", i + filling).qos(1, i + 1);
                    c.expect(connection == 0 ? expected : expected.dup());
                }
                c.expectNothing();
                c.drop();
            }
        }
    }

    @Test
    void limitsTheWindowOfA311ClientByItsOwnBound() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withInflightMessagesMax(1))) {
            WireClient c = small.client(MqttVersion.V3_1_1, "c").subscribed("t", 1);
            small.client("p").published("t", "1", 1).published("t", "2", 1);
            int id = c.expectPublish("t", "1", 1).packetId();
            c.expectNothing();
            c.send(puback(id));
            c.take("t", "2", 1);
        }
    }
}
