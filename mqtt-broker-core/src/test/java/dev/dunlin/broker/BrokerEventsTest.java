package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.dunlin.broker.spi.BrokerEvent.ConnectRefused;
import dev.dunlin.broker.spi.BrokerEvent.Connected;
import dev.dunlin.broker.spi.BrokerEvent.Disconnected;
import dev.dunlin.broker.spi.BrokerEvent.Fault;
import dev.dunlin.broker.spi.BrokerEvent.LoopOverloaded;
import dev.dunlin.broker.spi.BrokerEvent.LoopWell;
import dev.dunlin.broker.spi.BrokerEvent.MemoryOver;
import dev.dunlin.broker.spi.BrokerEvent.MemoryWell;
import dev.dunlin.broker.spi.BrokerEvent.SessionEnded;
import dev.dunlin.broker.spi.BrokerEvent.SessionExpired;
import dev.dunlin.broker.spi.BrokerEvent.SlowConsumer;
import dev.dunlin.broker.spi.BrokerEvent.SlowConsumerOver;
import dev.dunlin.broker.spi.BrokerEvent.Subscribed;
import dev.dunlin.broker.spi.BrokerEvent.SubscriptionRefused;
import dev.dunlin.broker.spi.BrokerEvent.TakenOver;
import dev.dunlin.broker.spi.BrokerEvent.Unsubscribed;
import dev.dunlin.broker.spi.Disconnection.By;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What observers are told of clients, sessions, subscriptions, and of the broker's own state. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class BrokerEventsTest {
    private final SeenEvents seen = new SeenEvents();
    private TestBroker broker;

    private void start(UnaryOperator<BrokerBuilder> configuration) {
        broker = TestBroker.start(builder -> configuration.apply(builder.observe(seen)));
    }

    private void start() {
        start(builder -> builder);
    }

    @AfterEach
    void close() {
        if (broker != null) { // else it was not to run with a store
            broker.close();
        }
    }

    // ---- connections

    @EachVersion
    void tellsWhoComesAndGoes(MqttVersion version) {
        start();
        WireClient c = broker.client(version, "c");
        Connected connected = seen.await(Connected.class, "c");
        assertThat(connected.client().version()).isEqualTo(version);
        assertThat(connected.client().listener()).isEqualTo("tcp");
        assertThat(connected.sessionPresent()).isFalse();
        assertThat(connected.id()).isEqualTo("client.connected");
        c.leave();
        Disconnected gone = seen.await(Disconnected.class, "c");
        assertThat(gone.by()).isEqualTo(By.CLIENT);
        assertThat(gone.code()).isEqualTo(ReasonCode.SUCCESS);
        assertThat(gone.willFollows()).isFalse();
        seen.await(SessionEnded.class, "c");
        assertThat(seen.ids("c")).containsExactly("client.connected", "client.disconnected", "session.ended");
    }

    @Test
    void tellsWhetherAWillFollows() {
        start();
        WireClient lost = broker.send(
                MqttVersion.V5, connect("lost").will(publish("w", "gone").qos(1)));
        lost.expect(connack());
        lost.drop();
        Disconnected gone = seen.await(Disconnected.class, "lost");
        assertThat(gone.by()).isEqualTo(By.NETWORK);
        assertThat(gone.willFollows()).isTrue();

        WireClient asks = broker.send(
                MqttVersion.V5, connect("asks").will(publish("w", "gone").qos(1)));
        asks.expect(connack());
        asks.leave(disconnect(ReasonCode.DISCONNECT_WITH_WILL_MESSAGE));
        Disconnected asked = seen.await(Disconnected.class, "asks");
        assertThat(asked.by()).isEqualTo(By.CLIENT);
        assertThat(asked.code()).isEqualTo(ReasonCode.DISCONNECT_WITH_WILL_MESSAGE);
        assertThat(asked.willFollows()).isTrue();
    }

    @EachVersion
    void tellsWhomTheBrokerDisconnectsAndWhy(MqttVersion version) {
        start();
        WireClient c = broker.client(version, "c");
        broker.broker().disconnect("c", ReasonCode.ADMINISTRATIVE_ACTION, "go\naway");
        c.expectDisconnect(ReasonCode.ADMINISTRATIVE_ACTION);
        Disconnected gone = seen.await(Disconnected.class, "c");
        assertThat(gone.by()).isEqualTo(By.BROKER);
        assertThat(gone.code()).isEqualTo(ReasonCode.ADMINISTRATIVE_ACTION);
        assertThat(gone.text()).isEqualTo("go\naway");
        assertThat(gone.toString())
                .contains(" client.disconnected client c: ")
                .endsWith("go?away (" + ReasonCode.ADMINISTRATIVE_ACTION + ")");
    }

    @Test
    void tellsWhoIsRefused() {
        start(builder ->
                builder.authenticator(request -> CompletableFuture.failedFuture(new AssertionError("broken"))));
        broker.send(MqttVersion.V5, connect("c").cleanStart()).expectRefusal(ReasonCode.UNSPECIFIED_ERROR);
        ConnectRefused refused = seen.await(ConnectRefused.class, "c");
        assertThat(refused.by()).isEqualTo(By.BROKER);
        assertThat(refused.code()).isEqualTo(ReasonCode.UNSPECIFIED_ERROR);
        assertThat(refused.listener()).isEqualTo("tcp");
        Fault fault = seen.await(Fault.class, "c");
        assertThat(fault.reason()).isEqualTo("the authenticator failed: java.lang.AssertionError: broken");

        broker.open(MqttVersion.V5).send(raw(0xC0, 0)).expectClosed(); // PINGREQ
        assertThat(seen.await(ConnectRefused.class, "").code()).isEqualTo(ReasonCode.PROTOCOL_ERROR);
    }

    @Test
    void tellsATakeoverBeforeItsConsequences() {
        start();
        WireClient before = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        before.expect(connack());
        seen.await(Connected.class, "c");
        WireClient after = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        after.expect(connack().sessionPresent());
        seen.await(Connected.class, Connected::sessionPresent);
        assertThat(seen.ids("c"))
                .containsExactly("client.connected", "client.taken-over", "client.disconnected", "client.connected");
        assertThat(seen.all(TakenOver.class).get(0).by())
                .isEqualTo(seen.all(Connected.class).get(1).client().remoteAddress());
        assertThat(seen.all(Disconnected.class).get(0).code()).isEqualTo(ReasonCode.SESSION_TAKEN_OVER);
    }

    // ---- sessions and subscriptions

    @Test
    void tellsWhenASessionIsOver() {
        start();
        WireClient c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.leave();
        broker.send(MqttVersion.V5, connect("c").cleanStart().sessionExpiry(1)).expect(connack());
        assertThat(seen.await(SessionEnded.class, "c").text()).isEqualTo("its client begins anew");
        seen.await(Connected.class, each -> seen.all(Connected.class).size() == 2);
        broker.broker().disconnect("c", ReasonCode.ADMINISTRATIVE_ACTION, "");
        assertThat(seen.await(SessionExpired.class, "c").afterSeconds()).isEqualTo(1);
        assertThat(seen.all(SessionEnded.class))
                .as("it has expired, and nothing else")
                .hasSize(1);
    }

    @Test
    void tellsWhatAnAdministratorEnds() {
        start();
        broker.send(MqttVersion.V5, connect("away").sessionExpiry(100)).expect(connack());
        broker.broker().disconnect("away", ReasonCode.ADMINISTRATIVE_ACTION, "");
        seen.await(Disconnected.class, "away");
        broker.client("here");
        for (String id : List.of("away", "here")) {
            assertThat(broker.broker()
                            .admin()
                            .endSession(id)
                            .toCompletableFuture()
                            .join())
                    .isTrue();
            assertThat(seen.await(SessionEnded.class, id).text()).isEqualTo("ended by an administrator");
        }
        assertThat(seen.all(SessionEnded.class)).hasSize(2);
    }

    @Test
    void tellsWhatIsSubscribedTo() {
        ForbiddenTopics forbidden = new ForbiddenTopics().subscribe("c", "secret");
        start(builder -> builder.authorizer(forbidden));
        WireClient c = broker.client("c");
        c.send(subscribe(1, "a/#", 1).and("secret", 2).and("$share/g/b", 2));
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1, ReasonCode.NOT_AUTHORIZED, ReasonCode.GRANTED_QOS_2));
        c.send(unsubscribe(2, "a/#", "never"));
        c.expect(unsuback(2, ReasonCode.SUCCESS, ReasonCode.NO_SUBSCRIPTION_EXISTED));
        seen.await(Unsubscribed.class, "c");
        assertThat(seen.all(Subscribed.class))
                .extracting(each -> each.filter() + " " + each.granted())
                .containsExactly("a/# " + QoS.AT_LEAST_ONCE, "$share/g/b " + QoS.EXACTLY_ONCE);
        assertThat(seen.all(SubscriptionRefused.class))
                .extracting(each -> each.filter() + " " + each.code())
                .containsExactly("secret " + ReasonCode.NOT_AUTHORIZED);
        assertThat(seen.all(Unsubscribed.class))
                .extracting(Unsubscribed::filter)
                .containsExactly("a/#");
    }

    // ---- the broker

    @Test
    void tellsWhoIsASlowConsumer() {
        start(builder ->
                builder.limits(Limits.EMBEDDED.withOutputBytesMax(64 << 10).withSlowConsumerMs(50)));
        WireClient slow = broker.client("slow").subscribed("t", 0);
        WireClient publisher = broker.client("publisher");
        byte[] large = new byte[256 << 10];
        int sent = 0;
        while (seen.all(SlowConsumer.class).isEmpty()) { // what the system buffers isn't known
            publisher.published(publish("t", large), 0);
            sent++;
        }
        SlowConsumer found = seen.await(SlowConsumer.class, "slow");
        assertThat(found.forMs()).isGreaterThanOrEqualTo(50);
        assertThat(found.pendingBytes()).isPositive();
        long taken = sent - broker.dropped(DropReason.SLOW_CONSUMER_QOS_0);
        for (int i = 0; i < taken; i++) {
            slow.take(publish("t", large));
        }
        assertThat(seen.await(SlowConsumerOver.class, "slow").afterMs()).isPositive();
    }

    @Test
    void tellsWhenALoopIsBehind() {
        start(builder -> builder.limits(Limits.EMBEDDED.withOverloadLagMs(20)));
        AtomicBoolean busy = new AtomicBoolean(true);
        broker.loop(1).execute(() -> OverloadTest.keepBusy(broker.loop(1), busy));
        LoopOverloaded behind = seen.await(LoopOverloaded.class, "");
        assertThat(behind.loop()).isEqualTo(1);
        assertThat(behind.lagMs()).isGreaterThan(20);
        assertThat(seen.all(LoopWell.class)).isEmpty();
        busy.set(false);
        TestBroker.eventually("it has caught up", () -> {
            TestBroker.run(broker.loop(1), () -> {});
            return !seen.all(LoopWell.class).isEmpty();
        });
    }

    @Test
    void tellsWhenItHoldsMoreThanItsBudget() {
        assumeThat(TestBroker.isStored())
                .as("what an engine holds counts as well")
                .isFalse();
        start(builder -> builder.limits(Limits.EMBEDDED.withMemoryBudgetBytes(1 << 20)));
        WireClient publisher = broker.client("publisher");
        byte[] large = new byte[50_000];
        for (int i = 0; i < 24; i++) {
            publisher.published(publish("r" + i, large).retain(), 0);
        }
        MemoryOver over = seen.await(MemoryOver.class, "");
        assertThat(over.usedBytes()).isGreaterThan(over.budgetBytes());
        assertThat(over.budgetBytes()).isEqualTo(1 << 20);
        for (int i = 0; i < 24; i++) {
            publisher.published(publish("r" + i, "").retain(), 0);
        }
        TestBroker.eventually("it holds less", () -> {
            publisher.ping();
            return !seen.all(MemoryWell.class).isEmpty();
        });
        int wells = seen.all(MemoryWell.class).size();
        assertThat(seen.all(MemoryOver.class)).as("in turn").hasSizeBetween(wells, wells + 1);
    }

    @Test
    void tellsWhatALocalHandlerFailsOn() {
        start();
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            throw new IllegalStateException("on purpose");
        });
        broker.client("publisher").published("t", "p", 1);
        assertThat(seen.await(Fault.class, "local subscription t").cause()).contains("on purpose");
    }

    // ---- observers

    @Test
    void anObserverMustNotWaitForTheEnd() {
        AtomicReference<Throwable> refused = new AtomicReference<>();
        CompletableFuture<Broker> self = new CompletableFuture<>();
        start(builder -> builder.observe(event -> {
            try {
                self.join().close();
            } catch (IllegalStateException e) {
                refused.set(e);
                self.join().closeAsync(Duration.ofMillis(1));
            }
        }));
        self.complete(broker.broker());
        broker.client("c");
        TestBroker.eventually("it was refused", () -> refused.get() != null);
        assertThatThrownBy(() -> {
                    throw refused.get();
                })
                .hasMessageContaining("closeAsync");
    }

    /** Here it is the clock, which is the user's. */
    @Test
    void whatFailsAtTheEndDoesNotKeepTheRestFromEnding() {
        TestBroker.ManualTime time = new TestBroker.ManualTime();
        TimeSource failing = new TimeSource() {
            @Override
            public long monotonicMs() {
                return time.monotonicMs();
            }

            @Override
            public long wallMs() {
                if (Thread.currentThread().getName().equals("at-its-end-close")) {
                    throw new IllegalStateException("on purpose");
                }
                return time.wallMs();
            }
        };
        start(builder -> builder.name("at-its-end").time(failing));
        broker.client("c").published("$SYS/x", "refused", 0);
        seen.await(Connected.class, "c");
        assertThatThrownBy(() -> broker.broker().close()).hasRootCauseMessage("on purpose");
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.startsWith("at-its-end-"));
        broker = TestBroker.start(); // to be closed properly
    }

    @Test
    void withoutObserversThereIsNobodyToTell() {
        broker = TestBroker.start();
        assertThat(broker.broker().core().events()).isNull();
        broker.client("c").published("$SYS/x", "refused", 0);
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(1);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.endsWith("-events"));
    }
}
