package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bounds and drop reasons that only a broker with a store has: the twins of LimitsTest and DropReasonTest in the core. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class StoreBoundsTest {
    private static final String KILOBYTE = "x".repeat(1_000);
    private StoredBroker stored;

    @AfterEach
    void close() {
        if (stored != null) {
            stored.close();
        }
    }

    @Test
    void everyBoundAndReasonThatTheCoreLeavesToAStoreIsReachedHere() {
        assertThat(LimitsTest.reachedBy(StoreBoundsTest.class))
                .isEqualTo(new HashSet<>(LimitsTest.REACHED_WITH_A_STORE));
        assertThat(new HashSet<>(LiveBroker.changedBy(StoreBoundsTest.class)))
                .isEqualTo(new HashSet<>(LimitsTest.REACHED_WITH_A_STORE));
        assertThat(DropReasonTest.countedBy(StoreBoundsTest.class))
                .isEqualTo(new HashSet<>(DropReasonTest.COUNTED_WITH_A_STORE));
    }

    @Test
    @Reaches("queueMemoryBytesMax")
    void keepsNoMoreOfAQueueInMemoryThanItsBound() {
        stored = StoredBroker.start(Limits.EMBEDDED.withQueueMemoryBytesMax(5_000));
        stored.away("c", "t", 1);
        WireClient publisher = stored.broker().client("publisher");
        String large = KILOBYTE.repeat(2); // kept in a buffer, so that it can be told whether it is
        for (int i = 0; i < 20; i++) {
            publisher.published("t", large + i, 1);
        }
        TestBroker.eventually("of 40,000 bytes at most 5,000 and what is just being written are in memory", () -> {
            return stored.broker().usedBytes() < 12_000;
        });
        WireClient c = stored.back("c");
        for (int i = 0; i < 20; i++) {
            c.take("t", large + i, 1);
        }
        c.expectNothing();
    }

    @EachVersion
    @Reaches("commitBytesMax")
    void readsAPublisherNoFurtherWhileMoreBytesThanAllowedAreNotWritten(MqttVersion version) {
        stored = StoredBroker.start(Limits.EMBEDDED.withCommitBytesMax(10_000));
        stored.away("c", "t", 1);
        WireClient witness = stored.broker().client("witness").subscribed("t", 0);
        WireClient publisher = stored.broker().client(version, "publisher");
        stored.stall();
        publisher.send(burst(40));
        for (int i = 0; i < 8; i++) { // of about 1,100 bytes each
            witness.expectPublish("t", KILOBYTE + i, 0);
        }
        stored.awaitStalled();
        int more = 0;
        witness.send(pingreq());
        while (witness.receive() instanceof ReceivedPublish) {
            more++;
        }
        assertThat(more).as("messages beyond the bound").isLessThan(4);
        publisher.expectNothingYet();
        stored.release();
        for (int i = 0; i < 40; i++) {
            publisher.expect(puback(i + 1));
        }
        publisher.ping();
    }

    @EachVersion
    @Reaches("commitAgeMaxMs")
    void readsAPublisherNoFurtherWhileAWriteTakesLongerThanAllowed(MqttVersion version) {
        ManualTime time = new ManualTime();
        stored = StoredBroker.start(builder -> builder.time(time));
        stored.away("c", "t", 1);
        WireClient witness = stored.broker().client("witness").subscribed("t", 0);
        WireClient publisher = stored.broker().client(version, "publisher");
        stored.stall();
        publisher.send(publish("t", "1").qos(1, 1));
        witness.expectPublish("t", "1", 0);
        stored.awaitStalled();
        time.advance(Duration.ofMillis(Limits.EMBEDDED.commitAgeMaxMs()));
        publisher.send(publish("t", "2").qos(1, 2));
        witness.expectPublish("t", "2", 0);
        publisher.ping();
        time.advance(Duration.ofMillis(1));
        publisher.send(publish("t", "3").qos(1, 3), publish("t", "4").qos(1, 4));
        witness.expectPublish("t", "3", 0); // with this one it is noticed
        stored.broker().settle();
        witness.expectNothing();
        publisher.expectNothingYet();
        stored.release();
        witness.expectPublish("t", "4", 0);
        for (int i = 1; i <= 4; i++) {
            publisher.expect(puback(i));
        }
    }

    // ---- bounds that change while the broker runs

    @Test
    @Changes("queueMemoryBytesMax")
    void keepsLessOfAQueueInMemoryFromTheChangeOn() {
        stored = StoredBroker.start();
        stored.away("c", "t", 1);
        WireClient publisher = stored.broker().client("publisher");
        String large = KILOBYTE.repeat(2);
        for (int i = 0; i < 10; i++) {
            publisher.published("t", large + i, 1);
        }
        long before = stored.broker().usedBytes();
        assertThat(before).isGreaterThan(10 * 2_000);
        LiveBroker.change(stored.broker(), limits -> limits.withQueueMemoryBytesMax(0));
        for (int i = 10; i < 30; i++) {
            publisher.published("t", large + i, 1);
        }
        TestBroker.eventually("of 40,000 bytes more only what is just being written is in memory", () -> {
            return stored.broker().usedBytes() < before + 7_000;
        });
        WireClient c = stored.back("c");
        for (int i = 0; i < 30; i++) {
            c.take("t", large + i, 1);
        }
    }

    /** The first write stands still: what it takes makes everybody wait, until more is allowed. */
    private void holdsUpUntilMoreIsAllowed(UnaryOperator<Limits> less, UnaryOperator<Limits> more, ManualTime time) {
        stored = StoredBroker.start(builder -> builder.time(time));
        stored.away("c", "t", 1);
        WireClient witness = stored.broker().client("witness").subscribed("t", 0);
        WireClient publisher = stored.broker().client("publisher");
        LiveBroker.change(stored.broker(), less);
        stored.stall();
        publisher.send(publish("t", "0").qos(1, 1));
        witness.expectPublish("t", "0", 0);
        stored.awaitStalled();
        time.advance(Duration.ofMillis(100));
        publisher.send(publish("t", "1").qos(1, 2), publish("t", "2").qos(1, 3));
        stored.broker().settle();
        witness.send(pingreq());
        int next = 1;
        while (witness.receive() instanceof ReceivedPublish) {
            next++;
        }
        assertThat(next).as("is held up").isLessThan(3);
        LiveBroker.change(stored.broker(), more);
        for (; next < 3; next++) {
            witness.expectPublish("t", "" + next, 0);
        }
        publisher.expectNothingYet();
        stored.release();
        for (int i = 1; i <= 3; i++) {
            publisher.expect(puback(i));
        }
    }

    @Test
    @Changes("commitBytesMax")
    void morePublishersGoOnWhenMoreBytesMayWaitForTheStore() {
        holdsUpUntilMoreIsAllowed(limits -> limits.withCommitBytesMax(1), limits -> Limits.EMBEDDED, new ManualTime());
    }

    @Test
    @Changes("commitAgeMaxMs")
    void publishersGoOnWhenAWriteMayTakeLonger() {
        holdsUpUntilMoreIsAllowed(limits -> limits.withCommitAgeMaxMs(99), limits -> Limits.EMBEDDED, new ManualTime());
    }

    @Test
    @Counts(DropReason.STORE_DAMAGED)
    void countsWhatIsDamagedOrMissingInTheStoreAndDeliversTheRest() {
        stored = StoredBroker.start();
        stored.away("c", "t", 1);
        stored.away("d", "shared", 1);
        stored.back("c").subscribed("shared", 1).leave();
        WireClient publisher = stored.broker().client("publisher");
        for (int i = 0; i < 5; i++) {
            publisher.published("t", "p" + i, 1);
        }
        publisher.published("shared", "damaged", 1).published("shared", "missing", 1);
        publisher.published("t", "last", 1);
        stored.stop();
        List<WatchedStore.Stored> entries = stored.contents().records(Space.QUEUE);
        List<WatchedStore.Stored> messages = stored.contents().records(Space.MESSAGE);
        stored.contents().damage(Space.QUEUE, entries.get(1));
        stored.contents().damage(Space.QUEUE, entries.get(2));
        stored.contents().damage(Space.MESSAGE, messages.get(0));
        stored.contents().remove(Space.MESSAGE, messages.get(1).key());
        stored.startAgain();

        WireClient c = stored.back("c");
        for (String payload : List.of("p0", "p3", "p4", "last")) {
            c.take("t", payload, 1);
        }
        c.expectNothing();
        assertThat(stored.broker().dropped(DropReason.STORE_DAMAGED)).isEqualTo(4);
        stored.back("d").expectNothing();
        assertThat(stored.broker().dropped(DropReason.STORE_DAMAGED)).isEqualTo(6);
        TestBroker.eventually("they are gone", () -> stored.contents().count(Space.QUEUE) == 0);
        assertThat(Set.copyOf(stored.contents().sids())).hasSize(2);
    }

    private static Sendable[] burst(int messages) {
        Sendable[] burst = new Sendable[messages];
        for (int i = 0; i < messages; i++) {
            burst[i] = publish("t", KILOBYTE + i).qos(1, i + 1);
        }
        return burst;
    }
}
