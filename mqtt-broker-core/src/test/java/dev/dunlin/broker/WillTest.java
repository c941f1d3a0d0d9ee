package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Wills: when they are published and when not. Delays are real, and the shortest that there are. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class WillTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final WireClient witness = broker.client("witness").subscribed("will/#", 2);

    private static PublishPacket will(String name) {
        return publish("will/" + name, "gone").qos(1);
    }

    private static PublishPacket delayed(String name, long seconds) {
        return will(name).with(Property.WILL_DELAY_INTERVAL, seconds);
    }

    private WireClient connected(MqttVersion version, ConnectPacket connect) {
        WireClient c = broker.send(version, connect);
        c.expect(connack());
        return c;
    }

    private WireClient connected(ConnectPacket connect) {
        return connected(MqttVersion.V5, connect);
    }

    // ---- published

    @EachVersion
    @Statement({"5.0:MQTT-3.1.2-7", "5.0:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-8"})
    void isPublishedWhenTheConnectionIsLost(MqttVersion version) {
        for (int qos = 0; qos <= 2; qos++) {
            WireClient c = connected(
                    version,
                    connect("c").cleanStart().will(publish("will/c", "gone").qos(qos)));
            witness.expectNothing();
            c.drop();
            witness.take("will/c", "gone", qos);
        }
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-8"})
    void isPublishedWhenTheClientBreaksARule(MqttVersion version) {
        WireClient c = connected(version, connect("c").will(will("c")));
        c.sendRaw(0x00, 0x00);
        c.expectDisconnect(ReasonCode.MALFORMED_PACKET);
        witness.take("will/c", "gone", 1);
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-8"})
    void isPublishedWhenTheClientIsSilent() {
        WireClient five = connected(connect("five").keepAlive(1).will(will("c")));
        WireClient three =
                connected(MqttVersion.V3_1_1, connect("three").keepAlive(1).will(will("c")));
        five.expectDisconnect(ReasonCode.KEEP_ALIVE_TIMEOUT);
        three.expectClosed();
        witness.take("will/c", "gone", 1);
        witness.take("will/c", "gone", 1);
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-8")
    void isPublishedWhenTheClientAsksForIt() {
        WireClient c = connected(connect("c").will(will("c")));
        c.leave(disconnect(ReasonCode.DISCONNECT_WITH_WILL_MESSAGE));
        witness.take("will/c", "gone", 1);
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.14.4-3", "5.0:MQTT-3.1.2-10", "3.1.1:MQTT-3.14.4-3"})
    void isDiscardedByANormalDisconnect(MqttVersion version) {
        connected(version, connect("c").sessionExpiry(100).will(will("c"))).leave();
        witness.expectNothing();
        WireClient again = broker.send(version, connect("c").sessionExpiry(100));
        again.expect(connack().sessionPresent());
        again.drop(); // without a will of its own
        witness.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.1.2-10", "3.1.1:MQTT-3.1.2-10", "3.1.1:MQTT-3.1.2-12"})
    void isPublishedOnce(MqttVersion version) {
        connected(version, connect("c").sessionExpiry(100).will(will("c"))).drop();
        witness.take("will/c", "gone", 1);
        for (int round = 0; round < 2; round++) {
            WireClient c = broker.send(version, connect("c").sessionExpiry(100));
            c.expect(connack().sessionPresent());
            c.drop();
        }
        witness.expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.1.2-14", "5.0:MQTT-3.1.2-15", "3.1.1:MQTT-3.1.2-17"})
    void isRetainedIfItSaysSo(MqttVersion version) {
        connected(version, connect("c").cleanStart().will(will("plain"))).drop();
        connected(version, connect("c").cleanStart().will(will("kept").retain()))
                .drop();
        witness.take("will/plain", "gone", 1);
        witness.take("will/kept", "gone", 1);
        WireClient late = broker.client("late").subscribed("will/#", 2);
        late.take(publish("will/kept", "gone").qos(1).retain());
        late.expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-3.1.3-10", "5.0:MQTT-3.1.2-9"})
    void carriesItsProperties() {
        byte[] payload = new byte[65_535];
        payload[65_534] = 7;
        PublishPacket message = publish("will/c", payload)
                .qos(2)
                .with(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                .with(Property.CONTENT_TYPE, "type")
                .with(Property.RESPONSE_TOPIC, "reply")
                .with(Property.CORRELATION_DATA, new byte[] {1, 2})
                .userProperty("b", "1")
                .userProperty("a", "2")
                .userProperty("b", "1");
        connected(connect("c").will(message)).drop();
        witness.take(message);
    }

    @Test
    void isNotPublishedToItsOwnSubscriptionsWithNoLocal() {
        WireClient c = connected(connect("c").sessionExpiry(100).will(will("c")));
        c.send(subscribe(1, "will/c", 1).noLocal());
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        c.drop();
        witness.take("will/c", "gone", 1);
        WireClient again = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        again.expect(connack().sessionPresent());
        again.expectNothing();
    }

    @Test
    void isRefusedAndCountedOnASysTopic() {
        connected(connect("c").will(publish("$SYS/x", "gone"))).drop();
        witness.expectNothing();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(1);
    }

    @Test
    void isNotPublishedWhenTheBrokerCloses() {
        Queue<String> came = new ConcurrentLinkedQueue<>();
        TestBroker other = TestBroker.start();
        other.local().subscribe("#", message -> came.add(message.topic()));
        for (int i = 0; i < 8; i++) {
            WireClient c =
                    other.send(MqttVersion.V5, connect("c" + i).sessionExpiry(i).will(publish("will", "gone")));
            c.expect(connack());
        }
        other.close();
        assertThat(came).isEmpty();
    }

    // ---- delayed

    @Test
    @Statement("5.0:MQTT-3.1.2-8")
    void waitsForItsDelay() {
        WireClient c = connected(connect("c").sessionExpiry(100).will(delayed("c", 1)));
        long lostNs = System.nanoTime();
        c.drop();
        witness.take("will/c", "gone", 1);
        assertThat(Duration.ofNanos(System.nanoTime() - lostNs)).isBetween(Duration.ofSeconds(1), secondsSlack(1));
        witness.expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-8")
    void waitsNoLongerThanTheSession() {
        WireClient ends = connected(connect("ends").sessionExpiry(0).will(delayed("ends", 100)));
        ends.drop();
        witness.take("will/ends", "gone", 1);

        WireClient expires = connected(connect("expires").sessionExpiry(1).will(delayed("expires", 100)));
        long lostNs = System.nanoTime();
        expires.drop();
        witness.take("will/expires", "gone", 1);
        assertThat(Duration.ofNanos(System.nanoTime() - lostNs)).isBetween(Duration.ofSeconds(1), secondsSlack(1));
        assertThat(broker.hasSession("expires")).isFalse();
    }

    @Test
    @Statement("5.0:MQTT-3.1.3-9")
    void isCancelledWhenTheClientIsBackInTime() {
        String id = broker.idOn(0, "back");
        WireClient c = connected(connect(id).sessionExpiry(100).will(delayed("back", 1)));
        c.drop();
        WireClient back = broker.send(MqttVersion.V5, connect(id).sessionExpiry(100));
        back.expect(connack().sessionPresent());

        String later = broker.idOn(0, "later"); // on the same loop, so that its timer ends behind the cancelled one
        connected(connect(later).sessionExpiry(100).will(delayed("later", 1))).drop();
        ReceivedPublish first = (ReceivedPublish) witness.receive();
        assertThat(first.topic()).isEqualTo("will/later");
        back.drop();
        witness.acknowledge(first);
        witness.expectNothing();
    }

    private static Duration secondsSlack(int seconds) {
        return Duration.ofSeconds(seconds + 5);
    }

    // ---- takeover

    @EachVersion
    @Statement({"5.0:MQTT-3.1.4-3", "3.1.1:MQTT-3.1.4-2", "5.0:MQTT-3.1.2-8"})
    void isPublishedWhenAnotherConnectionTakesOver(MqttVersion version) {
        WireClient old = connected(version, connect("c").sessionExpiry(100).will(will("c")));
        WireClient other = broker.send(version, connect("c").sessionExpiry(100));
        other.expect(connack().sessionPresent());
        old.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        witness.take("will/c", "gone", 1);
        witness.expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.1.3-9")
    void withADelayIsNotPublishedWhenAnotherConnectionGoesOnWithTheSession() {
        WireClient old = connected(connect("c").sessionExpiry(100).will(delayed("c", 100)));
        WireClient other = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        other.expect(connack().sessionPresent());
        old.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        other.drop();
        witness.expectNothing();
    }

    @Test // the session ends
    @Statement("5.0:MQTT-3.1.2-8")
    void withADelayIsPublishedAtOnceByACleanStart() {
        WireClient old = connected(connect("c").sessionExpiry(100).will(delayed("connected", 100)));
        connected(connect("c").cleanStart().sessionExpiry(100).will(delayed("offline", 100)))
                .drop();
        old.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        witness.take("will/connected", "gone", 1);
        witness.expectNothing();
        broker.client("c");
        witness.take("will/offline", "gone", 1);
    }

    @EachVersion
    void theNewConnectionHasTheNewWill(MqttVersion version) {
        connected(version, connect("c").sessionExpiry(100).will(will("old"))).leave();
        WireClient c = broker.send(version, connect("c").sessionExpiry(100).will(will("new")));
        c.expect(connack().sessionPresent());
        c.drop();
        witness.take("will/new", "gone", 1);
        witness.expectNothing();
    }
}
