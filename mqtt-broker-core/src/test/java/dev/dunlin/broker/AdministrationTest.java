package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.GroupMember;
import dev.dunlin.broker.spi.GroupState;
import dev.dunlin.broker.spi.InflightMessage;
import dev.dunlin.broker.spi.InflightMessage.State;
import dev.dunlin.broker.spi.Page;
import dev.dunlin.broker.spi.QueuedMessage;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.RetainedState;
import dev.dunlin.broker.spi.SessionState;
import dev.dunlin.broker.spi.SubscriberState;
import dev.dunlin.broker.spi.SubscriberState.Kind;
import dev.dunlin.broker.spi.SubscriptionState;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an administrator sees, and what comes of what is done: over real connections. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AdministrationTest {
    private final ManualTime time = new ManualTime();

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.time(time));

    private Administration admin() {
        broker.settle();
        return broker.broker().admin();
    }

    private static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    /** All pages together. */
    private static <T> List<T> all(Function<String, CompletionStage<Page<T>>> pages) {
        List<T> items = new ArrayList<>();
        String next = "";
        while (next != null) {
            Page<T> page = get(pages.apply(next));
            items.addAll(page.items());
            next = page.next();
        }
        return items;
    }

    private WireClient persistent(String id) {
        WireClient c = broker.send(MqttVersion.V5, connect(id).sessionExpiry(100));
        c.expect(connack());
        return c;
    }

    private SessionState session(String clientId) {
        return get(admin().session(clientId)).orElseThrow();
    }

    // ---- sessions

    @Test
    void pagesThroughTheSessionsOfAllLoopsInOrder() {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            String id = broker.idOn(i % 2, "c" + i + "-");
            ids.add(id);
            persistent(id);
        }
        Page<SessionState> first = get(admin().sessions("", 3));
        assertThat(first.items()).extracting(SessionState::clientId).isEqualTo(ids.subList(0, 3));
        assertThat(first.next()).isEqualTo(ids.get(2));
        List<SessionState> all = all(next -> admin().sessions(next, 3));
        assertThat(all).extracting(SessionState::clientId).isEqualTo(ids);
        assertThat(get(admin().sessions("", 7)).next()).isNull();
        assertThat(get(admin().sessions("zzz", 7)).items()).isEmpty();
    }

    @Test
    void askingForManySessionsTakesSeveralTurns() {
        for (int i = 0; i < 100; i++) {
            persistent("c" + i).leave();
        }
        assertThat(get(admin().sessions("", 1_000)).items()).hasSize(100);
    }

    @Test
    void showsASessionWithAConnection() {
        Instant began = Instant.ofEpochMilli(time.wallMs());
        WireClient c = broker.send(
                MqttVersion.V5,
                connect("c").sessionExpiry(100).keepAlive(30).userName("alice").will(publish("will/topic", "gone")));
        c.expect(connack());
        c.subscribed("a", 1).subscribed("$share/g/b", 1);
        time.advance(Duration.ofSeconds(5));
        SessionState state = session("c");
        assertThat(state.isConnected()).isTrue();
        assertThat(state.client().version()).isEqualTo(MqttVersion.V5);
        assertThat(state.client().listener()).isNotEmpty();
        assertThat(state.since()).isEqualTo(began);
        assertThat(state.expirySeconds()).isEqualTo(100);
        assertThat(state.expiresAt()).isNull();
        assertThat(state.keepAliveSeconds()).isEqualTo(30);
        assertThat(state.willTopic()).isEqualTo("will/topic");
        assertThat(state.subscriptions()).isEqualTo(2);
        assertThat(state.stored()).isEqualTo(TestBroker.isStored());
        assertThat(get(admin().session("nobody"))).isEmpty();
    }

    @Test
    void showsASessionWithoutAConnectionAndWhenItEnds() {
        persistent("c").subscribed("t", 1).leave();
        Instant left = Instant.ofEpochMilli(time.wallMs());
        WireClient publisher = broker.client("publisher");
        publisher.published("t", "p", 1);
        publisher.published("t", "p", 2);
        time.advance(Duration.ofSeconds(5));
        SessionState state = session("c");
        assertThat(state.isConnected()).isFalse();
        assertThat(state.client()).isNull();
        assertThat(state.since()).isEqualTo(left);
        assertThat(state.expiresAt()).isEqualTo(left.plusSeconds(100));
        assertThat(state.keepAliveSeconds()).isZero();
        assertThat(state.willTopic()).isNull();
        assertThat(state.queuedMessages()).isEqualTo(2);
        assertThat(state.queuedBytes()).isPositive();
        assertThat(state.inflight()).isZero();
    }

    @Test
    void tellsWhatASessionHasLost() {
        WireClient c = broker.client("c").subscribed("t", 1);
        broker.client("publisher").published("t", "p", 1);
        c.send(puback(c.expectPublish("t", "p", 1).packetId()).reason(ReasonCode.UNSPECIFIED_ERROR));
        c.ping();
        assertThat(session("c").dropped()).isEqualTo(Map.of(DropReason.REJECTED_BY_RECEIVER, 1L));
        assertThat(session("publisher").dropped()).isEmpty();
    }

    @Test
    void pagesThroughSubscriptions() {
        WireClient c = broker.client("c");
        c.subscribed("a/+", 0).subscribed("b", 1).subscribed("$share/g/c/#", 2);
        assertThat(all(next -> admin().subscriptions("c", next, 2)))
                .containsExactly(
                        new SubscriptionState("$share/g/c/#", QoS.EXACTLY_ONCE, false, false, 0),
                        new SubscriptionState("a/+", QoS.AT_MOST_ONCE, false, false, 0),
                        new SubscriptionState("b", QoS.AT_LEAST_ONCE, false, false, 0));
        assertThat(get(admin().subscriptions("nobody", "", 2)).items()).isEmpty();
    }

    @Test
    void pagesThroughAQueueWhileItMoves() {
        WireClient c =
                broker.send(MqttVersion.V5, connect("c").sessionExpiry(100).receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t", 1);
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 6; i++) {
            publisher.published(publish("t", "x".repeat(i)).expiry(60), 1 + i % 2);
        }
        Page<QueuedMessage> first = get(admin().queue("c", "", 2));
        assertThat(first.items())
                .containsExactly(
                        new QueuedMessage("t", QoS.AT_LEAST_ONCE, 1, 60, "publisher", true),
                        new QueuedMessage("t", QoS.AT_LEAST_ONCE, 2, 60, "publisher", true));
        c.take(publish("t", "").qos(1)); // one goes out, and what is left keeps its place
        c.expectPublish("t", "x", 1);
        time.advance(Duration.ofSeconds(61));
        Page<QueuedMessage> second = get(admin().queue("c", first.next(), 2));
        assertThat(second.items()).extracting(QueuedMessage::payloadBytes).containsExactly(3L, 4L);
        assertThat(second.items()).extracting(QueuedMessage::expirySeconds).containsOnly(0L);
        Page<QueuedMessage> third = get(admin().queue("c", second.next(), 2));
        assertThat(third.items()).extracting(QueuedMessage::payloadBytes).containsExactly(5L);
        assertThat(third.next()).isNull();
        assertThat(get(admin().queue("nobody", "", 2))).isEqualTo(new Page<>(List.of(), null));
    }

    @Test
    void pagesThroughWhatIsInFlightBothWays() {
        WireClient c = broker.client("c").subscribed("t", 2);
        WireClient publisher = broker.client("publisher");
        publisher.published("t", "p", 1).published("t", "pp", 2).published("t", "ppp", 2);
        int one = c.expectPublish("t", "p", 1).packetId();
        int two = c.expectPublish("t", "pp", 2).packetId();
        int three = c.expectPublish("t", "ppp", 2).packetId();
        c.send(pubrec(two));
        c.expect(pubrel(two));
        c.send(publish("other", "x").qos(2, 77));
        c.expect(pubrec(77).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        assertThat(all(next -> admin().inflight("c", next, 1)))
                .containsExactly(
                        new InflightMessage(one, State.PUBACK, "t", QoS.AT_LEAST_ONCE, 1),
                        new InflightMessage(two, State.PUBCOMP, null, QoS.EXACTLY_ONCE, 0),
                        new InflightMessage(three, State.PUBREC, "t", QoS.EXACTLY_ONCE, 3),
                        new InflightMessage(77, State.PUBREL, null, QoS.EXACTLY_ONCE, 0));
        assertThat(session("c").inflight()).isEqualTo(3);
    }

    // ---- topics

    @Test
    void tellsWhoWouldGetAPublish() {
        broker.client("one").subscribed("a/b", 1).subscribed("a/#", 0);
        broker.client("two").subscribed("a/+", 2);
        broker.client("other").subscribed("a", 2);
        broker.client("member").subscribed("$share/g/a/b", 1);
        persistent("away").subscribed("$share/g/a/b", 2).leave();
        broker.local().subscribe("a/#", QoS.AT_LEAST_ONCE, message -> CompletableFuture.completedFuture(null));
        List<SubscriberState> all = all(next -> admin().subscribers("a/b", next, 1));
        assertThat(all)
                .extracting(SubscriberState::kind, SubscriberState::name, SubscriberState::qos)
                .containsExactly(
                        tuple(Kind.SESSION, "one", QoS.AT_LEAST_ONCE),
                        tuple(Kind.SESSION, "two", QoS.EXACTLY_ONCE),
                        tuple(Kind.SHARED_GROUP, "$share/g/a/b", QoS.EXACTLY_ONCE),
                        tuple(Kind.LOCAL, "local subscription a/#", QoS.AT_LEAST_ONCE));
        assertThat(all.get(2).group())
                .containsExactlyInAnyOrder(
                        new GroupMember("member", QoS.AT_LEAST_ONCE, true, true),
                        new GroupMember("away", QoS.EXACTLY_ONCE, false, false));
    }

    @Test
    void pagesThroughSharedGroupsWithWhatWaitsForThem() {
        persistent("away").subscribed("$share/g/t", 1).leave();
        broker.client("member").subscribed("$share/h/t", 1);
        broker.client("publisher").published("t", "p", 1);
        broker.settle();
        List<GroupState> all = all(next -> admin().sharedGroups(next, 1));
        assertThat(all)
                .containsExactly(
                        new GroupState(
                                "$share/g/t",
                                TestBroker.isStored(),
                                1,
                                1,
                                List.of(new GroupMember("away", QoS.AT_LEAST_ONCE, false, false))),
                        new GroupState(
                                "$share/h/t",
                                false,
                                0,
                                1,
                                List.of(new GroupMember("member", QoS.AT_LEAST_ONCE, true, true))));
    }

    @Test
    void pagesThroughRetainedMessages() {
        WireClient publisher = broker.client("publisher");
        publisher.published(publish("a/1", "one").retain(), 1);
        publisher.published(publish("a/2", "two").retain().expiry(60), 0);
        publisher.published(publish("b", "three").retain(), 2);
        List<RetainedState> all = all(next -> admin().retained("a/+", next, 1, 2));
        assertThat(all)
                .extracting(RetainedState::topic, RetainedState::qos, RetainedState::payloadBytes)
                .containsExactly(tuple("a/1", QoS.AT_LEAST_ONCE, 3), tuple("a/2", QoS.AT_MOST_ONCE, 3));
        assertThat(all).extracting(RetainedState::expirySeconds).containsExactly(-1L, 60L);
        assertThat(StandardCharsets.UTF_8.decode(all.get(0).payload()).toString())
                .isEqualTo("on");
        time.advance(Duration.ofSeconds(60));
        assertThat(all(next -> admin().retained("#", next, 1, 0)))
                .extracting(RetainedState::topic)
                .containsExactly("a/1", "b");
    }

    // ---- changes

    @Test
    void purgesAQueueAndLeavesWhatIsInFlight() {
        WireClient c =
                broker.send(MqttVersion.V5, connect("c").sessionExpiry(100).receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t", 1);
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 600; i++) { // more than are dropped in one turn
            publisher.send(publish("t", "p" + i).qos(1, 1 + i));
        }
        for (int i = 0; i < 600; i++) {
            publisher.receive();
        }
        assertThat(get(admin().purgeQueue("c"))).isEqualTo(599);
        assertThat(session("c").queuedMessages()).isZero();
        assertThat(session("c").inflight()).isEqualTo(1);
        assertThat(broker.dropped(DropReason.PURGED)).isEqualTo(599);
        publisher.published("t", "next", 1);
        c.take("t", "p0", 1);
        c.take("t", "next", 1);
        assertThat(get(admin().purgeQueue("nobody"))).isZero();
    }

    @Test
    void endsASessionWithItsConnectionAndPublishesItsWill() {
        WireClient watcher = broker.client("watcher").subscribed("will", 1);
        WireClient c = broker.send(
                MqttVersion.V5,
                connect("c").sessionExpiry(100).will(publish("will", "gone").qos(1)));
        c.expect(connack());
        c.subscribed("t", 1);
        assertThat(get(admin().endSession("c"))).isTrue();
        c.expectDisconnect(ReasonCode.ADMINISTRATIVE_ACTION);
        watcher.take("will", "gone", 1);
        assertThat(broker.hasSession("c")).isFalse();
        assertThat(get(admin().subscribers("t", "", 10)).items()).isEmpty();
        assertThat(get(admin().endSession("c"))).isFalse();
    }

    @Test
    void endsASessionThatWaitsForItsClient() {
        persistent("c").subscribed("t", 1).leave();
        broker.client("publisher").published("t", "p", 1);
        assertThat(get(admin().endSession("c"))).isTrue();
        assertThat(broker.dropped(DropReason.SESSION_ENDED)).isEqualTo(1);
        WireClient c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.expectNothing();
    }

    @Test
    void removesRetainedMessagesAsAClientDoes() {
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 70; i++) { // more than are removed at a time
            publisher.published(publish("a/" + i, "x").retain(), 0);
        }
        publisher.published(publish("b", "x").retain(), 0);
        WireClient watcher = broker.client("watcher").subscribed("a/7", 1);
        watcher.take(publish("a/7", "x").retain());
        assertThat(get(admin().removeRetained("a/+"))).isEqualTo(70);
        watcher.take("a/7", "", 1);
        assertThat(all(next -> admin().retained("#", next, 10, 0)))
                .extracting(RetainedState::topic)
                .containsExactly("b");
        assertThat(get(admin().removeRetained("a/+"))).isZero();
    }

    @Test
    void disconnectsAndRedirects() {
        WireClient one = broker.client("one");
        WireClient two = broker.client("two");
        admin().disconnect("one", ReasonCode.QUOTA_EXCEEDED, "why");
        admin().redirect("two", ReasonCode.SERVER_MOVED, "elsewhere");
        one.expectDisconnect(ReasonCode.QUOTA_EXCEEDED);
        two.expectDisconnect(ReasonCode.SERVER_MOVED);
    }

    // ---- threads, bounds and the end

    @Test
    void answersOnAThreadForHandlers() {
        CountDownLatch registered = new CountDownLatch(1);
        CompletionStage<String> thread = blockedUntil(registered);
        registered.countDown();
        assertThat(get(thread)).contains("-handler-");
    }

    /** Which thread completes a stage that can't be complete before somebody waits for it. */
    private CompletionStage<String> blockedUntil(CountDownLatch registered) {
        Administration admin = admin();
        broker.loop(0).execute(() -> await(registered));
        broker.loop(1).execute(() -> await(registered));
        return admin.inflight("c", "", 1)
                .thenApply(page -> Thread.currentThread().getName());
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1_001})
    void refusesPagesOutOfRange(int max) {
        Administration admin = admin();
        assertThatThrownBy(() -> admin.sessions("", max)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.subscriptions("c", "", max)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.subscribers("t", "", max)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.queue("c", "", max)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.inflight("c", "", max)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.retained("#", "", max, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.sharedGroups("", max)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesWhatIsNoPlaceNoTopicAndNoFilter() {
        Administration admin = admin();
        assertThatThrownBy(() -> admin.queue("c", "x", 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.inflight("c", "wx", 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.subscribers("a/#", "", 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.retained("a/#/b", "", 1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.retained("#", "", 1, 65_537)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> admin.removeRetained("$SYS/#")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void failsWhatTheBrokerDoesNotAnswerAnyMore() {
        Administration admin = admin();
        broker.broker().close(Duration.ZERO);
        for (CompletionStage<?> each : List.of(admin.sessions("", 1), admin.endSession("c"), admin.purgeQueue("c"))) {
            assertThatThrownBy(() -> get(each))
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(RejectedException.class);
        }
    }

    @Test
    void aPageOfAQueueDoesNotGoOnBehindItsEnd() {
        persistent("c").subscribed("t", 1).leave();
        broker.client("publisher").published("t", "p", 1);
        Page<QueuedMessage> page = get(admin().queue("c", "", 1));
        assertThat(page.items()).hasSize(1);
        assertThat(page.next()).isNull();
        assertThat(get(admin().queue("c", "q99", 1)).items()).isEmpty();
    }
}
