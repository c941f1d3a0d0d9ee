package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.StoredBroker.takeAll;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.codec.ReasonCode.QUOTA_EXCEEDED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A write or sync that fails: no acknowledgement leaves before what it promises is there, once, and nothing ends. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FailingStoreTest {
    @AutoClose
    private final StoredBroker stored = StoredBroker.start();

    private final WireClient publisher = stored.broker().client("publisher");

    private void awaitFailing() {
        TestBroker.eventually("the store has failed", () -> stored.core().isStalled());
    }

    private void awaitHealthy() {
        TestBroker.eventually("the store is well", () -> !stored.core().isStalled());
    }

    // ---- unknown outcomes

    @ParameterizedTest
    @CsvSource({"WRITE,IO,false", "WRITE,IO,true", "WRITE,FULL,false", "WRITE,FULL,true", "SYNC,IO,false"})
    void afterAFailureEverythingIsThereOnceAndOnlyThenAcknowledged(Call call, Kind kind, boolean applied) {
        stored.away("a", "t", 2);
        stored.away("b", "t", 2);
        stored.awaitQuiet();
        stored.store().failedWritesAreApplied(applied);
        long opened = stored.store().calls(Call.OPEN);
        for (int times = 1; times <= 3; times++) {
            stored.store().failNext(call, times, kind);
            publisher.send(publish("t", "1:" + times).qos(1, times));
            publisher.expect(puback(times));
            awaitHealthy();
            stored.store().failNext(call, times, kind);
            publisher.send(publish("t", "2:" + times).qos(2, times));
            publisher.expect(pubrec(times));
            awaitHealthy();
        }
        assertThat(stored.store().calls(Call.OPEN)).as("opened").isGreaterThanOrEqualTo(opened + 6);
        stored.crash(Crash.POWER);
        for (String id : List.of("a", "b")) {
            assertThat(takeAll(stored.back(id), 6)) // in order within each QoS
                    .containsExactlyInAnyOrder("1:1", "2:1", "1:2", "2:2", "1:3", "2:3")
                    .containsSubsequence("1:1", "1:2", "1:3")
                    .containsSubsequence("2:1", "2:2", "2:3");
        }
        TestBroker.eventually("no message is left", () -> stored.contents().count(Space.MESSAGE) == 0);
    }

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"WRITE", "SYNC"})
    void noAcknowledgementLeavesWhileItFails(Call call) {
        stored.away("c", "t", 2);
        WireClient five = stored.broker().client("five");
        stored.awaitQuiet();
        stored.store().failAll(call, Kind.IO);
        publisher.send(publish("t", "before").qos(1, 1));
        awaitFailing();
        publisher.expectNothing();
        five.send(publish("t", "refused").qos(1, 2), publish("t", "refused").qos(2, 3), publish("t", "qos 0"));
        assertRefused(five, PacketType.PUBACK, 2);
        assertRefused(five, PacketType.PUBREC, 3);
        five.expectNothing();
        publisher.expectNothing();
        stored.store().heal();
        publisher.expect(puback(1));
        awaitHealthy();
        five.published("t", "after", 1);
        stored.crash(Crash.POWER);
        assertThat(takeAll(stored.back("c"), 2)).containsExactly("before", "after");
    }

    private static void assertRefused(WireClient client, PacketType type, int id) {
        Packet.Ack ack = (Packet.Ack) client.receive();
        assertThat(ack.type()).isEqualTo(type);
        assertThat(ack.packetId()).isEqualTo(id);
        assertThat(ack.reason()).isEqualTo(QUOTA_EXCEEDED);
        assertThat(ack.properties().toString()).contains("REASON_STRING");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void aStoreThatFailsNowAndThenLosesAndDoublesNothing(long seed) {
        Random random = new Random(seed);
        stored.away("c", "t", 2);
        stored.away("d", "t", 1);
        List<String> accepted = new ArrayList<>();
        Call[] calls = {Call.WRITE, Call.SYNC, Call.OPEN, Call.CLOSE, Call.VIEW};
        for (int i = 1; i <= 40; i++) {
            if (random.nextInt(3) == 0) {
                stored.store().failedWritesAreApplied(random.nextBoolean());
                stored.store().failNext(calls[random.nextInt(calls.length)], 1 + random.nextInt(2), Kind.IO);
            }
            int qos = 1 + random.nextInt(2);
            publisher.send(publish("t", "p" + i).qos(qos, i));
            if (!((Packet.Ack) publisher.receive()).reason().isError()) {
                accepted.add("p" + i);
                if (qos == 2) {
                    publisher.send(pubrel(i));
                    publisher.receive();
                }
            } else {
                awaitHealthy();
            }
        }
        stored.store().heal();
        awaitHealthy();
        assertThat(accepted).as("seed %d", seed).hasSizeGreaterThan(10);
        stored.crash(Crash.POWER);
        assertThat(takeAll(stored.back("d"), accepted.size())).containsExactlyElementsOf(accepted);
        assertThat(takeAll(stored.back("c"), accepted.size())).containsExactlyInAnyOrderElementsOf(accepted);
        TestBroker.eventually("no message is left", () -> stored.contents().count(Space.MESSAGE) == 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatOnlyOneProcessSawOfAFailedWriteIsDecidedByItsTicketAlsoForSessions(boolean applied) {
        stored.store().failedWritesAreApplied(applied);
        stored.store().failNext(Call.WRITE, Kind.IO);
        WireClient c = stored.made("c");
        awaitHealthy();
        c.subscribed("t", 1).leave();
        stored.broker().settle(); // that it has left is on its way to the store
        publisher.published("t", "p", 1);
        stored.crash(Crash.POWER);
        stored.back("c").take("t", "p", 1);
    }

    // ---- full

    @Test
    void aFullStoreThatKeepsNoTraceOfAFailedWriteIsTriedAgainInPlace() {
        stored.away("c", "t", 1);
        WireClient watcher = stored.broker().client("watcher").subscribed("t", 0);
        stored.awaitQuiet();
        stored.store().failedWriteLeavesNoTrace(true);
        long opened = stored.store().calls(Call.OPEN);
        stored.store().failAll(Call.WRITE, Kind.FULL);
        publisher.send(publish("t", "waits").qos(1, 1));
        watcher.expectPublish("t", "waits", 0);
        awaitFailing();
        WireClient other = stored.broker().client("other");
        other.published("t", "qos 0", 0);
        watcher.expectPublish("t", "qos 0", 0);
        other.send(publish("t", "refused").qos(1, 2));
        assertRefused(other, PacketType.PUBACK, 2);
        publisher.expectNothing();
        stored.store().heal();
        publisher.expect(puback(1));
        awaitHealthy();
        other.published("t", "goes on", 1);
        assertThat(stored.store().calls(Call.OPEN)).isEqualTo(opened);
        stored.crash(Crash.POWER);
        assertThat(takeAll(stored.back("c"), 2)).containsExactly("waits", "goes on");
    }

    // ---- anything at all

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"WRITE", "SYNC"})
    void anExceptionThatNoEngineShouldThrowIsAFailureLikeOthers(Call call) {
        stored.away("c", "t", 1);
        stored.awaitQuiet();
        stored.store().throwNext(call, new IllegalStateException("on purpose"));
        publisher.send(publish("t", "1").qos(1, 1));
        publisher.expect(puback(1));
        awaitHealthy();
        stored.store().throwNext(call, new IllegalStateException("on purpose"));
        stored.store().throwNext(Call.CLOSE, new IllegalStateException("on purpose"));
        stored.store().throwNext(Call.OPEN, new IllegalStateException("on purpose"));
        publisher.send(publish("t", "2").qos(1, 2));
        publisher.expect(puback(2));
        stored.crash(Crash.POWER);
        assertThat(takeAll(stored.back("c"), 2)).containsExactly("1", "2");
    }

    @Test
    void noErrorEndsTheCommitThread() {
        stored.away("c", "t", 1);
        stored.awaitQuiet();
        Error[] errors = {new AssertionError("on purpose"), new OutOfMemoryError("on purpose"), new LinkageError("too")
        };
        for (int i = 0; i < errors.length; i++) {
            Error thrown = errors[i];
            FaultyStore now = stored.store();
            now.beforeWrite(batch -> {
                now.beforeWrite(next -> {});
                throw thrown;
            });
            publisher.send(publish("t", "p" + i).qos(1, i + 1));
            publisher.expect(puback(i + 1));
            awaitHealthy();
        }
        stored.crash(Crash.POWER);
        assertThat(takeAll(stored.back("c"), 3)).containsExactly("p0", "p1", "p2");
    }

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"VIEW", "READ"})
    void aReadThatFailsIsRepeatedWhateverIsThrown(Call call) {
        stored.away("c", "t", 1);
        publisher.published("t", "p", 1);
        for (Kind kind : new Kind[] {Kind.IO, Kind.BUSY}) {
            stored.crash(Crash.POWER);
            stored.awaitQuiet();
            stored.store().failNext(call, kind);
            WireClient c = stored.back("c");
            assertThat(c.receive().toString()).contains("'p'");
            c.close();
        }
        stored.crash(Crash.POWER);
        stored.awaitQuiet();
        stored.store().throwNext(call, new IllegalStateException("on purpose"));
        assertThat(stored.back("c").receive().toString()).contains("'p'");
    }

    // ---- hopeless

    @Test
    void aStoreThatIsDamagedWhenItIsOpenedAgainEndsDurableWorkAndNothingElse() {
        stored.away("c", "t", 1);
        WireClient old = stored.made("old");
        WireClient watcher = stored.broker().client("watcher").subscribed("t", 1);
        stored.awaitQuiet();
        stored.store().failNext(Call.WRITE, Kind.IO);
        stored.store().failAll(Call.OPEN, Kind.CORRUPT);
        publisher.send(publish("t", "never acknowledged").qos(1, 1));
        watcher.take("t", "never acknowledged", 1);
        awaitFailing();
        WireClient clean = stored.broker().client("clean").subscribed("free", 1);
        clean.published("t", "qos 0", 0);
        watcher.expectPublish("t", "qos 0", 0);
        clean.send(publish("free", "q").qos(1, 5));
        clean.expectPublish("free", "q", 1);
        clean.expect(puback(5));
        clean.send(publish("t", "refused").qos(1, 2));
        assertRefused(clean, PacketType.PUBACK, 2);
        stored.broker().send(MqttVersion.V5, persistent("new")).expectRefusal(QUOTA_EXCEEDED);
        stored.broker().send(MqttVersion.V5, persistent("old")).expectRefusal(QUOTA_EXCEEDED);
        stored.broker().send(MqttVersion.V5, connect("old").cleanStart()).expectRefusal(QUOTA_EXCEEDED);
        old.ping();
        publisher.expectNothing();
        stored.broker().close();
        stored.startAgain();
        stored.back("c").expectNothing();
        stored.broker().send(MqttVersion.V5, persistent("old")).expect(connack().sessionPresent());
    }

    @Test
    void whoWaitsForRoomIsReadAgainWhenThereWillBeNone() {
        try (StoredBroker small = StoredBroker.start(Limits.EMBEDDED.withCommitBytesMax(5_000))) {
            small.away("c", "t", 1);
            WireClient watcher = small.broker().client("watcher").subscribed("t", 0);
            WireClient from = small.broker().client("from");
            small.awaitQuiet();
            small.stall();
            for (int i = 1; i <= 20; i++) {
                from.send(publish("t", "x".repeat(1_000)).qos(1, i));
            }
            from.send(publish("t", "last"));
            small.awaitStalled();
            small.broker().settle();
            small.store().failNext(Call.WRITE, Kind.IO);
            small.store().failAll(Call.OPEN, Kind.CORRUPT);
            small.release();
            while (((ReceivedPublish) watcher.receive()).payload().length > 4) {}
            from.ping();
        }
    }
}
