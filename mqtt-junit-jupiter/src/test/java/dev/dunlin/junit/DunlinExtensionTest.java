package dev.dunlin.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder.request;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.LocalClient;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.mapdb.MapDb;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

class DunlinExtensionTest {
    @RegisterExtension
    final DunlinExtension dunlin = new DunlinExtension();

    @RegisterExtension
    final DunlinExtension timed = new DunlinExtension().withVirtualClock().configured(builder -> builder.name("timed"));

    @RegisterExtension
    final DunlinExtension stored = new DunlinExtension()
            .stored(MapDb::at)
            .configured(builder -> builder.limits(Limits.EMBEDDED.withSessionExpiryMaxSeconds(3_600)));

    // ---- the recorder

    @Test
    void recordsWhatIsPublishedInItsOrder() {
        dunlin.local()
                .publish(Message.builder("orders/0").payload("old").retain(true).build());
        Recorder orders = dunlin.record("orders/#");
        Mqtt5BlockingClient client = connect(dunlin, "shop");
        for (int i = 1; i <= 100; i++) {
            publish(client, "orders/" + i, "number " + i);
        }
        publish(client, "other", "not recorded");
        assertThat(orders.await(101)).hasSize(101);
        Message first = orders.next();
        assertThat(first.topic()).isEqualTo("orders/0");
        assertThat(first.retain()).isTrue();
        for (int i = 1; i <= 100; i++) {
            assertThat(orders.next().payloadText()).isEqualTo("number " + i);
        }
        orders.assertNoMore();
        assertThat(orders.await("number 7", each -> each.payloadText().endsWith(" 7"))
                        .qos())
                .isEqualTo(QoS.AT_LEAST_ONCE);
        orders.clear();
        assertThat(orders.messages()).isEmpty();
        client.disconnect();
    }

