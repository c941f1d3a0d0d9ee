package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static dev.dunlin.codec.ReasonCode.MALFORMED_PACKET;
import static dev.dunlin.codec.ReasonCode.PROTOCOL_ERROR;
import static dev.dunlin.codec.ReasonCode.QUOTA_EXCEEDED;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.testkit.Statement;
import java.util.Arrays;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** SUBSCRIBE and UNSUBSCRIBE, rule by rule: what breaks one, and byte for byte what is answered. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SubscribeRulesTest {
    @AutoClose
    private final TestBroker broker =
            TestBroker.start(Limits.EMBEDDED.withSubscriptionsPerSessionMax(4).withTopicLevelsMax(8));

    private final Violations violations = new Violations(broker);
    private final WireClient publisher = broker.client("publisher");

    // ---- what breaks a rule

    @EachVersion
    @Statement({"3.1.1:MQTT-3.8.3-3", "5.0:MQTT-3.8.3-2"})
    void disconnectsOnSubscribeWithoutAFilterAndItsOptions(MqttVersion version) {
        violations.disconnect(version, PROTOCOL_ERROR, "82 {0001 P}");
        violations.disconnect(version, MALFORMED_PACKET, "82 {0001 P ['t']}", "82 {0001 P ['t'] 00 ['u']}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.10.3-2", "5.0:MQTT-3.10.3-2"})
    void disconnectsOnUnsubscribeWithoutAFilter(MqttVersion version) {
        violations.disconnect(version, PROTOCOL_ERROR, "A2 {0001 P}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.8.3-4", "5.0:MQTT-3.8.3-5"})
    void disconnectsOnReservedBitsBehindAFilter(MqttVersion version) {
        violations.disconnect(
                version,
                MALFORMED_PACKET,
                "82 {0001 P ['t'] 40}",
                "82 {0001 P ['t'] 80}",
                "82 {0001 P ['t'] 41}",
                "82 {0001 P ['good'] 01 ['t'] C2}");
    }

    @EachVersion
    @Statement("3.1.1:MQTT-3.8.3-4")
    void disconnectsOnQos3AndInTheOldVersionsOnTheOptionsOf5(MqttVersion version) {
        boolean five = version == MqttVersion.V5;
        violations.disconnect(version, five ? PROTOCOL_ERROR : MALFORMED_PACKET, "82 {0001 P ['t'] 03}");
        if (!five) {
            violations.disconnect(
                    version, MALFORMED_PACKET, "82 {0001 ['t'] 04}", "82 {0001 ['t'] 08}", "82 {0001 ['t'] 10}");
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.8.0-1", "5.0:MQTT-4.13.1-1"})
    void takesNothingOfASubscribeThatBreaksARuleInItsLastFilter(MqttVersion version) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.send(raw("82 {0001 P ['t'] 01 ['u'] 40}"));
        c.expectDisconnect(MALFORMED_PACKET);
        publisher.published("t", "p", 1);
        c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        publisher.published("t", "p", 1);
        c.expectNothing();
    }

    // ---- SUBACK

    @EachVersion
    @Statement({"3.1.1:MQTT-3.8.4-1", "3.1.1:MQTT-3.8.4-5", "5.0:MQTT-3.8.4-7"})
    void answersWithTheGrantedQosOrAFailureForEachFilter(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        c.send(raw("82 {000A P ['a/b'] 02 ['c/d'] 01 ['e'] 00 ['1/2/3/4/5/6/7/8/9'] 00 ['f'] 02 ['too/many'] 01}"));
        c.expectRaw(version == MqttVersion.V5 ? "90 {000A 00 02 01 00 8F 02 97}" : "90 {000A 02 01 00 80 02 80}");
        publisher.published("a/b", "p", 2);
        c.take("a/b", "p", 2);
        publisher.published("too/many", "p", 1).published("f", "p", 1);
        c.take("f", "p", 1);
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.9.3-1", "5.0:MQTT-3.8.4-6", "5.0:MQTT-3.9.3-1"})
    void answersWithOneCodeForEachFilterInTheirOrder(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        c.send(raw("82 {FFFF P ['a'] 00 ['b'] 01 ['c'] 02 ['b'] 00 ['d'] 01}"));
        c.expectRaw("90 {FFFF P 00 01 02 00 01}");
        c.send(raw("82 {0001 P ['c'] 01}"));
        c.expectRaw("90 {0001 P 01}");
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.9.3-2", "5.0:MQTT-3.9.3-2"})
    void answersWithTheCodesThatTheVersionHas(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        c.send(subscribe(1, "a", 0)
                .and("b", 1)
                .and("c", 2)
                .and("1/2/3/4/5/6/7/8/9", 0)
                .and("d", 1)
                .and("e", 2));
        c.expectRaw(version == MqttVersion.V5 ? "90 {0001 00 00 01 02 8F 01 97}" : "90 {0001 00 01 02 80 01 80}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.8.4-4", "5.0:MQTT-3.8.4-5"})
    void handlesSeveralFiltersAsIfTheyHadComeOneByOne(MqttVersion version) {
        publisher.published(publish("x", "kept").retain(), 1);
        WireClient c = broker.client(version, "c");
        c.send(subscribe(1, "x", 0).and("y", 1).and("x", 1)); // the third replaces the first
        c.expect(suback(1, SUCCESS, GRANTED_QOS_1, GRANTED_QOS_1));
        c.take(publish("x", "kept").qos(1).retain()); // for the subscription that is left
        publisher.published("x", "p", 2);
        c.take("x", "p", 1);
        publisher.published("y", "p", 2);
        c.take("y", "p", 1);
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.8.3-2", "5.0:MQTT-3.8.4-7"})
    void grantsFiltersWithWildcardsAndServesThem(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        c.send(subscribe(1, "#", 0).and("+/b", 1).and("a/+/#", 2));
        c.expect(suback(1, SUCCESS, GRANTED_QOS_1, GRANTED_QOS_2));
        publisher.published("a/b", "p", 2);
        c.take("a/b", "p", 2);
        publisher.published("x/b", "p", 2);
        c.take("x/b", "p", 1);
        publisher.published("x", "p", 2);
        c.take("x", "p", 0);
        c.expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.2.2-10")
    void grantsEveryQos() {
        WireClient c = broker.client("c");
        c.send(subscribe(1, "0", 0).and("1", 1).and("2", 2));
        c.expectRaw("90 {0001 00 00 01 02}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.8.4-3", "5.0:MQTT-3.8.4-3", "5.0:MQTT-3.8.4-4"})
    void losesNothingWhenASubscriptionIsReplaced(MqttVersion version) {
        int messages = 100;
        int replacements = 20;
        WireClient c = broker.client(version, "c").subscribed("t", 1);
        Sendable[] publishes = new Sendable[messages];
        for (int i = 0; i < messages; i++) {
            publishes[i] = publish("t", "p" + i).qos(1, i + 1);
        }
        publisher.send(publishes);
        for (int i = 0; i < replacements; i++) {
            c.send(subscribe(i + 1, "t", 1 + i % 2)); // while they are on their way
        }
        int came = 0;
        int answered = 0;
        while (came < messages || answered < replacements) {
            Object next = c.receive();
            if (next instanceof ReceivedPublish publish) {
                assertThat(publish.text()).isEqualTo("p" + came++);
                c.send(puback(publish.packetId()));
            } else {
                assertThat(((Suback) next).packetId()).isEqualTo(++answered);
            }
        }
        c.expectNothing();
    }

    // ---- UNSUBACK

    @EachVersion
    @Statement({"3.1.1:MQTT-3.10.4-4", "3.1.1:MQTT-3.10.4-5", "5.0:MQTT-3.11.3-2"})
    void answersUnsubscribeWithItsIdAndInVersion5WithReasons(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("a", 0);
        c.send(unsubscribe(0xABCD, "a"), unsubscribe(1, "a"));
        c.expectRaw(version == MqttVersion.V5 ? "B0 {ABCD 00 00} B0 {0001 00 11}" : "B0 {ABCD} B0 {0001}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.10.4-6", "5.0:MQTT-3.10.4-6", "5.0:MQTT-3.11.3-1"})
    void answersSeveralFiltersWithOneUnsubackInTheirOrder(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("a", 0).subscribed("c", 0);
        c.send(unsubscribe(7, "a", "b", "a", "c"));
        c.expectRaw(version == MqttVersion.V5 ? "B0 {0007 00 00 11 11 00}" : "B0 {0007}");
        publisher.published("a", "p", 0).published("c", "p", 0);
        c.expectNothing();
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.10.4-1", "5.0:MQTT-3.10.4-1"})
    void comparesFiltersCharacterByCharacterBeforeItDeletesOne(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("a/+", 1).subscribed("\u00e9", 1);
        c.send(unsubscribe(1, "a/#", "a/b", "A/+", "a/+/", "/a/+", "+/+", "e\u0301", "\u00c9"));
        ReasonCode[] none = new ReasonCode[8];
        Arrays.fill(none, ReasonCode.NO_SUBSCRIPTION_EXISTED);
        c.expect(unsuback(1, none));
        publisher.published("a/b", "p", 1).published("\u00e9", "p", 1);
        c.take("a/b", "p", 1);
        c.take("\u00e9", "p", 1);
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.10.4-2", "5.0:MQTT-3.10.4-2"})
    void sendsNothingNewForAFilterThatIsUnsubscribed(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t/#", 1).subscribed("u", 1);
        c.send(unsubscribe(1, "t/#"));
        c.expect(unsuback(1, SUCCESS));
        publisher.published("t/1", "no", 1).published("t", "no", 2).published("u", "yes", 1);
        c.take("u", "yes", 1);
        c.expectNothing();
    }

    @Test
    void refusesWhatIsBeyondItsLimitsWithTheirReasons() {
        WireClient c = broker.client("c");
        c.send(subscribe(1, "a", 0)
                .and("b", 0)
                .and("c", 0)
                .and("d", 0)
                .and("e", 0)
                .and("a", 1));
        c.expect(suback(1, SUCCESS, SUCCESS, SUCCESS, SUCCESS, QUOTA_EXCEEDED, GRANTED_QOS_1));
    }
}
