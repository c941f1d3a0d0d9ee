package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import dev.dunlin.store.tck.Crash;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Retained messages outlive the broker; their replay to a session goes on where it was. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RetainedInTheStoreTest {
    private final MovedTime time = new MovedTime();

    @AutoClose
    private final StoredBroker stored = StoredBroker.start(builder -> builder.time(time));

    private WireClient publisher() {
        return stored.broker().client("publisher");
    }

    // ---- values

    @EachVersion
    void theNewestSurvivesAndWhatWasDeletedStaysDeleted(MqttVersion version) {
        WireClient publisher = stored.broker().client(version, "publisher");
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published(publish("a/" + qos, "old").retain(), qos);
            publisher.published(publish("a/" + qos, "new").retain(), qos);
            publisher.published(publish("b/" + qos, "deleted").retain(), qos);
            publisher.published(publish("b/" + qos, "").retain(), qos);
            publisher.published(publish("c/" + qos, "x".repeat(100_000)).retain(), qos);
        }
        stored.sync(); // QoS 0 is stored without anybody waiting for it
        for (Crash kind : Crash.values()) {
            stored.crash(kind);
            WireClient c = stored.broker().client("c");
            c.send(subscribe(1, "#", 2));
            c.expect(suback(1, GRANTED_QOS_2));
            List<String> came = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                ReceivedPublish each = (ReceivedPublish) c.receive();
                assertThat(each.retain()).isTrue();
                came.add(each.topic() + each.qos().level() + each.text().length());
            }
            assertThat(came)
                    .containsExactlyInAnyOrder("a/003", "a/113", "a/223", "c/00100000", "c/11100000", "c/22100000");
            c.close();
        }
        assertThat(stored.contents().count(Space.RETAINED)).isEqualTo(6);
    }

    @Test
    void whatWasNotAcknowledgedReplacesNothingAcknowledged() {
        WireClient publisher = publisher();
        publisher.published(publish("r", "acknowledged").retain(), 1);
        stored.awaitQuiet();
        stored.stall();
        publisher.send(publish("r", "lost").qos(1, 1).retain());
        stored.awaitStalled();
        stored.crash(Crash.POWER);
        WireClient c = stored.broker().client("c").subscribed("r", 1);
        c.take(publish("r", "acknowledged").qos(1).retain());
    }

    @Test
    void expiredOnesAreNeitherServedNorKeptAndTheOthersKnowTheirAge() {
        WireClient publisher = publisher();
        publisher.published(publish("short", "p").retain().expiry(100), 1);
        publisher.published(publish("long", "p").retain().expiry(1_000), 1);
        stored.stop();
        time.advance(Duration.ofSeconds(200));
        stored.startAgain();
        WireClient c = stored.broker().client("c").subscribed("#", 1);
        ReceivedPublish came = c.expect(publish("long", "p").qos(1).retain());
        assertThat(came.expirySeconds()).isBetween(780L, 800L);
        c.expectNothing();
        TestBroker.eventually("it is gone", () -> stored.contents().count(Space.RETAINED) == 1);
    }

    // ---- replay

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aReplayGoesOnOverARestartWhereItStopped(boolean clean) {
        WireClient publisher = publisher();
        List<String> topics =
                IntStream.range(0, 30).mapToObj(i -> "r/" + (100 + i)).toList();
        topics.forEach(topic -> publisher.published(publish(topic, "p").retain(), 1));
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c").receiveMaximum(4));
        c.expect(connack());
        c.send(subscribe(1, "r/#", 1));
        c.receive();
        List<String> came = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            came.add(takeRetained(c));
        }
        stored.sync();
        if (clean) {
            stored.restart();
        } else {
            stored.crash(Crash.POWER);
        }
        publisher().published(publish("r/zzz", "live").retain(), 1); // comes live, not as part of the replay
        c = stored.broker().send(MqttVersion.V5, persistent("c").receiveMaximum(4));
        c.expect(connack().sessionPresent());
        int live = 0;
        while (came.size() < topics.size() || live == 0) {
            ReceivedPublish each = (ReceivedPublish) c.receive();
            c.acknowledge(each);
            if (each.text().equals("live")) {
                live++;
                assertThat(each.retain()).isFalse();
            } else {
                came.add(each.topic());
            }
        }
        assertThat(came).containsExactlyInAnyOrderElementsOf(topics);
        c.expectNothing();
    }

    /** [5.0:MQTT-3.3.1-10]: one that asks for retained messages only if it is new takes none away from the first one. */
    @Test
    @Statement("5.0:MQTT-3.3.1-10")
    void aReplayGoesOnOverACrashAlsoAfterASecondSubscribeThatBeginsNone() {
        WireClient publisher = publisher();
        for (int i = 0; i < 5; i++) {
            publisher.published(publish("r/" + i, "p").retain(), 1);
        }
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c").receiveMaximum(1));
        c.expect(connack());
        c.send(subscribe(1, "r/#", 1));
        c.expect(suback(1, GRANTED_QOS_1));
        List<String> came = new ArrayList<>(List.of(takeRetained(c)));
        came.add(((ReceivedPublish) c.receive()).topic()); // not acknowledged
        c.send(subscribe(2, "r/#", 1).retainHandling(1));
        c.expect(suback(2, GRANTED_QOS_1));
        stored.sync();
        stored.crash(Crash.POWER);
        c = stored.broker().send(MqttVersion.V5, persistent("c"));
        c.expect(connack().sessionPresent());
        for (int i = 0; i < 4; i++) {
            came.add(takeRetained(c));
        }
        c.expectNothing();
        assertThat(new HashSet<>(came)).hasSize(5);
    }

    private static String takeRetained(WireClient c) {
        ReceivedPublish came = (ReceivedPublish) c.receive();
        c.acknowledge(came);
        return came.topic();
    }

    /** [5.0:MQTT-3.3.1-9]: a subscriber never ends on an older value, wherever the crash comes. */
    @Test
    void aValueThatChangesDuringTheReplayComesAsItsNewestLast() {
        WireClient publisher = publisher();
        for (int i = 0; i < 10; i++) {
            publisher.published(publish("r/" + i, "old").retain(), 1);
        }
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c").receiveMaximum(1));
        c.expect(connack());
        c.send(subscribe(1, "r/#", 1));
        c.receive();
        takeRetained(c);
        for (int i = 0; i < 10; i++) {
            publisher.published(publish("r/" + i, "new").retain(), 1);
        }
        stored.crash(Crash.POWER);
        c = stored.broker().send(MqttVersion.V5, persistent("c"));
        c.expect(connack().sessionPresent());
        String[] last = new String[10];
        for (Object packet = c.receive(); packet instanceof ReceivedPublish each; packet = c.receive()) {
            last[each.topic().charAt(2) - '0'] = each.text();
            c.acknowledge(each);
            if (IntStream.range(0, 10).allMatch(i -> "new".equals(last[i]))) {
                break;
            }
        }
        assertThat(last).containsOnly("new");
    }
}