    @Test
    void failsWithAllThatHasCome() {
        Recorder orders = dunlin.record("orders/#").timeout(Duration.ofMillis(20));
        assertThatThrownBy(orders::next)
                .isInstanceOf(AssertionError.class)
                .hasMessage("on orders/# expected one message more than 0 within 20 ms, but there came 0");
        dunlin.local()
                .publish(Message.builder("orders/1")
                        .payload("a\nb")
                        .qos(QoS.EXACTLY_ONCE)
                        .build());
        dunlin.local().publish(Message.of("orders/2", "x".repeat(70)));
        dunlin.settle();
        assertThatThrownBy(() -> orders.await(3))
                .isInstanceOf(AssertionError.class)
                .hasMessage("on orders/# expected 3 messages within 20 ms, but there came 2:\n"
                        + "  orders/1 qos=2 \"a.b\"\n"
                        + "  orders/2 qos=0 \"" + "x".repeat(60) + "…\" (70 bytes)");
        assertThatThrownBy(() -> orders.await("a retained one", Message::retain))
                .hasMessageStartingWith("on orders/# expected a retained one within 20 ms");
        orders.next();
        assertThatThrownBy(orders::assertNoMore).hasMessageStartingWith("on orders/# expected no message more than 1");
        orders.next();
        orders.assertNoMore();
        assertThatThrownBy(() -> orders.timeout(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void settlesBehindAllThatWasAcknowledged() {
        Recorder slow = dunlin.record("a/#");
        Mqtt5BlockingClient client = connect(dunlin, "quick");
        for (int round = 1; round <= 200; round++) {
            publish(client, "a/b", "number " + round);
            dunlin.settle();
            assertThat(slow.messages()).hasSize(round);
        }
        slow.close();
        publish(client, "a/b", "one more");
        dunlin.settle();
        assertThat(slow.messages()).hasSize(200);
        client.disconnect();
    }

    // ---- the clock

    @Test
    void letsTimePass() {
        Recorder wills = timed.record("wills/#");
        Mqtt5BlockingClient device = connect(timed, "device");
        timed.local()
                .publish(Message.builder("news")
                        .payload("hot")
                        .retain(true)
                        .expirySeconds(60)
                        .build());
        timed.advance(Duration.ofSeconds(59));
        assertThat(timed.record("news").next().payloadText()).isEqualTo("hot");
        timed.advance(Duration.ofSeconds(2));
        timed.record("news").assertNoMore();
        wills.assertNoMore();
        timed.advance(Duration.ofSeconds(31)); // 92 s: one and a half times its keep-alive of 60, and a bit
        assertThat(wills.next().payloadText()).isEqualTo("device is gone");
        assertThat(timed.broker().stats().connections().connected()).isZero();
        assertThat(timed.broker().stats().sessions().disconnected()).isEqualTo(1);
        timed.advance(Duration.ofSeconds(3_599));
        assertThat(timed.broker().stats().sessions().disconnected()).isEqualTo(1);
        timed.advance(Duration.ofSeconds(2));
        assertThat(timed.broker().stats().sessions().disconnected()).isZero();
        assertThat(device.getState().isConnected()).isFalse();
        assertThat(timed.clock().now()).hasToString("2030-01-01T01:01:33Z");
    }

    @Test
    void refusesTimeThatGoesBackOrIsNotItsOwn() {
        assertThatThrownBy(() -> timed.advance(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> dunlin.advance(Duration.ofMillis(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("withVirtualClock");
    }

    @Test
    void ringsInTheOrderOfTimeAndNotWhatIsCancelled() {
        VirtualClock clock = new VirtualClock(java.time.Instant.EPOCH);
        List<String> rung = new ArrayList<>();
        clock.alarm(20, () -> rung.add("c"));
        clock.alarm(10, () -> rung.add("a"));
        Runnable cancel = clock.alarm(10, () -> rung.add("never"));
        clock.alarm(10, () -> rung.add("b"));
        clock.alarm(0, () -> rung.add("now"));
        cancel.run();
        assertThat(rung).containsExactly("now");
        clock.advance(Duration.ofMillis(9));
        assertThat(rung).containsExactly("now");
        clock.advance(Duration.ofMillis(100));
        assertThat(rung).containsExactly("now", "a", "b", "c");
        cancel.run();
        clock.advance(Duration.ofDays(1));
        assertThat(rung).hasSize(4);
    }

    // ---- its life

    @Test
    void restartsWithItsStoreAtTheSamePort() {
        Recorder all = stored.record("#");
        Mqtt5BlockingClient subscriber = connect(stored, "subscriber");
        subscriber.subscribeWith().topicFilter("jobs").qos(MqttQos.EXACTLY_ONCE).send();
        subscriber.disconnect();
        Mqtt5BlockingClient publisher = connect(stored, "publisher");
        publish(publisher, "jobs", "one");
        publisher.disconnect();
        int port = stored.port();
        all.await(1);

        stored.restart();

        assertThat(stored.port()).isEqualTo(port);
        publisher = connect(stored, "publisher");
        publish(publisher, "jobs", "two");
        List<String> got = new CopyOnWriteArrayList<>();
        try (Mqtt5BlockingClient.Mqtt5Publishes publishes =
                subscriber.publishes(com.hivemq.client.mqtt.MqttGlobalPublishFilter.ALL)) {
            subscriber
                    .connectWith()
                    .cleanStart(false)
                    .sessionExpiryInterval(3_600)
                    .send();
            for (int i = 0; i < 2; i++) {
                got.add(new String(
                        publishes
                                .receive(10, java.util.concurrent.TimeUnit.SECONDS)
                                .orElseThrow()
                                .getPayloadAsBytes(),
                        java.nio.charset.StandardCharsets.UTF_8));
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertThat(got).containsExactly("one", "two");
        assertThat(all.await(2)).extracting(Message::payloadText).containsExactly("one", "two");
        subscriber.disconnect();
        publisher.disconnect();
    }

    @Test
    void saysThatItIsNotRunning() throws IOException {
        assertThatThrownBy(dunlin::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is running");
        int port = dunlin.port();
        dunlin.stop();
        dunlin.stop();
        assertThatThrownBy(dunlin::port)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("isn't running");
        try (ServerSocket inTheWay = new ServerSocket(port, 1, java.net.InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(dunlin::start)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(String.valueOf(inTheWay.getLocalPort()));
        }
        dunlin.start();
        assertThat(dunlin.port()).isEqualTo(port);
        assertThat(dunlin.uri()).isEqualTo("tcp://127.0.0.1:" + port);
    }

    @Test
    void recordsBeforeAStopAllThatWasPublished() {
        Recorder all = stored.record("#");
        for (int round = 1; round <= 20; round++) {
            for (int i = 0; i < 50; i++) {
                stored.local().publish(Message.of("t", "p"));
            }
            stored.restart();
            assertThat(all.messages()).hasSize(50 * round);
        }
        all.close();
        stored.restart();
        stored.local().publish(Message.of("t", "p"));
        stored.settle();
        assertThat(all.messages()).hasSize(1_000);
    }

    @Test
    @Timeout(5)
    void doesNotWaitForABrokerThatIsClosed() {
        dunlin.record("#");
        dunlin.broker().close(Duration.ZERO);
        assertThatThrownBy(dunlin::settle)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("SERVER_SHUTTING_DOWN");
        dunlin.restart();
        dunlin.settle();
    }

    // ---- who has which

    static final List<Broker> BROKERS = new ArrayList<>();

    /** Runs in {@link #givesEachTestOrEachClassABroker}. */
    static class EachItsOwn {
        @RegisterExtension
        final DunlinExtension own = new DunlinExtension();

        @Test
        void one() {
            BROKERS.add(own.broker());
        }

        @Test
        void other() {
            BROKERS.add(own.broker());
        }
    }

    /** Runs in {@link #givesEachTestOrEachClassABroker}. */
    static class AllTheSame {
        @RegisterExtension
        static final DunlinExtension SHARED = new DunlinExtension();

        @Test
        void one() {
            BROKERS.add(SHARED.broker());
        }

        @Test
        void other() {
            BROKERS.add(SHARED.broker());
        }
    }

    /** Runs in {@link #givesEachTestOrEachClassABroker}. */
    @ExtendWith(DunlinExtension.class)
    static class Declared {
        @Test
        void one(Broker broker, LocalClient local, DunlinExtension dunlin) {
            assertThat(broker.local()).isSameAs(local);
            assertThat(dunlin.broker()).isSameAs(broker);
            BROKERS.add(broker);
        }

        @Nested
        class Within {
            @Test
            void other(Broker broker) {
                BROKERS.add(broker);
            }
        }
    }

    @Test
    void givesEachTestOrEachClassABroker() {
        assertThat(brokersOf(EachItsOwn.class)).isEqualTo(2);
        assertThat(brokersOf(AllTheSame.class)).isEqualTo(1);
        assertThat(brokersOf(Declared.class)).isEqualTo(1);
    }

    static final CountDownLatch BOTH = new CountDownLatch(2);
    static final CountDownLatch FIRST_IS_OVER = new CountDownLatch(1);

    /** Of those that run in {@link #theLastOfParallelClassesStopsTheirBroker}. */
    static class Base {
        @RegisterExtension
        static final DunlinExtension SHARED = new DunlinExtension();

        static void await(CountDownLatch latch) throws InterruptedException {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    static class First extends Base {
        @Test
        void endsEarly() throws InterruptedException {
            BOTH.countDown();
            await(BOTH);
        }
    }

    static class Second extends Base {
        @Test
        void endsLate() throws InterruptedException {
            BOTH.countDown();
            await(FIRST_IS_OVER);
            SHARED.settle();
            BROKERS.add(SHARED.broker());
        }
    }

    @Test
    void theLastOfParallelClassesStopsTheirBroker() {
        BROKERS.clear();
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        TestExecutionListener watcher = new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isContainer() && test.getUniqueId().contains("$First")) {
                    FIRST_IS_OVER.countDown();
                }
            }
        };
        LauncherFactory.create()
                .execute(
                        request()
                                .selectors(selectClass(First.class), selectClass(Second.class))
                                .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
                                .configurationParameter(
                                        "junit.jupiter.execution.parallel.mode.classes.default", "concurrent")
                                .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
                                .configurationParameter(
                                        "junit.jupiter.execution.parallel.config.fixed.parallelism", "2")
                                .build(),
                        summary,
                        watcher);
        assertThat(summary.getSummary().getFailures()).isEmpty();
        assertThat(summary.getSummary().getTestsSucceededCount()).isEqualTo(2);
        assertThatThrownBy(Base.SHARED::broker).isInstanceOf(IllegalStateException.class);
    }

    /** How many different ones two tests have got, which are all closed by then. */
    private static int brokersOf(Class<?> tests) {
        BROKERS.clear();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request().selectors(selectClass(tests)).build(), listener);
        assertThat(listener.getSummary().getTestsSucceededCount()).isEqualTo(2);
        for (Broker each : BROKERS) {
            assertThat(each.closeAsync(Duration.ZERO).toCompletableFuture().isDone())
                    .isTrue();
        }
        return new HashSet<>(BROKERS).size();
    }

    private static Mqtt5BlockingClient connect(DunlinExtension to, String clientId) {
        Mqtt5BlockingClient client = Mqtt5Client.builder()
                .identifier(clientId)
                .serverHost("127.0.0.1")
                .serverPort(to.port())
                .buildBlocking();
        client.connectWith()
                .keepAlive(60)
                .sessionExpiryInterval(3_600)
                .willPublish()
                .topic("wills/" + clientId)
                .payload((clientId + " is gone").getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .applyWillPublish()
                .send();
        return client;
    }

    private static void publish(Mqtt5BlockingClient client, String topic, String text) {
        client.publishWith()
                .topic(topic)
                .qos(MqttQos.AT_LEAST_ONCE)
                .payload(text.getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .send();
    }
}
