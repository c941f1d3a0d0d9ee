package dev.dunlin.broker;

import static dev.dunlin.broker.TestBroker.eventually;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.BrokerStats.Messages;
import dev.dunlin.broker.BrokerStats.Traffic;
import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a broker counts, packet by packet. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class BrokerStatsTest {
    private final ManualTime time = new ManualTime();

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.time(time));

    private BrokerStats stats() {
        broker.settle();
        return broker.broker().stats();
    }

    @Test
    void beginsWithNothing() {
        BrokerStats stats = stats();
        assertThat(stats.connections()).isEqualTo(new BrokerStats.Connections(0, 0, 0, 0, 0));
        assertThat(stats.sessions()).isEqualTo(new BrokerStats.Sessions(0, 0, 0, 0, 0, 0));
        assertThat(stats.received()).isEqualTo(new Traffic(0, 0, 0, 0, 0, 0));
        assertThat(stats.sent()).isEqualTo(stats.received());
        assertThat(stats.dropped()).containsOnlyKeys(DropReason.values());
        assertThat(stats.dropped().values()).containsOnly(0L);
        assertThat(stats.queued()).isEqualTo(new Messages(0, 0));
        assertThat(stats.inflight()).isEqualTo(stats.queued());
        assertThat(stats.retained()).isEqualTo(stats.queued());
        assertThat(stats.slowConsumers()).isZero();
        assertThat(stats.store())
                .isEqualTo(TestBroker.isStored() ? BrokerStats.StoreState.WELL : BrokerStats.StoreState.NONE);
    }

    @Test
    void measuresHowLongAcknowledgementsTake() {
        assertThat(stats().acknowledgements())
                .isEqualTo(new BrokerStats.Acknowledgements(0, Duration.ZERO, Duration.ZERO));
        WireClient client = broker.client("c");
        client.published("t", "p", 0);
        assertThat(stats().acknowledgements().measured()).as("QoS 0 has none").isZero();
        client.published("t", "p", 1);
        time.advance(Duration.ofMillis(5));
        client.published("t", "p", 2);
        assertThat(stats().acknowledgements().measured()).isEqualTo(2);
        time.advance(Duration.ofSeconds(11));
        assertThat(stats().acknowledgements().measured()).isZero();
    }

    @Test
    void tellsSinceWhenItRuns() {
        Instant began = stats().startedAt();
        assertThat(stats().uptime()).isZero();
        time.advance(Duration.ofMinutes(3));
        assertThat(stats().uptime()).isEqualTo(Duration.ofMinutes(3));
        assertThat(stats().startedAt()).isEqualTo(began);
    }

    @Test
    void countsConnectionsAndSessions() {
        WireClient one =
                broker.client("one").subscribed("a", 1).subscribed("a", 0).subscribed("$share/g/b", 1);
        WireClient two = broker.open(MqttVersion.V5).send(connect("two").sessionExpiry(100));
        two.expect(connack());
        two.subscribed("$share/g/b", 1);
        WireClient silent = broker.open(MqttVersion.V5);
        eventually("it is open", () -> broker.openConnections() == 3);
        assertThat(stats().connections()).isEqualTo(new BrokerStats.Connections(3, 2, 2, 2, 0));
        assertThat(stats().sessions()).isEqualTo(new BrokerStats.Sessions(2, 0, 0, 3, 2, 1));
        silent.close();
        two.leave();
        one.send(unsubscribe(7, "a", "other"));
        one.expect(unsuback(7, ReasonCode.SUCCESS, ReasonCode.NO_SUBSCRIPTION_EXISTED));
        eventually("they are gone", () -> broker.openConnections() == 1);
        assertThat(stats().connections()).isEqualTo(new BrokerStats.Connections(1, 1, 2, 2, 0));
        assertThat(stats().sessions()).isEqualTo(new BrokerStats.Sessions(1, 1, 0, 2, 2, 1));
        one.leave();
        assertThat(stats().sessions()).isEqualTo(new BrokerStats.Sessions(0, 1, 0, 1, 1, 1));
    }

    @Test
    void countsSessionsThatExpire() {
        WireClient c = broker.open(MqttVersion.V5).send(connect("c").sessionExpiry(1));
        c.expect(connack());
        c.subscribed("a", 1).leave();
        eventually("it has expired", () -> stats().sessions().expired() == 1);
        assertThat(stats().sessions()).isEqualTo(new BrokerStats.Sessions(0, 0, 1, 0, 0, 0));
    }

    @EachVersion
    void countsConnectsThatAreRefused(MqttVersion version) {
        broker.send(version, connect("c").cleanStart().will(publish("x/".repeat(200), "")))
                .expectRefusal(ReasonCode.TOPIC_NAME_INVALID);
        broker.open(version).sendRaw(0xC0, 0x00).expectClosed(); // which is no CONNECT
        assertThat(stats().connections()).isEqualTo(new BrokerStats.Connections(0, 0, 0, 0, 1));
    }

    @Test
    void countsPacketsBytesAndPayloads() {
        WireClient c = broker.client(MqttVersion.V3_1_1, "c"); // CONNECT: 15 bytes, CONNACK: 4
        assertThat(stats().received()).isEqualTo(new Traffic(1, 15, 0, 0, 0, 0));
        assertThat(stats().sent()).isEqualTo(new Traffic(1, 4, 0, 0, 0, 0));
        c.subscribed("t", 2); // SUBSCRIBE: 8, SUBACK: 5
        assertThat(stats().received()).isEqualTo(new Traffic(2, 23, 0, 0, 0, 0));
        assertThat(stats().sent()).isEqualTo(new Traffic(2, 9, 0, 0, 0, 0));
        c.published("u", "123", 0); // PUBLISH: 8, then PINGREQ and PINGRESP: 2
        c.published("u", "1234", 1); // PUBLISH: 11, PUBACK: 4
        c.published("u", "12345", 2); // PUBLISH: 12, PUBREC, PUBREL, PUBCOMP: 4
        assertThat(stats().received()).isEqualTo(new Traffic(7, 23 + 8 + 2 + 11 + 12 + 4, 1, 1, 1, 12));
        assertThat(stats().sent()).isEqualTo(new Traffic(6, 9 + 2 + 4 + 4 + 4, 0, 0, 0, 0));
        assertThat(stats().received().publishes()).isEqualTo(3);
        WireClient p = broker.client("p");
        long before = stats().sent().bytes();
        p.published("t", "x".repeat(5_000), 0); // PINGRESP: 2
        c.expectPublish("t", "x".repeat(5_000), 0); // a payload beside its head: 3, 3 and that
        p.published("t", "x", 1); // PUBACK: 4
        c.take("t", "x", 1); // 8
        BrokerStats stats = stats();
        assertThat(stats.sent().publishesQos0()).isEqualTo(1);
        assertThat(stats.sent().publishesQos1()).isEqualTo(1);
        assertThat(stats.sent().publishesQos2()).isZero();
        assertThat(stats.sent().payloadBytes()).isEqualTo(5_001);
        assertThat(stats.sent().bytes() - before).isEqualTo(2 + 5_006 + 4 + 8);
    }

    @Test
    void countsWhatWaitsAndWhatIsDropped() {
        WireClient c =
                broker.open(MqttVersion.V5).send(connect("c").sessionExpiry(100).receiveMaximum(2));
        c.expect(connack());
        c.subscribed("t", 1);
        WireClient p = broker.client("p").published(publish("r", "kept").retain(), 1);
        for (int i = 0; i < 5; i++) {
            p.published("t", "m" + i, 1);
        }
        BrokerStats stats = stats();
        assertThat(stats.inflight().messages()).isEqualTo(2);
        assertThat(stats.inflight().bytes()).isBetween(100L, 1_000L);
        assertThat(stats.queued().messages()).isEqualTo(3);
        assertThat(stats.queued().bytes()).isBetween(100L, 1_000L);
        assertThat(stats.retained().messages()).isEqualTo(1);
        assertThat(stats.retained().bytes()).isBetween(50L, 1_000L);
        c.drop();
        broker.settle();
        p.published("t", "lost", 0);
        assertThat(stats().dropped()).containsEntry(DropReason.OFFLINE_QOS_0, 1L);
        c = broker.open(MqttVersion.V5).send(connect("c").sessionExpiry(100));
        c.receive();
        for (int i = 0; i < 5; i++) {
            c.send(puback(((ReceivedPublish) c.receive()).packetId()));
        }
        c.ping();
        assertThat(stats().inflight()).isEqualTo(new Messages(0, 0));
        assertThat(stats().queued()).isEqualTo(new Messages(0, 0));
    }
}
