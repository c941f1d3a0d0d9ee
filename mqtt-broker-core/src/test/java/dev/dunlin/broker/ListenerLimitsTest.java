package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A listener may have bounds of its own: here "own", beside one that has the broker's. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ListenerLimitsTest {
    private final ManualTime time = new ManualTime();
    private TestBroker broker;

    private void start(Limits own) {
        start(Limits.EMBEDDED, own);
    }

    private void start(Limits limits, Limits own) {
        broker = TestBroker.start(builder -> builder.time(time)
                .limits(limits)
                .uncounted(address -> false)
                .listen(TestTransport.chosen().listener().name("own").limits(own)));
    }

    @AfterEach
    void close() {
        if (broker != null) {
            broker.close();
        }
    }

    private WireClient open() {
        return WireClient.connect(broker.broker().port("own"), MqttVersion.V5);
    }

    private Properties announced(WireClient c) {
        return c.send(connect("announced").keepAlive(100)).expect(connack()).properties();
    }

    @Test
    void itsConnectionsAreBoundedAloneAndWithTheOthers() {
        start(Limits.EMBEDDED.withConnectionsMax(3), Limits.EMBEDDED.withConnectionsMax(1));
        WireClient one = open().login("one");
        open().expectClosed();
        WireClient two = broker.client("two");
        WireClient three = broker.client("three");
        broker.open(MqttVersion.V5).expectClosed();
        one.leave();
        TestBroker.eventually("it is gone", () -> broker.openConnections() == 2);
        broker.client("four").ping();
        open().expectClosed(); // the broker has its three
        two.ping();
        three.ping();
    }

    @Test
    void itsTimeoutIsItsOwn() {
        start(Limits.EMBEDDED.withConnectTimeoutMs(100));
        WireClient patient = broker.open(MqttVersion.V5);
        open().expectClosed();
        patient.login("patient");
    }

    @Test
    void itsPacketsAreBoundedByItself() {
        start(Limits.EMBEDDED.withConnectPacketBytesMax(128).withPacketBytesMax(1_024));
        open().sendRaw(0x10, 127).expectClosed();
        WireClient c = open();
        assertThat(announced(c).integer(Property.MAXIMUM_PACKET_SIZE, -1)).isEqualTo(1_024);
        c.sendRaw(0x30, 0xFE, 0x07);
        c.expectDisconnect(ReasonCode.PACKET_TOO_LARGE);
        broker.client("other").published(publish("t", new byte[2_000]), 1);
    }

    @Test
    void itAnnouncesAndHoldsItsOwnReceiveMaximumAliasesAndKeepAlive() {
        start(Limits.EMBEDDED.withReceiveMaximum(1).withTopicAliasMax(3).withKeepAliveMaxSeconds(50));
        WireClient c = open();
        Properties own = announced(c);
        assertThat(own.integer(Property.RECEIVE_MAXIMUM, -1)).isEqualTo(1);
        assertThat(own.integer(Property.TOPIC_ALIAS_MAXIMUM, -1)).isEqualTo(3);
        assertThat(own.integer(Property.SERVER_KEEP_ALIVE, -1)).isEqualTo(50);
        c.send(publish("t", "p").with(Property.TOPIC_ALIAS, 3));
        c.ping();
        c.send(publish("t", "p").qos(2, 1), publish("t", "p").qos(2, 2));
        c.receive();
        c.expectDisconnect(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
        c = open().login("again");
        c.send(publish("t", "p").with(Property.TOPIC_ALIAS, 4));
        c.expectDisconnect(ReasonCode.TOPIC_ALIAS_INVALID);

        Properties others = announced(broker.open(MqttVersion.V5));
        assertThat(others.integer(Property.RECEIVE_MAXIMUM, -1)).isEqualTo(Limits.EMBEDDED.receiveMaximum());
        assertThat(others.has(Property.SERVER_KEEP_ALIVE)).isFalse();
        broker.client("other").send(publish("t", "p").with(Property.TOPIC_ALIAS, 32));
    }

    @Test
    void itsTopicsAndPropertiesAreBoundedByItself() {
        start(Limits.EMBEDDED.withTopicLevelsMax(2).withTopicBytesMax(6).withUserPropertiesMax(0));
        WireClient c = open().login("c");
        c.send(
                publish("a/b/c", "p").qos(1, 1),
                publish("a/bcdef", "p").qos(1, 2),
                publish("a/b", "p").qos(1, 3));
        c.expect(puback(1).reason(ReasonCode.TOPIC_NAME_INVALID));
        c.expect(puback(2).reason(ReasonCode.TOPIC_NAME_INVALID));
        c.expect(puback(3).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        c.send(subscribe(4, "a/b/c", 0).and("a/bcdef", 0).and("a/b", 0));
        c.expect(suback(4, ReasonCode.TOPIC_FILTER_INVALID, ReasonCode.TOPIC_FILTER_INVALID, ReasonCode.SUCCESS));
        c.send(publish("a/b", "p").userProperty("a", "b"));
        c.expectDisconnect(ReasonCode.QUOTA_EXCEEDED);
        WireClient other = broker.client("other").subscribed("a/b/c/defg", 0);
        broker.client("another").published(publish("a/b/c/defg", "p").userProperty("a", "b"), 1);
        other.expect(publish("a/b/c/defg", "p").userProperty("a", "b"));
    }

    @Test
    void aWillThatAWiderListenerHasLetInIsPublished() {
        start(Limits.EMBEDDED.withTopicLevelsMax(2), Limits.EMBEDDED.withTopicLevelsMax(3));
        WireClient witness = broker.client("witness").subscribed("#", 0);
        WireClient dies = open().send(connect("dies").will(publish("a/b/c", "gone")));
        dies.expect(connack());
        dies.drop();
        witness.expectPublish("a/b/c", "gone", 0);
    }

    @Test
    void itsPublishRateIsItsOwn() {
        start(Limits.EMBEDDED.withPublishesPerSecondMax(1));
        WireClient c = open().login("c");
        c.send(
                publish("t", "p").qos(1, 1),
                publish("t", "p").qos(1, 2),
                publish("t", "p").qos(1, 3));
        c.expect(puback(1).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        c.expect(puback(2).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        broker.client("other").published("t", "p", 1).published("t", "p", 1).published("t", "p", 1);
        c.expectNothingYet();
        time.advance(Duration.ofSeconds(1));
        c.expect(puback(3).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
    }

    @Test
    void itsAddressesAreCountedApart() {
        start(Limits.EMBEDDED.withConnectionsPerAddressMax(1).withConnectsPerSecondPerAddress(2));
        WireClient c = open().login("c");
        open().expectClosed(); // one too many
        broker.client("other").ping();
        broker.client("another").ping();
        c.leave();
        TestBroker.eventually("it is gone", () -> broker.openConnections() == 2);
        open().login("c").leave();
        TestBroker.eventually("it is gone", () -> broker.openConnections() == 2);
        open().expectClosed(); // too soon
        time.advance(Duration.ofMillis(500));
        open().login("c").leave();
    }

    @Test
    void whatIsOfTheWholeBrokerIsRefusedAndNamed() {
        BrokerStartException refused = catchThrowableOfType(
                BrokerStartException.class,
                () -> Broker.builder()
                        .listen(Listener.tcp("127.0.0.1", 0)
                                .limits(Limits.EMBEDDED.withConnectionsMax(1).withSessionsMax(5)))
                        .start()
                        .close());
        assertThat(refused.kind()).isEqualTo(BrokerStartException.Kind.CONFIG);
        assertThat(refused)
                .hasMessageContaining("listener tcp can't have a sessionsMax of its own (5; the broker's is 10000000)")
                .hasMessageContaining("connectionsMax");
    }

    @Test
    void aListenerWithBoundsKeepsThemWhateverElseIsSaid() {
        Limits own = Limits.EMBEDDED.withConnectionsMax(1);
        Listener listener = Listener.webSocket("127.0.0.1", 0).limits(own).name("other");
        assertThat(listener.limits()).isSameAs(own);
        assertThat(listener.limits(own).webSocketPath()).isEqualTo(Listener.DEFAULT_PATH);
        assertThat(Listener.tcp("127.0.0.1", 0).limits()).isNull();
    }
}
