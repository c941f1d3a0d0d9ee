package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.dunlin.broker.spi.BrokerEvent.Dropped;
import dev.dunlin.broker.spi.BrokerEvent.EventsLost;
import dev.dunlin.broker.spi.BrokerEvent.HighWater;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What observers are told of drops, and of queues that are nearly full. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DropEventsTest {
    private final SeenEvents seen = new SeenEvents();
    private final CountDownLatch go = new CountDownLatch(1);
    private final CountDownLatch blocked = new CountDownLatch(1);
    private TestBroker broker;

    private void start(UnaryOperator<Limits> limits) {
        broker = TestBroker.start(builder -> builder.observe(seen).limits(limits.apply(Limits.EMBEDDED)));
    }

    @AfterEach
    void close() {
        go.countDown();
        if (broker != null) { // else it was not to run with a store
            broker.close();
        }
    }

    private WireClient persistent(String id) {
        WireClient c = broker.send(MqttVersion.V5, connect(id).sessionExpiry(100));
        c.expect(connack());
        return c;
    }

    /** Publishes in one go what a refusal costs the least. */
    private static void refused(WireClient publisher, int count) {
        Sendable[] all = new Sendable[count + 1];
        Arrays.fill(all, publish("$SYS/x", "p"));
        all[count] = pingreq();
        publisher.send(all);
        publisher.expect(pingresp());
    }

    private static long sum(List<Dropped> drops) {
        return drops.stream().mapToLong(Dropped::count).sum();
    }

    @Test
    void aFloodMakesFewEventsWhoseSumIsRight() {
        start(limits -> limits);
        persistent("away").subscribed("t", 0).leave();
        WireClient publisher = broker.client("publisher");
        refused(publisher, 5_000);
        publisher.published("t", "p", 0);
        TestBroker.eventually("all is told", () -> sum(seen.all(Dropped.class)) == 5_001);
        List<Dropped> refused = seen.all(Dropped.class).stream()
                .filter(each -> each.why() == DropReason.REFUSED)
                .toList();
        assertThat(refused).hasSizeLessThan(500).allSatisfy(each -> {
            assertThat(each.clientId()).isEqualTo("publisher");
            assertThat(each.topic()).isEqualTo("$SYS/x");
        });
        assertThat(seen.await(Dropped.class, "away").toString())
                .endsWith(" messages.dropped client away: 1 dropped, the last on t: OFFLINE_QOS_0");
    }

    /** The observer stands still; the queue holds two events; and the broker goes on. */
    private WireClient blocked() {
        broker = TestBroker.start(builder -> builder.observe(event -> {
                    blocked.countDown();
                    try {
                        go.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                })
                .observe(seen)
                .limits(Limits.EMBEDDED.withQueuedEventsMax(2).withQueueMessagesMax(10)));
        WireClient publisher = broker.client("publisher");
        broker.client("another").subscribed("x", 0).leave();
        refused(publisher, 10);
        TestBroker.eventually("it stands still", () -> blocked.getCount() == 0);
        for (int i = 0; i < 20; i++) {
            refused(publisher, 10);
        }
        return publisher;
    }

    @Test
    @Changes("queuedEventsMax")
    void moreRoomForEventsCountsAtOnce() {
        WireClient publisher = blocked();
        broker.client("another").leave();
        broker.settle();
        long lost = broker.broker().stats().eventsLost();
        assertThat(lost).isPositive();
        LiveBroker.change(broker, limits -> limits.withQueuedEventsMax(1_000));
        for (int i = 0; i < 5; i++) {
            broker.client("another").leave();
        }
        broker.settle();
        assertThat(broker.broker().stats().eventsLost()).isEqualTo(lost);
        LiveBroker.change(broker, limits -> limits.withQueuedEventsMax(1));
        broker.client("another").leave();
        broker.settle();
        assertThat(broker.broker().stats().eventsLost()).isGreaterThan(lost);
        go.countDown();
        TestBroker.eventually("all drops are told", () -> sum(seen.all(Dropped.class)) == 210);
        refused(publisher, 1);
        TestBroker.eventually("it goes on", () -> sum(seen.all(Dropped.class)) == 211);
    }

    @Test
    @Reaches("queuedEventsMax")
    void dropsWaitForRoomAndOtherEventsAreCounted() {
        WireClient publisher = blocked();
        for (int i = 0; i < 5; i++) {
            broker.client("another").leave();
        }
        broker.settle();
        long lost = broker.broker().stats().eventsLost();
        assertThat(lost).isPositive();
        go.countDown();
        TestBroker.eventually("all drops are told, though nothing else happens", () -> {
            return sum(seen.all(Dropped.class)) == 210;
        });
        TestBroker.eventually("what was lost is told", () -> {
            return seen.all(EventsLost.class).stream()
                            .mapToLong(EventsLost::count)
                            .sum()
                    == lost;
        });
        assertThat(seen.all(Dropped.class).size()).as("they were summed up").isLessThan(15);
        refused(publisher, 1);
        TestBroker.eventually("it goes on", () -> sum(seen.all(Dropped.class)) == 211);
    }

    @Test
    void whatWaitsForRoomIsToldAtTheEnd() {
        blocked();
        broker.broker().closeAsync(Duration.ofSeconds(10));
        go.countDown();
        broker.broker().close();
        assertThat(sum(seen.all(Dropped.class))).isEqualTo(210);
    }

    @Test
    void dropsAddUpAfterACloseWithoutADrain() {
        CountDownLatch blockedOnce = new CountDownLatch(1);
        broker = TestBroker.start(builder -> builder.observe(event -> {
                    if (blockedOnce.getCount() > 0) {
                        blockedOnce.countDown();
                        untilInterrupted();
                    }
                })
                .observe(seen)
                .limits(Limits.EMBEDDED.withQueuedEventsMax(2)));
        WireClient publisher = broker.client("publisher");
        TestBroker.eventually("it stands still", () -> blockedOnce.getCount() == 0);
        for (int i = 0; i < 20; i++) {
            refused(publisher, 10);
        }
        broker.broker().close(Duration.ZERO);
        assertThat(sum(seen.all(Dropped.class))).isEqualTo(200);
    }

    private void untilInterrupted() {
        try {
            go.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void countsWhatHandlersFailOnAfterTheLoopsHaveEnded() {
        start(limits -> limits);
        CompletableFuture<Void> later = new CompletableFuture<>();
        broker.local().subscribe("fails", QoS.AT_LEAST_ONCE, message -> {
            blocked.countDown();
            untilInterrupted();
            throw new IllegalStateException("interrupted, on purpose");
        });
        CountDownLatch waits = new CountDownLatch(1);
        broker.local().subscribe("later", QoS.AT_LEAST_ONCE, message -> {
            waits.countDown();
            return later;
        });
        broker.local().publish(Message.of("fails", "p"));
        broker.local().publish(Message.of("later", "p"));
        TestBroker.eventually("both have it", () -> blocked.getCount() + waits.getCount() == 0);
        broker.broker().close(Duration.ZERO);
        assertThat(broker.broker().dropped(DropReason.LOCAL_HANDLER_FAILED)).isEqualTo(1);
        assertThat(seen.all(Dropped.class))
                .extracting(each -> each.clientId() + " " + each.why() + " " + each.count())
                .containsExactly("local subscription fails LOCAL_HANDLER_FAILED 1");
        later.completeExceptionally(new IllegalStateException("on purpose"));
        assertThat(broker.broker().dropped(DropReason.LOCAL_HANDLER_FAILED))
                .as("too late for observers, but counted")
                .isEqualTo(2);
    }

    // ---- high water

    @Test
    void tellsOnceThatAQueueIsNearlyFullIfOthersLeaveItNoRoom() {
        assumeFalse(TestBroker.isStored(), "what is stored is paged out instead");
        start(limits -> limits.withQueueBytesTotalMax(2 * 50_000).withQueueOverflow(OverflowPolicy.DROP_OLDEST));
        String other = broker.idOn(0, "other");
        String away = broker.idOn(0, "away");
        persistent(other).subscribed("other", 1).leave();
        persistent(away).subscribed("t", 1).leave();
        WireClient publisher = broker.client("publisher");
        publisher.published("other", "x".repeat(25_000), 1);
        for (int i = 0; i < 10; i++) {
            publisher.published("t", "x".repeat(5_000), 1);
        }
        TestBroker.eventually("some are lost", () -> sum(seen.all(Dropped.class)) >= 5);
        assertThat(seen.all(HighWater.class))
                .extracting(each -> each.clientId() + " " + each.limit())
                .containsExactly(away + " queueBytesTotalMax");
    }

    @Test
    void tellsThatAQueueIsNearlyFullWhenObserversHaveRoomAgain() {
        WireClient publisher = blocked();
        persistent("away").subscribed("t", 1).leave();
        for (int i = 0; i < 9; i++) {
            publisher.published("t", "p", 1);
        }
        broker.settle();
        go.countDown();
        TestBroker.eventually("all before is told", () -> sum(seen.all(Dropped.class)) == 210);
        publisher.published("t", "p", 1);
        assertThat(seen.await(HighWater.class, "away").messages()).isEqualTo(10);
        assertThat(sum(seen.all(Dropped.class))).as("nothing is lost so far").isEqualTo(210);
    }

    @Test
    void tellsOnceThatAQueueIsNearlyFull() {
        start(limits -> limits.withQueueMessagesMax(10));
        persistent("away").subscribed("t", 1).leave();
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 7; i++) {
            publisher.published("t", "p", 1);
        }
        broker.settle();
        assertThat(seen.all(HighWater.class)).isEmpty();
        for (int i = 7; i < 12; i++) {
            publisher.published("t", "p", 1);
        }
        HighWater high = seen.await(HighWater.class, "away");
        assertThat(high.messages()).isEqualTo(8);
        assertThat(high.bytes()).isPositive();
        assertThat(high.limit()).isEqualTo("queueMessagesMax");
        assertThat(high.bound()).isEqualTo(10);
        seen.await(Dropped.class, "away");
        assertThat(seen.ids("away")).containsSubsequence("queue.high", "messages.dropped");
        TestBroker.eventually("both are told", () -> sum(seen.all(Dropped.class)) == 2);

        WireClient c = broker.send(MqttVersion.V5, connect("away").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        Books.takeAll(c);
        c.leave();
        for (int i = 0; i < 8; i++) {
            publisher.published("t", "p", 1);
        }
        TestBroker.eventually(
                "it is told again", () -> seen.all(HighWater.class).size() == 2);
    }

    @Test
    void tellsBeforeTheFirstLossAlsoIfOneMessageIsTooMuch() {
        start(limits -> limits.withQueueBytesMax(20_000));
        persistent("away").subscribed("t", 1).leave();
        WireClient publisher = broker.client("publisher");
        publisher.published("t", "small", 1);
        publisher.published("t", "x".repeat(30_000), 1);
        seen.await(Dropped.class, "away");
        HighWater high = seen.await(HighWater.class, "away");
        assertThat(high.limit()).isEqualTo("queueBytesMax");
        assertThat(high.messages()).isEqualTo(1);
        assertThat(seen.ids("away")).containsSubsequence("queue.high", "messages.dropped");
    }

    @Test
    void tellsOfSharedGroupsAndLocalSubscriptions() {
        start(limits -> limits.withQueueMessagesMax(5).withLocalQueueMessagesMax(5));
        persistent("member").subscribed("$share/g/t", 1).leave();
        CompletableFuture<Void> handled = new CompletableFuture<>();
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> handled);
        for (int i = 0; i < 7; i++) {
            broker.local()
                    .publish(Message.builder("t")
                            .payload("p")
                            .qos(QoS.AT_LEAST_ONCE)
                            .build())
                    .toCompletableFuture()
                    .join();
        }
        assertThat(seen.await(HighWater.class, "$share/g/t").messages()).isEqualTo(4);
        HighWater local = seen.await(HighWater.class, "local subscription t");
        assertThat(local.messages()).isEqualTo(4);
        assertThat(local.limit()).isEqualTo("localQueueMessagesMax");
        seen.await(Dropped.class, "local subscription t");
        seen.await(Dropped.class, "$share/g/t");
        handled.complete(null);
        assertThat(seen.ids("local subscription t")).containsSubsequence("queue.high", "messages.dropped");
        assertThat(seen.all(HighWater.class)).hasSize(2);
    }
}
