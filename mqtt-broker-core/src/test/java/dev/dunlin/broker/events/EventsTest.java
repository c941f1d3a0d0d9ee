package dev.dunlin.broker.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.BrokerEvent;
import dev.dunlin.broker.spi.BrokerEvent.Dropped;
import dev.dunlin.broker.spi.BrokerEvent.EventsLost;
import dev.dunlin.broker.spi.BrokerEvent.Fault;
import dev.dunlin.broker.spi.BrokerObserver;
import dev.dunlin.broker.spi.DropReason;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The queue to the observers, with observers that do what they like. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class EventsTest {
    private static final int MAX = 4;
    private static final long PATIENCE_MS = 10_000;

    private final List<BrokerEvent> told = new CopyOnWriteArrayList<>();
    private final CountDownLatch go = new CountDownLatch(1);
    private final CountDownLatch blocked = new CountDownLatch(1);

    private static Events started(BrokerObserver... observers) {
        Events events = new Events("test", List.of(observers), MAX, () -> 1_000);
        events.start();
        return events;
    }

    private static BrokerEvent event(int number) {
        return new Fault(Instant.EPOCH, "", "number " + number, "none");
    }

    private List<String> numbers() {
        return told.stream()
                .filter(Fault.class::isInstance)
                .map(each -> ((Fault) each).what())
                .toList();
    }

    private void block(BrokerEvent event) {
        told.add(event);
        blocked.countDown();
        try {
            go.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One that blocks on the first event, with as many behind it as the queue holds. */
    private Events full() throws InterruptedException {
        Events events = started(this::block);
        events.tell(event(0));
        blocked.await();
        for (int i = 1; i <= MAX; i++) {
            events.tell(event(i));
        }
        return events;
    }

    @Test
    void tellsAllObserversInOrderOnOneThread() {
        List<String> order = new CopyOnWriteArrayList<>();
        Events events = started(
                event -> order.add(Thread.currentThread().getName() + " one " + event.reason()),
                event -> order.add(Thread.currentThread().getName() + " two " + event.reason()));
        for (int i = 0; i < 2; i++) {
            events.tell(event(i));
        }
        events.close(PATIENCE_MS);
        assertThat(order)
                .containsExactly(
                        "test-events one number 0: none",
                        "test-events two number 0: none",
                        "test-events one number 1: none",
                        "test-events two number 1: none");
    }

    @Test
    void whatAnObserverThrowsHurtsNobody() {
        Events events = started(
                event -> {
                    throw new AssertionError("on purpose");
                },
                event -> {
                    Thread.currentThread().interrupt(); // nor does this
                    told.add(event);
                });
        for (int i = 0; i < 3; i++) {
            events.tell(event(i));
            int count = i + 1;
            await().until(() -> told.size() == count);
        }
        events.close(PATIENCE_MS);
        assertThat(numbers()).containsExactly("number 0", "number 1", "number 2");
    }

    @Test
    void countsWhatFindsNoRoomAndSaysSoWhenThereIs() throws InterruptedException {
        Events events = full();
        events.tell(event(98));
        events.tell(event(99));
        assertThat(events.lost()).isEqualTo(2);
        assertThat(events.offer(event(100))).isFalse();
        assertThat(events.lost()).as("what was only offered isn't lost").isEqualTo(2);
        go.countDown();
        events.close(PATIENCE_MS);
        assertThat(numbers()).containsExactly("number 0", "number 1", "number 2", "number 3", "number 4");
        assertThat(told.stream().filter(EventsLost.class::isInstance))
                .containsExactly(new EventsLost(Instant.ofEpochMilli(1_000), 2));
    }

    @Test
    void callsWhoWaitsForRoomOnce() throws InterruptedException {
        Events events = full();
        AtomicInteger called = new AtomicInteger();
        events.whenRoom(called::incrementAndGet);
        assertThat(called).hasValue(0);
        go.countDown();
        await().until(() -> called.get() == 1);
        events.whenRoom(called::incrementAndGet);
        await().until(() -> called.get() == 2);
        events.close(PATIENCE_MS);
        assertThat(called).hasValue(2);
    }

    @Test
    void tellsWhatIsQueuedBeforeItEnds() throws InterruptedException {
        Events events = full();
        events.tellLast(event(5)); // although there is no room
        go.countDown();
        events.close(PATIENCE_MS);
        assertThat(numbers()).hasSize(6).last().isEqualTo("number 5");
        assertThat(events.lost()).isZero();
    }

    private static Dropped drop(String client, String topic, DropReason why, long count) {
        return new Dropped(Instant.EPOCH, client, topic, why, count);
    }

    @Test
    void tellsSumsOfDropsAtLeastToAnObserverThatTakesLongerThanItMay() throws InterruptedException {
        Events events = started(event -> {
            if (blocked.getCount() > 0) {
                block(event); // until it is interrupted
            } else {
                told.add(event);
            }
        });
        events.tell(event(0));
        blocked.await();
        events.tell(event(1));
        events.tellLast(drop("a", "t", DropReason.EXPIRED, 2));
        events.tellLast(drop("b", "u", DropReason.EXPIRED, 3));
        events.tellLast(drop("b", "v", DropReason.QUEUE_FULL, 4));
        events.tellLast(drop("b", "w", DropReason.QUEUE_FULL, 5));
        events.close(1);
        assertThat(told)
                .containsExactlyInAnyOrder(
                        event(0),
                        drop("", "u", DropReason.EXPIRED, 5),
                        drop("b", "w", DropReason.QUEUE_FULL, 9),
                        new EventsLost(Instant.ofEpochMilli(1_000), 1));
        assertThat(events.lost()).isEqualTo(1);
    }

    @Test
    void leavesAnObserverBehindThatDoesNotEnd() throws InterruptedException {
        AtomicBoolean end = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        Events events = started(event -> {
            told.add(event);
            blocked.countDown();
            while (!end.get()) {
                Thread.onSpinWait();
            }
            ended.countDown();
        });
        events.tell(event(0));
        blocked.await();
        events.tell(event(1));
        events.tellLast(drop("a", "t", DropReason.EXPIRED, 2));
        events.close(1);
        assertThat(events.lost()).as("what it isn't told any more").isEqualTo(2);
        end.set(true);
        ended.await();
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("test-events")));
        assertThat(told).containsExactly(event(0));
    }

    /** Also in a queue of one, of which half is nothing. */
    @Test
    void whoWaitsForRoomIsCalledThoughOthersFindNone() {
        Events events = new Events("test", List.of(told -> {}), 1, () -> 1_000);
        events.start();
        AtomicBoolean over = new AtomicBoolean();
        Thread other = new Thread(() -> {
            while (!over.get()) {
                events.tell(event(0));
            }
        });
        try {
            for (int i = 0; i < 20_000; i++) {
                AtomicBoolean called = new AtomicBoolean();
                if (i == 0) {
                    other.start();
                }
                events.whenRoom(() -> called.set(true));
                while (!called.get()) {
                    Thread.onSpinWait();
                }
            }
        } finally {
            over.set(true);
        }
        events.close(PATIENCE_MS);
    }

    @Test
    void tellsOfTheSameFaultOnceASecond() {
        Events events = new Events("test", List.of(told::add), 100, () -> 0);
        events.fault("a", "one", "first");
        events.fault("a", "one", "second");
        events.fault("a", "other", "first");
        events.start();
        events.close(PATIENCE_MS);
        assertThat(told).extracting(BrokerEvent::reason).containsExactly("one: first", "other: first");
    }

    @Test
    void tellsOfAClientAtALimitOnceASecond() {
        long[] nowMs = {0};
        Events events = new Events("test", List.of(told::add), 100, () -> nowMs[0]);
        for (String each : List.of("a 0", "a 0", "b 0", "a 999", "a 1000", "b 1000")) {
            nowMs[0] = Long.parseLong(each.substring(2));
            events.limit(each.substring(0, 1), "sessionsMax", "too many");
        }
        events.start();
        events.close(PATIENCE_MS);
        assertThat(told.stream()
                        .map(each -> each.clientId() + " "
                                + Duration.between(Instant.EPOCH, each.at()).toMillis()))
                .containsExactly("a 0", "b 0", "a 1000", "b 1000");
    }
}
