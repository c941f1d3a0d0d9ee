package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.Session;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The life of a session: kept, resumed, discarded, expired, taken over. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SessionTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final WireClient publisher = broker.client("publisher");

    private WireClient fresh(MqttVersion version, ConnectPacket connect) {
        WireClient c = broker.send(version, connect);
        c.expect(connack());
        return c;
    }

    private WireClient resumed(MqttVersion version, ConnectPacket connect) {
        WireClient c = broker.send(version, connect);
        c.expect(connack().sessionPresent());
        return c;
    }

    // ---- kept, resumed, discarded

    @EachVersion
    @Statement({"5.0:MQTT-3.1.2-5", "5.0:MQTT-3.2.2-3", "3.1.1:MQTT-3.1.2-4"})
    void isResumedAndSaysSo(MqttVersion version) {
        fresh(version, connect("c").sessionExpiry(100)).subscribed("t", 1).leave();
        publisher.published("t", "p", 1);
        WireClient c = resumed(version, connect("c").sessionExpiry(100));
        c.take("t", "p", 1);
        publisher.published("t", "live", 1);
        c.take("t", "live", 1);
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.1.2-4", "5.0:MQTT-3.2.2-2", "3.1.1:MQTT-3.1.2-6"})
    void isDiscardedByACleanStart(MqttVersion version) {
        WireClient c = fresh(version, connect("c").sessionExpiry(100)).subscribed("t", 2);
        c.send(publish("x", "p").qos(2, 9));
        c.receive();
        publisher.published("t", "in flight", 2);
        c.expectPublish("t", "in flight", 2);
        c.drop();
        publisher.published("t", "queued", 1);

        c = fresh(version, connect("c").cleanStart().sessionExpiry(100));
        c.expectNothing();
        WireClient witness = broker.client("witness").subscribed("x", 0);
        c.send(publish("x", "another").qos(2, 9)); // the received id is forgotten, too
        witness.take("x", "another", 0);
        c.expect(pubrec(9));
        publisher.published("t", "not subscribed", 1);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.SESSION_ENDED)).isEqualTo(2);
    }

    @EachVersion
    @Statement({"3.1.1:MQTT-3.2.2-3", "5.0:MQTT-3.1.2-23", "3.1.1:MQTT-4.1.0-2"})
    void endsWithItsConnectionUnlessItIsToOutliveIt(MqttVersion version) {
        broker.client(version, "c").subscribed("t", 1).leave();
        assertThat(broker.hasSession("c")).isFalse();
        fresh(version, connect("c").sessionExpiry(100)).leave();
        assertThat(broker.hasSession("c")).isTrue();
    }

    @Test
    @Statement("3.1.1:MQTT-3.1.2-6")
    void aCleanSessionOf311LeavesNothingForTheNextOne() {
        WireClient c = fresh(MqttVersion.V3_1_1, connect("c")).subscribed("t", 1);
        c.leave();
        broker.client(MqttVersion.V3_1_1, "c").leave();
        publisher.published("t", "p", 1);
        fresh(MqttVersion.V3_1_1, connect("c")).expectNothing();
    }

    @EachVersion
    @Statement({"5.0:MQTT-3.1.3-2", "3.1.1:MQTT-3.1.3-2"})
    void belongsToItsClientIdAlone(MqttVersion version) {
        fresh(version, connect("one").sessionExpiry(100)).subscribed("t", 1).leave();
        WireClient other = fresh(version, connect("One").sessionExpiry(100));
        publisher.published("t", "p", 1);
        other.expectNothing();
        resumed(version, connect("one").sessionExpiry(100)).take("t", "p", 1);
    }

    @Test
    void leavesNothingBehindWhenItEnds() {
        for (int i = 0; i < 20; i++) {
            broker.client("c" + i).subscribed("t/" + i, 1).leave();
        }
        publisher.leave();
        assertThat(broker.sessions()).isZero();
        TestBroker.eventually("all closed", () -> broker.openConnections() == 0);
    }

    // ---- expiry

    @Test
    @Statement({"5.0:MQTT-3.1.2-23", "5.0:MQTT-4.1.0-2"})
    void endsWhenItsExpiryIntervalHasPassed() {
        WireClient c = fresh(MqttVersion.V5, connect("c").sessionExpiry(1)).subscribed("t", 1);
        publisher.published("t", "in flight", 1);
        c.expectPublish("t", "in flight", 1);
        c.drop();
        long lostNs = System.nanoTime();
        publisher.published("t", "queued", 1);
        TestBroker.eventually("the session is gone", () -> !broker.hasSession("c"));
        assertThat(Duration.ofNanos(System.nanoTime() - lostNs)).isGreaterThan(Duration.ofMillis(900));
        assertThat(broker.dropped(DropReason.SESSION_ENDED)).isEqualTo(2);
        fresh(MqttVersion.V5, connect("c").sessionExpiry(1)).expectNothing();
    }

    @Test
    @Statement({"5.0:MQTT-4.1.0-1", "5.0:MQTT-3.1.2-23"})
    void expiresOnlyWhileItHasNoConnection() {
        String back = broker.idOn(0, "back");
        String gone = broker.idOn(0, "gone");
        fresh(MqttVersion.V5, connect(back).sessionExpiry(1)).leave();
        WireClient c = resumed(MqttVersion.V5, connect(back).sessionExpiry(1));
        fresh(MqttVersion.V5, connect(gone).sessionExpiry(1)).leave();
        TestBroker.eventually("a session that is gone later has expired", () -> !broker.hasSession(gone));
        assertThat(broker.hasSession(back)).isTrue();
        c.ping();
    }

    @Test
    void disconnectMayChangeTheExpiryInterval() {
        fresh(MqttVersion.V5, connect("ends").sessionExpiry(100))
                .leave(disconnect().sessionExpiry(0));
        assertThat(broker.hasSession("ends")).isFalse();
        fresh(MqttVersion.V5, connect("stays").sessionExpiry(1))
                .leave(disconnect().sessionExpiry(100));
        fresh(MqttVersion.V5, connect("expires").sessionExpiry(100))
                .leave(disconnect().sessionExpiry(1));
        TestBroker.eventually("the shortened one has expired", () -> !broker.hasSession("expires"));
        assertThat(broker.hasSession("stays")).isTrue();
    }

    @Test // [5.0 section 3.14.2.2.2]
    void disconnectMayNotSetAnExpiryIntervalThatConnectDidNot() {
        WireClient c = broker.client("c");
        c.send(disconnect().sessionExpiry(1));
        c.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
    }

    @Test // [5.0 section 3.2.2.3.2]
    void disconnectMaySetAnExpiryIntervalThatTheBrokerHadCutToNothing() {
        try (TestBroker strict = TestBroker.start(Limits.EMBEDDED.withSessionExpiryMaxSeconds(0))) {
            WireClient c = strict.send(MqttVersion.V5, connect("c").sessionExpiry(100));
            Connack connack = c.expect(connack());
            assertThat(connack.properties().integer(Property.SESSION_EXPIRY_INTERVAL, -1))
                    .isZero();
            c.leave(disconnect().sessionExpiry(50));
            assertThat(strict.hasSession("c")).isFalse();
        }
    }

    // ---- takeover

    @EachVersion
    @Statement({"5.0:MQTT-3.1.4-3", "3.1.1:MQTT-3.1.4-2"})
    void isTakenOverByTheNextConnection(MqttVersion version) {
        WireClient old = fresh(version, connect("c").sessionExpiry(100)).subscribed("t", 2);
        publisher.published("t", "1", 1);
        publisher.published("t", "2", 2);
        int one = old.expectPublish("t", "1", 1).packetId();
        int two = old.expectPublish("t", "2", 2).packetId();
        old.send(pubrec(two));
        old.expect(pubrel(two));

        WireClient next = resumed(version, connect("c").sessionExpiry(100));
        old.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        next.expect(publish("t", "1").qos(1, one).dup());
        next.expect(pubrel(two));
        publisher.published("t", "3", 1);
        next.take("t", "3", 1);
    }

    @EachVersion
    void thatIsCleanEndsWhenItIsTakenOver(MqttVersion version) {
        WireClient old = broker.client(version, "c").subscribed("t", 1);
        WireClient next = fresh(version, connect("c").sessionExpiry(100));
        old.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        publisher.published("t", "p", 1);
        next.expectNothing();
    }

    @Test
    void isTakenOverAcrossVersions() {
        WireClient c = fresh(MqttVersion.V5, connect("c").sessionExpiry(100)).subscribed("t", 1);
        for (int round = 0; round < 6; round++) {
            MqttVersion version = MqttVersion.values()[round % 3];
            WireClient next = resumed(version, connect("c").sessionExpiry(100));
            c.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
            publisher.published("t", "p" + round, 1);
            next.take("t", "p" + round, 1);
            next.ping(); // so that its PUBACK was read before it is taken over
            c = next;
        }
    }

    @Test
    void survivesAThousandTakeoversAtATimeWithOneConnection() throws InterruptedException {
        int connections = 1_000;
        int threads = 8;
        fresh(MqttVersion.V5, connect("c").sessionExpiry(100))
                .subscribed("t", 1)
                .leave();
        publisher.published("t", "queued", 1);
        List<WireClient> clients = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            clients.add(broker.open(MqttVersion.values()[i % 3]));
        }

        CountDownLatch begin = new CountDownLatch(1);
        List<CompletableFuture<Void>> senders = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            int first = t;
            senders.add(CompletableFuture.runAsync(() -> {
                awaitUninterruptibly(begin);
                for (int i = first; i < connections; i += threads) {
                    clients.get(i).send(connect("c").sessionExpiry(100));
                }
            }));
        }
        begin.countDown();
        senders.forEach(CompletableFuture::join);

        TestBroker.eventually("one and the publisher", () -> broker.openConnections() == 2);
        publisher.published("t", "live", 1); // which only the one that is left gets
        List<WireClient> left = clients.stream().filter(SessionTest::isLeft).toList();
        assertThat(left).hasSize(1);
        left.get(0).ping();
        assertThat(broker.ask("c", Session::isPersistent)).isTrue();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Reads a connection up to the end, or to the proof that it goes on. */
    private static boolean isLeft(WireClient c) {
        Object answer = c.receiveOrEnd();
        if (answer == null && TestBroker.isStored()) {
            return false; // taken over while its CONNACK waited for the store
        }
        assertThat(answer).isInstanceOfSatisfying(Connack.class, connack -> {
            assertThat(connack.reason()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(connack.sessionPresent()).isEqualTo(c.version() != MqttVersion.V3_1);
        });
        for (Object came = c.receiveOrEnd(); came != null; came = c.receiveOrEnd()) {
            if (came instanceof Packet.Disconnect disconnect) {
                assertThat(disconnect.reason()).isEqualTo(ReasonCode.SESSION_TAKEN_OVER);
            } else if (((ReceivedPublish) came).text().equals("live")) {
                return true;
            }
        }
        return false;
    }
}
