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
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Topic aliases of clients, and those that the broker sets for clients that take them. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TopicAliasTest {
    private static final String TOPIC = "plant/7/temperature";
    private static final int MAX = Limits.EMBEDDED.topicAliasMax();

    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private static PublishPacket aliased(String topic, String payload, int alias) {
        return publish(topic, payload).with(Property.TOPIC_ALIAS, alias);
    }

    // ---- client to broker

    @Test
    @Statement({"5.0:MQTT-3.3.2-12"})
    void standsForTheTopicThatItWasSetWith() {
        WireClient subscriber = broker.client("subscriber").subscribed("#", 2);
        WireClient c = broker.client("id");
        c.send(aliased(TOPIC, "1", 1), aliased("", "2", 1), aliased("other", "3", MAX), aliased("", "4", 1));
        c.send(aliased("", "5", MAX).qos(1, 1), aliased("", "6", 1).qos(2, 2), publish("plain", "7"));
        c.expect(puback(1));
        c.expect(pubrec(2));
        subscriber.take(TOPIC, "1", 0);
        subscriber.take(TOPIC, "2", 0);
        subscriber.take("other", "3", 0);
        subscriber.take(TOPIC, "4", 0);
        subscriber.take("other", "5", 1);
        ReceivedPublish six = subscriber.expectPublish(TOPIC, "6", 2);
        assertThat(six.properties().isEmpty()).isTrue();
        subscriber.take("plain", "7", 0);
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-12"})
    void mayBeSetAnew() {
        WireClient subscriber = broker.client("subscriber").subscribed("#", 0);
        WireClient c = broker.client("id");
        c.send(aliased("one", "1", 2), aliased("two", "2", 2), aliased("", "3", 2));
        subscriber.take("one", "1", 0);
        subscriber.take("two", "2", 0);
        subscriber.take("two", "3", 0);
    }

    @Test
    void everyAliasUpToTheMaximumMayBeUsedInAnyOrder() {
        WireClient subscriber = broker.client("subscriber").subscribed("#", 0);
        WireClient c = broker.client("id");
        for (int alias = MAX; alias > 0; alias--) {
            c.send(aliased("t/" + alias, "", alias));
            subscriber.take("t/" + alias, "", 0);
        }
        for (int alias = 1; alias <= MAX; alias++) {
            c.send(aliased("", "", alias));
            subscriber.take("t/" + alias, "", 0);
        }
    }

    @Test
    void belongsToOneConnectionAlone() {
        WireClient subscriber = broker.client("subscriber").subscribed("#", 0);
        WireClient one = broker.client("one");
        WireClient two = broker.client("two");
        one.send(aliased("one", "1", 1));
        subscriber.take("one", "1", 0);
        two.send(aliased("two", "2", 1));
        subscriber.take("two", "2", 0);
        one.send(aliased("", "3", 1));
        subscriber.take("one", "3", 0);
        two.send(aliased("", "4", 1));
        subscriber.take("two", "4", 0);
    }

    @Test
    void tellsTheTopicOfARetainedMessage() {
        WireClient c = broker.client("id");
        c.send(aliased(TOPIC, "old", 1), aliased("", "new", 1).retain()).ping();
        WireClient subscriber = broker.client("subscriber").subscribed(TOPIC, 0);
        ReceivedPublish came = subscriber.expect(publish(TOPIC, "new").retain());
        assertThat(came.properties().isEmpty()).isTrue();
        c.send(aliased("", "", 1).retain()).ping();
        broker.client("another").subscribed(TOPIC, 0).expectNothing();
    }

    @ParameterizedTest
    @ValueSource(strings = {"$SYS/x", "a/b/c"}) // neither is for clients here
    void isSetByAPublishThatIsRefused(String refused) {
        try (TestBroker strict = TestBroker.start(Limits.EMBEDDED.withTopicLevelsMax(2))) {
            WireClient c = strict.client("id");
            for (int id = 1; id <= 2; id++) { // refused again: so it stands for that very topic
                ReasonCode reason = refused.startsWith("$") ? ReasonCode.NOT_AUTHORIZED : ReasonCode.TOPIC_NAME_INVALID;
                c.send(aliased(id == 1 ? refused : "", "", 1).qos(1, id));
                c.expect(puback(id).reason(reason));
            }
        }
    }

    @Test
    void isSetByAQos2PublishThatIsRepeated() {
        WireClient subscriber = broker.client("subscriber").subscribed("#", 2);
        WireClient c = broker.send(MqttVersion.V5, connect("id").sessionExpiry(100));
        c.expect(connack());
        c.send(aliased(TOPIC, "1", 1).qos(2, 1));
        c.expect(pubrec(1));
        c.drop();
        c = broker.send(MqttVersion.V5, connect("id").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        c.send(aliased(TOPIC, "1", 5).qos(2, 1).dup(), aliased("", "2", 5));
        c.expect(pubrec(1));
        subscriber.expectPublish(TOPIC, "1", 2);
        subscriber.expectPublish(TOPIC, "2", 0);
        subscriber.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-7"})
    void endsWithItsConnection() {
        WireClient subscriber = broker.client("subscriber").subscribed("#", 0);
        WireClient c = broker.send(MqttVersion.V5, connect("id").sessionExpiry(100));
        c.expect(connack());
        c.send(aliased(TOPIC, "1", 1));
        subscriber.take(TOPIC, "1", 0);
        WireClient next = broker.send(MqttVersion.V5, connect("id").sessionExpiry(100)); // takes over
        next.expect(connack().sessionPresent());
        c.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        next.send(aliased("", "2", 1));
        next.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
        subscriber.expectNothing();
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 2", "5, 6", "65534, 65535"})
    @Statement({"5.0:MQTT-3.3.2-9", "5.0:MQTT-3.2.2-17", "5.0:MQTT-3.2.2-18"})
    @Reaches("topicAliasMax")
    void endsTheConnectionAboveTheMaximum(int max, int alias) {
        try (TestBroker other = TestBroker.start(Limits.EMBEDDED.withTopicAliasMax(max))) {
            WireClient witness = other.client("witness").subscribed("#", 0);
            WireClient c = other.send(MqttVersion.V5, connect("id"));
            var announced = c.expect(connack()).properties();
            assertThat(announced.has(Property.TOPIC_ALIAS_MAXIMUM)).isEqualTo(max > 0);
            assertThat(announced.integer(Property.TOPIC_ALIAS_MAXIMUM, 0)).isEqualTo(max);
            if (max > 0) {
                c.send(aliased(TOPIC, "at the maximum", max));
                witness.take(TOPIC, "at the maximum", 0);
            }
            c.send(aliased(TOPIC, "above", alias));
            c.expectDisconnect(ReasonCode.TOPIC_ALIAS_INVALID);
            witness.expectNothing();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 9, 32})
    void endsTheConnectionIfItWasNotSet(int alias) {
        WireClient witness = broker.client("witness").subscribed("#", 0);
        WireClient c = broker.client("id");
        c.send(aliased(TOPIC, "1", 3));
        witness.take(TOPIC, "1", 0);
        c.send(aliased("", "2", alias));
        c.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
        witness.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-8"})
    void isNeverZero() {
        WireClient c = broker.client("id");
        c.sendRaw(0x30, 7, 0, 1, 't', 3, 0x23, 0, 0);
        c.expectDisconnect(ReasonCode.TOPIC_ALIAS_INVALID);
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-2"})
    void allowsNoWildcardEither() {
        WireClient c = broker.client("id");
        c.send(aliased("a/+", "", 1));
        c.expectDisconnect(ReasonCode.TOPIC_NAME_INVALID);
    }

    // ---- broker to client

    private WireClient taking(int aliases, String id, String filter, int qos) {
        WireClient c =
                broker.send(MqttVersion.V5, connect(id).cleanStart().with(Property.TOPIC_ALIAS_MAXIMUM, aliases));
        c.expect(connack());
        return c.subscribed(filter, qos);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    @Statement({"5.0:MQTT-3.3.2-11"})
    void theBrokerSetsAnAliasAndThenLeavesTheTopicOut(int qos) {
        WireClient c = taking(5, "c", "#", 2);
        WireClient publisher = broker.client("publisher");
        publisher.published(TOPIC, "1", qos);
        publisher.published(TOPIC, "2", qos);
        publisher.published("another/topic", "3", qos);
        publisher.published(TOPIC, "4", qos);
        c.expect(aliased(TOPIC, "1", 1).qos(qos));
        c.expect(aliased("", "2", 1).qos(qos));
        c.expect(aliased("another/topic", "3", 2).qos(qos));
        c.expect(aliased("", "4", 1).qos(qos));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @Statement({"5.0:MQTT-3.1.2-27"})
    void theBrokerSetsNoneForAClientThatTakesNone(boolean absent) {
        WireClient c = absent ? broker.client("c").subscribed("#", 0) : taking(0, "c", "#", 0);
        WireClient other = taking(5, "other", "#", 0);
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 3; i++) {
            publisher.published(TOPIC, "p", 0);
            ReceivedPublish came = c.take(TOPIC, "p", 0);
            assertThat(came.properties().isEmpty()).isTrue();
            other.take(aliased(i == 0 ? TOPIC : "", "p", 1)); // the same message
        }
    }

    @Test
    void goesWithAllOtherProperties() {
        WireClient c = broker.send(MqttVersion.V5, connect("c").cleanStart().with(Property.TOPIC_ALIAS_MAXIMUM, 5));
        c.expect(connack());
        c.send(subscribe(1, TOPIC, 1).identifier(9));
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 2; i++) {
            publisher.published(
                    publish(TOPIC, "p")
                            .expiry(1_000)
                            .with(Property.CONTENT_TYPE, "x")
                            .userProperty("k", "v"),
                    1);
            ReceivedPublish came = (ReceivedPublish) c.receive();
            assertThat(came.topic()).isEqualTo(i == 0 ? TOPIC : "");
            assertThat(came.expirySeconds()).isBetween(990L, 1_000L);
            assertThat(came.properties().integer(Property.TOPIC_ALIAS, 0)).isEqualTo(1);
            assertThat(came.properties().subscriptionIdentifiers()).containsExactly(9);
            assertThat(came.properties().string(Property.CONTENT_TYPE)).isEqualTo("x");
            assertThat(came.properties().userProperties()).hasSize(1);
        }
    }

    @Test
    void aLargePayloadIsSentBehindItsAlias() {
        WireClient c = taking(1, "c", "#", 0);
        WireClient publisher = broker.client("publisher");
        String large = "x".repeat(100_000);
        publisher.published(TOPIC, large, 0);
        publisher.published(TOPIC, large, 0);
        c.take(aliased(TOPIC, large, 1));
        c.take(aliased("", large, 1));
    }

    @ParameterizedTest
    @CsvSource({"1, 32, 1", "3, 32, 3", "65535, 4, 4", "65535, 0, 0"})
    @Statement({"5.0:MQTT-3.1.2-26", "5.0:MQTT-3.3.2-11"})
    void neverMeansAnotherTopicNorGoesAboveTheMaximum(int takes, int limit, int max) {
        try (TestBroker other = TestBroker.start(Limits.EMBEDDED.withTopicAliasMax(limit))) {
            WireClient c =
                    other.send(MqttVersion.V5, connect("c").cleanStart().with(Property.TOPIC_ALIAS_MAXIMUM, takes));
            c.expect(connack());
            c.subscribed("#", 1);
            WireClient publisher = other.client("publisher");
            long seed = System.nanoTime();
            Random random = new Random(seed);
            Map<Integer, String> set = new HashMap<>();
            int withoutTopic = 0;
            for (int i = 0; i < 500; i++) { // a few topics often, many others once in a while, and the few change
                int few = i < 250 ? 0 : 100;
                int n = random.nextInt(3) == 0 ? random.nextInt(1_000) : few + random.nextInt(Math.max(1, max));
                publisher.published("topic/" + n, "topic/" + n, random.nextInt(2));
                ReceivedPublish came = (ReceivedPublish) c.receive();
                c.acknowledge(came);
                int alias = (int) came.properties().integer(Property.TOPIC_ALIAS, 0);
                assertThat(alias).as("seed %s", seed).isBetween(0, max);
                withoutTopic += came.topic().isEmpty() ? 1 : 0;
                String meant = came.topic().isEmpty() ? set.get(alias) : came.topic();
                assertThat(meant).as("alias %s, seed %s", alias, seed).isEqualTo(came.text());
                if (alias > 0) {
                    set.put(alias, meant);
                }
            }
            assertThat(withoutTopic).as("seed %s", seed).isGreaterThan(max == 0 ? -1 : 100);
        }
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-7", "5.0:MQTT-4.4.0-1"})
    void whatIsSentAgainHasItsTopicAgain() {
        WireClient c =
                broker.send(MqttVersion.V5, connect("c").sessionExpiry(100).with(Property.TOPIC_ALIAS_MAXIMUM, 5));
        c.expect(connack());
        c.subscribed("#", 2);
        WireClient publisher = broker.client("publisher");
        publisher.published(TOPIC, "1", 1);
        publisher.published(TOPIC, "2", 2);
        c.expect(aliased(TOPIC, "1", 1).qos(1));
        c.expect(aliased("", "2", 1).qos(2));
        c.drop();
        publisher.published(TOPIC, "3", 1);

        WireClient again =
                broker.send(MqttVersion.V5, connect("c").sessionExpiry(100).with(Property.TOPIC_ALIAS_MAXIMUM, 5));
        again.expect(connack().sessionPresent());
        again.expect(aliased(TOPIC, "1", 1).qos(1).dup());
        ReceivedPublish two = again.expect(aliased("", "2", 1).qos(2).dup());
        again.take(aliased("", "3", 1).qos(1));
        again.acknowledge(two);
        again.drop();
        publisher.published(TOPIC, "4", 1);

        WireClient plain = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100)); // takes none any more
        plain.expect(connack().sessionPresent());
        plain.expect(publish(TOPIC, "1").qos(1).dup());
        assertThat(plain.take(TOPIC, "4", 1).properties().isEmpty()).isTrue();
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-24", "5.0:MQTT-3.1.2-25"})
    void onlyWhatIsReallySentCountsForTheMaximumPacketSize() {
        String topic = "t".repeat(60);
        int aliasOnly = 2 + 2 + 4; // headers, no topic, the properties' length and the alias; then the payload
        int plain = 2 + 2 + 60 + 1;
        WireClient c = broker.send(
                MqttVersion.V5,
                connect("c").cleanStart().maximumPacketSize(plain + 10).with(Property.TOPIC_ALIAS_MAXIMUM, 1));
        c.expect(connack());
        c.subscribed("#", 0);
        WireClient publisher = broker.client("publisher");
        publisher.published(topic, "x".repeat(10), 0); // fits, but not with an alias as well
        assertThat(c.take(topic, "x".repeat(10), 0).properties().isEmpty()).isTrue();
        publisher.published(topic, "x".repeat(11), 0); // doesn't fit
        publisher.published(topic, "x".repeat(7), 0);
        c.take(aliased(topic, "x".repeat(7), 1));
        int most = plain + 10 - aliasOnly;
        publisher.published(topic, "x".repeat(most), 0);
        c.take(aliased("", "x".repeat(most), 1));
        publisher.published(topic, "x".repeat(most + 1), 0);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.PACKET_TOO_LARGE)).isEqualTo(2);
    }

    @Test
    void aTopicNoLongerThanItsAliasHasNone() {
        WireClient c = taking(5, "c", "#", 0);
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 2; i++) {
            publisher.published("abc", "p", 0);
            assertThat(c.take("abc", "p", 0).properties().isEmpty()).isTrue();
        }
    }

    @Test
    void retainedMessagesHaveAliasesToo() {
        WireClient publisher = broker.client("publisher");
        publisher.published(publish(TOPIC, "kept").retain(), 1);
        WireClient c = taking(5, "c", TOPIC, 1);
        c.take(aliased(TOPIC, "kept", 1).qos(1).retain());
        publisher.published(TOPIC, "live", 1);
        c.take(aliased("", "live", 1).qos(1));
        c.subscribed(TOPIC, 1);
        ReceivedPublish again = c.take(aliased("", "kept", 1).qos(1).retain());
        assertThat(again.qos()).isEqualTo(QoS.AT_LEAST_ONCE);
    }

    @Test
    void bothDirectionsHaveTheirOwn() {
        WireClient c = taking(5, "c", "#", 0);
        c.send(aliased(TOPIC, "1", 1), aliased("other/topic", "2", 2), aliased("", "3", 1));
        c.take(aliased(TOPIC, "1", 1));
        c.take(aliased("other/topic", "2", 2));
        c.take(aliased("", "3", 1));
        c.send(aliased("", "4", 2).qos(2, 1));
        c.take(aliased("", "4", 2));
        c.expect(pubrec(1));
        c.send(pubrel(1));
        c.expect(pubcomp(1));
    }
}
