package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import dev.dunlin.store.tck.Crash;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Topic aliases belong to connections: nothing of them is stored, and a store that isn't well changes nothing about them. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TopicAliasInTheStoreTest {
    private static final String TOPIC = "plant/7/temperature";

    private final MovedTime time = new MovedTime();

    @AutoClose
    private final StoredBroker stored = StoredBroker.start(builder -> builder.time(time));

    private static PublishPacket aliased(String topic, String payload, int alias) {
        return publish(topic, payload).with(Property.TOPIC_ALIAS, alias);
    }

    private WireClient back(String id, int aliases) {
        WireClient c = stored.broker().send(MqttVersion.V5, persistent(id).with(Property.TOPIC_ALIAS_MAXIMUM, aliases));
        c.expect(connack().sessionPresent());
        return c;
    }

    @ParameterizedTest
    @EnumSource(Crash.class)
    @Statement({"5.0:MQTT-3.3.2-7"})
    void messagesAreStoredWithTheirTopic(Crash kind) {
        stored.away("away", "#", 2);
        WireClient publisher = stored.made("publisher");
        publisher.send(
                aliased(TOPIC, "1", 1).qos(1, 1),
                aliased("", "2", 1).qos(2, 2),
                aliased("", "kept", 1).qos(1, 3).retain());
        publisher.expect(puback(1));
        publisher.expect(pubrec(2));
        publisher.expect(puback(3));
        stored.crash(kind);

        publisher = stored.back("publisher");
        publisher.send(aliased("", "4", 1));
        publisher.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
        List<ReceivedPublish> came = StoredBroker.take(stored.back("away"), 3);
        assertThat(came).extracting(ReceivedPublish::topic).containsOnly(TOPIC);
        assertThat(came).extracting(ReceivedPublish::text).containsExactlyInAnyOrder("1", "2", "kept");
        assertThat(came)
                .allSatisfy(each -> assertThat(each.properties().isEmpty()).isTrue());
        WireClient late = stored.broker().client("late").subscribed("#", 1);
        assertThat(late.take(publish(TOPIC, "kept").qos(1).retain())
                        .properties()
                        .isEmpty())
                .isTrue();
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-7", "5.0:MQTT-3.1.2-26"})
    void whatWasUnderWayIsSentAgainWithItsTopic() {
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c").with(Property.TOPIC_ALIAS_MAXIMUM, 3));
        c.expect(connack());
        c.subscribed("#", 2);
        WireClient publisher = stored.broker().client("publisher");
        publisher.published(TOPIC, "1", 2);
        publisher.published(TOPIC, "2", 2);
        c.expect(aliased(TOPIC, "1", 1).qos(2));
        c.expect(aliased("", "2", 1).qos(2));
        stored.restart();

        c = back("c", 3);
        c.expect(aliased(TOPIC, "1", 1).qos(2).dup());
        c.expect(aliased("", "2", 1).qos(2).dup());
        c = back("c", 0);
        c.expect(publish(TOPIC, "1").qos(2).dup());
        c.expect(publish(TOPIC, "2").qos(2).dup());
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-12"})
    void anAliasIsSetByAPublishThatTheStoreRefuses() {
        stored.away("away", "#", 1);
        WireClient watcher = stored.broker().client("watcher").subscribed("#", 0);
        WireClient waiting = stored.broker().client("waiting");
        WireClient c = stored.broker().client("c");
        stored.stall();
        waiting.send(publish("t", "waits").qos(1, 1));
        watcher.expectPublish("t", "waits", 0);
        stored.awaitStalled();
        time.advance(Duration.ofSeconds(6));
        assertThat(stored.core().isStalled()).isTrue();
        c.send(aliased(TOPIC, "no", 1).qos(1, 1));
        c.expect(puback(1).reason(ReasonCode.QUOTA_EXCEEDED));
        c.send(aliased("", "QoS 0 goes on", 1));
        watcher.expectPublish(TOPIC, "QoS 0 goes on", 0);
        stored.release();
        waiting.expect(puback(1));
        c.send(aliased("", "yes", 1).qos(1, 2));
        c.expect(puback(2));
        watcher.expectPublish(TOPIC, "yes", 0);
    }

    @Test
    @Statement({"5.0:MQTT-3.1.2-24"})
    void whatFitsNoMoreWhenItMayBeSentIsDropped() {
        String topic = "t".repeat(60);
        WireClient c = stored.broker()
                .send(MqttVersion.V5, persistent("c").maximumPacketSize(100).with(Property.TOPIC_ALIAS_MAXIMUM, 1));
        c.expect(connack());
        c.subscribed("#", 2);
        WireClient publisher = stored.broker().client("publisher");
        publisher.published(topic, "sets", 0);
        c.expect(aliased(topic, "sets", 1));
        stored.awaitQuiet();
        stored.stall();
        String fitsWithItsAlias = "x".repeat(80);
        publisher.send(publish(topic, fitsWithItsAlias).qos(2, 1));
        stored.awaitStalled();
        publisher.published("another/topic", "1", 0); // passes
        publisher.published("another/topic", "2", 0); // takes the alias
        assertThat(c.expect(publish("another/topic", "1")).properties().isEmpty())
                .isTrue();
        c.expect(aliased("another/topic", "2", 1));
        assertThat(stored.broker().dropped(DropReason.PACKET_TOO_LARGE)).isZero();
        stored.release();
        publisher.expect(pubrec(1));
        TestBroker.eventually("it is dropped", () -> stored.broker().dropped(DropReason.PACKET_TOO_LARGE) == 1);
        publisher.published("another/topic", "3", 2);
        c.take(aliased("", "3", 1).qos(2));
        c.leave();
        stored.broker().settle();
        WireClient again = stored.broker().send(MqttVersion.V5, connect("c").sessionExpiry(100));
        again.expect(connack().sessionPresent());
        again.expectNothing();
    }
}
