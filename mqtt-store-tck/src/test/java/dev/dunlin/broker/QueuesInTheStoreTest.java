package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.StoredBroker.takeAll;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A queue is what its loop was handed, in that order, wherever it lies; and what ends leaves nothing in the store. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class QueuesInTheStoreTest {
    private static final String LARGE = "x".repeat(2_000);
    private static final Limits SMALL = Limits.EMBEDDED.withQueueMemoryBytesMax(3_000);

    private final MovedTime time = new MovedTime();
    private StoredBroker stored;

    private void start(Limits limits) {
        stored = StoredBroker.start(builder -> builder.limits(limits).time(time));
    }

    @AfterEach
    void close() {
        stored.close();
    }

    private WireClient publisher() {
        return stored.broker().client("publisher");
    }

    private static List<String> numbered(int from, int to) {
        return IntStream.range(from, to).mapToObj(String::valueOf).toList();
    }

    private void publishNumbers(int from, int to, int qos) {
        WireClient publisher = publisher();
        Sendable[] burst = new Sendable[to - from];
        for (int i = from; i < to; i++) {
            burst[i - from] = publish("t", String.valueOf(i)).qos(qos, i + 1);
        }
        publisher.send(burst);
        for (int i = from; i < to; i++) {
            assertThat(publisher.receive()).isNotNull();
        }
        publisher.leave();
    }

    private void eventuallyEmpty() {
        TestBroker.eventually("no entry and no message is left", () -> {
            return stored.contents().count(Space.QUEUE) == 0
                    && stored.contents().count(Space.MESSAGE) == 0;
        });
    }

    // ---- order

    @ParameterizedTest
    @CsvSource({"1,POWER,1000", "2,POWER,1000", "1,PROCESS,3", "2,PROCESS,3"})
    void orderHoldsAcrossOlderEntriesMemoryAndPagesWhileMoreComes(int qos, Crash kind, int receiveMaximum) {
        start(SMALL);
        stored.away("c", "t", 2);
        stored.away("other", "t", 2);
        publishNumbers(0, 150, qos);
        stored.crash(kind);
        publishNumbers(150, 300, qos);
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c").receiveMaximum(receiveMaximum));
        c.expect(connack().sessionPresent());
        Thread more = new Thread(() -> publishNumbers(300, 400, qos));
        more.start();
        assertThat(takeAll(c, 400)).containsExactlyElementsOf(numbered(0, 400));
        c.leave();
        stored.broker().settle();
        assertThat(takeAll(stored.back("other"), 400)).containsExactlyElementsOf(numbered(0, 400));
        eventuallyEmpty();
    }

    @Test
    void whatIsPagedOutIsReadOnlyWhenItIsWritten() {
        start(SMALL);
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c").receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t", 1);
        WireClient publisher = publisher();
        publisher.published("t", "first", 1);
        int first = c.expectPublish("t", "first", 1).packetId();
        stored.stall();
        for (int i = 1; i <= 5; i++) {
            publisher.send(publish("t", LARGE + i).qos(1, i));
        }
        publisher.expectNothing();
        stored.broker().settle();
        c.send(puback(first));
        c.take("t", LARGE + 1, 1); // it is in memory
        c.expectNothing();
        stored.release();
        for (int i = 2; i <= 5; i++) {
            c.take("t", LARGE + i, 1);
        }
        c.expectNothing();
        assertThat(stored.broker().dropped(DropReason.STORE_DAMAGED)).isZero();
    }

    @Test
    void twoQueuesOnOneLoopMayWaitForTheSameChange() {
        start(SMALL);
        List<WireClient> both = new ArrayList<>();
        List<Integer> first = new ArrayList<>();
        WireClient publisher = publisher();
        for (String id : List.of("a", "b")) {
            WireClient c = stored.broker()
                    .send(
                            MqttVersion.V5,
                            persistent(stored.broker().idOn(0, id)).receiveMaximum(1));
            c.expect(connack());
            both.add(c.subscribed("t", 1));
        }
        publisher.published("t", "first", 1);
        both.forEach(c -> first.add(c.expectPublish("t", "first", 1).packetId()));
        stored.stall();
        for (int i = 1; i <= 3; i++) {
            publisher.send(publish("t", LARGE + i).qos(1, i));
        }
        publisher.expectNothing();
        for (int i = 0; i < 2; i++) {
            both.get(i).send(puback(first.get(i)));
            both.get(i).take("t", LARGE + 1, 1); // it is in memory; the next one has to be written before it is read
        }
        stored.broker().settle();
        stored.release();
        for (WireClient c : both) {
            c.take("t", LARGE + 2, 1);
            c.take("t", LARGE + 3, 1);
            c.expectNothing();
        }
    }

    @Test
    void publishersOnSeveralLoopsKeepTheirOrderInAPagedQueue() throws InterruptedException {
        start(SMALL);
        stored.away("c", "t", 1);
        List<Thread> threads = new ArrayList<>();
        for (int p = 0; p < 4; p++) {
            WireClient publisher = stored.broker().client(stored.broker().idOn(p % 2, "p" + p + "-"));
            String name = "p" + p + ":";
            threads.add(new Thread(() -> IntStream.range(0, 100).forEach(i -> publisher.published("t", name + i, 1))));
        }
        threads.forEach(Thread::start);
        for (Thread each : threads) {
            each.join();
        }
        List<String> came = takeAll(stored.back("c"), 400);
        for (int p = 0; p < 4; p++) {
            String name = "p" + p + ":";
            assertThat(came.stream().filter(text -> text.startsWith(name)))
                    .containsExactlyElementsOf(
                            numbered(0, 100).stream().map(i -> name + i).toList());
        }
        eventuallyEmpty();
    }

    // ---- drops

    @ParameterizedTest
    @EnumSource(
            value = OverflowPolicy.class,
            names = {"DROP_NEWEST", "DROP_OLDEST"})
    void whatThePolicyDropsIsGoneFromTheStoreToo(OverflowPolicy policy) {
        start(SMALL.withQueueMessagesMax(10).withQueueOverflow(policy));
        stored.away("c", "t", 1);
        stored.away("d", "t", 1);
        WireClient publisher = publisher();
        for (int i = 0; i < 25; i++) {
            publisher.published("t", String.valueOf(i), 1);
        }
        List<String> kept = policy == OverflowPolicy.DROP_NEWEST ? numbered(0, 10) : numbered(15, 25);
        TestBroker.eventually(
                "what was dropped is gone", () -> stored.contents().count(Space.QUEUE) == 20);
        assertThat(stored.contents().count(Space.MESSAGE)).isEqualTo(10);
        assertThat(stored.broker().dropped(DropReason.QUEUE_FULL)).isEqualTo(30);
        stored.crash(Crash.POWER);
        assertThat(takeAll(stored.back("c"), 10)).containsExactlyElementsOf(kept);
        assertThat(takeAll(stored.back("d"), 10)).containsExactlyElementsOf(kept);
        eventuallyEmpty();
    }

    @Test
    void whatIsDroppedWhileItIsBeingReadIsNotTakenForDamaged() {
        start(SMALL.withQueueMessagesMax(4).withQueueOverflow(OverflowPolicy.DROP_OLDEST));
        stored.away("reader1", "other", 1);
        stored.away("reader2", "other", 1);
        stored.restart();
        stored.awaitQuiet();
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c").receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t", 1);
        WireClient publisher = publisher();
        publisher.published("t", "first", 1);
        int first = c.expectPublish("t", "first", 1).packetId();
        for (int i = 1; i <= 4; i++) {
            publisher.published("t", LARGE + i, 1);
        }
        c.send(puback(first));
        int second = c.expectPublish("t", LARGE + 1, 1).packetId(); // it was in memory, the others are not
        stored.store().stall(Call.READ);
        long reads = stored.store().calls(Call.READ);
        stored.broker().send(MqttVersion.V5, persistent("reader1"));
        stored.broker().send(MqttVersion.V5, persistent("reader2"));
        TestBroker.eventually("both readers stand still", () -> stored.store().calls(Call.READ) == reads + 2);
        c.send(puback(second));
        stored.broker().settle(); // so that its next page is asked for
        for (int i = 5; i <= 9; i++) {
            publisher.published("t", LARGE + i, 1); // what makes room for them is gone from the store, too
        }
        stored.store().release(Call.READ);
        for (int i = 6; i <= 9; i++) {
            c.take("t", LARGE + i, 1);
        }
        c.expectNothing();
        assertThat(stored.broker().dropped(DropReason.STORE_DAMAGED)).isZero();
        assertThat(stored.broker().dropped(DropReason.QUEUE_FULL)).isEqualTo(4);
    }

    @Test
    @Statement({"5.0:MQTT-3.3.2-5", "5.0:MQTT-3.3.2-6"})
    void expiryCountsOverARestartAndDeletesTheEntry() {
        start(SMALL);
        stored.away("c", "t", 2);
        WireClient publisher = publisher();
        publisher
                .published(publish("t", "short").expiry(100), 1)
                .published(publish("t", LARGE).expiry(100), 2);
        publisher.published(publish("t", "long").expiry(10_000), 2);
        time.advance(Duration.ofSeconds(60));
        stored.crash(Crash.POWER);
        time.advance(Duration.ofSeconds(60));
        WireClient c = stored.back("c");
        var came = StoredBroker.take(c, 1).get(0);
        assertThat(came.text()).isEqualTo("long");
        assertThat(came.expirySeconds()).isBetween(9_860L, 9_880L);
        assertThat(stored.broker().dropped(DropReason.EXPIRED)).isEqualTo(2);
        eventuallyEmpty();
    }

    // ---- references

    @ParameterizedTest
    @EnumSource(Crash.class)
    void aMessageOfSeveralSessionsGoesWithTheLastAcknowledgement(Crash kind) {
        start(Limits.EMBEDDED);
        for (String id : List.of("a", "b", "c")) {
            stored.away(id, "t", 2);
        }
        publisher().published("t", "1", 1).published("t", LARGE, 2);
        takeAll(stored.back("a"), 2);
        stored.sync();
        assertThat(stored.contents().count(Space.MESSAGE)).isEqualTo(2);
        stored.crash(kind);
        takeAll(stored.back("b"), 2);
        stored.sync();
        assertThat(stored.contents().count(Space.MESSAGE)).isEqualTo(2);
        stored.restart();
        takeAll(stored.back("c"), 2);
        eventuallyEmpty();
    }

    @Test
    void sessionsComeAndGoWhileTheSweepRuns() {
        start(Limits.EMBEDDED);
        for (String id : List.of("a", "b", "c", "d")) {
            stored.away(id, "t", 1);
        }
        WireClient publisher = publisher();
        for (int i = 0; i < 10; i++) {
            publisher.published("t", i + LARGE, 1);
        }
        stored.stop();
        startWithASweepThatWaits(); // and so do clients that are loaded
        stored.broker().client("d").close(); // discarded
        WireClient a = stored.broker().send(MqttVersion.V5, persistent("a"));
        WireClient b = stored.broker().send(MqttVersion.V5, persistent("b"));
        stored.broker().client("publisher").published("t", "live" + LARGE, 1);
        stored.store().release(Call.READ);
        a.expect(connack().sessionPresent());
        assertThat(takeAll(a, 11)).hasSize(11);
        b.expect(connack().sessionPresent());
        assertThat(takeAll(b, 11)).hasSize(11);
        assertThat(takeAll(stored.back("c"), 11)).hasSize(11);
        eventuallyEmpty();
    }

    @Test
    void whatWasAcknowledgedBeforeTheSweepWasThroughIsGoneAfterTheNextStart() {
        start(Limits.EMBEDDED);
        stored.away("a", "t", 1);
        publisher().published("t", LARGE, 1);
        stored.stop();
        startWithASweepThatWaits();
        WireClient a = stored.broker().send(MqttVersion.V5, persistent("a"));
        stored.broker().settle();
        stored.store().failNext(Call.READ, 2, Kind.IO); // of the sweep and of the client, which tries again
        stored.store().release(Call.READ);
        a.expect(connack().sessionPresent());
        takeAll(a, 1);
        stored.sync();
        stored.crash(Crash.POWER);
        eventuallyEmpty();
    }

    @Test
    void aSweepThatBeginsAnewForgetsWhatWasReleasedBefore() {
        start(Limits.EMBEDDED);
        stored.away("a", "t", 1);
        stored.away("b", "t", 1);
        publisher().published("t", LARGE, 1);
        stored.stop();
        stored.startAgain(store -> store.afterWrite(first -> {
            store.afterWrite(batch -> {});
            store.failNext(Call.READ, Kind.IO);
        }));
        TestBroker.eventually("the sweep has failed", () -> stored.store().calls(Call.READ) > 0);
        takeAll(stored.back("a"), 1);
        stored.sync();
        long opened = stored.store().calls(Call.OPEN);
        stored.store().failNext(Call.WRITE, Kind.IO);
        stored.broker().send(MqttVersion.V5, persistent("another")); // which is let in late, or refused
        TestBroker.eventually("the engine is opened again", () -> stored.store().calls(Call.OPEN) > opened);
        stored.awaitQuiet();
        assertThat(stored.contents().count(Space.MESSAGE)).isEqualTo(1);
        assertThat(takeAll(stored.back("b"), 1)).containsExactly(LARGE);
        eventuallyEmpty();
    }

    private void startWithASweepThatWaits() {
        stored.startAgain(store -> store.afterWrite(first -> store.stall(Call.READ)));
        TestBroker.eventually("the sweep begins", () -> stored.store().isStalled(Call.READ));
        stored.store().afterWrite(batch -> {});
    }

    @Test
    void theSweepRemovesWhatUnknownSessionsHaveLeft() {
        start(Limits.EMBEDDED);
        stored.away("a", "t", 2);
        stored.away("b", "t", 2);
        publisher().published("t", "small", 2).published("t", LARGE, 2);
        stored.stop();
        byte[] record = stored.contents().records(Space.SESSION).stream()
                .map(WatchedStore.Stored::key)
                .filter(key -> key[0] == 'c' && key[1] == 'b')
                .findFirst()
                .orElseThrow();
        stored.contents().remove(Space.SESSION, record);
        stored.startAgain();
        TestBroker.eventually("b is gone", () -> stored.contents().sids().size() == 1);
        assertThat(stored.broker().hasSession("b")).isFalse();
        assertThat(takeAll(stored.back("a"), 2)).containsExactly("small", LARGE);
        eventuallyEmpty();
    }

    /** As after a crash between the deletion of an ended session's entries, which is one range, and what they refer to. */
    @Test
    void afterACrashTheSweepRemovesMessagesThatNobodyRefersTo() {
        start(Limits.EMBEDDED);
        stored.away("a", "t", 2);
        publisher().published("t", LARGE, 2);
        stored.awaitQuiet();
        stored.crashOnly(Crash.POWER);
        stored.contents().records(Space.QUEUE).forEach(each -> stored.contents().remove(Space.QUEUE, each.key()));
        assertThat(stored.contents().count(Space.MESSAGE)).isEqualTo(1);
        stored.startAgain();
        eventuallyEmpty();
    }

    @Test
    void anEntryForADeadSessionIsDeletedByItsHome() {
        start(Limits.EMBEDDED);
        String publisherId = stored.broker().idOn(0, "publisher");
        String id = stored.broker().idOn(1, "c");
        stored.away(id, "t", 1);
        stored.away("other", "t", 1);
        WireClient publisher = stored.broker().client(publisherId);
        var latch = new CountDownLatch(1);
        stored.broker().loop(1).execute(() -> {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        WireClient clean = stored.broker().send(MqttVersion.V5, persistent(id).cleanStart());
        publisher.published("t", "p", 1); // its entry is for a session that ends before it gets there, or has ended
        latch.countDown();
        clean.expect(connack());
        takeAll(stored.back("other"), 1);
        eventuallyEmpty();
        assertThat(SessionProbe.queued(stored.broker().broker().core(), id)).isZero();
    }
}
