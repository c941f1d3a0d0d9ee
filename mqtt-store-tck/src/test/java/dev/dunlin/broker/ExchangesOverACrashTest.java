package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.takeAll;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.codec.ReasonCode.NO_MATCHING_SUBSCRIBERS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A crash in every state of every exchange, in both directions: what was acknowledged is there, and QoS 2 comes once. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ExchangesOverACrashTest {
    @AutoClose
    private final StoredBroker stored = StoredBroker.start();

    private WireClient publisher() {
        return stored.broker().client("publisher");
    }

    // ---- in

    @EachVersion
    void acknowledgedMessagesSurviveWhateverTheirSize(MqttVersion version) {
        stored.away("one", "t", 2);
        stored.away("two", "t", 1);
        stored.away("alone", "own", 2);
        WireClient from = stored.broker().client(version, "from");
        for (String topic : List.of("t", "own")) {
            from.published(topic, "", 1).published(topic, "x".repeat(900), 2);
            from.published(topic, "y".repeat(3_000), 1).published(topic, "z".repeat(200_000), 2);
        }
        stored.crash(Crash.POWER);
        for (String id : List.of("one", "two", "alone")) {
            assertThat(takeAll(stored.back(version, id), 4)) // in order within each QoS
                    .containsExactlyInAnyOrder("", "x".repeat(900), "y".repeat(3_000), "z".repeat(200_000))
                    .containsSubsequence("", "y".repeat(3_000))
                    .containsSubsequence("x".repeat(900), "z".repeat(200_000));
        }
    }

    @EachVersion
    @Statement({"5.0:MQTT-4.3.3-10", "3.1.1:MQTT-4.3.3-2"})
    void anInboundQos2PublishIsTakenOnceWhereverTheCrashComes(MqttVersion version) {
        stored.away("to", "t", 2);
        WireClient from = stored.made(version, "from");
        from.send(publish("t", "acknowledged").qos(2, 1));
        from.expect(pubrec(1));
        from.send(publish("t", "complete").qos(2, 2));
        from.expect(pubrec(2));
        from.send(pubrel(2));
        from.expect(pubcomp(2));
        stored.stall();
        from.send(publish("t", "unacknowledged").qos(2, 3));
        stored.awaitStalled();
        from.expectNothing();
        stored.crash(Crash.POWER);

        from = stored.back(version, "from");
        from.send(publish("t", "acknowledged").qos(2, 1).dup());
        from.expect(pubrec(1));
        from.send(publish("t", "unacknowledged").qos(2, 3).dup());
        from.expect(pubrec(3));
        stored.crash(Crash.POWER);

        from = stored.back(version, "from");
        from.send(pubrel(1), pubrel(3), pubrel(2));
        from.expect(pubcomp(1));
        from.expect(pubcomp(3));
        from.expect(pubcomp(2));
        stored.crash(Crash.POWER);

        from = stored.back(version, "from");
        from.send(publish("t", "new").qos(2, 1));
        from.expect(pubrec(1));
        assertThat(takeAll(stored.back("to"), 4)).containsExactly("acknowledged", "complete", "unacknowledged", "new");
    }

    @Test
    void theReceivedIdAndTheEntriesAreOneChange() {
        stored.away("to", "t", 2);
        WireClient from = stored.made("from");
        for (boolean written : new boolean[] {false, true}) {
            Call where = written ? Call.SYNC : Call.WRITE; // it is written, or it isn't
            stored.store().stall(where);
            from.send(publish("t", "p" + written).qos(2, 1));
            TestBroker.eventually("it stands still", () -> stored.store().isStalled(where));
            stored.crash(Crash.PROCESS);
            from = stored.back("from");
            from.send(publish("t", "p" + written).qos(2, 1).dup());
            from.expect(pubrec(1));
            from.send(pubrel(1));
            from.expect(pubcomp(1));
        }
        assertThat(takeAll(stored.back("to"), 2)).containsExactly("pfalse", "ptrue");
    }

    // ---- QoS 2 out

    @EachVersion
    @Statement({"5.0:MQTT-4.4.0-1", "3.1.1:MQTT-4.4.0-1"})
    void whatWasSentComesAgainWithDupAndItsIdAndWhatWasReleasedOnlyAsPubrel(MqttVersion version) {
        WireClient c = stored.made(version, "c").subscribed("t", 2);
        WireClient publisher = publisher();
        for (int i = 0; i < 5; i++) {
            publisher.published("t", "p" + i, 2);
        }
        int[] ids = new int[5];
        for (int i = 0; i < 5; i++) {
            ids[i] = c.expectPublish("t", "p" + i, 2).packetId();
        }
        c.send(pubrec(ids[1]));
        c.expect(pubrel(ids[1]));
        c.send(pubrec(ids[3]));
        c.expect(pubrel(ids[3]));
        c.send(pubcomp(ids[3]));
        c.ping();
        stored.sync();
        stored.crash(Crash.POWER);

        c = stored.back(version, "c");
        expectResent(c, ids);
        stored.crash(Crash.PROCESS);

        c = stored.back(version, "c");
        expectResent(c, ids);
        c.send(pubcomp(ids[1]));
        for (int id : new int[] {ids[0], ids[2], ids[4]}) {
            c.send(pubrec(id));
            c.expect(pubrel(id));
            c.send(pubcomp(id));
        }
        publisher().published("t", "next", 2);
        int next = c.expectPublish("t", "next", 2).packetId();
        assertThat(ids).doesNotContain(next);
        c.send(pubrec(next));
        c.expect(pubrel(next));
        c.send(pubcomp(next));
        c.leave();
        stored.broker().settle();
        assertNothingIsLeft();
    }

    private static void expectResent(WireClient c, int[] ids) {
        c.expect(publish("t", "p0").qos(2, ids[0]).dup());
        c.expect(pubrel(ids[1]));
        c.expect(publish("t", "p2").qos(2, ids[2]).dup());
        c.expect(publish("t", "p4").qos(2, ids[4]).dup());
        c.expectNothing();
    }

    @Test
    void aQos2MessageWhoseSentStateWasLostHasNotBeenSent() {
        WireClient c = stored.made("c").subscribed("t", 2);
        WireClient publisher = publisher();
        publisher.published("t", "1", 2);
        c.take("t", "1", 2);
        c.ping();
        stored.sync();
        stored.store().stall(Call.SYNC);
        publisher.send(publish("t", "2").qos(2, 9));
        c.expectNothing();
        stored.crash(Crash.POWER); // without the message: it was not acknowledged
        c = stored.back("c");
        c.expectNothing();
        publisher = publisher();
        publisher.send(publish("t", "2").qos(2, 9));
        publisher.expect(pubrec(9));
        c.take("t", "2", 2);
        c.expectNothing();
    }

    @Test
    void anAcknowledgedQos2MessageThatWasNotSentYetComesWithoutDup() {
        stored.away("c", "t", 2);
        publisher().published("t", "p", 2);
        stored.crash(Crash.POWER);
        WireClient c = stored.back("c");
        c.expectPublish("t", "p", 2);
        c.drop();
        stored.crash(Crash.POWER);
        c = stored.back("c");
        c.take(publish("t", "p").qos(2).dup());
        c.expectNothing();
    }

    // ---- QoS 1 out

    @EachVersion
    void afterAnUncleanStopQos1MessagesComeWithDupAndNoIdIsUsedTwice(MqttVersion version) {
        WireClient c = stored.made(version, "c").subscribed("t", 2);
        WireClient publisher = publisher();
        List<Integer> used = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            publisher.published("t", "p" + i, i == 3 ? 2 : 1);
            used.add(c.expectPublish("t", "p" + i, i == 3 ? 2 : 1).packetId());
        }
        c.send(puback(used.get(1)));
        c.ping();
        stored.sync();
        stored.crash(Crash.POWER);
        c = stored.back(version, "c");
        c.expect(publish("t", "p3").qos(2, used.get(3)).dup());
        for (int i : new int[] {0, 2, 4, 5}) {
            int id = c.expect(publish("t", "p" + i).qos(1).dup()).packetId();
            assertThat(used).doesNotContain(id);
            used.add(id);
            c.send(puback(id));
        }
        c.expectNothing();
    }

    @EachVersion
    void afterACleanStopQos1MessagesUnderWayKeepTheirIds(MqttVersion version) {
        WireClient c = stored.made(version, "c").subscribed("t", 1);
        WireClient publisher = publisher();
        int[] ids = new int[3];
        for (int i = 0; i < 3; i++) {
            publisher.published("t", "p" + i, 1);
            ids[i] = c.expectPublish("t", "p" + i, 1).packetId();
        }
        c.send(puback(ids[1]));
        c.ping();
        c.drop();
        publisher.published("t", "queued", 1);
        stored.restart();
        stored.restart(); // also if nobody came meanwhile
        c = stored.back(version, "c");
        c.take(publish("t", "p0").qos(1, ids[0]).dup());
        c.take(publish("t", "p2").qos(1, ids[2]).dup());
        c.take("t", "queued", 1);
        c.leave();
        stored.broker().settle();
        stored.restart();
        stored.back(version, "c").expectNothing();
        assertNothingIsLeft();
    }

    @Test
    void allThatWereQueuedComeWithDupAfterAnUncleanStop() {
        StoredBroker small = StoredBroker.start(Limits.EMBEDDED.withInflightMessagesMax(2));
        try (small) {
            WireClient c = small.made("c").subscribed("t", 1);
            WireClient from = small.broker().client("from");
            for (int i = 0; i < 4; i++) {
                from.published("t", "p" + i, 1);
            }
            c.expectPublish("t", "p0", 1);
            c.expectPublish("t", "p1", 1);
            small.crash(Crash.POWER);
            c = small.back("c");
            c.take(publish("t", "p0").qos(1).dup());
            c.take(publish("t", "p1").qos(1).dup());
            // Nobody knows how many were acknowledged whose deletes were lost, and stand before these.
            c.take(publish("t", "p2").qos(1).dup());
            c.take(publish("t", "p3").qos(1).dup());
            c.expectNothing();
        }
    }

    @Test
    void idsDoNotCollideWithThoseOfManyCrashes() {
        WireClient c = stored.made("c").subscribed("t", 2);
        WireClient publisher = publisher();
        publisher.published("t", "kept", 2);
        int kept = c.expectPublish("t", "kept", 2).packetId();
        List<Integer> used = new ArrayList<>(List.of(kept));
        for (int round = 0; round < 8; round++) {
            stored.crash(Crash.POWER);
            c = stored.back("c");
            c.expect(publish("t", "kept").qos(2, kept).dup());
            publisher = publisher();
            publisher.published("t", "round" + round, 2);
            int id = c.expectPublish("t", "round" + round, 2).packetId();
            assertThat(used).doesNotContain(id);
            c.send(pubrec(id));
            c.expect(pubrel(id));
            c.send(pubcomp(id));
            c.ping();
            stored.sync();
            used.add(id);
        }
    }

    @Test
    void idsAreReservedBeforeTheyAreUsed() {
        stored.made("c").subscribed("t", 1).leave();
        stored.broker().settle();
        stored.restart();
        WireClient c = stored.back("c");
        stored.awaitQuiet();
        stored.store().stall(Call.SYNC);
        publisher().send(publish("t", "lost").qos(1, 1));
        int used = c.expectPublish("t", "lost", 1).packetId();
        stored.crash(Crash.POWER);
        c = stored.back("c");
        publisher().published("t", "next", 1);
        assertThat(c.expectPublish("t", "next", 1).packetId()).isNotEqualTo(used);
    }

    // ---- levels

    @Test
    void atProcessWhatWasAcknowledgedSurvivesTheEndOfTheProcess() {
        try (StoredBroker process = StoredBroker.start(Durability.PROCESS, builder -> builder)) {
            process.away("c", "t", 2);
            WireClient from = process.made("from");
            process.store().stall(Call.SYNC);
            from.send(
                    publish("t", "1").qos(1, 1),
                    publish("t", "2").qos(2, 2),
                    publish("nobody", "3").qos(2, 3));
            from.expect(puback(1));
            from.expect(pubrec(2));
            from.expect(pubrec(3).reason(NO_MATCHING_SUBSCRIBERS));
            process.crash(Crash.PROCESS);
            WireClient c = process.back("c");
            assertThat(takeAll(c, 2)).containsExactly("1", "2");
            from = process.broker().send(MqttVersion.V5, StoredBroker.persistent("from"));
            from.expect(connack().sessionPresent());
            from.send(publish("t", "2").qos(2, 2).dup());
            from.expect(pubrec(2));
            c.expectNothing();
        }
    }

    private void assertNothingIsLeft() {
        TestBroker.eventually("no entry and no message is left", () -> {
            return stored.contents().count(Space.QUEUE) == 0
                    && stored.contents().count(Space.MESSAGE) == 0
                    && stored.contents().count('o', stored.contents().sid("c")) == 0;
        });
    }
}
