package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static dev.dunlin.codec.ReasonCode.MALFORMED_PACKET;
import static dev.dunlin.codec.ReasonCode.NO_SUBSCRIPTION_EXISTED;
import static dev.dunlin.codec.ReasonCode.PROTOCOL_ERROR;
import static dev.dunlin.codec.ReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static dev.dunlin.codec.ReasonCode.TOPIC_FILTER_INVALID;

import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SUBSCRIBE and UNSUBSCRIBE: what is answered, and what changes. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SubscribeTest {
    private static final List<String> ILL_FORMED = List.of("a/#/b", "#/", "a#", "a/b#", "a+", "a/+b", "+a/b", "a/b+/c");

    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final WireClient publisher = broker.client("publisher");

    // ---- SUBSCRIBE

    @EachVersion
    @Statement({"5.0:MQTT-3.8.4-1", "5.0:MQTT-3.8.4-2", "3.1.1:MQTT-3.8.4-2"})
    void answersSubscribeWithSubackOfTheSameId(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        for (int id : new int[] {1, 256, 65_535, 1}) {
            c.send(subscribe(id, "t/" + id, 0));
            c.expect(suback(id, SUCCESS));
        }
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.8.4-5", "5.0:MQTT-3.9.3-1", "3.1.1:MQTT-3.8.4-4"})
    void answersSeveralFiltersInOneSubackInTheirOrder(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        c.send(subscribe(7, "a", 2).and("b", 0).and("c", 1).and("a", 1));
        c.expect(suback(7, GRANTED_QOS_2, SUCCESS, GRANTED_QOS_1, GRANTED_QOS_1));
        publisher.published("a", "p", 2);
        c.take("a", "p", 1); // the last one for a filter counts
        c.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.8.4-3", "3.1.1:MQTT-3.8.4-3"})
    void replacesTheSubscriptionOfTheSameFilter(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2).subscribed("t", 0);
        publisher.published("t", "p", 2);
        c.take("t", "p", 0);
        c.expectNothing();
        c.subscribed("t", 1);
        publisher.published("t", "p", 2);
        c.take("t", "p", 1);
        c.expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.8.4-7")
    void refusesIllFormedFiltersAloneIn5() {
        WireClient c = broker.client("c");
        var request = subscribe(1, "good/1", 0);
        ReasonCode[] reasons = new ReasonCode[ILL_FORMED.size() + 2];
        reasons[0] = SUCCESS;
        for (int i = 0; i < ILL_FORMED.size(); i++) {
            request.and(ILL_FORMED.get(i), 1);
            reasons[i + 1] = TOPIC_FILTER_INVALID;
        }
        request.and("good/2", 1);
        reasons[reasons.length - 1] = GRANTED_QOS_1;
        c.send(request);
        c.expect(suback(1, reasons));
        publisher.published("good/2", "p", 1);
        c.take("good/2", "p", 1);
    }

    @ParameterizedTest
    @Statement({"3.1.1:MQTT-4.7.1-2", "3.1.1:MQTT-4.7.1-3", "3.1.1:MQTT-4.8.0-1"})
    @EnumSource(
            value = MqttVersion.class,
            names = {"V3_1", "V3_1_1"})
    void closesTheConnectionOnIllFormedFiltersBelow5(MqttVersion version) {
        for (String filter : ILL_FORMED) {
            WireClient c = broker.client(version, "c");
            c.send(subscribe(1, filter, 0));
            c.expectClosed();
        }
    }

    @EachVersion
    void refusesSharedSubscriptions(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        c.send(subscribe(1, "$share/group/t", 1).and("t", 1));
        c.expect(suback(1, SHARED_SUBSCRIPTIONS_NOT_SUPPORTED, GRANTED_QOS_1));
        publisher.published("t", "p", 1);
        c.take("t", "p", 1);
        c.expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.8.3-4")
    void disconnectsOnNoLocalForASharedSubscription() {
        WireClient c = broker.client("c");
        c.send(subscribe(1, "$share/group/t", 1).noLocal());
        c.expectDisconnect(PROTOCOL_ERROR);
    }

    @ParameterizedTest
    @CsvSource({
        "82020001, MALFORMED_PACKET", // without properties
        "8203000100, PROTOCOL_ERROR", // [5.0:MQTT-3.8.3-2] no filter
        "800700010000017400, MALFORMED_PACKET", // [5.0:MQTT-3.8.1-1] flags 0
        "820700010000017440, MALFORMED_PACKET", // [5.0:MQTT-3.8.3-5] a reserved option
        "820700010000017403, PROTOCOL_ERROR", // QoS 3
        "820700010000017430, PROTOCOL_ERROR", // retain handling 3
        "820700000000017400, PROTOCOL_ERROR", // [5.0:MQTT-2.2.1-3] packet id 0
        "8209000102 0b00 00017400, PROTOCOL_ERROR", // subscription identifier 0
        "820600010000 0000, MALFORMED_PACKET", // [5.0:MQTT-4.7.3-1] an empty filter
        "82080001000002c0af00, MALFORMED_PACKET", // [5.0:MQTT-3.8.3-1] ill-formed UTF-8
        "82080001000002610000, MALFORMED_PACKET", // [5.0:MQTT-4.7.3-2] U+0000
        "820600010000 0174, MALFORMED_PACKET", // no options behind the filter
        "a203000100, PROTOCOL_ERROR", // [5.0:MQTT-3.10.3-2] UNSUBSCRIBE without a filter
        "a00600010000 0174, MALFORMED_PACKET", // [5.0:MQTT-3.10.1-1] flags 0
        "a20700010000 02c0af, MALFORMED_PACKET", // [5.0:MQTT-3.10.3-1]
        "a20500010000 00, MALFORMED_PACKET", // an empty filter
    })
    void disconnectsAClientOf5ThatBreaksARule(String hex, ReasonCode reason) {
        WireClient c = broker.client("c");
        c.sendRaw(HexFormat.of().parseHex(hex.replace(" ", "")));
        c.expectDisconnect(reason);
        publisher.ping();
    }

    @ParameterizedTest
    @Statement("3.1.1:MQTT-4.8.0-1")
    @ValueSource(
            strings = {
                "82020001", // [3.1.1:MQTT-3.8.3-3]
                "8006000100017400", // [3.1.1:MQTT-3.8.1-1]
                "8206000100017404", // [3.1.1:MQTT-3.8.3-4]
                "8206000100017403",
                "8206000000017400", // [3.1.1:MQTT-2.3.1-1]
                "82050001000000", // [3.1.1:MQTT-4.7.3-1]
                "820700010002c0af00", // [3.1.1:MQTT-3.8.3-1]
                "820700010002610000", // [3.1.1:MQTT-4.7.3-2]
                "a2020001", // [3.1.1:MQTT-3.10.3-2]
                "a0050001000174", // [3.1.1:MQTT-3.10.1-1]
                "a20600010002c0af", // [3.1.1:MQTT-3.10.3-1]
            })
    void closesTheConnectionOfAClientOf311ThatBreaksARule(String hex) {
        WireClient c = broker.client(MqttVersion.V3_1_1, "c");
        c.sendRaw(HexFormat.of().parseHex(hex));
        c.expectClosed();
        publisher.ping();
    }

    @Test // [3.1.1:MQTT-2.2.2-2]; 3.1 calls the bits unused
    void letsAClientOf31SetDupInSubscribe() {
        WireClient c = broker.client(MqttVersion.V3_1, "c");
        c.sendRaw(HexFormat.of().parseHex("8a06000100017400"));
        c.expect(suback(1, SUCCESS));
    }

    @Test
    @Statement("5.0:MQTT-4.7.3-3")
    void acceptsAFilterOf65535Bytes() {
        String longest = "x".repeat(65_535);
        WireClient c = broker.client("c").subscribed(longest, 0);
        publisher.published(longest, "p", 1);
        c.take(longest, "p", 0);
    }

    // ---- UNSUBSCRIBE

    @EachVersion
    @Statement({"5.0:MQTT-3.10.4-1", "5.0:MQTT-3.10.4-4", "3.1.1:MQTT-3.10.4-1"})
    void unsubscribesTheVeryFilterOnly(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("a/b", 0).subscribed("a/+", 0);
        c.send(unsubscribe(3, "a/+"));
        c.expect(unsuback(3, SUCCESS));
        publisher.published("a/c", "no", 0);
        publisher.published("a/b", "yes", 0);
        c.take("a/b", "yes", 0);
        c.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.10.4-5", "5.0:MQTT-3.10.4-6", "3.1.1:MQTT-3.10.4-5"})
    void answersUnsubscribeAlsoWhenThereWasNothingToRemove(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("a", 0).subscribed("c", 0);
        c.send(unsubscribe(65_535, "a", "b", "c", "a", "A"));
        c.expect(unsuback(
                65_535, SUCCESS, NO_SUBSCRIPTION_EXISTED, SUCCESS, NO_SUBSCRIPTION_EXISTED, NO_SUBSCRIPTION_EXISTED));
        publisher.published("a", "no", 0);
        publisher.published("c", "no", 0);
        c.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.10.4-2", "3.1.1:MQTT-3.10.4-2"})
    void unsubscribesForTheNextConnectionToo(MqttVersion version) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.subscribed("a", 1).subscribed("b", 1);
        c.send(unsubscribe(1, "a"));
        c.expect(unsuback(1, SUCCESS));
        c.leave();
        publisher.published("a", "no", 1);
        publisher.published("b", "yes", 1);
        c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        c.take("b", "yes", 1);
        c.expectNothing();
    }

    @EachVersion
    void leavesNoSubscriptionBehindWhenTheSessionEnds(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("a/#", 1).subscribed("b", 1);
        c.leave();
        broker.settle();
        publisher.send(publish("a/1", "p").qos(1, 1), publish("b", "p").qos(1, 2));
        publisher.expect(puback(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        publisher.expect(puback(2).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        WireClient again = broker.client(version, "c");
        publisher.published("a/1", "p", 1);
        again.expectNothing();
    }

    @Test
    void aMalformedRestOfASubscribeChangesNothing() {
        WireClient c = broker.client(MqttVersion.V3_1_1, "c");
        c.sendRaw(HexFormat.of().parseHex("820a" + "0001" + "00017400" + "00017503"));
        c.expectClosed();
        publisher.send(publish("t", "p").qos(1, 1));
        publisher.expect(puback(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        WireClient five = broker.client("five");
        five.sendRaw(HexFormat.of().parseHex("820b" + "000100" + "00017400" + "000175c0"));
        five.expectDisconnect(MALFORMED_PACKET);
    }
}
