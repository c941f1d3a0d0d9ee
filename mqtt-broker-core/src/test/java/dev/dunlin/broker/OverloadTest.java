package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Page;
import dev.dunlin.broker.spi.SessionState;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** More than the broker can do, or hold: what it takes on no more, and that all others are served. */
final class OverloadTest {
    private static final Limits DEFAULTS = Limits.EMBEDDED;
    private static final long MIB = 1 << 20;

    private final List<TestBroker> brokers = new ArrayList<>();

    private TestBroker start(Limits limits) {
        TestBroker broker = TestBroker.start(limits);
        brokers.add(broker);
        return broker;
    }

    @AfterEach
    void closeBrokers() {
        brokers.forEach(TestBroker::close);
    }

    // ---- time

    @EachVersion
    @Reaches("overloadLagMs")
    void letsNoMoreClientsInWhileALoopIsBehind(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withOverloadLagMs(20));
        String id = broker.idOn(0, "new");
        WireClient before = broker.client(broker.idOn(0, "before"));
        AtomicBoolean busy = new AtomicBoolean(true);
        broker.loop(0).execute(() -> keepBusy(broker.loop(0), busy));
        TestBroker.eventually("it is noticed", () -> broker.loop(0).isOverloaded());

        broker.send(version, connect(id)).expectRefusal(ReasonCode.SERVER_BUSY);
        before.ping();

