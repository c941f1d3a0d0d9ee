package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The graceful end: what clients still get, what they can't give any more, and where they are sent. */
final class DrainTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @EachVersion
    void deliversWhatIsQueuedBeforeItEnds(MqttVersion version) {
        try (TestBroker broker = TestBroker.start(Limits.EMBEDDED.withInflightMessagesMax(2))) {
            WireClient subscriber = broker.client(version, "subscriber").subscribed("t", 1);
            WireClient publisher = broker.client("publisher");
            for (int i = 0; i < 10; i++) {
                publisher.published("t", "p" + i, 1);
            }
            CompletableFuture<Void> closed = broker.broker().closeAsync(LONG).toCompletableFuture();
            for (int i = 0; i < 10; i++) {
                ReceivedPublish next = subscriber.expectPublish("t", "p" + i, 1);
                assertThat(closed).isNotDone();
                subscriber.acknowledge(next);
            }
            subscriber.expectDisconnect(ReasonCode.SERVER_SHUTTING_DOWN);
            publisher.expectDisconnect(ReasonCode.SERVER_SHUTTING_DOWN);
            closed.join();
        }
    }

    /** What isn't acknowledged its client sends again to the next broker. */
    @EachVersion
    void deliversWhatItAcknowledgesWhileItEndsAndNothingElse(MqttVersion version) {
        try (TestBroker broker = TestBroker.start()) {
            WireClient subscriber = broker.client("subscriber").subscribed("t", 1);
            WireClient publisher = broker.client(version, "publisher");
            CompletableFuture<Void> closed = broker.broker().closeAsync(LONG).toCompletableFuture();
            int acknowledged = 0;
            publisher.send(publish("t", "p0").qos(1, 1));
            while (publisher.receiveOrEnd() instanceof Packet.Ack) {
                acknowledged++;
                publisher.trySend(publish("t", "p" + acknowledged).qos(1, acknowledged + 1));
            }
            for (int i = 0; i < acknowledged; i++) {
                subscriber.take("t", "p" + i, 1);
            }
            subscriber.expectDisconnect(ReasonCode.SERVER_SHUTTING_DOWN);
            closed.join();
        }
    }

    @EachVersion
    void publishesNoWillOfAClientThatItSendsAway(MqttVersion version) {
        try (TestBroker broker = TestBroker.start()) {
            WireClient subscriber =
                    broker.client("subscriber").subscribed("t", 1).subscribed("will", 1);
            WireClient publisher = broker.send(
                    version,
                    connect("publisher")
                            .cleanStart()
                            .will(publish("will", "dead").qos(1, 0)));
            publisher.expect(connack());
            publisher.published("t", "before", 1);
            ReceivedPublish unacknowledged = subscriber.expectPublish("t", "before", 1); // it drains as long as that
            CompletableFuture<Void> closed = broker.broker().closeAsync(LONG).toCompletableFuture();
            int sent = 1;
            publisher.send(publish("other", "x").qos(1, sent));
            while (publisher.receiveOrEnd() instanceof Packet.Ack) {
                sent++;
                publisher.trySend(publish("other", "x").qos(1, sent));
            }
            subscriber.acknowledge(unacknowledged);
            subscriber.expectDisconnect(ReasonCode.SERVER_SHUTTING_DOWN);
            closed.join();
        }
    }

    /** Its queue is the group's, which the member's session knows nothing of. */
    @Test
    void deliversWhatIsQueuedForASharedGroup() {
        try (TestBroker broker = TestBroker.start()) {
            WireClient member =
                    broker.send(MqttVersion.V5, connect("member").cleanStart().receiveMaximum(1));
            member.expect(connack());
            member.subscribed("$share/g/t", 1);
            WireClient publisher = broker.client("publisher");
            for (int i = 0; i < 20; i++) {
                publisher.published("t", "p" + i, 1);
            }
            CompletableFuture<Void> closed = broker.broker().closeAsync(LONG).toCompletableFuture();
            for (int i = 0; i < 20; i++) {
                member.take("t", "p" + i, 1);
            }
            member.expectDisconnect(ReasonCode.SERVER_SHUTTING_DOWN);
            closed.join();
        }
    }

    @Test
    void waitsForAClientThatDoesNotAcknowledgeNoLongerThanTheDrain() {
        try (TestBroker broker = TestBroker.start()) {
            WireClient subscriber = broker.client("subscriber").subscribed("t", 1);
            broker.client("publisher").published("t", "never acknowledged", 1);
            subscriber.expectPublish("t", "never acknowledged", 1);
            broker.broker().close(Duration.ofMillis(50));
            subscriber.expectDisconnect(ReasonCode.SERVER_SHUTTING_DOWN);
        }
    }

    @Test
    void tellsClientsWhereToGo() {
        try (TestBroker broker = TestBroker.start()) {
            WireClient idle = broker.client("idle");
            WireClient old = broker.client(MqttVersion.V3_1_1, "old");
            WireClient busy = broker.client("busy").subscribed("t", 1);
            WireClient late = broker.open(MqttVersion.V5);
            TestBroker.eventually("it is accepted", () -> broker.acceptor("tcp").openConnections() == 4);
            idle.published("t", "x", 1);
            ReceivedPublish unacknowledged = busy.expectPublish("t", "x", 1);
            CompletableFuture<Void> closed =
                    broker.broker().closeAsync(LONG, "other.example:1883").toCompletableFuture();
            TestBroker.eventually("it drains", () -> broker.acceptor("tcp").isClosing());

            late.send(connect("late"));
            assertThat(late.expect(connack(ReasonCode.USE_ANOTHER_SERVER))
                            .properties()
                            .string(Property.SERVER_REFERENCE))
                    .isEqualTo("other.example:1883");
            busy.acknowledge(unacknowledged);
            for (WireClient each : new WireClient[] {busy, idle}) {
                Packet.Disconnect end = each.expect(disconnect(ReasonCode.USE_ANOTHER_SERVER));
                assertThat(end.properties().string(Property.SERVER_REFERENCE)).isEqualTo("other.example:1883");
                each.expectClosed();
            }
            old.expectClosed();
            closed.join();
        }
    }

    @Test
    void refusesAReferenceThatMqttCannotCarry() {
        try (TestBroker broker = TestBroker.start()) {
            assertThatThrownBy(() -> broker.broker().closeAsync(LONG, "a\0b"))
                    .isInstanceOf(IllegalArgumentException.class);
            broker.client("c").ping();
        }
    }
}
