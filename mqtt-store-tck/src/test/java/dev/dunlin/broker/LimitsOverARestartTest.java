package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.codec.ReasonCode.QUOTA_EXCEEDED;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.store.tck.Crash;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds on what a store keeps are the same after a restart: what is there is counted then. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LimitsOverARestartTest {
    private final MovedTime time = new MovedTime();
    private StoredBroker stored;

    private void start(Limits limits) {
        stored = StoredBroker.start(builder -> builder.time(time).limits(limits));
    }

    @AfterEach
    void close() {
        stored.close();
    }

    private void restart(boolean clean) {
        if (clean) {
            stored.restart();
        } else {
            stored.crash(Crash.POWER);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sessionsOfTheStoreCount(boolean clean) {
        start(Limits.EMBEDDED.withSessionsMax(3));
        stored.made("first").leave();
        stored.made("second");
        WireClient passing = stored.broker().client("clean");
        passing.ping();
        restart(clean);
        stored.made("third").ping(); // the clean one is gone
        stored.broker().send(MqttVersion.V5, persistent("fourth")).expectRefusal(QUOTA_EXCEEDED);
        stored.broker().send(MqttVersion.V3_1_1, connect("fourth")).expectRefusal(ReasonCode.SERVER_UNAVAILABLE);
        stored.back("first").ping();
        stored.broker().client("second").leave(); // a clean start ends it, and the next one with its connection
        stored.made("fourth").ping();
        stored.broker().send(MqttVersion.V5, persistent("fifth")).expectRefusal(QUOTA_EXCEEDED);
    }

    @Test
    void aSessionThatHasExpiredMeanwhileMakesRoom() {
        start(Limits.EMBEDDED.withSessionsMax(1));
        stored.broker()
                .send(MqttVersion.V5, connect("short").sessionExpiry(100))
                .expect(connack());
        stored.stop();
        stored.startAgain();
        stored.broker().send(MqttVersion.V5, persistent("other")).expectRefusal(QUOTA_EXCEEDED);
        stored.stop();
        time.advance(Duration.ofSeconds(200));
        stored.startAgain();
        TestBroker.eventually("it has expired", () -> stored.broker().sessions() == 0);
        stored.made("other");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void retainedBytesOfTheStoreCount(boolean clean) {
        start(Limits.EMBEDDED.withRetainedBytesMax(10_000));
        String payload = "x".repeat(3_000);
        WireClient publisher = stored.broker().client("publisher");
        publisher.published(publish("a", payload).retain(), 1);
        publisher.published(publish("b", payload).retain().expiry(100), 1);
        publisher.published(publish("c", payload).retain(), 1);
        publisher.published(publish("c", "").retain(), 1);
        publisher.published(publish("d", payload).retain(), 2);
        refuses("e", payload);
        restart(clean);
        refuses("e", payload);
        stored.broker()
                .client("publisher")
                .published(publish("d", "y".repeat(2_900)).retain(), 1);
        stored.stop();
        time.advance(Duration.ofSeconds(200));
        stored.startAgain(); // b has expired
        stored.broker().client("publisher").published(publish("e", payload).retain(), 1);
        refuses("f", payload);
    }

    private void refuses(String topic, String payload) {
        WireClient c = stored.broker().client("c");
        c.send(publish(topic, payload).qos(1, 1).retain());
        c.expect(puback(1).reason(QUOTA_EXCEEDED));
        c.leave();
    }

    /** They aren't stored: the ones between them are, in their order. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void queuedQos0MessagesAreLostAtARestartAndOnlyThose(boolean clean) {
        start(Limits.EMBEDDED.withQueueQos0Offline(true).withQueueMemoryBytesMax(1_000));
        stored.away("c", "t", 1);
        publishTwenty();
        WireClient c = stored.back("c");
        for (int i = 0; i < 20; i++) {
            c.take("t", "x".repeat(200) + i, i % 2);
        }
        c.leave();

        publishTwenty();
        restart(clean);
        c = stored.back("c");
        for (int i = 1; i < 20; i += 2) {
            c.take("t", "x".repeat(200) + i, 1);
        }
        c.expectNothing();
        assertThat(stored.broker().dropped(DropReason.STORE_DAMAGED)).isZero();
    }

    private void publishTwenty() {
        WireClient publisher = stored.broker().client("publisher");
        for (int i = 0; i < 20; i++) {
            publisher.published("t", "x".repeat(200) + i, i % 2);
        }
    }
}
