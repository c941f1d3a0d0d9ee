package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.codec.ReasonCode.QUOTA_EXCEEDED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Every bound of {@link Limits} is changed while a broker runs, by a test that sees it count from then on, and that a lower one
 * takes nothing away. Those of connections are in ChangedConnectionLimitsTest.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ChangedLimitsTest {
    private static final long MIB = 1 << 20;

    private LiveBroker live;

    @AfterEach
    void close() {
        if (live != null) {
            live.close();
        }
    }

    private void start() {
        start(builder -> builder);
    }

    private void start(UnaryOperator<BrokerBuilder> configuration) {
        live = LiveBroker.start(configuration);
    }

    @Test
    void everyBoundHasATestThatChangesIt() {
        List<String> changed = new ArrayList<>(LiveBroker.changedBy(
                ChangedLimitsTest.class, ChangedConnectionLimitsTest.class, WebSocketTest.class, DropEventsTest.class));
        changed.addAll(LimitsTest.REACHED_WITH_A_STORE); // StoreBoundsTest proves these
        assertThat(changed)
                .containsAll(Arrays.stream(Limits.class.getRecordComponents())
                        .map(RecordComponent::getName)
                        .toList());
    }

    // ---- sessions and subscriptions

    private WireClient persistent(String id) {
        WireClient c = live.open().send(connect(id).sessionExpiry(100));
        c.expect(connack());
        return c;
    }

    private WireClient back(String id) {
        WireClient c = live.open().send(connect(id).sessionExpiry(100));
        c.expect(connack().sessionPresent());
        return c;
    }

    @Test
    @Changes("sessionsMax")
    void fewerSessionsEndNone() {
        start();
        persistent("kept").leave();
        live.change(limits -> limits.withSessionsMax(1));
        live.open().send(connect("new").cleanStart()).expectRefusal(QUOTA_EXCEEDED);
        back("kept").ping();
        live.before.ping();
        live.change(limits -> limits.withSessionsMax(3));
        live.client("new").ping();
    }

    @Test
    @Changes("subscriptionsPerSessionMax")
    void fewerSubscriptionsEndNone() {
        start();
        live.before.subscribed("a", 0).subscribed("b", 0);
        live.change(limits -> limits.withSubscriptionsPerSessionMax(1));
        live.before.send(subscribe(1, "c", 0)).expect(suback(1, QUOTA_EXCEEDED));
        live.before.subscribed("b", 0); // it is there
        WireClient publisher = live.client("publisher");
        for (String topic : List.of("a", "b")) {
            publisher.published(topic, "p", 0);
            live.before.expectPublish(topic, "p", 0);
        }
        live.change(limits -> limits.withSubscriptionsPerSessionMax(3));
        live.before.subscribed("c", 0);
    }

    // ---- window

    private void windowOfTwo(UnaryOperator<Limits> change, String payload) {
        start();
        WireClient c = persistent("c").subscribed("t", 1);
        live.change(change);
        WireClient publisher = live.client("publisher");
        List<ReceivedPublish> sent = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            publisher.published("t", payload + i, 1);
            sent.add(c.expectPublish("t", payload + i, 1)); // it keeps the window that it came with
        }
        c.leave();
        c = back("c");
        for (int i = 0; i < 2; i++) {
            sent.set(i, c.expect(publish("t", payload + i).qos(1).dup()));
        }
        c.send(subscribe(1, "nothing", 0)).expect(suback(1, ReasonCode.SUCCESS));
        c.acknowledge(sent.get(0));
        c.acknowledge(c.expect(publish("t", payload + 2).qos(1).dup()));
    }

    @Test
    @Changes("inflightMessagesMax")
    void aSmallerWindowCountsFromTheNextConnectOn() {
        windowOfTwo(limits -> limits.withInflightMessagesMax(2), "p");
    }

    /** What was sent is sent again, whatever it occupies; what is new waits. */
    @Test
    @Changes("inflightBytesMax")
    void aWindowOfFewerBytesCountsFromTheNextConnectOn() {
        start();
        WireClient c = persistent("c").subscribed("t", 1);
        live.change(limits -> limits.withInflightBytesMax(1));
        WireClient publisher = live.client("publisher").published("t", "0", 1).published("t", "1", 1);
        c.take("t", "0", 1);
        c.take("t", "1", 1);
        c.leave();
        c = back("c");
        publisher.published("t", "2", 1).published("t", "3", 1);
        ReceivedPublish one = c.expectPublish("t", "2", 1);
        c.expectNothing();
        c.acknowledge(one);
        c.take("t", "3", 1);
    }

    // ---- queue

    /** Six messages wait; then the bounds change, and two more come: the client gets so many, and then what comes later. */
    private List<String> queuedBefore(int count, UnaryOperator<Limits> change, String payload) {
        start();
        persistent("c").subscribed("t", 1).leave();
        WireClient publisher = live.client("publisher");
        for (int i = 0; i < 6; i++) {
            publisher.published("t", payload + i, 1);
        }
        live.change(change);
        publisher.published("t", payload + 6, 1).published("t", payload + 7, 1);
        WireClient c = back("c");
        List<String> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ReceivedPublish publish = (ReceivedPublish) c.receive();
            all.add(publish.text().substring(payload.length()));
            c.acknowledge(publish);
        }
        publisher.published("t", "there is room again", 1);
        c.take("t", "there is room again", 1);
        return all;
    }

    @Test
    @Changes("queueMessagesMax")
    void aShorterQueueDropsOnlyWhatComes() {
        assertThat(queuedBefore(6, limits -> limits.withQueueMessagesMax(3), "p"))
                .containsExactly("0", "1", "2", "3", "4", "5");
        assertThat(live.broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(2);
    }

    @Test
    @Changes("queueBytesMax")
    void aQueueOfFewerBytesDropsOnlyWhatComes() {
        assertThat(queuedBefore(6, limits -> limits.withQueueBytesMax(3_000), "x".repeat(1_000)))
                .containsExactly("0", "1", "2", "3", "4", "5");
        assertThat(live.broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(2);
    }

    @Test
    @Changes("queueOverflow")
    void anotherPolicyCountsAtOnceAndDropsNoMoreThanComes() {
        UnaryOperator<Limits> oldest = limits -> limits.withQueueOverflow(OverflowPolicy.DROP_OLDEST);
        assertThat(queuedBefore(6, limits -> oldest.apply(limits).withQueueMessagesMax(3), "p"))
                .containsExactly("2", "3", "4", "5", "6", "7");
        assertThat(live.broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(2);
        live.close();
        assertThat(queuedBefore(6, limits -> oldest.apply(limits).withQueueBytesMax(3_000), "x".repeat(1_000)))
                .containsExactly("2", "3", "4", "5", "6", "7");
        assertThat(live.broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(2);
    }

    @Test
    @Changes("queueBytesTotalMax")
    void fewerBytesOfAllQueuesDropOnlyWhatComes() {
        boolean stored = TestBroker.isStored(); // which has what isn't in memory
        assertThat(queuedBefore(stored ? 8 : 6, limits -> limits.withQueueBytesTotalMax(0), "p"))
                .startsWith("0", "1", "2", "3", "4", "5");
        live.change(limits -> limits.withQueueBytesTotalMax(MIB));
        persistent("another").subscribed("u", 1).leave();
        live.client("publisher").published("u", "p", 1);
        back("another").take("u", "p", 1);
        assertThat(live.broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(stored ? 0 : 2);
    }

    @Test
    @Changes("queueQos0Offline")
    void qos0IsQueuedFromTheChangeOn() {
        start();
        persistent("c").subscribed("t", 0).leave();
        WireClient publisher =
                live.client("publisher").published("t", "lost", 0).ping();
        live.broker.settle();
        live.change(limits -> limits.withQueueQos0Offline(true));
        publisher.published("t", "kept", 0).ping();
        live.broker.settle();
        live.change(limits -> limits.withQueueQos0Offline(false));
        publisher.published("t", "lost too", 0).ping();
        assertThat(live.broker.dropped(DropReason.OFFLINE_QOS_0)).isEqualTo(2);
        back("c").expectPublish("t", "kept", 0);
    }

    // ---- retained messages

    private void retainsNoMore(UnaryOperator<Limits> change) {
        start();
        live.before
                .published(publish("a", "p").retain(), 1)
                .published(publish("b", "p").retain(), 1);
        live.change(change);
        live.before.send(publish("c", "p").retain().qos(1, 1)).expect(puback(1).reason(QUOTA_EXCEEDED));
        WireClient late = live.client("late").subscribed("#", 0);
        late.expect(publish("a", "p").retain());
        late.expect(publish("b", "p").retain());
        live.change(limits -> Limits.EMBEDDED);
        live.before.published(publish("c", "p").retain(), 1);
        late.expectPublish("c", "p", 0);
    }

    @Test
    @Changes("retainedMessagesMax")
    void fewerRetainedMessagesTakeNoneAway() {
        retainsNoMore(limits -> limits.withRetainedMessagesMax(1));
    }

    @Test
    @Changes("retainedBytesMax")
    void fewerRetainedBytesTakeNoneAway() {
        retainsNoMore(limits -> limits.withRetainedBytesMax(100));
    }

    // ---- loops

    @Test
    @Changes("mailboxBytesMax")
    void aSmallerMailboxHoldsUpPublishersThatAreThereAndALargerOneLetsThemGoOn() {
        start();
        WireClient subscriber = live.client(live.broker.idOn(1, "subscriber")).subscribed("t", 0);
        WireClient publisher = live.client(live.broker.idOn(0, "publisher"));
        live.change(limits -> limits.withMailboxBytesMax(1_024));
        CountDownLatch blocked = new CountDownLatch(1);
        LimitsTest.block(live.broker.loop(1), blocked);
        Sendable[] batch = new Sendable[10];
        for (int i = 0; i < batch.length; i++) {
            batch[i] = publish("t", "x".repeat(500) + i).qos(1, i + 1);
        }
        publisher.send(batch);
        publisher.expect(puback(1));
        publisher.expect(puback(2)); // with this one it is above its budget
        TestBroker.run(live.broker.loop(0), () -> {});
        publisher.expectNothingYet();
        CompletionStage<Void> larger =
                live.broker.broker().changeLimits(live.broker.broker().limits().withMailboxBytesMax(8 * MIB));
        assertThat(larger.toCompletableFuture()).isNotDone(); // a loop stands still
        blocked.countDown();
        LiveBroker.await(larger);
        for (int i = 0; i < batch.length; i++) {
            subscriber.expectPublish("t", "x".repeat(500) + i, 0);
        }
        for (int i = 2; i < batch.length; i++) {
            publisher.expect(puback(i + 1));
        }
    }

    @Test
    @Changes("turnDeliveriesMax")
    void aShorterTurnCountsAtOnce() {
        start();
        List<WireClient> subscribers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            subscribers.add(live.client(live.broker.idOn(0, "s" + i + "-")).subscribed("t", 0));
        }
        WireClient publisher = live.client(live.broker.idOn(0, "publisher"));
        SessionLoop loop = live.broker.loop(0);
        live.change(limits -> limits.withTurnDeliveriesMax(1));
        long before = TestBroker.call(loop, loop::flushes);
        publisher.send(publish("t", "0"), publish("t", "1"), publish("t", "2"), publish("t", "3"));
        for (WireClient subscriber : subscribers) {
            for (int i = 0; i < 4; i++) {
                subscriber.expectPublish("t", "" + i, 0);
            }
        }
        // 40 deliveries to 10 clients: as many flushes as deliveries, where a turn for all would have had 10.
        assertThat(TestBroker.call(loop, loop::flushes) - before).isGreaterThan(30);
    }

    @Test
    @Changes("overloadLagMs")
    void aLoopIsOverloadedByTheBoundOfNow() {
        start();
        AtomicBoolean busy = new AtomicBoolean(true);
        SessionLoop loop = live.broker.loop(0);
        String id = live.broker.idOn(0, "new");
        loop.execute(() -> OverloadTest.keepBusy(loop, busy));
        live.change(limits -> limits.withOverloadLagMs(20));
        TestBroker.eventually("it is noticed", loop::isOverloaded);
        live.open().send(connect(id)).expectRefusal(ReasonCode.SERVER_BUSY);
        live.change(limits -> limits.withOverloadLagMs(60_000));
        TestBroker.eventually("it is none any more", () -> !loop.isOverloaded());
        live.client(id).ping();
        busy.set(false);
    }

    @Test
    @Changes("memoryBudgetBytes")
    void aSmallerBudgetRefusesWhatIsNewAtOnce() {
        start(builder -> builder.limits(Limits.EMBEDDED.withQueueMemoryBytesMax(64 * MIB)));
        persistent("away").subscribed("t", 1).leave();
        WireClient publisher = live.client("publisher");
        byte[] payload = new byte[256 << 10];
        for (int i = 0; i < 8; i++) {
            publisher.published(publish("t", payload), 1);
        }
        TestBroker.eventually("it is counted", () -> live.broker.broker().memoryBytes() > MIB);
        live.change(limits -> limits.withMemoryBudgetBytes(MIB));
        live.open().send(connect("new").cleanStart()).expectRefusal(QUOTA_EXCEEDED);
        live.change(limits -> limits.withMemoryBudgetBytes(0)); // as by default
        live.client("new").ping();
        WireClient away = back("away");
        for (int i = 0; i < 8; i++) {
            away.take(publish("t", payload).qos(1));
        }
    }

    // ---- slow consumers

    /** A client that takes nothing of what waits for it. */
    private void slow() {
        start(builder -> builder.limits(Limits.EMBEDDED.withOutputBytesMax(64 << 10)));
        live.client("slow").subscribed("t", 0);
        while (live.broker.dropped(DropReason.SLOW_CONSUMER_QOS_0) == 0) {
            publishLarge();
        }
    }

    private void publishLarge() {
        live.before.published(publish("t", new byte[256 << 10]), 0).ping();
    }

    @Test
    @Changes("slowConsumerMs")
    void aSlowConsumerIsFoundByTheTimeOfNow() {
        slow();
        live.change(limits -> limits.withSlowConsumerMs(3_600_000));
        assertThat(live.broker.broker().slowConsumers()).isZero();
        live.change(limits -> limits.withSlowConsumerMs(20));
        TestBroker.eventually("it is found", () -> {
            publishLarge(); // what the sockets take may grow
            return live.broker.broker().slowConsumers() == 1;
        });
    }

    @Test
    @Changes("stuckConsumerMs")
    void aStuckConsumerIsClosedByTheTimeOfNow() {
        slow();
        live.change(limits -> limits.withStuckConsumerMs(20));
        TestBroker.eventually("it is gone", () -> {
            publishLarge();
            return SessionProbe.link(live.broker.broker().core(), "slow") == null;
        });
    }

    // ---- local client

    @Test
    @Changes("localPublishesMax")
    void fewerLocalPublishesFailOnlyNewOnes() {
        start();
        CountDownLatch blocked = new CountDownLatch(1);
        LimitsTest.block(live.broker.loop(0), blocked);
        LimitsTest.block(live.broker.loop(1), blocked);
        List<CompletableFuture<Published>> first = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            first.add(live.broker.local().publish(Message.of("t", "p")).toCompletableFuture());
        }
        var change =
                live.broker.broker().changeLimits(Limits.EMBEDDED.withLocalPublishesMax(2)); // the loops stand still
        assertThat(live.broker.local().publish(Message.of("t", "p")).toCompletableFuture())
                .isCompletedExceptionally();
        blocked.countDown();
        first.forEach(CompletableFuture::join);
        LiveBroker.await(change);
        live.broker.local().publish(Message.of("t", "p")).toCompletableFuture().join();
    }

    private void published(String filter, int count) {
        for (int i = 0; i < count; i++) {
            live.broker
                    .local()
                    .publish(Message.of(filter, "p"))
                    .toCompletableFuture()
                    .join();
        }
    }

    @Test
    @Changes("localQueueMessagesMax")
    void theQueueOfAHandlerThatIsThereGrowsAndShrinks() {
        start(builder -> builder.limits(Limits.EMBEDDED.withLocalQueueMessagesMax(2)));
        List<String> came = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> first = new CompletableFuture<>();
        live.broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            came.add(message.payloadText());
            return came.size() == 1 ? first : CompletableFuture.completedFuture(null);
        });
        published("t", 4); // one is in hand
        assertThat(live.broker.dropped(DropReason.LOCAL_QUEUE_FULL)).isEqualTo(1);
        live.change(limits -> limits.withLocalQueueMessagesMax(5));
        published("t", 4);
        assertThat(live.broker.dropped(DropReason.LOCAL_QUEUE_FULL)).isEqualTo(2);
        live.change(limits -> limits.withLocalQueueMessagesMax(1));
        published("t", 1);
        assertThat(live.broker.dropped(DropReason.LOCAL_QUEUE_FULL)).isEqualTo(3);
        first.complete(null);
        TestBroker.eventually("six are handled", () -> came.size() == 6);
    }

    @Test
    @Changes("localQueueMessagesMax")
    void aMemberOfASharedGroupThatIsThereTakesMoreAndLess() {
        start(builder -> builder.limits(Limits.EMBEDDED.withLocalQueueMessagesMax(2)));
        List<String> came = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> never = new CompletableFuture<>();
        live.broker.local().subscribe("$share/g/t", QoS.AT_LEAST_ONCE, message -> {
            came.add(message.payloadText());
            return never;
        });
        WireClient other = live.client("other").subscribed("$share/g/t", 1);
        live.change(limits -> limits.withLocalQueueMessagesMax(4).withInflightMessagesMax(100));
        WireClient publisher = live.client("publisher");
        Sendable[] twenty = new Sendable[20];
        for (int i = 0; i < twenty.length; i++) {
            twenty[i] = publish("t", "" + i).qos(1, i + 1);
        }
        publisher.send(twenty);
        for (int i = 0; i < 16; i++) { // all but the four that the handler's place was enough for
            assertThat(other.receive()).isInstanceOf(ReceivedPublish.class);
        }
        other.expectNothing();
        TestBroker.eventually("one is handed out", () -> came.size() == 1);
        never.complete(null);
        TestBroker.eventually("four are handled", () -> came.size() == 4);
    }

    @Test
    @Changes("localRequestsMax")
    void fewerLocalRequestsFailOnlyNewOnes() {
        start();
        live.broker.local().subscribe("t", silent -> {});
        List<CompletableFuture<Message>> answers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            answers.add(live.broker
                    .local()
                    .request(Message.of("t", "?"), Duration.ofDays(1))
                    .toCompletableFuture());
        }
        live.change(limits -> limits.withLocalRequestsMax(3));
        assertThat(live.broker
                        .local()
                        .request(Message.of("t", "?"), Duration.ofDays(1))
                        .toCompletableFuture())
                .isCompletedExceptionally();
        assertThat(answers).noneMatch(CompletableFuture::isDone);
        live.change(limits -> limits.withLocalRequestsMax(4));
        assertThat(live.broker
                        .local()
                        .request(Message.of("t", "?"), Duration.ofDays(1))
                        .toCompletableFuture())
                .isNotDone();
    }

    // ---- several at once

    /** Bounds that lose nothing move under traffic, by several threads; and whoever was last is last everywhere. */
    @Test
    void nothingIsLostWhileSeveralChangeThemUnderTraffic() throws InterruptedException {
        start();
        long seed = System.nanoTime();
        WireClient subscriber = live.client(live.broker.idOn(1, "subscriber")).subscribed("t", 1);
        WireClient publisher = live.client(live.broker.idOn(0, "publisher"));
        AtomicBoolean done = new AtomicBoolean();
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Random random = new Random(seed + i);
            threads.add(new Thread(() -> {
                while (!done.get()) {
                    LiveBroker.await(live.broker.broker().changeLimits(any(random)));
                }
            }));
        }
        threads.forEach(thread -> thread.setUncaughtExceptionHandler((dead, failure) -> failures.add(failure)));
        threads.forEach(Thread::start);
        int count = 2_000;
        for (int from = 0; from < count; from += 100) {
            Sendable[] batch = new Sendable[100];
            for (int i = 0; i < batch.length; i++) {
                batch[i] = publish("t", "" + (from + i)).qos(1, from + i + 1);
            }
            publisher.send(batch);
            for (int i = 0; i < batch.length; i++) {
                subscriber.take("t", "" + (from + i), 1);
                publisher.expect(puback(from + i + 1));
            }
        }
        done.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).as("seed %d", seed).isEmpty();
        Limits last = live.broker.broker().limits();
        assertThat(live.broker.broker().limits("tcp")).isEqualTo(last);
        for (int i = 0; i < 2; i++) {
            assertThat(SessionProbe.limits(live.broker.loop(i))).isEqualTo(last);
        }
        for (DropReason reason : DropReason.values()) {
            assertThat(live.broker.dropped(reason)).as(reason.name()).isZero();
        }
    }

    private static Limits any(Random random) {
        return Limits.EMBEDDED
                .withMailboxBytesMax(1 + random.nextInt(4_096))
                .withTurnDeliveriesMax(1 + random.nextInt(100))
                .withQueueMemoryBytesMax(random.nextInt(4_096))
                .withCommitBytesMax(1 + random.nextInt(4_096))
                .withCommitAgeMaxMs(1 + random.nextInt(100))
                .withReceiveMaximum(1_000 + random.nextInt(100))
                .withOutputBytesMax(4_096 + random.nextInt(4_096))
                .withConnectionsPerAddressMax(random.nextInt(2) * 100)
                .withSlowConsumerMs(10_000 + random.nextInt(100));
    }

    @Test
    void refusesWhatNoLimitsMayBe() {
        start();
        assertThatThrownBy(() -> live.change(limits -> limits.withSessionsMax(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sessionsMax is 0");
        assertThat(live.broker.broker().limits()).isEqualTo(Limits.EMBEDDED);
    }

    @Test
    void aBrokerThatIsClosedTakesThemInVain() {
        start();
        live.close();
        Limits changed = Limits.EMBEDDED.withSessionsMax(5);
        assertThat(live.broker.broker().changeLimits(changed).toCompletableFuture())
                .isNotDone();
        live = null;
    }
}
