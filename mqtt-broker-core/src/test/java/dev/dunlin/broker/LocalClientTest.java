package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.UserProperty;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client within the process: publishes and subscribes like any other. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LocalClientTest {
    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final BlockingQueue<Message> came = new LinkedBlockingQueue<>();

    private Message next() {
        try {
            Message message = came.poll(10, TimeUnit.SECONDS);
            assertThat(message).as("a message within 10 s").isNotNull();
            return message;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Published published(Message message) {
        return broker.local().publish(message).toCompletableFuture().join();
    }

    private static ReasonCode rejection(CompletableFuture<?> publish) {
        try {
            publish.orTimeout(10, TimeUnit.SECONDS).join();
            return ReasonCode.SUCCESS;
        } catch (CompletionException e) {
            assertThat(e.getCause()).isInstanceOf(RejectedException.class);
            return ((RejectedException) e.getCause()).reason();
        }
    }

    // ---- publish

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void worksWithoutAnyListenerOnAnyNumberOfLoops(int loops) throws BrokerStartException {
        for (int round = 0; round < 5; round++) { // each time with another hash of homes
            try (Broker alone = Broker.builder().loops(loops).start()) {
                for (String filter : List.of("t", "#", "+")) {
                    alone.local().subscribe(filter, came::add);
                }
                Published published = alone.local()
                        .publish(Message.of("t", "p"))
                        .toCompletableFuture()
                        .join();
                assertThat(published.matched()).isTrue();
                for (int i = 0; i < 3; i++) {
                    assertThat(next().payloadText()).isEqualTo("p");
                }
            }
        }
    }

    @Test
    void saysWhetherAnybodyMatched() {
        assertThat(published(Message.of("t", "p")).matched()).isFalse();
        WireClient c = broker.client("c").subscribed("t", 0);
        assertThat(published(Message.of("t", "p")).matched()).isTrue();
        c.expect(publish("t", "p").with(Property.PAYLOAD_FORMAT_INDICATOR, 1));
    }

    @Test
    void reachesClientsOfEveryVersionWithEveryQos() {
        for (MqttVersion version : MqttVersion.values()) {
            WireClient c = broker.client(version, "c" + version).subscribed("t", 2);
            for (QoS qos : QoS.values()) {
                published(Message.builder("t").payload("p").qos(qos).build());
                c.take("t", "p", qos.level());
            }
            c.leave();
        }
    }

    @Test
    void carriesAllThatAPublishHas() {
        WireClient c = broker.client("c").subscribed("t", 1);
        published(Message.builder("t")
                .payload(new byte[] {1, 2})
                .qos(QoS.EXACTLY_ONCE)
                .retain(true)
                .expirySeconds(60)
                .contentType("type")
                .responseTopic("reply")
                .correlationData(new byte[] {3})
                .userProperty("b", "1")
                .userProperty("a", "2")
                .build());
        PublishPacket expected = publish("t", new byte[] {1, 2})
                .qos(1)
                .expiry(60)
                .with(Property.CONTENT_TYPE, "type")
                .with(Property.RESPONSE_TOPIC, "reply")
                .with(Property.CORRELATION_DATA, new byte[] {3})
                .userProperty("b", "1")
                .userProperty("a", "2");
        c.take(expected);
        broker.client("late").subscribed("t", 1).take(expected.retain());
    }

    @Test
    void keepsTheOrderOfItsCalls() {
        WireClient c = broker.client("c").subscribed("t", 1);
        broker.local().subscribe("t", came::add);
        List<CompletableFuture<Published>> results = IntStream.range(0, 1_000)
                .mapToObj(i -> broker.local()
                        .publish(Message.builder("t")
                                .payload("p" + i)
                                .qos(QoS.AT_LEAST_ONCE)
                                .build())
                        .toCompletableFuture())
                .toList();
        for (int i = 0; i < 1_000; i++) {
            c.take("t", "p" + i, 1);
            assertThat(next().payloadText()).isEqualTo("p" + i);
        }
        results.forEach(CompletableFuture::join);
    }

    @Test
    void neverCompletesOnAnEventLoop() {
        String thread = broker.local()
                .publish(Message.of("t", "p"))
                .thenApply(published -> Thread.currentThread().getName())
                .toCompletableFuture()
                .join();
        assertThat(thread).doesNotContain("-loop-");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/+", "#", "a\0b", "\ud800"})
    void throwsForWhatIsNoTopicName(String topic) {
        assertThatThrownBy(() -> broker.local().publish(Message.of(topic, "p")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void rejectsTopicsThatAreNotForClients() {
        assertThat(rejection(broker.local().publish(Message.of("$SYS/x", "p")).toCompletableFuture()))
                .isEqualTo(ReasonCode.NOT_AUTHORIZED);
        String deep = "a/".repeat(Limits.EMBEDDED.topicLevelsMax()) + "a";
        assertThat(rejection(broker.local().publish(Message.of(deep, "p")).toCompletableFuture()))
                .isEqualTo(ReasonCode.TOPIC_NAME_INVALID);
        published(Message.of("t", "p"));
    }

    @Test
    void throwsForAMessageThatNoPublishCanCarry() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withLocalPublishesMax(1))) {
            List<Message> impossible = List.of(
                    Message.builder("t").responseTopic("a/#").build(),
                    Message.builder("t").contentType("a\0b").build(),
                    Message.builder("t").userProperty("x".repeat(65_536), "").build(),
                    Message.builder("t").correlationData(new byte[65_536]).build());
            for (Message message : impossible) {
                assertThatThrownBy(() -> small.local().publish(message)).isInstanceOf(IllegalArgumentException.class);
            }
            small.local().publish(Message.of("t", "p")).toCompletableFuture().join();
        }
    }

    @Test
    void whatDependsOnOneMayPublishTheNextWithinTheBound() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withLocalPublishesMax(1))) {
            CompletionStage<Published> last = small.local().publish(Message.of("t", "0"));
            for (int i = 1; i < 100; i++) {
                Message next = Message.of("t", "p" + i);
                last = last.thenCompose(published -> small.local().publish(next));
            }
            assertThat(rejection(last.toCompletableFuture())).isEqualTo(ReasonCode.SUCCESS);
        }
    }

    @Test
    void aRefusalIsTheStagesOwnFailure() {
        CompletableFuture<Throwable> came = new CompletableFuture<>();
        broker.local().publish(Message.of("$SYS/t", "p")).whenComplete((published, failure) -> came.complete(failure));
        assertThat(came.orTimeout(10, TimeUnit.SECONDS).join())
                .isInstanceOfSatisfying(
                        RejectedException.class,
                        refused -> assertThat(refused.reason()).isEqualTo(ReasonCode.NOT_AUTHORIZED));
    }

    @Test
    void failsWhatIsUnderWayWhenTheBrokerCloses() {
        CountDownLatch blocked = new CountDownLatch(1);
        for (int i = 0; i < 2; i++) {
            broker.loop(i).execute(() -> awaitUninterruptibly(blocked));
        }
        List<CompletableFuture<Published>> results = IntStream.range(0, 100)
                .mapToObj(i ->
                        broker.local().publish(Message.of("t", new byte[2_000])).toCompletableFuture())
                .toList();
        CompletableFuture<Void> closed =
                broker.broker().closeAsync(Duration.ZERO).toCompletableFuture();
        blocked.countDown();
        closed.join();
        for (CompletableFuture<Published> result : results) { // routed or not, none is left hanging
            assertThat(rejection(result)).isIn(ReasonCode.SUCCESS, ReasonCode.SERVER_SHUTTING_DOWN);
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void failsAfterTheBrokerWasClosed() {
        LocalClient local = broker.local();
        LocalSubscription subscription = local.subscribe("t", came::add);
        broker.broker().close();
        assertThat(rejection(local.publish(Message.of("t", "p")).toCompletableFuture()))
                .isEqualTo(ReasonCode.SERVER_SHUTTING_DOWN);
        subscription.close();
        local.subscribe("u", came::add).close();
        assertThat(came).isEmpty();
    }

    @Test
    void whatFailsAfterTheEndIsNotUnderWay() {
        TestBroker small = TestBroker.start(Limits.EMBEDDED.withLocalPublishesMax(1));
        LocalClient local = small.local();
        small.close();
        for (int i = 0; i < 3; i++) {
            assertThat(rejection(local.publish(Message.of("t", "p")).toCompletableFuture()))
                    .isEqualTo(ReasonCode.SERVER_SHUTTING_DOWN);
        }
    }

    // ---- subscribe

    @Test
    void getsWhatClientsPublish() {
        broker.local().subscribe("t/+", QoS.AT_LEAST_ONCE, message -> {
            came.add(message);
            return CompletableFuture.completedFuture(null);
        });
        byte[] large = new byte[1 << 20];
        new Random(3).nextBytes(large);
        WireClient c = broker.client("c");
        c.published(
                publish("t/1", large)
                        .retain()
                        .expiry(60)
                        .with(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                        .with(Property.CONTENT_TYPE, "type")
                        .with(Property.RESPONSE_TOPIC, "reply")
                        .with(Property.CORRELATION_DATA, new byte[] {3})
                        .userProperty("b", "1")
                        .userProperty("a", "2"),
                2);
        Message message = next();
        assertThat(message.topic()).isEqualTo("t/1");
        assertThat(message.payload()).isEqualTo(ByteBuffer.wrap(large));
        assertThat(message.qos()).isEqualTo(QoS.AT_LEAST_ONCE);
        assertThat(message.retain()).isTrue();
        assertThat(message.expirySeconds()).isEqualTo(60);
        assertThat(message.isUtf8()).isTrue();
        assertThat(message.contentType()).isEqualTo("type");
        assertThat(message.responseTopic()).isEqualTo("reply");
        assertThat(message.correlationData()).isEqualTo(ByteBuffer.wrap(new byte[] {3}));
        assertThat(message.userProperties()).containsExactly(new UserProperty("b", "1"), new UserProperty("a", "2"));
        broker.client(MqttVersion.V3_1, "old").published("t/1", "", 0);
        message = next();
        assertThat(message.payload().remaining()).isZero();
        assertThat(message.retain()).isFalse();
        assertThat(message.expirySeconds()).isEqualTo(-1);
        assertThat(message.contentType()).isNull();
        assertThat(message.qos()).isEqualTo(QoS.AT_MOST_ONCE);
    }

    @Test
    void getsRetainedMessages() {
        WireClient c = broker.client("c");
        c.published(publish("t/1", "first").retain(), 1);
        c.published(publish("t/2", "second").retain(), 1);
        broker.local().subscribe("t/#", came::add);
        assertThat(List.of(next().payloadText(), next().payloadText())).containsExactly("first", "second");
        c.published("t/1", "live", 1);
        assertThat(next().retain()).isFalse();
    }

    @Test
    void getsMoreRetainedMessagesThanItsQueueHolds() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withLocalQueueMessagesMax(2))) {
            for (int i = 0; i < 20; i++) {
                small.local()
                        .publish(Message.builder("t/" + i)
                                .payload("p")
                                .retain(true)
                                .build())
                        .toCompletableFuture()
                        .join();
            }
            small.local().subscribe("#", came::add);
            for (int i = 0; i < 20; i++) {
                next();
            }
            assertThat(small.dropped(DropReason.LOCAL_QUEUE_FULL)).isZero();
        }
    }

    @Test
    void getsNothingAfterItsSubscriptionWasClosed() {
        LocalSubscription ended = broker.local().subscribe("t", message -> came.add(Message.of("ended", "")));
        broker.local().subscribe("t", came::add);
        assertThat(ended.filter()).isEqualTo("t");
        ended.close();
        ended.close();
        published(Message.of("t", "p"));
        assertThat(next().topic()).isEqualTo("t");
        broker.settle();
        assertThat(came).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/#/b", "a+", "$share/g", "$share/+/t", "a\0b"})
    void throwsForWhatIsNoFilterOfItsOwn(String filter) {
        assertThatThrownBy(() -> broker.local().subscribe(filter, came::add))
                .isInstanceOf(IllegalArgumentException.class);
    }

    // ---- handlers

    @Test
    void aHandlerGetsOneMessageAtATime() {
        CompletableFuture<Void> first = new CompletableFuture<>();
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            came.add(message);
            return message.payloadText().equals("1") ? first : CompletableFuture.completedFuture(null);
        });
        WireClient c = broker.client("c").published("t", "1", 1).published("t", "2", 1);
        assertThat(next().payloadText()).isEqualTo("1");
        c.ping();
        broker.settle();
        assertThat(came).isEmpty();
        CompletableFuture.runAsync(() -> first.complete(null)).join(); // late, and on another thread
        assertThat(next().payloadText()).isEqualTo("2");
    }

    @Test
    void aHandlerMayBlockWhileEverythingElseGoesOn() throws InterruptedException {
        BlockingQueue<String> permits = new LinkedBlockingQueue<>();
        broker.local().subscribe("t", message -> {
            try {
                permits.take();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            came.add(message);
        });
        broker.local().subscribe("u", came::add);
        published(Message.of("t", "blocked"));
        published(Message.of("u", "not blocked"));
        assertThat(next().payloadText()).isEqualTo("not blocked");
        broker.client("c").ping();
        permits.put("go on");
        assertThat(next().payloadText()).isEqualTo("blocked");
    }

    @ParameterizedTest
    @ValueSource(strings = {"exception", "error", "failed stage", "no stage"})
    void aHandlerThatFailsGetsTheNextMessageAllTheSame(String how) {
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            came.add(message);
            return switch (message.payloadText()) {
                case "exception" -> throw new IllegalStateException("on purpose");
                case "error" -> throw new AssertionError("on purpose");
                case "failed stage" -> CompletableFuture.failedFuture(new IllegalStateException("on purpose"));
                case "no stage" -> null;
                default -> CompletableFuture.completedFuture(null);
            };
        });
        published(Message.of("t", how));
        published(Message.of("t", "next"));
        assertThat(next().payloadText()).isEqualTo(how);
        assertThat(next().payloadText()).isEqualTo("next");
        assertThat(broker.dropped(DropReason.LOCAL_HANDLER_FAILED)).isEqualTo(1);
    }

    /** Of the first kind the JDK makes a CompletableFuture that throws when it is asked whether it is done. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aHandlerMayGiveAnyKindOfStage(boolean minimal) {
        CompletableFuture<Void> strange = new CompletableFuture<>() {
            @Override
            public boolean isDone() {
                throw new IllegalStateException("on purpose");
            }
        };
        strange.complete(null);
        CompletionStage<Void> done = minimal ? CompletableFuture.completedStage(null) : strange;
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            came.add(message);
            return done;
        });
        published(Message.of("t", "1"));
        published(Message.of("t", "2"));
        assertThat(next().payloadText()).isEqualTo("1");
        assertThat(next().payloadText()).isEqualTo("2");
        assertThat(broker.dropped(DropReason.LOCAL_HANDLER_FAILED)).isZero();
    }

    @Test
    void aHandlerMayPublishAndSubscribe() {
        broker.local().subscribe("in", message -> {
            broker.local().subscribe("out", came::add);
            broker.local().publish(Message.of("out", message.payloadText()));
        });
        published(Message.of("in", "p"));
        assertThat(next().topic()).isEqualTo("out");
    }

    @Test
    void aHandlerMayCloseTheBroker() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        broker.local().subscribe("t", message -> {
            broker.broker().close();
            closed.complete(null);
        });
        broker.local().publish(Message.of("t", "p"));
        closed.orTimeout(10, TimeUnit.SECONDS).join();
    }
}
