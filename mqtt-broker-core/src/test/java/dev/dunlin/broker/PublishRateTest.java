package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who publishes faster than it may is read more slowly, and loses nothing. The clock stands still unless it is moved. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class PublishRateTest {
    private final ManualTime time = new ManualTime();
    private TestBroker broker;

    private void start(Limits limits) {
        broker = TestBroker.start(builder -> builder.time(time).limits(limits));
    }

    @AfterEach
    void close() {
        if (broker != null) {
            for (DropReason reason : DropReason.values()) {
                assertThat(broker.dropped(reason)).as(reason.name()).isZero();
            }
            broker.close();
        }
    }

    @EachVersion
    @Reaches("publishesPerSecondMax")
    void readsNoFurtherThanItsPublishesPerSecond(MqttVersion version) {
        start(Limits.EMBEDDED.withPublishesPerSecondMax(20));
        WireClient witness = broker.client("witness").subscribed("t", 0);
        WireClient other = broker.client("other");
        WireClient c = broker.client(version, "c");
        c.send(mixed(52));
        int came = expect(witness, 0, 21); // with the last one it is above its rate
        witness.expectNothing();
        other.published("t", "from another", 1);
        witness.expectPublish("t", "from another", 0);

        time.advance(Duration.ofMillis(500));
        came = expect(witness, came, 10);
        witness.expectNothing();
        time.advance(Duration.ofHours(1));
        came = expect(witness, came, 21);
        witness.expectNothing();

        expectAnswers(c, 52);
        c.send(pingreq());
        time.advance(Duration.ofMillis(50));
        c.expect(pingresp());
        assertThat(came).isEqualTo(52);
    }

    @EachVersion
    @Reaches("publishBytesPerSecondMax")
    void readsNoFurtherThanItsBytesPerSecondAndALargePacketIsPaidForAfterwards(MqttVersion version) {
        start(Limits.EMBEDDED.withPublishBytesPerSecondMax(10_000));
        WireClient witness = broker.client("witness").subscribed("t", 0);
        WireClient c = broker.client(version, "c");
        String large = "x".repeat(30_000);
        c.send(publish("t", large).qos(1, 1), publish("t", "small").qos(1, 2));
        witness.expectPublish("t", large, 0);
        c.expect(puback(1));
        time.advance(Duration.ofMillis(1_900)); // what it has spent is that of three seconds, one of which it had
        broker.settle();
        witness.expectNothing();
        c.expectNothingYet();
        time.advance(Duration.ofMillis(200));
        witness.expectPublish("t", "small", 0);
        c.expect(puback(2));
    }

    @EachVersion
    @Reaches({"publishesPerSecondMax", "publishBytesPerSecondMax"})
    void theTighterOfTwoRatesCounts(MqttVersion version) {
        start(Limits.EMBEDDED.withPublishesPerSecondMax(2).withPublishBytesPerSecondMax(1_000_000));
        WireClient witness = broker.client("witness").subscribed("t", 0);
        WireClient c = broker.client(version, "c");
        c.send(mixed(7));
        expect(witness, 0, 3);
        witness.expectNothing();
        time.advance(Duration.ofSeconds(1));
        expect(witness, 3, 2);
        witness.expectNothing();
        time.advance(Duration.ofSeconds(1));
        expect(witness, 5, 2);
        expectAnswers(c, 7);
    }

    @EachVersion
    @Reaches("publishesPerSecondMax")
    void anAuthenticatorMayGiveAClientAnotherRate(MqttVersion version) {
        broker = TestBroker.start(builder -> builder.time(time)
                .limits(Limits.EMBEDDED.withPublishesPerSecondMax(2))
                .authenticator(request -> CompletableFuture.completedFuture(accepted(request.clientId()))));
        WireClient witness = broker.client("witness").subscribed("t", 0);
        broker.client(version, "free").send(mixed(100));
        expect(witness, 0, 100);
        broker.client(version, "five").send(mixed(10));
        expect(witness, 0, 6);
        witness.expectNothing();
        broker.client(version, "as the others").send(mixed(10));
        expect(witness, 0, 3);
        witness.expectNothing();
    }

    private static AuthResult accepted(String clientId) {
        AuthResult.Accepted accepted = AuthResult.accept(Identity.ANONYMOUS);
        return switch (clientId) {
            case "free" -> accepted.withPublishRate(0, 0);
            case "five" -> accepted.withPublishRate(5, 1_000_000);
            default -> accepted;
        };
    }

    @Test
    void aRateIsNotNegative() {
        AuthResult.Accepted accepted = AuthResult.accept(Identity.ANONYMOUS);
        assertThatThrownBy(() -> accepted.withPublishRate(-1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> accepted.withPublishRate(0, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @Reaches("publishesPerSecondMax")
    void aTakeoverWhileItWaitsBeginsAnew() {
        start(Limits.EMBEDDED.withPublishesPerSecondMax(1));
        WireClient witness = broker.client("witness").subscribed("t", 0);
        broker.client("c").send(mixed(4));
        expect(witness, 0, 2);
        broker.send(MqttVersion.V5, connect("c")).expect(connack());
        broker.client("c").published("t", "anew", 0);
        witness.expectPublish("t", "anew", 0);
        witness.expectNothing();
    }

    @EachVersion
    @Reaches("publishesPerSecondMax")
    void whoKeepsToItsRateNeverWaits(MqttVersion version) {
        start(Limits.EMBEDDED.withPublishesPerSecondMax(1));
        WireClient c = broker.client(version, "c");
        for (int i = 0; i < 10; i++) {
            c.published("t", "p", 1).ping();
            time.advance(Duration.ofSeconds(1));
        }
    }

    /** Publishes of QoS 0, 1 and 2 in turn, numbered by their payload and their packet id. */
    private static Sendable[] mixed(int count) {
        List<Sendable> packets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            packets.add(i % 3 == 0 ? publish("t", "" + i) : publish("t", "" + i).qos(i % 3, i + 1));
        }
        return packets.toArray(new Sendable[0]);
    }

    private static int expect(WireClient witness, int from, int count) {
        for (int i = from; i < from + count; i++) {
            witness.expectPublish("t", "" + i, 0);
        }
        return from + count;
    }

    private static void expectAnswers(WireClient c, int count) {
        for (int i = 0; i < count; i++) {
            if (i % 3 > 0) {
                c.expect(i % 3 == 1 ? puback(i + 1) : pubrec(i + 1));
            }
        }
    }
}
