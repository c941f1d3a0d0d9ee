package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

/** Every delivery that isn't made is counted once, under the right reason, and nothing else is. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DropReasonTest {

    /** Those that need a store which can be damaged: StoreBoundsTest, in the store's test kit, proves this list. */
    static final List<DropReason> COUNTED_WITH_A_STORE = List.of(DropReason.STORE_DAMAGED);

    private final ManualTime time = new ManualTime();

    private final ForbiddenTopics forbidden = new ForbiddenTopics();
    private final ScriptedInterceptor interceptor = new ScriptedInterceptor();

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.time(time)
            .authorizer(forbidden)
            .intercept(interceptor)
            .limits(Limits.EMBEDDED
                    .withQueueMessagesMax(2)
                    .withLocalQueueMessagesMax(2)
                    .withOutputBytesMax(32 << 10)));

    private final WireClient publisher = broker.client("publisher");

    @Test
    void everyReasonHasATest() {
        Set<DropReason> counted = countedBy(DropReasonTest.class);
        counted.addAll(COUNTED_WITH_A_STORE);
        assertThat(counted).contains(DropReason.values());
    }

    /** The reasons that the tests of a class make happen. */
    static Set<DropReason> countedBy(Class<?> tests) {
        return Arrays.stream(tests.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Test.class) && method.isAnnotationPresent(Counts.class))
                .map(method -> method.getAnnotation(Counts.class).value())
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(DropReason.class)));
    }

    /** A test that names a reason has to make it happen; with a store less is dropped at the end. */
    @AfterEach
    void whatATestNamesHasBeenCounted(TestInfo test) {
        Counts counts = test.getTestMethod().orElseThrow().getAnnotation(Counts.class);
        if (counts != null && !(counts.value() == DropReason.BROKER_CLOSED && TestBroker.isStored())) {
            assertThat(broker.broker().dropped(counts.value()))
                    .as("deliveries that ended by %s", counts.value())
                    .isPositive();
        }
    }

    private void assertDropped(DropReason reason, long count) {
        broker.settle();
        Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
        for (DropReason each : DropReason.values()) {
            if (broker.broker().dropped(each) > 0) {
                dropped.put(each, broker.broker().dropped(each));
            }
        }
        assertThat(dropped).isEqualTo(Map.of(reason, count));
    }

    private WireClient persistent(String id) {
        WireClient c = broker.send(MqttVersion.V5, connect(id).sessionExpiry(100));
        c.expect(connack());
        return c;
    }

    private void publishLocally(String topic) {
        broker.local().publish(Message.of(topic, "p")).toCompletableFuture().join();
    }

    @Test
    @Counts(DropReason.REFUSED)
    void refusedPublishes() {
        broker.client("subscriber").subscribed("$SYS/#", 0);
        publisher.published("$SYS/x", "p", 0);
        publisher.send(publish("$SYS/x", "p").qos(1, 1), publish("$SYS/x", "p").qos(2, 2));
        publisher.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
        publisher.expect(pubrec(2).reason(ReasonCode.NOT_AUTHORIZED));
        broker.local()
                .publish(Message.of("$SYS/x", "p"))
                .toCompletableFuture()
                .exceptionally(e -> null)
                .join();
        assertDropped(DropReason.REFUSED, 4);
    }

    @Test
    @Counts(DropReason.NOT_AUTHORIZED)
    void whatASubscriberMayNotReceive() {
        WireClient c = broker.client("c").subscribed("#", 2);
        persistent("away").subscribed("#", 2).leave();
        forbidden.receive("c", "t").receive("away", "t");
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published("t", "p", qos);
        }
        c.expectNothing();
        assertDropped(DropReason.NOT_AUTHORIZED, 6);
    }

    @Test
    @Counts(DropReason.OFFLINE_QOS_0)
    void qos0ForSessionsWithoutConnection() {
        persistent("one").subscribed("t", 0).leave();
        persistent("two").subscribed("t", 2).leave();
        publisher.published("t", "p", 0); // for both
        publisher.published("t", "p", 1); // for the one that was granted QoS 0
        assertDropped(DropReason.OFFLINE_QOS_0, 3);
    }

    @Test
    @Counts(DropReason.SLOW_CONSUMER_QOS_0)
    void qos0ForAClientThatDoesNotRead() {
        WireClient slow = broker.client("slow").subscribed("t", 0);
        byte[] large = new byte[128 << 10];
        int sent = 0;
        while (broker.dropped(DropReason.SLOW_CONSUMER_QOS_0) < 5) {
            publisher.published(publish("t", large), 0);
            sent++;
        }
        long dropped = broker.dropped(DropReason.SLOW_CONSUMER_QOS_0);
        for (int i = 0; i < sent - dropped; i++) {
            slow.take(publish("t", large));
        }
        slow.expectNothing();
        assertDropped(DropReason.SLOW_CONSUMER_QOS_0, dropped);
    }

    @Test
    @Counts(DropReason.QUEUE_FULL)
    void whatAFullQueueTakesNoMore() {
        persistent("c").subscribed("t", 1).leave();
        for (int i = 0; i < 5; i++) {
            publisher.published("t", "p", 1);
        }
        assertDropped(DropReason.QUEUE_FULL, 3);
    }

    @Test
    @Counts(DropReason.EXPIRED)
    void whatExpiresInAQueue() {
        persistent("c").subscribed("t", 1).leave();
        publisher.published(publish("t", "p").expiry(1), 1);
        publisher.published(publish("t", "p"), 1);
        CompletableFuture<Void> handled = new CompletableFuture<>();
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> handled);
        time.advance(Duration.ofSeconds(1));
        WireClient c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        c.take("t", "p", 1);
        c.expectNothing();
        assertDropped(DropReason.EXPIRED, 1);
        handled.complete(null);
    }

    @Test
    @Counts(DropReason.PACKET_TOO_LARGE)
    void whatIsTooLargeForAClient() {
        WireClient c = broker.send(MqttVersion.V5, connect("c").maximumPacketSize(100));
        c.expect(connack());
        c.subscribed("t", 2);
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published("t", "x".repeat(100), qos);
        }
        c.expectNothing();
        assertDropped(DropReason.PACKET_TOO_LARGE, 3);
    }

    @Test
    @Counts(DropReason.SESSION_ENDED)
    void whatASessionLeavesBehind() {
        WireClient c =
                broker.send(MqttVersion.V5, connect("c").sessionExpiry(100).receiveMaximum(2));
        c.expect(connack());
        c.subscribed("t", 2);
        for (int i = 0; i < 4; i++) {
            publisher.published("t", "p" + i, 1 + i % 2);
        }
        c.expectPublish("t", "p0", 1);
        int second = c.expectPublish("t", "p1", 2).packetId();
        c.send(pubrec(second)); // its receiver has it: only PUBCOMP is missing
        c.receive();
        c.drop();
        broker.client("c");
        assertDropped(DropReason.SESSION_ENDED, 3);
    }

    @Test
    @Counts(DropReason.INTERCEPTED)
    void whatAnInterceptorRefusesToDeliver() {
        WireClient c = broker.client("c").subscribed("t", 2);
        interceptor.deliver = message -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "");
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published("t", "p", qos);
        }
        c.expectNothing();
        assertDropped(DropReason.INTERCEPTED, 3);
    }

    @Test
    @Counts(DropReason.PURGED)
    void whatAnAdministratorDrops() {
        persistent("c").subscribed("t", 2).leave();
        publisher.published("t", "1", 1);
        publisher.published("t", "2", 2);
        assertThat(broker.broker().admin().purgeQueue("c").toCompletableFuture().join())
                .isEqualTo(2);
        assertDropped(DropReason.PURGED, 2);
    }

    @Test
    @Counts(DropReason.REJECTED_BY_RECEIVER)
    void whatAReceiverRejects() {
        WireClient c = broker.client("c").subscribed("t", 2);
        publisher.published("t", "1", 1);
        publisher.published("t", "2", 2);
        c.send(puback(c.expectPublish("t", "1", 1).packetId()).reason(ReasonCode.UNSPECIFIED_ERROR));
        c.send(pubrec(c.expectPublish("t", "2", 2).packetId()).reason(ReasonCode.QUOTA_EXCEEDED));
        c.expectNothing();
        assertDropped(DropReason.REJECTED_BY_RECEIVER, 2);
    }

    @Test
    @Counts(DropReason.LOCAL_QUEUE_FULL)
    void whatALocalHandlerIsTooSlowFor() {
        CompletableFuture<Void> handled = new CompletableFuture<>();
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> handled);
        for (int i = 0; i < 5; i++) {
            publisher.published("t", "p", 1);
        }
        assertDropped(DropReason.LOCAL_QUEUE_FULL, 2);
        handled.complete(null);
    }

    @Test
    @Counts(DropReason.LOCAL_HANDLER_FAILED)
    void whatALocalHandlerFailsOn() {
        CountDownLatch handled = new CountDownLatch(3);
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            handled.countDown();
            return switch (message.payloadText()) {
                case "throw" -> throw new IllegalStateException("on purpose");
                case "fail" -> CompletableFuture.failedFuture(new IllegalStateException("on purpose"));
                default -> CompletableFuture.completedFuture(null);
            };
        });
        for (String payload : List.of("throw", "fail", "fine")) {
            publisher.published("t", payload, 1);
        }
        TestBroker.eventually(
                "both failed", () -> handled.getCount() == 0 && broker.dropped(DropReason.LOCAL_HANDLER_FAILED) == 2);
        assertDropped(DropReason.LOCAL_HANDLER_FAILED, 2);
    }

    @Test
    @Counts(DropReason.BROKER_CLOSED)
    void whatIsLeftWhenTheBrokerCloses() {
        WireClient c = persistent("c").subscribed("t", 2);
        publisher.published("t", "in flight", 1);
        c.expectPublish("t", "in flight", 1);
        c.leave();
        publisher.published("t", "queued", 2);
        broker.broker().close();
        int kept = TestBroker.isStored() ? 2 : 0; // for the next broker
        assertThat(broker.broker().dropped(DropReason.BROKER_CLOSED)).isEqualTo(2 - kept);
    }

    @Test
    @Counts(DropReason.BROKER_CLOSED)
    void whatLocalSubscriptionsHaveLeftWhenTheBrokerCloses() {
        CompletableFuture<Void> handled = new CompletableFuture<>();
        CountDownLatch begun = new CountDownLatch(1);
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            begun.countDown();
            return handled;
        });
        for (int i = 0; i < 3; i++) {
            publisher.published("t", "p", 1);
        }
        TestBroker.eventually("the first is handled", () -> begun.getCount() == 0);
        broker.broker().close();
        assertThat(broker.broker().dropped(DropReason.BROKER_CLOSED)).isEqualTo(2);
    }

    @Test
    void localSubscriptionsDropWhatIsQueuedWhenTheyEnd() {
        CompletableFuture<Void> handled = new CompletableFuture<>();
        CountDownLatch begun = new CountDownLatch(1);
        LocalSubscription subscription = broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            begun.countDown();
            return handled;
        });
        for (int i = 0; i < 3; i++) {
            publishLocally("t");
        }
        TestBroker.eventually("the first is handled", () -> begun.getCount() == 0);
        subscription.close();
        assertDropped(DropReason.SESSION_ENDED, 2);
        handled.complete(null);
    }
}
