package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.testkit.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The message expiry interval, on a clock that the test moves. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class MessageExpiryTest {
    private final ManualTime time = new ManualTime();

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.time(time));

    private final WireClient publisher = broker.client("publisher");

    private WireClient reconnect(MqttVersion version, int receiveMaximum) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100_000).receiveMaximum(receiveMaximum));
        c.expect(connack().sessionPresent());
        return c;
    }

    /** A write that is under way when the time jumps would look as if it hung. */
    private void advance(Duration by) {
        broker.awaitStore();
        time.advance(by);
    }

    private void subscribeAndLeave() {
        WireClient c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100_000));
        c.expect(connack());
        c.subscribed("t", 2).leave();
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-6")
    void isForwardedUnchangedWithoutWaiting() {
        WireClient c = broker.client("c").subscribed("t", 2);
        for (long seconds : new long[] {1, 60, 0xFFFF_FFFFL}) {
            for (int qos = 0; qos <= 2; qos++) {
                publisher.published(publish("t", "p").expiry(seconds), qos);
                assertThat(c.take("t", "p", qos).expirySeconds()).isEqualTo(seconds);
            }
        }
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-6")
    void isCountedDownWhileTheMessageWaits() {
        subscribeAndLeave();
        publisher.published(publish("t", "p").expiry(60), 1);
        advance(Duration.ofMillis(10_500));
        assertThat(reconnect(MqttVersion.V5, 10).take("t", "p", 1).expirySeconds())
                .isEqualTo(50);
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-5")
    void endsMessagesInTheQueueOfADisconnectedClient() {
        subscribeAndLeave();
        publisher.published(publish("t", "short").expiry(10), 1);
        publisher.published(publish("t", "for ever"), 1);
        publisher.published(publish("t", "short").expiry(9), 2);
        publisher.published(publish("t", "long").expiry(11), 2);
        advance(Duration.ofSeconds(10));
        WireClient c = reconnect(MqttVersion.V5, 10);
        assertThat(c.expectPublish("t", "for ever", 1).expirySeconds()).isEqualTo(-1);
        assertThat(c.expectPublish("t", "long", 2).expirySeconds()).isEqualTo(1);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.EXPIRED)).isEqualTo(2);
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-5")
    void endsMessagesForClientsOf311Too() {
        subscribeAndLeave();
        publisher.published(publish("t", "short").expiry(10), 1);
        publisher.published(publish("t", "for ever"), 1);
        advance(Duration.ofSeconds(10));
        WireClient c = broker.send(MqttVersion.V3_1_1, connect("c"));
        c.expect(connack().sessionPresent());
        c.take("t", "for ever", 1);
        c.expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.3.2-5")
    void endsMessagesBehindAFullWindow() {
        subscribeAndLeave();
        WireClient c = reconnect(MqttVersion.V5, 1);
        publisher.published("t", "first", 1);
        publisher.published(publish("t", "short").expiry(5), 1);
        publisher.published(publish("t", "long").expiry(50), 1);
        ReceivedPublish first = c.expectPublish("t", "first", 1);
        advance(Duration.ofSeconds(5));
        c.acknowledge(first);
        assertThat(c.take("t", "long", 1).expirySeconds()).isEqualTo(45);
        c.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-4.3.3-7", "5.0:MQTT-4.3.3-13"})
    void endsNothingThatWasSentOnce() {
        subscribeAndLeave();
        WireClient c = reconnect(MqttVersion.V5, 10);
        publisher.published(publish("t", "p").expiry(5), 2);
        int id = c.expectPublish("t", "p", 2).packetId();
        c.drop();
        advance(Duration.ofSeconds(100));
        c = reconnect(MqttVersion.V5, 10);
        assertThat(c.expect(publish("t", "p").qos(2, id).dup()).expirySeconds()).isLessThanOrEqualTo(1);
        c.send(pubrec(id));
        c.expect(pubrel(id));
        c.send(pubcomp(id));
        c.leave();
        reconnect(MqttVersion.V5, 10).expectNothing();
        assertThat(broker.dropped(DropReason.EXPIRED)).isZero();
    }

    @Test
    @Statement("5.0:MQTT-4.3.3-13")
    void aQos2PublisherFinishesItsExchangeThoughTheMessageExpired() {
        WireClient c = broker.client("c");
        c.send(publish("t", "p").qos(2, 5).expiry(1));
        c.receive();
        advance(Duration.ofSeconds(100));
        c.send(pubrel(5));
        c.expect(pubcomp(5));
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-5", "5.0:MQTT-3.3.2-6"})
    void endsRetainedMessages() {
        publisher.published(publish("t", "p").retain().expiry(10), 1);
        advance(Duration.ofSeconds(4));
        WireClient c = broker.client("c").subscribed("t", 1);
        assertThat(c.take(publish("t", "p").qos(1).retain()).expirySeconds()).isEqualTo(6);
        advance(Duration.ofSeconds(6));
        c.subscribed("t", 1);
        c.expectNothing();
        broker.client("other").subscribed("#", 0).expectNothing();
    }

    @Test
    void ofAWillCountsFromItsPublication() {
        WireClient witness = broker.client("witness").subscribed("will", 0);
        WireClient c = broker.send(
                MqttVersion.V5, connect("c").will(publish("will", "p").with(Property.MESSAGE_EXPIRY_INTERVAL, 10)));
        c.expect(connack());
        advance(Duration.ofSeconds(100));
        c.drop();
        assertThat(witness.expectPublish("will", "p", 0).expirySeconds()).isEqualTo(10);
    }

    @Test
    void neverGrowsOnItsWay() {
        WireClient c = broker.client("c").subscribed("t", 0);
        for (int ms = 0; ms < 50; ms++) {
            advance(Duration.ofMillis(1));
            publisher.published(publish("t", "p").expiry(3), 0);
            assertThat(c.expectPublish("t", "p", 0).expirySeconds()).isEqualTo(3);
        }
    }
}
