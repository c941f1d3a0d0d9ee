package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What waits for a shared group goes out in its order, and as soon as it can; and publishers wait for who is behind. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SharedOrderTest {
    private static final String SHARED = "$share/g/t";
    private static final long DAY = 86_400;

    private static WireClient member(TestBroker broker, String id, int receiveMaximum, long expirySeconds) {
        WireClient c = broker.send(
                MqttVersion.V5,
                connect(id).cleanStart().receiveMaximum(receiveMaximum).sessionExpiry(expirySeconds));
        c.expect(connack());
        return c.subscribed(SHARED, 1);
    }

    @ParameterizedTest
    @Statement("5.0:MQTT-4.6.0-6")
    @ValueSource(longs = {0, DAY})
    void whatWasSentGoesBackBeforeWhatWasNot(long expirySeconds) {
        try (TestBroker broker = TestBroker.start()) {
            WireClient a = member(broker, "a", 2, expirySeconds).subscribed("own", 1);
            WireClient publisher = broker.client("publisher");
            publisher.published("own", "own", 1).published("t", "1", 1).published("t", "2", 1);
            broker.settle();
            a.expectPublish("own", "own", 1);
            a.expectPublish("t", "1", 1);
            a.expectNothing(); // 2 waits with a, as its own message has taken a place
            WireClient b = broker.client("b").subscribed(SHARED, 1);
            a.drop();
            b.take("t", "1", 1);
            b.take("t", "2", 1);
            b.expectNothing();
        }
    }

    @Test
    @Statement("5.0:MQTT-4.6.0-6")
    void whatWaitsGoesOutWhenItsReceiverAsksForQos0() {
        try (TestBroker broker = TestBroker.start()) {
            WireClient a = member(broker, "a", 1, 0);
            WireClient publisher = broker.client("publisher");
            publisher.published("t", "1", 1).published("t", "2", 1).published("t", "3", 1);
            broker.settle();
            int first = a.expectPublish("t", "1", 1).packetId();
            a.send(subscribe(1, SHARED, 0));
            a.expect(suback(1, ReasonCode.SUCCESS));
            a.expectPublish("t", "2", 0); // which needs no place
            a.expectPublish("t", "3", 0);
            publisher.published("t", "4", 1);
            a.expectPublish("t", "4", 0);
            a.send(puback(first));
            a.expectNothing();
        }
    }

    @Test
    @Statement("5.0:MQTT-4.6.0-6")
    void nothingOvertakesWhatWaitsForReceiversOfQos0() {
        int waiting = 1_000; // more than are handed out in one go
        int count = waiting + 200;
        try (TestBroker broker = TestBroker.start(builder -> builder.loops(3))) {
            WireClient a = member(broker, "a", 1, 0);
            WireClient publisher = broker.client("publisher");
            for (int i = 0; i < waiting; i++) {
                publisher.published("t", String.valueOf(i), 1);
            }
            int first = a.expectPublish("t", "0", 1).packetId();
            a.send(subscribe(1, SHARED, 0));
            for (int i = waiting; i < count; i++) {
                publisher.published("t", String.valueOf(i), 1);
            }
            a.expect(suback(1, ReasonCode.SUCCESS));
            for (int i = 1; i < count; i++) {
                a.expectPublish("t", String.valueOf(i), 0);
            }
            a.send(puback(first));
            a.expectNothing();
        }
    }

    @Test
    void publishersWaitForTheLoopOfAMemberThatIsBehind() {
        Limits limits = Limits.EMBEDDED.withMailboxBytesMax(1_024);
        try (TestBroker broker = TestBroker.start(builder -> builder.loops(3).limits(limits))) {
            String filter = broker.idOn(1, "$share/g/t/");
            WireClient a = broker.send(
                    MqttVersion.V5, connect(broker.idOn(2, "a")).cleanStart().receiveMaximum(1));
            a.expect(connack());
            a.subscribed(filter, 1);
            WireClient publisher = broker.client(broker.idOn(0, "publisher"));
            String topic = Topics.filterOfShare(filter);
            WireClient other = broker.client(broker.idOn(0, "other")).subscribed(topic, 0);
            publisher.published(topic, "1", 1).published(topic, "2", 1);
            int first = a.expectPublish(topic, "1", 1).packetId();
            a.expectNothing(); // 2 waits, so that everything goes by the group's home loop
            other.expectPublish(topic, "1", 0);
            other.expectPublish(topic, "2", 0);
            String large = "x".repeat(1_000);
            CountDownLatch blocked = new CountDownLatch(1);
            try {
                block(broker.loop(2), blocked);
                publisher.send(publish(topic, large));
                other.expectPublish(topic, large, 0);
                TestBroker.run(broker.loop(1), () -> {}); // it has handed on more than the budget of the member's loop
                publisher.send(publish(topic, large), pingreq());
                for (int i = 0; i < 10; i++) {
                    TestBroker.run(broker.loop(0), () -> {});
                }
                publisher.expectNothingYet();
            } finally {
                blocked.countDown();
            }
            publisher.expect(pingresp());
            a.expectPublish(topic, large, 0);
            a.expectPublish(topic, large, 0);
            a.send(puback(first));
            a.take(topic, "2", 1);
        }
    }

    private static void block(SessionLoop loop, CountDownLatch latch) {
        loop.execute(() -> {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }
}
