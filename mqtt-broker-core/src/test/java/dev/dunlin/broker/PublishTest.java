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
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client publishes: acknowledged as its QoS demands, routed once, in order, refused where it breaks a rule. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PublishTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    // ---- acknowledgements

    @EachVersion
    @Statement({"5.0:MQTT-3.3.4-1", "3.1.1:MQTT-3.3.4-1"})
    void answersQos0WithNothing(MqttVersion version) {
        WireClient c = broker.client(version, "id");
        c.send(publish("t", "p"));
        c.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-4.3.2-4", "5.0:MQTT-2.2.1-5", "3.1.1:MQTT-4.3.2-2"})
    void answersQos1WithPuback(MqttVersion version) {
        WireClient subscriber = broker.client("subscriber").subscribed("t", 1);
        WireClient c = broker.client(version, "id");
        c.send(publish("t", "p").qos(1, 65_535));
        c.expect(puback(65_535));
        subscriber.take("t", "p", 1);
        c.send(publish("nobody", "p").qos(1, 1));
        c.expect(puback(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
    }

    @EachVersion
    @Statement({"5.0:MQTT-4.3.3-8", "5.0:MQTT-4.3.3-11", "3.1.1:MQTT-4.3.3-2"})
    void answersQos2WithPubrecAndPubrelWithPubcomp(MqttVersion version) {
        WireClient subscriber = broker.client("subscriber").subscribed("t", 2);
        WireClient c = broker.client(version, "id");
        c.send(publish("t", "p").qos(2, 258));
        c.expect(pubrec(258));
        subscriber.take("t", "p", 2); // before PUBREL: the message is ours from PUBREC on
        c.send(pubrel(258));
        c.expect(pubcomp(258));
        c.send(publish("nobody", "p").qos(2, 1));
        c.expect(pubrec(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
    }

    @EachVersion
    @Statement({"5.0:MQTT-4.3.3-10", "3.1.1:MQTT-4.3.3-2"})
    void routesAQos2MessageOnceHoweverOftenItComes(MqttVersion version) {
        WireClient subscriber = broker.client("subscriber").subscribed("t", 2);
        WireClient c = broker.client(version, "id");
        c.send(
                publish("t", "p").qos(2, 7),
                publish("t", "p").qos(2, 7).dup(),
                publish("t", "p").qos(2, 7));
        c.expect(pubrec(7));
        c.expect(pubrec(7));
        c.expect(pubrec(7));
        c.send(pubrel(7));
        c.expect(pubcomp(7));
        subscriber.take("t", "p", 2);
        subscriber.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-4.3.3-10", "3.1.1:MQTT-4.3.3-2", "3.1.1:MQTT-4.1.0-1"})
    void routesAQos2MessageOnceAlsoWhenItIsRepeatedAfterReconnect(MqttVersion version) {
        WireClient subscriber = broker.client("subscriber").subscribed("t", 2);
        WireClient c = broker.send(version, connect("id").sessionExpiry(100));
        c.expect(connack());
        c.send(publish("t", "p").qos(2, 7));
        c.expect(pubrec(7));
        c.drop();

        c = broker.send(version, connect("id").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        c.send(publish("t", "p").qos(2, 7).dup());
        c.expect(pubrec(7));
        c.send(pubrel(7));
        c.expect(pubcomp(7));
        subscriber.take("t", "p", 2);
        subscriber.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-4.3.3-12", "5.0:MQTT-4.3.2-5", "3.1.1:MQTT-4.3.2-2"})
    void takesAnIdThatIsFreeAgainForANewMessage(MqttVersion version) {
        WireClient subscriber = broker.client("subscriber").subscribed("t", 2);
        WireClient c = broker.client(version, "id");
        for (int round = 0; round < 3; round++) {
            c.send(publish("t", "one " + round).qos(1, 7));
            c.expect(puback(7));
            c.send(publish("t", "two " + round).qos(2, 7));
            c.expect(pubrec(7));
            c.send(pubrel(7));
            c.expect(pubcomp(7));
            subscriber.take("t", "one " + round, 1);
            subscriber.take("t", "two " + round, 2);
        }
    }

    @EachVersion
    void answersPubrelForAnUnknownIdWithPubcomp(MqttVersion version) {
        WireClient c = broker.client(version, "id");
        c.send(pubrel(9));
        c.expect(pubcomp(9));
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.3.1-3", "3.1.1:MQTT-3.3.1-3"})
    void forwardsWithoutTheDupOfThePublisher(MqttVersion version) {
        WireClient subscriber = broker.client(version, "subscriber").subscribed("t", 2);
        WireClient c = broker.client(version, "id");
        c.send(publish("t", "1").qos(1, 1).dup(), publish("t", "2").qos(2, 2).dup());
        subscriber.take("t", "1", 1);
        subscriber.take("t", "2", 2);
    }

    // ---- quota

    @Test
    @Statement({"5.0:MQTT-3.3.4-7", "5.0:MQTT-4.9.0-1"})
    void disconnectsAClientThatExceedsTheReceiveMaximum() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withReceiveMaximum(2))) {
            WireClient c = small.client("id");
            c.send(
                    publish("t", "1").qos(2, 1),
                    publish("t", "2").qos(2, 2),
                    publish("t", "3").qos(2, 3));
            c.expect(pubrec(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
            c.expect(pubrec(2).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
            c.expectDisconnect(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
        }
    }

    @Test
    @Statement("5.0:MQTT-4.3.3-9")
    void everyCompleteExchangeRestoresTheQuota() {
        Limits limits = Limits.EMBEDDED.withReceiveMaximum(1).withRetainedMessagesMax(0);
        try (TestBroker small = TestBroker.start(limits)) {
            small.client("subscriber").subscribed("t", 0);
            WireClient c = small.client("id");
            for (int round = 0; round < 3; round++) {
                c.send(publish("t", "p").qos(1, 1));
                c.expect(puback(1));
                c.send(publish("t", "p").qos(2, 1));
                c.expect(pubrec(1));
                c.send(pubrel(1));
                c.expect(pubcomp(1));
                c.send(publish("t", "one retained message too many").qos(2, 1).retain());
                c.expect(pubrec(1).reason(ReasonCode.QUOTA_EXCEEDED));
            }
        }
    }

    @Test
    void aRepeatedQos2PublishTakesNoQuota() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withReceiveMaximum(1))) {
            WireClient c = small.client("id");
            for (int round = 0; round < 3; round++) {
                c.send(publish("t", "p").qos(2, 1));
                c.expect(pubrec(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
                c.send(publish("t", "p").qos(2, 1).dup());
                c.expect(pubrec(1));
                c.send(pubrel(1));
                c.expect(pubcomp(1));
            }
        }
    }

    @Test
    void limitsNoClientOf311ByTheReceiveMaximum() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withReceiveMaximum(2))) {
            WireClient c = small.client(MqttVersion.V3_1_1, "id");
            for (int id = 1; id <= 10; id++) {
                c.send(publish("t", "p").qos(2, id));
                c.expect(pubrec(id));
            }
        }
    }

    // ---- refusals

    @EachVersion
    @Statement("3.1.1:MQTT-3.3.5-2")
    void refusesPublishesToSysTopics(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("$SYS/#", 2);
        WireClient c = broker.client(version, "id");
        c.send(
                publish("$SYS/x", "0"),
                publish("$SYS/x", "1").qos(1, 1),
                publish("$SYS/x", "2").qos(2, 2).retain());
        c.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
        c.expect(pubrec(2).reason(ReasonCode.NOT_AUTHORIZED));
        if (version != MqttVersion.V5) {
            c.send(pubrel(2)); // below 5.0 there is no failing PUBREC: the exchange goes on
            c.expect(pubcomp(2));
        }
        c.expectNothing();
        witness.expectNothing();
        broker.client("late").subscribed("$SYS/#", 2).expectNothing();
    }

    @Test
    void saysWhyItRefusesAPublish() {
        WireClient c = broker.client("id");
        c.send(publish("$SYS/x", "1").qos(1, 1), publish("$SYS/x", "2").qos(2, 2));
        Packet.Ack puback = c.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
        Packet.Ack pubrec = c.expect(pubrec(2).reason(ReasonCode.NOT_AUTHORIZED));
        assertThat(puback.properties().string(Property.REASON_STRING))
                .isEqualTo("not authorized to publish to this topic");
        assertThat(pubrec.properties()).isEqualTo(puback.properties());
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-29")
    void saysNothingToAClientThatWantsNoProblemInformation() {
        WireClient c =
                broker.send(MqttVersion.V5, connect("id").cleanStart().with(Property.REQUEST_PROBLEM_INFORMATION, 0));
        c.expect(connack());
        c.send(publish("$SYS/x", "1").qos(1, 1), publish("$SYS/x", "2").qos(2, 2));
        assertThat(c.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED)).properties())
                .isEqualTo(Properties.EMPTY);
        assertThat(c.expect(pubrec(2).reason(ReasonCode.NOT_AUTHORIZED)).properties())
                .isEqualTo(Properties.EMPTY);
    }

    @Test
    @Statement("5.0:MQTT-3.4.2-2")
    void saysNothingWhereTheReasonWouldMakeThePacketTooLarge() {
        WireClient c = broker.send(MqttVersion.V5, connect("id").cleanStart().maximumPacketSize(20));
        c.expect(connack());
        c.send(publish("$SYS/x", "1").qos(1, 1));
        assertThat(c.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED)).properties())
                .isEqualTo(Properties.EMPTY);
    }

    @Test
    void saysWhyItDisconnects() {
        WireClient c = broker.client("id");
        c.sendRaw(0x32, 5, 0, 1, 't', 0, 0); // QoS 1 with packet id 0
        assertThat(c.expect(disconnect(ReasonCode.PROTOCOL_ERROR)).properties().string(Property.REASON_STRING))
                .isEqualTo("The packet id is 0");
        c.expectClosed();
    }

    @Test
    @Statement("5.0:MQTT-4.3.3-9")
    void takesTheIdOfARefusedQos2PublishForANewMessage() {
        WireClient subscriber = broker.client("subscriber").subscribed("t", 2);
        WireClient c = broker.client("id");
        c.send(publish("$SYS/x", "refused").qos(2, 7), publish("t", "p").qos(2, 7));
        c.expect(pubrec(7).reason(ReasonCode.NOT_AUTHORIZED));
        c.expect(pubrec(7));
        subscriber.take("t", "p", 2);
    }

    @Test // [5.0:MQTT-3.2.2-18], [5.0:MQTT-3.2.2-17]
    void refusesATopicAlias() {
        WireClient c = broker.client("id");
        c.send(publish("t", "p").with(Property.TOPIC_ALIAS, 33)); // one above the maximum
        c.expectDisconnect(ReasonCode.TOPIC_ALIAS_INVALID);
    }

    @ParameterizedTest
    @CsvSource({
        "360400017400, MALFORMED_PACKET", // [5.0:MQTT-3.3.1-4] QoS 3
        "380400017400, MALFORMED_PACKET", // [5.0:MQTT-3.3.1-2] DUP with QoS 0
        "32060001740000 00, PROTOCOL_ERROR", // [5.0:MQTT-2.2.1-3] packet id 0
        "300400012b00, TOPIC_NAME_INVALID", // [5.0:MQTT-3.3.2-2] '+'
        "3006 0003742f23 00, TOPIC_NAME_INVALID", // [5.0:MQTT-4.7.0-1] 't/#'
        "3003000000, PROTOCOL_ERROR", // [5.0:MQTT-4.7.3-1] no topic, no alias
        "300400010000, MALFORMED_PACKET", // [5.0:MQTT-4.7.3-2] U+0000
        "3005 0002c0af 00, MALFORMED_PACKET", // [5.0:MQTT-3.3.2-1] ill-formed UTF-8
        "3006 000174 02 0b05, PROTOCOL_ERROR", // [5.0:MQTT-3.3.4-6] a subscription identifier
        "3007 000174 03 230000, TOPIC_ALIAS_INVALID", // [5.0:MQTT-3.3.2-8] topic alias 0
        "3008 000174 04 0800012b, PROTOCOL_ERROR", // [5.0:MQTT-3.3.2-14] a wildcard in the response topic
        "3006 000174 02 0105, PROTOCOL_ERROR", // payload format indicator 5
        "3006 000174 02 7f00, MALFORMED_PACKET", // an unknown property
        "308400 000174 00, MALFORMED_PACKET", // [5.0:MQTT-1.5.5-1] a padded length
        "6002 0001, MALFORMED_PACKET", // [5.0:MQTT-3.6.1-1] PUBREL with flags 0
        "4002 0000, PROTOCOL_ERROR", // PUBACK with id 0
        "4003 0001 92, PROTOCOL_ERROR", // [5.0:MQTT-3.4.2-1] a code that isn't one of PUBACK's
        "2002 0000, PROTOCOL_ERROR", // CONNACK is not for clients
        "f000, PROTOCOL_ERROR", // AUTH without a method
        "0000, MALFORMED_PACKET", // a reserved type
    })
    void disconnectsAClientOf5ThatBreaksARule(String hex, ReasonCode reason) {
        WireClient other = broker.client("other");
        WireClient c = broker.client("id");
        c.sendRaw(HexFormat.of().parseHex(hex.replace(" ", "")));
        c.expectDisconnect(reason);
        other.ping();
    }

    @ParameterizedTest
    @Statement("3.1.1:MQTT-4.8.0-1")
    @ValueSource(
            strings = {
                "3603000174", // [3.1.1:MQTT-3.3.1-4]
                "3803000174", // [3.1.1:MQTT-3.3.1-2]
                "32050001740000", // [3.1.1:MQTT-2.3.1-1]
                "300300012b", // [3.1.1:MQTT-3.3.2-2]
                "30020000", // [3.1.1:MQTT-4.7.3-1]
                "3003000100", // [3.1.1:MQTT-4.7.3-2]
                "30040002c0af", // [3.1.1:MQTT-3.3.2-1]
                "60020001", // [3.1.1:MQTT-3.6.1-1]
                "400300010000", // PUBACK with a reason code
                "20020000",
                "f000",
                "0000",
            })
    void closesTheConnectionOfAClientOf311ThatBreaksARule(String hex) {
        WireClient other = broker.client(MqttVersion.V3_1_1, "other");
        WireClient c = broker.client(MqttVersion.V3_1_1, "id");
        c.sendRaw(HexFormat.of().parseHex(hex));
        c.expectClosed();
        other.ping();
    }

    // ---- payloads

    @EachVersion
    void relaysEmptyAndLargePayloads(MqttVersion version) {
        byte[] large = new byte[5 << 20];
        new Random(1).nextBytes(large);
        WireClient old = broker.client(MqttVersion.V3_1_1, "old").subscribed("t", 2);
        WireClient modern = broker.client("modern").subscribed("t", 2);
        WireClient c = broker.client(version, "id");
        for (byte[] payload : List.of(new byte[0], large)) {
            for (int qos = 0; qos <= 2; qos++) {
                c.published(publish("t", payload), qos);
                old.take(publish("t", payload).qos(qos));
                modern.take(publish("t", payload).qos(qos));
            }
        }
    }

    @Test
    void relaysPayloadsAroundEveryInternalThreshold() {
        WireClient subscriber = broker.client("subscriber").subscribed("t", 1);
        WireClient c = broker.client("id");
        for (int threshold : List.of(127, 1 << 10, 16 << 10, 64 << 10, 2 << 20)) {
            for (int bytes = threshold - 12; bytes <= threshold + 3; bytes++) {
                byte[] payload = new byte[bytes];
                payload[bytes - 1] = 42;
                c.published(publish("t", payload), 1);
                subscriber.take(publish("t", payload).qos(1));
            }
        }
    }

    // ---- order

    @Test
    @Statement({"5.0:MQTT-4.6.0-5", "5.0:MQTT-4.6.0-6", "3.1.1:MQTT-4.6.0-6"})
    void keepsTheOrderOfEachPublisherAndQos() {
        int publishers = 4;
        int messages = 400;
        WireClient subscriber = broker.client("subscriber").subscribed("t/#", 2);
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (int p = 0; p < publishers; p++) {
            String topic = "t/" + p;
            MqttVersion version = MqttVersion.values()[p % 3];
            WireClient c = broker.client(version, "publisher" + p);
            running.add(CompletableFuture.runAsync(() -> publishInTurns(c, topic, messages)));
        }
        int[][] next = new int[publishers][3];
        for (int i = 0; i < publishers * messages; i++) {
            ReceivedPublish came = takeNext(subscriber);
            int publisher = Integer.parseInt(came.topic().substring(2));
            int number = Integer.parseInt(came.text());
            int qos = came.qos().level();
            assertThat(number / 3).as("%s", came).isEqualTo(next[publisher][qos]++);
        }
        running.forEach(CompletableFuture::join);
    }

    private static void publishInTurns(WireClient c, String topic, int messages) {
        for (int i = 0; i < messages; i++) {
            c.published(topic, String.valueOf(i), i % 3);
        }
    }

    /** Takes a PUBLISH, and answers what belongs to earlier ones on the way. */
    private static ReceivedPublish takeNext(WireClient c) {
        while (true) {
            Object came = c.receive();
            if (came instanceof ReceivedPublish publish) {
                if (publish.qos() != QoS.AT_MOST_ONCE) {
                    int id = publish.packetId();
                    c.send(publish.qos() == QoS.AT_LEAST_ONCE ? puback(id) : pubrec(id));
                }
                return publish;
            }
            c.send(pubcomp(((dev.dunlin.codec.Packet.Ack) came).packetId()));
        }
    }

    // ---- batches

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void flushesASubscriberOncePerBatchNotPerMessage(int publisherLoop) {
        String subscriberId = broker.idOn(0, "subscriber");
        String publisherId = broker.idOn(publisherLoop, "publisher");
        WireClient subscriber = broker.client(subscriberId).subscribed("t", 0);
        WireClient publisher = broker.client(publisherId).ping();
        SessionLoop loop = broker.home(subscriberId);
        long before = TestBroker.call(loop, loop::flushes);

        publisher.send(copies(publish("t", "p"), 100));
        for (int i = 0; i < 100; i++) {
            subscriber.expectPublish("t", "p", 0);
        }

        // QoS 0: the publisher itself is written nothing to, so all flushes of the loop are the subscriber's.
        assertThat(TestBroker.call(loop, loop::flushes) - before).isBetween(1L, 2L);
    }

    private static Sendable[] copies(Sendable packet, int count) {
        Sendable[] copies = new Sendable[count];
        java.util.Arrays.fill(copies, packet);
        return copies;
    }

    @Test
    void acknowledgesABatchWithOneFlush() {
        WireClient publisher = broker.client("publisher").ping();
        SessionLoop loop = broker.home("publisher");
        long before = TestBroker.call(loop, loop::flushes);
        byte[] batch = dev.dunlin.broker.testkit.Packets.bytes(
                MqttVersion.V5,
                publish("t", "p").qos(1, 1),
                publish("t", "p").qos(1, 2),
                publish("t", "p").qos(1, 3));
        publisher.send(raw(batch));
        for (int id = 1; id <= 3; id++) {
            publisher.expect(puback(id).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        }
        assertThat(TestBroker.call(loop, loop::flushes) - before).isEqualTo(1);
    }
}
