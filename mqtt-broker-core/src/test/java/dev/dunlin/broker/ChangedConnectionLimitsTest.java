package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.codec.ReasonCode.NO_MATCHING_SUBSCRIBERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.OnlyOverTcp;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Bounds of connections that change while the broker runs: a connection that comes afterwards has the new ones, and one that
 * has been there before keeps what it came with. ChangedLimitsTest has the others, and proves that none is left out.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ChangedConnectionLimitsTest {
    private final ManualTime time = new ManualTime();
    private LiveBroker live;

    @AfterEach
    void close() {
        live.close();
    }

    private void start() {
        start(builder -> builder);
    }

    private void start(UnaryOperator<BrokerBuilder> configuration) {
        live = LiveBroker.start(configuration);
    }

    private Connack connacked(ConnectPacket connect) {
        return live.open().send(connect).expect(connack());
    }

    // ---- how many, and how long until CONNECT

    @Test
    @Changes("connectionsMax")
    void fewerConnectionsEndNoneAndMoreLetMoreIn() {
        start();
        WireClient second = live.client("second");
        live.change(limits -> limits.withConnectionsMax(1));
        live.open().expectClosed();
        live.before.ping();
        second.ping();
        live.change(limits -> limits.withConnectionsMax(3));
        live.client("third").ping();
        live.open().expectClosed();
    }

    @Test
    @Changes("connectTimeoutMs")
    void aConnectionHasTheTimeThatItCameWith() {
        start();
        WireClient silent = live.open();
        TestBroker.eventually("it is there", () -> live.broker.openConnections() == 2);
        live.change(limits -> limits.withConnectTimeoutMs(50));
        live.open().expectClosed();
        silent.login("late").ping();
    }

    private void startCounting() {
        start(builder -> builder.time(time).uncounted(address -> false));
    }

    @Test
    @OnlyOverTcp("over TLS and WebSocket the client sees a handshake that fails")
    @Changes("connectionsPerAddressMax")
    void thoseThatAreThereCountByTheirAddressToo() {
        startCounting();
        WireClient second = live.client("second");
        live.change(limits -> limits.withConnectionsPerAddressMax(2));
        live.open().expectClosed();
        live.before.ping();
        second.leave();
        TestBroker.eventually("it is gone", () -> live.broker.openConnections() == 1);
        live.client("third").ping();
        live.open().expectClosed();
        live.change(limits -> limits.withConnectionsPerAddressMax(0));
        live.client("fourth").leave();
        live.before.leave();
        TestBroker.eventually("the third is left", () -> live.broker.openConnections() == 1);
        live.change(limits -> limits.withConnectionsPerAddressMax(2));
        live.client("fifth").ping();
        live.open().expectClosed();
    }

    @Test
    @OnlyOverTcp("over TLS and WebSocket the client sees a handshake that fails")
    @Changes("connectsPerSecondPerAddress")
    void aConnectRateBeginsAnewWhenItChanges() {
        startCounting();
        for (int perSecond : new int[] {2, 3}) {
            live.change(limits -> limits.withConnectsPerSecondPerAddress(perSecond));
            for (int i = 0; i < perSecond; i++) {
                live.client("c" + i).leave();
            }
            live.open().expectClosed();
        }
        live.change(limits -> limits.withConnectsPerSecondPerAddress(0));
        for (int i = 0; i < 10; i++) {
            live.client("c" + i).leave();
        }
        live.before.ping();
    }

    // ---- what CONNACK says

    @Test
    @Changes("packetBytesMax")
    void aConnectionKeepsThePacketSizeThatItWasTold() {
        start();
        live.change(limits -> limits.withPacketBytesMax(1_024));
        assertThat(connacked(connect("c")).properties().integer(Property.MAXIMUM_PACKET_SIZE, -1))
                .isEqualTo(1_024);
        WireClient after = live.client("after");
        after.send(publish("t", "x".repeat(1_024)));
        after.expectDisconnect(ReasonCode.PACKET_TOO_LARGE);
        live.before.published("t", "x".repeat(100_000), 1);
    }

    @Test
    @Changes("receiveMaximum")
    void aConnectionKeepsTheReceiveMaximumThatItWasTold() {
        start();
        live.change(limits -> limits.withReceiveMaximum(1));
        assertThat(connacked(connect("c")).properties().integer(Property.RECEIVE_MAXIMUM, -1))
                .isEqualTo(1);
        WireClient after = live.client("after");
        for (WireClient each : new WireClient[] {after, live.before}) {
            each.send(publish("t", "p").qos(2, 1));
            each.expect(pubrec(1).reason(NO_MATCHING_SUBSCRIBERS));
            each.send(publish("t", "p").qos(2, 2));
        }
        after.expectDisconnect(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
        live.before.expect(pubrec(2).reason(NO_MATCHING_SUBSCRIBERS));
        live.before.send(pubrel(1), pubrel(2)).expect(pubcomp(1));
        live.before.expect(pubcomp(2));
    }

    @Test
    @Changes("topicAliasMax")
    void aConnectionKeepsTheTopicAliasesThatItWasTold() {
        start();
        live.change(limits -> limits.withTopicAliasMax(1));
        assertThat(connacked(connect("c")).properties().integer(Property.TOPIC_ALIAS_MAXIMUM, 0))
                .isEqualTo(1);
        WireClient after = live.client("after");
        PublishPacket second = publish("t", "p").with(Property.TOPIC_ALIAS, 2);
        after.send(second);
        after.expectDisconnect(ReasonCode.TOPIC_ALIAS_INVALID);
        live.before.send(second).ping();
    }

    @Test
    @Changes("keepAliveMaxSeconds")
    void aConnectionKeepsItsKeepAlive() {
        start();
        assertThat(connacked(connect("c").keepAlive(60)).properties().has(Property.SERVER_KEEP_ALIVE))
                .isFalse();
        live.change(limits -> limits.withKeepAliveMaxSeconds(5));
        assertThat(connacked(connect("d").keepAlive(60)).properties().integer(Property.SERVER_KEEP_ALIVE, -1))
                .isEqualTo(5);
        live.before.ping(); // has none
    }

    @Test
    @Changes("sessionExpiryMaxSeconds")
    void aSessionKeepsTheExpiryThatItWasToldUntilItsNextConnect() {
        start();
        ConnectPacket connect = connect("c").sessionExpiry(100);
        WireClient c = live.open().send(connect);
        assertThat(c.expect(connack()).properties().has(Property.SESSION_EXPIRY_INTERVAL))
                .isFalse();
        live.change(limits -> limits.withSessionExpiryMaxSeconds(7));
        assertThat(SessionProbe.expirySeconds(live.broker.broker().core(), "c")).isEqualTo(100);
        c = live.open().send(connect);
        assertThat(c.expect(connack().sessionPresent()).properties().integer(Property.SESSION_EXPIRY_INTERVAL, -1))
                .isEqualTo(7);
        assertThat(SessionProbe.expirySeconds(live.broker.broker().core(), "c")).isEqualTo(7);
    }

    // ---- packets

    @Test
    @Changes("connectPacketBytesMax")
    void aConnectMayBeAsLargeAsSaidWhenItsConnectionCame() {
        start();
        WireClient silent = live.open();
        TestBroker.eventually("it is there", () -> live.broker.openConnections() == 2);
        live.change(limits -> limits.withConnectPacketBytesMax(128));
        live.open().sendRaw(0x10, 127).expectClosed();
        silent.login("x".repeat(200)).ping();
    }

    @Test
    @Changes("userPropertiesMax")
    void userPropertiesCountAsSaidWhenTheConnectionCame() {
        start();
        live.change(limits -> limits.withUserPropertiesMax(1));
        WireClient after = live.client("after");
        PublishPacket two = publish("t", "p").userProperty("a", "1").userProperty("b", "2");
        after.send(two);
        after.expectDisconnect(ReasonCode.QUOTA_EXCEEDED);
        live.before.send(two).ping();
    }

    private void refusesAfterwards(UnaryOperator<Limits> change, PublishPacket one, ReasonCode reason) {
        start();
        WireClient witness = live.client("witness").subscribed("#", 0);
        live.change(change);
        live.client("after").send(one.qos(1, 1)).expect(puback(1).reason(reason));
        witness.expectNothing();
        live.before.send(one.qos(1, 1)).expect(puback(1));
        assertThat(witness.receive()).isInstanceOf(ReceivedPublish.class);
        assertThat(live.broker.dropped(DropReason.REFUSED)).isEqualTo(1);
    }

    @Test
    @Changes("payloadBytesMax")
    void payloadsCountAsSaidWhenTheConnectionCame() {
        refusesAfterwards(limits -> limits.withPayloadBytesMax(4), publish("t", "fives"), ReasonCode.QUOTA_EXCEEDED);
    }

    @Test
    @Changes("topicBytesMax")
    void topicsCountAsSaidWhenTheConnectionCame() {
        refusesAfterwards(limits -> limits.withTopicBytesMax(4), publish("fives", "p"), ReasonCode.TOPIC_NAME_INVALID);
    }

    @Test
    @Changes("topicLevelsMax")
    void levelsCountAsSaidWhenTheConnectionCame() {
        refusesAfterwards(limits -> limits.withTopicLevelsMax(2), publish("a/b/c", "p"), ReasonCode.TOPIC_NAME_INVALID);
    }

    // ---- how fast

    private void slowsDownAfterwards(UnaryOperator<Limits> change, int atOnce) {
        start(builder -> builder.time(time));
        WireClient witness = live.client("witness").subscribed("t/#", 0);
        live.change(change);
        WireClient after = live.client("after");
        Sendable[] forty = new Sendable[40];
        for (int i = 0; i < forty.length; i++) {
            forty[i] = publish("t/after", "x".repeat(100));
        }
        after.send(forty);
        for (int i = 0; i < atOnce; i++) {
            witness.expectPublish("t/after", "x".repeat(100), 0);
        }
        witness.expectNothing();
        for (int i = 0; i < forty.length; i++) {
            live.before.published("t/before", "" + i, 1);
            witness.expectPublish("t/before", "" + i, 0);
        }
        time.advance(Duration.ofHours(1));
        for (int i = 0; i < forty.length - atOnce && i < atOnce; i++) {
            witness.expectPublish("t/after", "x".repeat(100), 0);
        }
    }

    @Test
    @Changes("publishesPerSecondMax")
    void aConnectionKeepsItsRate() {
        slowsDownAfterwards(limits -> limits.withPublishesPerSecondMax(20), 21);
    }

    @Test
    @Changes("publishBytesPerSecondMax")
    void aConnectionKeepsItsRateInBytes() {
        slowsDownAfterwards(limits -> limits.withPublishBytesPerSecondMax(1_000), 9); // of 112 bytes each
    }

    // ---- output

    @Test
    @Changes("outputBytesMax")
    void aConnectionKeepsItsOutput() {
        start(builder -> builder.limits(Limits.EMBEDDED.withOutputBytesMax(1 << 30)));
        live.before.subscribed("t", 0);
        live.change(limits -> limits.withOutputBytesMax(64 << 10));
        live.client("after").subscribed("t", 0);
        WireClient publisher = live.client("publisher");
        byte[] large = new byte[256 << 10];
        int sent = 0;
        while (live.broker.dropped(DropReason.SLOW_CONSUMER_QOS_0) < 3) { // beyond what the system buffers
            publisher.published(publish("t", large), 0).ping();
            sent++;
        }
        Map<String, Map<DropReason, Long>> dropped =
                live.broker.broker().droppedByClient().toCompletableFuture().join();
        assertThat(dropped).containsOnlyKeys("after");
        for (int i = 0; i < sent; i++) {
            live.before.take(publish("t", large));
        }
    }

    // ---- listeners

    @Test
    void aListenerKeepsWhatItHasOfItsOwnAndFollowsTheBrokerElsewhere() {
        Limits own = Limits.EMBEDDED.withReceiveMaximum(7);
        live = LiveBroker.start(builder ->
                builder.listen(Listener.tcp("127.0.0.1", 0).name("own").limits(own)));
        Broker broker = live.broker.broker();
        live.change(limits -> limits.withReceiveMaximum(5).withTopicAliasMax(3));
        assertThat(broker.limits("tcp")).isEqualTo(broker.limits());
        assertThat(broker.limits("own")).isEqualTo(broker.limits().withReceiveMaximum(7));

        LiveBroker.await(broker.changeLimits("own", broker.limits().withTopicAliasMax(1)));
        live.change(limits -> limits.withReceiveMaximum(9).withTopicAliasMax(8).withSessionsMax(100));
        assertThat(broker.limits("own")).isEqualTo(broker.limits().withTopicAliasMax(1));
        Connack connack = WireClient.connect(broker.port("own"), MqttVersion.V5, TestTransport.TCP)
                .send(connect("c"))
                .expect(connack());
        assertThat(connack.properties().integer(Property.RECEIVE_MAXIMUM, -1)).isEqualTo(9);
        assertThat(connack.properties().integer(Property.TOPIC_ALIAS_MAXIMUM, -1))
                .isEqualTo(1);
    }

    @Test
    void saysWhyAListenerCannotHaveTheseBounds() {
        live = LiveBroker.start(builder ->
                builder.listen(Listener.tcp("127.0.0.1", 0).name("own").limits(Limits.EMBEDDED.withReceiveMaximum(7))));
        Broker broker = live.broker.broker();
        Limits before = broker.limits("own");
        assertThatThrownBy(() -> broker.changeLimits("nobody", before))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no listener is named nobody");
        assertThatThrownBy(() -> broker.changeLimits("tcp", before))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("listener tcp was started without bounds of its own");
        assertThatThrownBy(() -> broker.changeLimits("own", before.withSessionsMax(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("listener own can't have a sessionsMax of its own");
        assertThat(broker.limits("own")).isEqualTo(before);
        assertThatThrownBy(() -> broker.limits("nobody")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void sessionsWithinTheProcessFollowToo() {
        start();
        live.change(limits -> limits.withKeepAliveMaxSeconds(1).withPayloadBytesMax(4));
        assertThat(live.broker.broker().localSessions().limits())
                .isEqualTo(live.broker.broker().limits().withKeepAliveMaxSeconds(0));
        assertThat(live.broker.broker().inProcess().limits())
                .isEqualTo(live.broker.broker().limits());
        live.before.ping();
    }
}
