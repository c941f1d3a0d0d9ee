package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.session.Session;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.SubscriptionOptions;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions within the process: those of any client, with callbacks in place of a socket. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LocalSessionTest {
    private static final long DAY = 86_400;

    @AutoClose
    private final TestBroker broker = TestBroker.start();

    private final BlockingQueue<Message> came = new LinkedBlockingQueue<>();
    private final MessageHandler keep = MessageHandler.of(came::add);

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private static ReasonCode rejection(CompletionStage<?> stage) {
        try {
            join(stage);
            return ReasonCode.SUCCESS;
        } catch (CompletionException e) {
            assertThat(e.getCause()).isInstanceOf(RejectedException.class);
            return ((RejectedException) e.getCause()).reason();
        }
    }

    private Message next() throws InterruptedException {
        Message message = came.poll(10, TimeUnit.SECONDS);
        assertThat(message).as("a message within 10 s").isNotNull();
        return message;
    }

    private LocalSession session(String clientId) {
        return join(broker.local().connect(LocalSessionOptions.of(clientId)));
    }

    private LocalSession lasting(String clientId) {
        return join(broker.local().connect(LocalSessionOptions.of(clientId).resuming(DAY, keep)));
    }

    private static Message message(String payload, QoS qos) {
        return Message.builder("t").payload(payload).qos(qos).build();
    }

    @ParameterizedTest
    @EnumSource(QoS.class)
    void publishesAndReceivesWithEveryQos(QoS qos) throws InterruptedException {
        LocalSession session = session("local");
        assertThat(session.isSessionPresent()).isFalse();
        assertThat(session.clientId()).isEqualTo("local");
        assertThat(join(session.subscribe("t", QoS.EXACTLY_ONCE, keep))).isEqualTo(QoS.EXACTLY_ONCE);
        WireClient client = broker.client("c").subscribed("t", 2);
        assertThat(join(session.publish(message("from here", qos))).matched()).isTrue();
        client.take("t", "from here", qos.level());
        assertThat(next().payloadText()).isEqualTo("from here");
        broker.client("p").published("t", "from there", qos.level());
        Message message = next();
        assertThat(message.payloadText()).isEqualTo("from there");
        assertThat(message.qos()).isEqualTo(qos);
        client.take("t", "from there", qos.level());
        session.close();
        assertThat(join(session.closed())).isEqualTo(ReasonCode.SUCCESS);
        await().until(() -> !broker.hasSession("local"));
    }

    @Test
    void carriesLargePayloadsBothWays() throws InterruptedException {
        byte[] large = new byte[3 << 20];
        new Random(5).nextBytes(large);
        LocalSession session = session("local");
        join(session.subscribe("t", QoS.AT_LEAST_ONCE, keep));
        join(session.publish(Message.builder("t")
                .wrapPayload(large)
                .qos(QoS.AT_LEAST_ONCE)
                .contentType("type")
                .userProperty("a", "b")
                .build()));
        Message message = next();
        assertThat(message.payload()).isEqualTo(ByteBuffer.wrap(large));
        assertThat(message.contentType()).isEqualTo("type");
        assertThat(message.userProperties()).hasSize(1);
    }

    @Test
    void keepsMoreUnderWayThanTheBrokerTakesAtATime() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withReceiveMaximum(2))) {
            LocalSession session = join(small.local().connect(LocalSessionOptions.of("local")));
            BlockingQueue<Message> all = new LinkedBlockingQueue<>();
            join(session.subscribe("t", QoS.EXACTLY_ONCE, MessageHandler.of(all::add)));
            CompletableFuture<?>[] sent = new CompletableFuture<?>[300];
            for (int i = 0; i < sent.length; i++) {
                sent[i] = session.publish(message("" + i, QoS.of(1 + i % 2))).toCompletableFuture();
            }
            join(CompletableFuture.allOf(sent));
            await().until(() -> all.size() == sent.length);
        }
    }

    @Test
    void acknowledgesWhenTheHandlerIsDoneAndInOrder() throws InterruptedException {
        LocalSession session =
                join(broker.local().connect(LocalSessionOptions.of("local").withReceiveMaximum(2)));
        BlockingQueue<CompletableFuture<Void>> held = new LinkedBlockingQueue<>();
        join(session.subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            came.add(message);
            CompletableFuture<Void> done = new CompletableFuture<>();
            held.add(done);
            return done;
        }));
        WireClient client = broker.client("c");
        for (int i = 0; i < 4; i++) {
            client.published("t", "" + i, 1);
        }
        assertThat(next().payloadText()).isEqualTo("0");
        broker.settle();
        assertThat(came).isEmpty(); // one at a time
        assertThat((int) broker.ask("local", Session::queued)).isEqualTo(2); // two are unacknowledged
        for (int i = 1; i < 4; i++) {
            held.take().complete(null);
            assertThat(next().payloadText()).isEqualTo("" + i);
        }
        await().until(() -> broker.ask("local", Session::queued) == 0);
    }

    @Test
    void aHandlerMayWaitForWhatItPublishesItself() throws InterruptedException {
        LocalSession session = session("local");
        join(session.subscribe("answers", QoS.AT_LEAST_ONCE, keep));
        join(session.subscribe("t", QoS.EXACTLY_ONCE, MessageHandler.of(message -> {
            join(session.publish(Message.builder("answers")
                    .payload(message.payloadText())
                    .qos(QoS.EXACTLY_ONCE)
                    .build()));
        })));
        for (int i = 0; i < 3; i++) {
            join(broker.local().publish(message("" + i, QoS.EXACTLY_ONCE)));
            assertThat(next().payloadText()).isEqualTo("" + i);
        }
    }

    @Test
    void aHandlerThatFailsRejectsTheMessage() throws InterruptedException {
        LocalSession session = session("local");
        join(session.subscribe("t", QoS.EXACTLY_ONCE, message -> {
            came.add(message);
            return message.payloadText().equals("throw")
                    ? sneak()
                    : message.payloadText().equals("null") ? null : done();
        }));
        for (String how : new String[] {"throw", "null", "fine"}) {
            join(broker.local().publish(message(how, QoS.AT_LEAST_ONCE)));
            assertThat(next().payloadText()).isEqualTo(how);
        }
        await().until(() -> broker.dropped(DropReason.REJECTED_BY_RECEIVER) == 2);
    }

    private static CompletionStage<?> sneak() {
        throw new AssertionError("on purpose");
    }

    private static CompletionStage<?> done() {
        return CompletableFuture.completedFuture(null);
    }

    @Test
    void resumesItsSessionWithWhatHasWaited() throws InterruptedException {
        LocalSession first = lasting("local");
        assertThat(first.isSessionPresent()).isFalse();
        join(first.subscribe("t", QoS.EXACTLY_ONCE, keep));
        first.close();
        join(first.closed());
        WireClient client = broker.client("c");
        client.published("t", "one", 1).published("t", "two", 2);
        LocalSession second = lasting("local");
        assertThat(second.isSessionPresent()).isTrue();
        assertThat(next().payloadText()).isEqualTo("one");
        assertThat(next().payloadText()).isEqualTo("two");
        BlockingQueue<Message> mine = new LinkedBlockingQueue<>();
        join(second.subscribe("t", QoS.AT_LEAST_ONCE, MessageHandler.of(mine::add)));
        client.published("t", "live", 1);
        assertThat(mine.poll(10, TimeUnit.SECONDS).payloadText()).isEqualTo("live");
        assertThat(join(second.unsubscribe("t"))).isTrue();
        assertThat(join(second.unsubscribe("t"))).isFalse();
        client.published("t", "unheard", 1);
        broker.settle();
        assertThat(came).isEmpty();
        assertThat(mine).isEmpty();
    }

    @Test
    void getsAgainWhatNoHandlerWasDoneWith() throws InterruptedException {
        LocalSession first = lasting("local");
        join(first.subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            came.add(message);
            return new CompletableFuture<>(); // never
        }));
        join(broker.local().publish(message("1", QoS.AT_LEAST_ONCE)));
        join(broker.local().publish(message("2", QoS.AT_LEAST_ONCE)));
        assertThat(next().payloadText()).isEqualTo("1");
        first.close();
        join(first.closed());
        lasting("local");
        assertThat(next().payloadText()).isEqualTo("1");
        assertThat(next().payloadText()).isEqualTo("2");
    }

    @Test
    void isTakenOverByAnyClientAndTakesOver() throws InterruptedException {
        LocalSession local = session("same");
        WireClient client = broker.client("same");
        assertThat(join(local.closed())).isEqualTo(ReasonCode.SESSION_TAKEN_OVER);
        assertThat(rejection(local.publish(message("late", QoS.AT_LEAST_ONCE))))
                .isEqualTo(ReasonCode.SESSION_TAKEN_OVER);
        assertThat(rejection(local.subscribe("t", QoS.AT_LEAST_ONCE, keep))).isEqualTo(ReasonCode.SESSION_TAKEN_OVER);
        session("same");
        client.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
    }

    @Test
    void endsByTheAdministratorAndWithTheBroker() {
        LocalSession local = session("local");
        broker.broker().disconnect("local", ReasonCode.ADMINISTRATIVE_ACTION, "");
        assertThat(join(local.closed())).isEqualTo(ReasonCode.ADMINISTRATIVE_ACTION);
        LocalSession other = session("other");
        broker.broker().close();
        assertThat(join(other.closed())).isEqualTo(ReasonCode.SERVER_SHUTTING_DOWN);
        assertThat(rejection(broker.local().connect(LocalSessionOptions.of("late"))))
                .isEqualTo(ReasonCode.SERVER_SHUTTING_DOWN);
    }

    @Test
    void leavesItsWillUnlessItCloses() throws InterruptedException {
        Message will = Message.builder("wills")
                .payload("gone")
                .qos(QoS.AT_LEAST_ONCE)
                .contentType("type")
                .build();
        WireClient client = broker.client("c").subscribed("wills", 1);
        LocalSession quiet =
                join(broker.local().connect(LocalSessionOptions.of("quiet").withWill(will, 0)));
        quiet.close();
        join(quiet.closed());
        LocalSession loud =
                join(broker.local().connect(LocalSessionOptions.of("loud").withWill(will, 0)));
        loud.disconnectWithWill();
        assertThat(join(loud.closed())).isEqualTo(ReasonCode.DISCONNECT_WITH_WILL_MESSAGE);
        client.take(publish("wills", "gone")
                .qos(1)
                .with(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                .with(Property.CONTENT_TYPE, "type"));
        client.ping(); // and that was the only one
    }

    @Test
    void sharesWithSocketClients() throws InterruptedException {
        LocalSession local = session("local");
        join(local.subscribe("$share/g/t", QoS.AT_LEAST_ONCE, keep));
        WireClient client = broker.client("c").subscribed("$share/g/t", 1);
        for (int i = 0; i < 4; i++) {
            join(broker.local().publish(message("" + i, QoS.AT_LEAST_ONCE)));
        }
        next();
        next();
        for (int i = 0; i < 2; i++) {
            client.acknowledge((ReceivedPublish) client.receive());
        }
        assertThat(came).isEmpty();
    }

    @Test
    void anOverlapOfSubscriptionsReachesTheHandlerOfEach() throws InterruptedException {
        LocalSession local = session("local");
        BlockingQueue<Message> others = new LinkedBlockingQueue<>();
        join(local.subscribe("t", QoS.AT_LEAST_ONCE, keep));
        join(local.subscribe("+", QoS.AT_LEAST_ONCE, MessageHandler.of(others::add)));
        join(local.subscribe("other", SubscriptionOptions.of(QoS.AT_LEAST_ONCE).withNoLocal(true), keep));
        join(local.publish(message("both", QoS.AT_LEAST_ONCE)));
        assertThat(next().payloadText()).isEqualTo("both");
        assertThat(others.poll(10, TimeUnit.SECONDS)).isNotNull();
    }

    @ParameterizedTest
    @CsvSource({"t, +, throw", "+, t, throw", "t, +, null", "+, t, null"})
    void anOverlapReachesTheOtherHandlerIfOneFails(String bad, String good, String how) throws InterruptedException {
        LocalSession local = session("local");
        join(local.subscribe(bad, QoS.AT_LEAST_ONCE, message -> how.equals("null") ? null : sneak()));
        join(local.subscribe(good, QoS.AT_LEAST_ONCE, keep));
        join(broker.local().publish(message("both", QoS.AT_LEAST_ONCE)));
        assertThat(next().payloadText()).isEqualTo("both");
        await().until(() -> broker.dropped(DropReason.REJECTED_BY_RECEIVER) == 1);
    }

    @Test
    void aHandlerSetBehindAnUnsubscribeStays() throws InterruptedException {
        LocalSession session = lasting("local");
        BlockingQueue<Message> before = new LinkedBlockingQueue<>();
        BlockingQueue<Message> since = new LinkedBlockingQueue<>();
        join(session.subscribe("t", QoS.AT_LEAST_ONCE, MessageHandler.of(before::add)));
        CompletionStage<Boolean> ended = session.unsubscribe("t");
        CompletionStage<QoS> subscribed = session.subscribe("t", QoS.AT_LEAST_ONCE, MessageHandler.of(since::add));
        assertThat(join(ended)).isTrue();
        join(subscribed);
        join(broker.local().publish(message("pipelined", QoS.AT_LEAST_ONCE)));
        assertThat(since.poll(10, TimeUnit.SECONDS).payloadText()).isEqualTo("pipelined");
        join(session.unsubscribe("t")
                .thenCompose(done -> session.subscribe("t", QoS.AT_LEAST_ONCE, MessageHandler.of(since::add))));
        join(session.unsubscribe("other")); // whatever the first one has left to do is done
        join(broker.local().publish(message("chained", QoS.AT_LEAST_ONCE)));
        assertThat(since.poll(10, TimeUnit.SECONDS).payloadText()).isEqualTo("chained");
        assertThat(before).isEmpty();
        assertThat(came).isEmpty();
    }

    @Test
    void whatDependsOnAnAnswerMayWaitForAnother() {
        CompletionStage<Boolean> all = broker.local()
                .connect(LocalSessionOptions.of("local"))
                .thenApply(session -> {
                    join(session.subscribe("t", QoS.AT_LEAST_ONCE, keep)
                            .thenApply(granted -> join(session.publish(message("p", QoS.AT_LEAST_ONCE)))));
                    return join(session.unsubscribe("t"));
                });
        assertThat(join(all)).isTrue();
    }

    @Test
    void losesQos0MessagesAboveItsBound() throws InterruptedException {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withLocalQueueMessagesMax(2))) {
            LocalSession local = join(small.local().connect(LocalSessionOptions.of("local")));
            CompletableFuture<Void> held = new CompletableFuture<>();
            join(local.subscribe("t", QoS.AT_MOST_ONCE, message -> {
                came.add(message);
                return held;
            }));
            for (int i = 0; i < 5; i++) {
                join(small.local().publish(message("" + i, QoS.AT_MOST_ONCE)));
            }
            await().until(() -> small.dropped(DropReason.LOCAL_QUEUE_FULL) == 3);
            held.complete(null);
            assertThat(next().payloadText()).isEqualTo("0");
            assertThat(next().payloadText()).isEqualTo("1");
        }
    }

    @Test
    void isRefusedLikeAnyClient() {
        try (TestBroker small = TestBroker.start(Limits.EMBEDDED.withSessionsMax(1))) {
            join(small.local().connect(LocalSessionOptions.of("one")));
            assertThat(rejection(small.local().connect(LocalSessionOptions.of("two"))))
                    .isEqualTo(ReasonCode.QUOTA_EXCEEDED);
        }
        assertThatThrownBy(
                        () -> broker.local().connect(LocalSessionOptions.of("c").withCleanStart(false)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> LocalSessionOptions.of("c").withReceiveMaximum(0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(session("").clientId()).startsWith("auto-");
    }

    @Test
    void nobodyIsAskedForPermission() {
        try (TestBroker guarded = TestBroker.start(builder -> builder.security(
                request -> CompletableFuture.failedFuture(new IllegalStateException("asked")),
                client -> CompletableFuture.failedFuture(new IllegalStateException("asked"))))) {
            LocalSession local = join(guarded.local().connect(LocalSessionOptions.of("local")));
            join(local.subscribe("t", QoS.AT_LEAST_ONCE, keep));
            assertThat(join(local.publish(message("p", QoS.AT_LEAST_ONCE))).matched())
                    .isTrue();
        }
    }
}