        busy.set(false);
        TestBroker.eventually("it is over", () -> !broker.loop(0).isOverloaded());
        broker.client(version, id).ping();
        before.ping();
    }

    /** Turn after turn that takes 50 ms. On the loop. */
    static void keepBusy(SessionLoop loop, AtomicBoolean busy) {
        try {
            assertThat(new CountDownLatch(1).await(50, TimeUnit.MILLISECONDS)).isFalse();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (busy.get()) {
            loop.runLater(() -> keepBusy(loop, busy));
        }
    }

    // ---- memory

    @EachVersion
    @Reaches("memoryBudgetBytes")
    void aboveItsMemoryBudgetItKeepsNothingMoreAndServesAllOthers(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withMemoryBudgetBytes(MIB).withQueueMemoryBytesMax(64 * MIB));
        WireClient away = broker.send(MqttVersion.V5, connect("away").sessionExpiry(100));
        away.expect(connack());
        away.subscribed("t", 1).leave();
        WireClient subscriber = broker.client("subscriber").subscribed("live", 1);
        WireClient publisher = broker.client("publisher")
                .published(publish("retained", "before").retain(), 1);
        String payload = "x".repeat(10_000);
        int sent = 0;
        while (broker.broker().memoryBytes() <= MIB) {
            publisher.published("t", payload, 1);
            sent++;
        }
        for (int i = 0; i < 10; i++) { // it may have been a message on its way: now it is the queue
            publisher.published("t", payload, 1);
            sent++;
        }

        ReasonCode full = version == MqttVersion.V5 ? ReasonCode.QUOTA_EXCEEDED : ReasonCode.SERVER_UNAVAILABLE;
        broker.send(version, connect("new")).expectRefusal(full);
        publisher
                .send(publish("another", "x").retain().qos(1, 1))
                .expect(puback(1).reason(ReasonCode.QUOTA_EXCEEDED));
        publisher.published(publish("retained", "after").retain(), 1);
        publisher.published("live", "goes on", 1);
        subscriber.take("live", "goes on", 1);

        // Who has a session may come and take what waits. A store has it all.
        int dropped = (int) broker.dropped(DropReason.QUEUE_FULL);
        assertThat(dropped > 0).isNotEqualTo(TestBroker.isStored());
        away = broker.send(MqttVersion.V5, connect("away").sessionExpiry(100));
        away.expect(connack().sessionPresent());
        for (int i = 0; i < sent - dropped; i++) {
            away.take("t", payload, 1);
        }
        away.expectNothing();
        TestBroker.eventually("there is room again", () -> broker.broker().memoryBytes() < MIB / 2);
        broker.client(version, "new").ping();
    }

    @EachVersion
    @Reaches("memoryBudgetBytes")
    void closesTheConnectionOfAPacketThatDoesNotFitIntoMemory(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withMemoryBudgetBytes(MIB));
        WireClient subscriber = broker.client("subscriber").subscribed("t", 0);
        WireClient other = broker.client("other");
        WireClient large = broker.client(version, "large");
        large.sendRaw(0x30, 0x80, 0x80, 0x80, 0x04); // 8 MiB are announced, which costs nothing
        other.published("t", "x", 0);
        subscriber.take("t", "x", 0);
        assertThat(broker.broker().memoryBytes()).isLessThan(MIB / 2);

        large.trySend(raw(new byte[2 << 20]));

        large.expectDisconnect(ReasonCode.QUOTA_EXCEEDED);
        TestBroker.eventually("its part is given back", () -> broker.broker().memoryBytes() < MIB / 2);
        other.published("t", "y", 0);
        subscriber.take("t", "y", 0);
        broker.client(version, "another").ping();
    }

    // ---- slow consumers

    @Test
    @Reaches("slowConsumerMs")
    void findsAClientThatTakesNothing() {
        TestBroker broker = start(DEFAULTS.withOutputBytesMax(64 << 10).withSlowConsumerMs(50));
        WireClient slow = broker.client("slow").subscribed("t", 0);
        WireClient quick = broker.client("quick").subscribed("t", 0);
        int sent = flood(broker, quick);
        TestBroker.eventually("it is found", () -> broker.broker().slowConsumers() == 1);
        Map<DropReason, Long> lost =
                broker.broker().droppedByClient().toCompletableFuture().join().get("slow");
        assertThat(lost).containsOnlyKeys(DropReason.SLOW_CONSUMER_QOS_0);
        long dropped = lost.get(DropReason.SLOW_CONSUMER_QOS_0);
        assertThat(dropped).isPositive().isEqualTo(broker.dropped(DropReason.SLOW_CONSUMER_QOS_0));
        assertThat(slowClients(broker)).containsExactly("slow");

        for (int i = 0; i < sent - dropped; i++) {
            slow.take(publish("t", new byte[256 << 10]));
        }
        TestBroker.eventually("it is none any more", () -> broker.broker().slowConsumers() == 0);
        assertThat(slowClients(broker)).isEmpty();
        slow.ping();
    }

    /** One by one, and as each session says itself. */
    private static List<String> slowClients(TestBroker broker) {
        Administration admin = broker.broker().admin();
        List<String> found = new ArrayList<>();
        String next = "";
        while (next != null) {
            Page<SessionState> page =
                    admin.slowSessions(next, 1).toCompletableFuture().join();
            page.items().forEach(session -> found.add(session.clientId()));
            next = page.next();
        }
        assertThat(admin.sessions("", 100).toCompletableFuture().join().items())
                .allSatisfy(session -> assertThat(session.slow())
                        .as(session.clientId())
                        .isEqualTo(found.contains(session.clientId())));
        return found;
    }

    /** The answers pile up behind what it doesn't take: that is not that it takes something. */
    @Test
    @Reaches("slowConsumerMs")
    void findsAClientThatTakesNothingAlsoIfItAsksForMore() {
        TestBroker broker = start(DEFAULTS.withOutputBytesMax(64 << 10).withSlowConsumerMs(200));
        WireClient slow = broker.client("slow").subscribed("t", 0);
        flood(broker, broker.client("quick").subscribed("t", 0));
        TestBroker.eventually("it is found", () -> {
            slow.send(pingreq());
            return broker.broker().slowConsumers() == 1;
        });
    }

    /** What its session has for it was sent before it counted as connected. */
    @Test
    @Reaches("slowConsumerMs")
    void findsAClientThatTakesNothingFromTheBeginning() {
        TestBroker broker = start(DEFAULTS.withOutputBytesMax(64 << 10).withSlowConsumerMs(50));
        WireClient slow = broker.send(MqttVersion.V5, connect("slow").sessionExpiry(100));
        slow.expect(connack());
        slow.subscribed("t", 1).leave();
        WireClient publisher = broker.client("publisher");
        byte[] large = new byte[8 << 20]; // more than the system buffers
        publisher.published(publish("t", large), 1);
        slow = broker.send(MqttVersion.V5, connect("slow").sessionExpiry(100));
        TestBroker.eventually("it is found", () -> broker.broker().slowConsumers() == 1);
        slow.expect(connack().sessionPresent());
        slow.take(publish("t", large).qos(1));
        TestBroker.eventually("it is none any more", () -> broker.broker().slowConsumers() == 0);
    }

    @EachVersion
    @Reaches("stuckConsumerMs")
    void closesTheConnectionOfAClientThatTakesNothingForTooLong(MqttVersion version) {
        TestBroker broker = start(
                DEFAULTS.withOutputBytesMax(64 << 10).withSlowConsumerMs(20).withStuckConsumerMs(60));
        WireClient stuck = broker.send(version, connect("stuck").sessionExpiry(100));
        stuck.expect(connack());
        stuck.subscribed("t", 0).subscribed("q", 1);
        WireClient quick = broker.client("quick").subscribed("t", 0);
        flood(broker, quick);
        TestBroker.eventually(
                "it is gone", () -> SessionProbe.link(broker.broker().core(), "stuck") == null);
        assertThat(broker.broker().slowConsumers()).isZero();
        assertThat(broker.hasSession("stuck")).isTrue();
        quick.published("q", "kept", 1);
        WireClient back = broker.send(version, connect("stuck").sessionExpiry(100));
        back.expect(connack().sessionPresent());
        back.take("q", "kept", 1);
    }

    /** Until one of two subscribers loses something; the other one takes everything. Returns how many were sent. */
    private static int flood(TestBroker broker, WireClient quick) {
        WireClient publisher = broker.client("publisher");
        byte[] large = new byte[256 << 10];
        int sent = 0;
        while (broker.dropped(DropReason.SLOW_CONSUMER_QOS_0) == 0) {
            publisher.published(publish("t", large), 0);
            quick.take(publish("t", large));
            sent++;
        }
        return sent;
    }
}
