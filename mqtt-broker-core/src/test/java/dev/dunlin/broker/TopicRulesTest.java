package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.codec.ReasonCode.MALFORMED_PACKET;
import static dev.dunlin.codec.ReasonCode.PROTOCOL_ERROR;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static dev.dunlin.codec.ReasonCode.TOPIC_FILTER_INVALID;
import static dev.dunlin.codec.ReasonCode.TOPIC_NAME_INVALID;

import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Topic names and filters: their form, and what matches what. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TopicRulesTest {
    private static final String LONGEST = "x".repeat(65_535);

    /** Filter, topics that match, topics that don't. */
    private static final List<List<String>> MATCHES = List.of(
            List.of("a/#", "a a/ a/b a/b/c a//", "A aa b /a"),
            List.of("#", "a / /a a/b/c", "$a $a/b"),
            List.of("+", "a aa", "/a a/ a/b $a"),
            List.of("+/+", "/ a/ /b a/b", "a a/b/c $a/b"),
            List.of("/+", "/a /", "a a/b"),
            List.of("a/+/c", "a//c a/b/c", "a/c a/b/b/c"),
            List.of("a/b", "a/b", "A/b a/b/ /a/b a/B"),
            List.of("$a/#", "$a $a/b", "a a/b"),
            List.of("\u00e9", "\u00e9", "e\u0301 \u00c9"), // the same letter composed, decomposed, and its capital
            List.of("\u212b", "\u212b", "\u00c5 A\u030a"));

    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final Violations violations = new Violations(broker);

    // ---- form

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.2-2", "5.0:MQTT-3.3.2-2"})
    void disconnectsOnAWildcardInThePublishedTopic(MqttVersion version) {
        violations.disconnect(
                version,
                version == MqttVersion.V5 ? TOPIC_NAME_INVALID : MALFORMED_PACKET,
                "30 {['#'] P 'p'}",
                "30 {['+'] P 'p'}",
                "32 {['a/+/b'] 0001 P 'p'}",
                "34 {['a/#'] 0001 P 'p'}",
                "30 {['a+'] P 'p'}",
                "30 {['#/a'] P 'p'}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.7.1-1", "5.0:MQTT-4.7.0-1"})
    void takesNoWildcardInATopicNameWhereverItStands(MqttVersion version) {
        ReasonCode reason = version == MqttVersion.V5 ? TOPIC_NAME_INVALID : MALFORMED_PACKET;
        violations.refuse(version, reason, "10 {N 06 0000 P ['c'] P ['w/#'] []}", "10 {N 06 0000 P ['c'] P ['+'] []}");
        violations.disconnect(version, reason, "30 {['a/+'] P 'p'}", "30 {['a/b/#'] P 'p'}");
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-14")
    void disconnectsOnAWildcardInTheResponseTopic() {
        violations.disconnect(
                MqttVersion.V5, PROTOCOL_ERROR, "30 {['t'] {08 ['r/#']} 'p'}", "30 {['t'] {08 ['+']} 'p'}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.7.1-2", "5.0:MQTT-4.7.1-1"})
    void takesTheMultiLevelWildcardAtTheEndOfAFilterOnly(MqttVersion version) {
        refusesFilters(version, "a#", "#a", "#/", "#/a", "a/#/b", "a/b#", "##", "+#", "a/##");
        grants(version, "#", "/#", "a/#", "+/#");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.7.1-3", "5.0:MQTT-4.7.1-2"})
    void takesTheSingleLevelWildcardAsAWholeLevelOnly(MqttVersion version) {
        refusesFilters(version, "a+", "+a", "++", "a/+b", "a/b+", "a/b+/c", "/++", "+/+a/+");
        grants(version, "+", "/+", "+/", "+/+", "a/+/b", "+/a/#");
    }

    private void refusesFilters(MqttVersion version, String... filters) {
        for (String filter : filters) {
            if (version == MqttVersion.V5) {
                WireClient c = broker.client("c");
                c.send(subscribe(1, filter, 0));
                c.expect(suback(1, TOPIC_FILTER_INVALID));
            } else {
                violations.disconnect(version, MALFORMED_PACKET, "82 {0001 ['" + filter + "'] 00}");
            }
        }
    }

    private void grants(MqttVersion version, String... filters) {
        WireClient c = broker.client(version, "c");
        for (String filter : filters) {
            c.send(subscribe(1, filter, 0));
            c.expect(suback(1, SUCCESS));
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.7.3-1", "5.0:MQTT-4.7.3-1"})
    void disconnectsOnAnEmptyTopicOrFilter(MqttVersion version) {
        violations.disconnect(
                version,
                version == MqttVersion.V5 ? PROTOCOL_ERROR : MALFORMED_PACKET,
                "30 {[] P 'p'}",
                "32 {[] 0001 P}");
        violations.disconnect(
                version, MALFORMED_PACKET, "82 {0001 P [] 00}", "82 {0001 P ['t'] 00 [] 00}", "A2 {0001 P []}");
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.7.3-3", "5.0:MQTT-4.7.3-3"})
    void takesTopicsAndFiltersOf65535Bytes(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed(LONGEST, 1);
        WireClient publisher = broker.client(version, "publisher");
        publisher.published(LONGEST, "p", 1);
        c.take(LONGEST, "p", 1);
        publisher.published(LONGEST.substring(1), "p", 1);
        c.expectNothing();
    }

    // ---- matching

    @EachVersion
    @Statement({"3.1.1:MQTT-3.3.2-3", "5.0:MQTT-3.3.2-3", "3.1.1:MQTT-4.7.3-4"})
    void deliversWhatMatchesTheFilterUnderTheTopicOfItsPublisher(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        for (List<String> row : MATCHES) {
            WireClient c = broker.client(version, "c").subscribed(row.get(0), 0);
            for (String topic : row.get(2).split(" ", -1)) {
                publisher.send(publish(topic, "no"));
            }
            for (String topic : row.get(1).split(" ", -1)) {
                publisher.send(publish(topic, topic));
            }
            publisher.ping();
            for (String topic : row.get(1).split(" ", -1)) {
                c.expectPublish(topic, topic, 0);
            }
            c.expectNothing();
            c.leave();
        }
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.7.2-1", "5.0:MQTT-4.7.2-1"})
    void neverMatchesADollarTopicByALeadingWildcard(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        publisher.send(publish("$x/y", "kept").retain());
        publisher.ping();
        WireClient wild = broker.client(version, "wild")
                .subscribed("#", 1)
                .subscribed("+/y", 1)
                .subscribed("+/#", 1)
                .subscribed("+/+", 1);
        publisher.published("$x/y", "live", 1).published("$", "live", 1);
        wild.expectNothing();
        publisher.published("x/$y", "yes", 1);
        wild.take("x/$y", "yes", 1);
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-4.7.3-4", "5.0:MQTT-4.7.3-4"})
    void passesOnTopicsByteForByte(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("#", 0);
        WireClient publisher = broker.client(version, "publisher");
        for (String topic :
                Arrays.asList("e\u0301", "\u00e9", " ", " a / b ", "a//b/", "\u00c5", "\u212b", "\ufb01", "I\u0307")) {
            String packet = "30 {['" + topic + "'] P 'p'}";
            publisher.send(raw(packet));
            c.expectRaw(packet);
        }
    }
}
