package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Quotas of both sides when a session goes on, and what CONNECT and DISCONNECT say about its end. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FlowOverAResumeTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private WireClient connected(String id, long expiry, int receiveMaximum) {
        WireClient c =
                broker.send(MqttVersion.V5, connect(id).sessionExpiry(expiry).receiveMaximum(receiveMaximum));
        c.receive();
        return c;
    }

    @Test
    @Statement({"5.0:MQTT-3.3.4-9", "5.0:MQTT-4.9.0-1", "5.0:MQTT-4.9.0-2"})
    void aSmallerReceiveMaximumCountsForWhatIsSentAgainToo() {
        WireClient c = connected("c", 100, 10).subscribed("t", 1);
        WireClient publisher = broker.client("publisher");
        for (int i = 1; i <= 6; i++) {
            publisher.published("t", "" + i, 1);
        }
        for (int i = 1; i <= 6; i++) {
            c.expectPublish("t", "" + i, 1);
        }
        c.drop();
        publisher.published("t", "7", 1);
        c = connected("c", 100, 2);
        ReceivedPublish one = c.expect(publish("t", "1").qos(1).dup());
        ReceivedPublish two = c.expect(publish("t", "2").qos(1).dup());
        c.expectNothing();
        c.send(puback(two.packetId()).reason(ReasonCode.UNSPECIFIED_ERROR)); // a failure is an end as well
        ReceivedPublish three = c.expect(publish("t", "3").qos(1).dup());
        c.expectNothing();
        c.acknowledge(one);
        c.acknowledge(three);
        c.take(publish("t", "4").qos(1).dup());
        c.take(publish("t", "5").qos(1).dup());
        c.take(publish("t", "6").qos(1).dup());
        c.take("t", "7", 1);
        c.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-4.3.3-5", "5.0:MQTT-4.3.3-6", "5.0:MQTT-3.3.4-9"})
    void aReleasedExchangeTakesQuotaUntilPubcomp() {
        WireClient c = connected("c", 100, 1).subscribed("t", 2);
        WireClient publisher = broker.client("publisher");
        publisher.published("t", "1", 2);
        publisher.published("t", "2", 2);
        int id = c.expectPublish("t", "1", 2).packetId();
        c.send(pubrec(id));
        c.expect(pubrel(id));
        c.drop();
        c = connected("c", 100, 1);
        c.expect(pubrel(id));
        c.expectNothing();
        c.send(pubcomp(id));
        c.take("t", "2", 2);
    }

    @Test
    @Statement({"5.0:MQTT-3.3.4-7", "5.0:MQTT-4.9.0-1", "5.0:MQTT-4.3.3-9"})
    void aPublishThatFailsGivesItsQuotaBack() {
        try (TestBroker strict = TestBroker.start(Limits.EMBEDDED.withReceiveMaximum(1))) {
            WireClient c = strict.client("c");
            for (int id = 1; id <= 3; id++) {
                c.send(publish("$SYS/x", "p").qos(1, id));
                c.expect(puback(id).reason(ReasonCode.NOT_AUTHORIZED));
                c.send(publish("$SYS/x", "p").qos(2, id));
                c.expect(pubrec(id).reason(ReasonCode.NOT_AUTHORIZED));
            }
            c.send(publish("t", "p").qos(2, 1));
            c.expect(pubrec(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
            c.send(publish("t", "p").qos(1, 2));
            c.expectDisconnect(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
        }
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-23"})
    void aSessionOfTheLongestExpiryStays() {
        connected("c", Limits.NEVER_EXPIRES, 10).subscribed("t", 1).leave();
        assertThat(broker.hasSession("c")).isTrue();
        broker.client("publisher").published("t", "kept", 1);
        WireClient c = connected("c", 1, 10);
        c.take("t", "kept", 1);
        c.leave(disconnect().sessionExpiry(Limits.NEVER_EXPIRES));
        assertThat(broker.hasSession("c")).isTrue();
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-10", "5.0:MQTT-3.1.2-8"})
    void aDisconnectWithWillAndExpiryDoesBoth() {
        WireClient witness = broker.client("witness").subscribed("will", 0);
        WireClient c = broker.send(
                MqttVersion.V5,
                connect("c").sessionExpiry(100).will(publish("will", "now").with(Property.WILL_DELAY_INTERVAL, 90)));
        c.expect(connack());
        c.leave(disconnect(ReasonCode.DISCONNECT_WITH_WILL_MESSAGE).sessionExpiry(0)); // the session ends: so the delay
        witness.expectPublish("will", "now", 0);
        assertThat(broker.hasSession("c")).isFalse();
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-14", "5.0:MQTT-3.1.4-1"})
    void aWillMayHaveNoWildcardInItsResponseTopic() {
        broker.send(MqttVersion.V5, connect("c").will(publish("will", "p").with(Property.CONTENT_TYPE, "x")))
                .expect(connack());
        byte[] packet = Packets.bytes(
                MqttVersion.V5, connect("d").will(publish("will", "p").with(Property.RESPONSE_TOPIC, "a/b")));
        for (int i = 0; i < packet.length; i++) {
            if (packet[i] == 'b' && packet[i - 1] == '/') {
                packet[i] = '#';
            }
        }
        broker.open(MqttVersion.V5).sendRaw(packet).expectRefusal(ReasonCode.PROTOCOL_ERROR);
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-4"})
    void thePayloadFormatIndicatorIsPassedOnAndNotChecked() {
        WireClient subscriber = broker.client("subscriber").subscribed("t", 0);
        byte[] notUtf8 = {(byte) 0xC0, (byte) 0xAF};
        broker.client("publisher").send(publish("t", notUtf8).with(Property.PAYLOAD_FORMAT_INDICATOR, 1));
        subscriber.expect(publish("t", notUtf8).with(Property.PAYLOAD_FORMAT_INDICATOR, 1));
    }
}
