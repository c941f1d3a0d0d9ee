package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.ConnectTerms;
import dev.dunlin.broker.spi.Disconnection;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.broker.spi.OnFailure;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.SubscriptionRequest;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Interceptors of connections, filters, wills and ends; several of them; and what becomes of it when one fails. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class InterceptorTest {
    private static final long DAY = 86_400;

    private final ScriptedInterceptor interceptor = new ScriptedInterceptor();

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.intercept(interceptor));

    private final WireClient publisher = broker.client("publisher");

    private static boolean isTold(MqttVersion version) {
        return version == MqttVersion.V5;
    }

    // ---- connect

    @EachVersion
    void grantsOtherTerms(MqttVersion version) {
        interceptor.connect =
                terms -> Verdict.replace(terms.withSessionExpirySeconds(1_000).withKeepAliveSeconds(30));
        WireClient c = broker.send(version, connect("c").sessionExpiry(DAY).keepAlive(60));
        Connack connack = c.expect(connack());
        assertThat(connack.properties().integer(Property.SESSION_EXPIRY_INTERVAL, -1))
                .isEqualTo(isTold(version) ? 1_000 : -1);
        assertThat(connack.properties().integer(Property.SERVER_KEEP_ALIVE, -1)).isEqualTo(isTold(version) ? 30 : -1);
        assertThat(interceptor.asked).contains("connect c " + (isTold(version) ? DAY : 0xFFFF_FFFFL) + " 60");
        c.leave();
        assertThat(broker.hasSession("c")).isTrue();
        interceptor.connect = terms -> Verdict.replace(terms.withSessionExpirySeconds(0));
        WireClient again = broker.send(version, connect("c").sessionExpiry(DAY));
        again.expect(connack().sessionPresent());
        again.leave();
        assertThat(broker.hasSession("c")).isFalse();
    }

    @Test
    void whatItGrantsIsTheMostThatADisconnectCanAskFor() {
        interceptor.connect = terms -> Verdict.replace(terms.withSessionExpirySeconds(0));
        WireClient c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(DAY));
        c.expect(connack());
        c.leave(disconnect().sessionExpiry(DAY));
        assertThat(broker.hasSession("c")).isFalse();
    }

    @EachVersion
    void aCleanSessionOf3xStaysOne(MqttVersion version) {
        interceptor.connect = terms -> Verdict.replace(terms.withSessionExpirySeconds(DAY));
        WireClient c = broker.send(version, connect("c").cleanStart());
        c.expect(connack());
        c.leave();
        assertThat(broker.hasSession("c")).isEqualTo(isTold(version));
    }

    @EachVersion
    void refusesAConnection(MqttVersion version) {
        interceptor.connect = terms -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "not today");
        broker.send(version, connect("c")).expectRefusal(ReasonCode.NOT_AUTHORIZED);
        interceptor.connect = terms -> Verdict.disconnect(ReasonCode.SERVER_BUSY, "");
        broker.send(version, connect("c")).expectRefusal(ReasonCode.SERVER_BUSY);
        interceptor.connect = terms -> null;
        broker.send(version, connect("c")).expectRefusal(ReasonCode.UNSPECIFIED_ERROR);
        assertThat(broker.hasSession("c")).isFalse();
        assertThat(interceptor.asked("disconnect c")).isZero();
    }

    @EachVersion
    void aConnectionMayHaveToWait(MqttVersion version) {
        CompletableFuture<Verdict<ConnectTerms>> later = new CompletableFuture<>();
        WireClient before = broker.client(version, "c");
        interceptor.connect = terms -> Verdict.later(later);
        WireClient c = broker.send(version, connect("c").cleanStart());
        interceptor.awaitAsked("connect c", 2);
        before.ping(); // not taken over
        later.complete(Verdict.pass());
        c.expect(connack());
        before.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
    }

    // ---- subscribe

    @EachVersion
    void putsAnotherFilterInItsPlaceAndFindsItAgain(MqttVersion version) {
        interceptor.subscribe = asked -> Verdict.replace(new SubscriptionRequest(
                "tenant/" + asked.filter(), QoS.AT_LEAST_ONCE, asked.noLocal(), asked.retainAsPublished(), 0));
        interceptor.unsubscribe = filter -> Verdict.replace("tenant/" + filter);
        WireClient c = broker.client(version, "c");
        c.send(subscribe(1, "a", 2));
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        publisher.published("tenant/a", "p", 2).published("a", "p", 2);
        c.take("tenant/a", "p", 1);
        c.expectNothing();
        c.send(unsubscribe(2, "a"));
        c.expect(unsuback(2, ReasonCode.SUCCESS));
        publisher.published("tenant/a", "p", 2);
        c.expectNothing();
    }

    @EachVersion
    void refusesFiltersOneByOne(MqttVersion version) {
        interceptor.subscribe = asked -> switch (asked.filter()) {
            case "no" -> Verdict.reject(ReasonCode.QUOTA_EXCEEDED, "too many");
            case "odd" -> Verdict.reject(ReasonCode.BANNED, "");
            case "broken" -> Verdict.replace(new SubscriptionRequest("a/#/b", QoS.AT_MOST_ONCE));
            default -> Verdict.pass();
        };
        WireClient c = broker.client(version, "c");
        c.send(subscribe(1, "no", 1)
                .and("yes", 1)
                .and("odd", 1)
                .and("broken", 0)
                .and("$share/g/s", 1));
        ReasonCode failure = ReasonCode.UNSPECIFIED_ERROR;
        ReasonCode quota = isTold(version) ? ReasonCode.QUOTA_EXCEEDED : failure;
        assertThat(c.expect(suback(1, quota, ReasonCode.GRANTED_QOS_1, failure, failure, ReasonCode.GRANTED_QOS_1))
                        .properties()
                        .string(Property.REASON_STRING))
                .isEqualTo(isTold(version) ? "too many" : null);
        publisher.published("no", "p", 1).published("s", "p", 1).published("yes", "p", 1);
        c.take("s", "p", 1);
        c.take("yes", "p", 1);
        c.expectNothing();
    }

    @EachVersion
    void nothingIsDoneBeforeTheLastAnswer(MqttVersion version) {
        publisher.published(publish("a", "kept").retain(), 1);
        CompletableFuture<Verdict<SubscriptionRequest>> later = new CompletableFuture<>();
        interceptor.subscribe = asked -> asked.filter().equals("b") ? Verdict.later(later) : Verdict.pass();
        WireClient c = broker.client(version, "c");
        c.send(
                subscribe(1, "a", 1).and("b", 1).and("c", 1),
                publish("b", "behind").qos(1, 2));
        interceptor.awaitAsked("subscribe c b", 1);
        publisher.published("a", "p", 1);
        broker.settle();
        c.expectNothingYet();
        later.complete(Verdict.pass());
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1, ReasonCode.GRANTED_QOS_1, ReasonCode.GRANTED_QOS_1));
        assertThat(List.of(
                        c.receive().toString(),
                        c.receive().toString(),
                        c.receive().toString()))
                .anyMatch(packet -> packet.contains("kept"))
                .anyMatch(packet -> packet.contains("behind"))
                .anyMatch(packet -> packet.contains("PUBACK"));
    }

    @EachVersion
    void aRefusedUnsubscribeLeavesTheSubscription(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("a", 1);
        interceptor.unsubscribe = filter -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "no");
        c.send(unsubscribe(2, "a"));
        c.expect(unsuback(2, isTold(version) ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS));
        publisher.published("a", "p", 1);
        c.take("a", "p", 1);
        interceptor.unsubscribe = filter -> Verdict.replace("");
        c.send(unsubscribe(3, "a"));
        if (isTold(version)) {
            c.expect(unsuback(3, ReasonCode.UNSPECIFIED_ERROR));
        } else {
            c.expectClosed();
        }
        WireClient other = broker.client(version, "other").subscribed("a", 1);
        interceptor.unsubscribe = filter -> Verdict.disconnect(ReasonCode.NOT_AUTHORIZED, "");
        other.send(unsubscribe(4, "a"));
        other.expectDisconnect(ReasonCode.NOT_AUTHORIZED);
    }

    // ---- wills

    @EachVersion
    void changesAndRefusesWills(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("#", 2);
        interceptor.will = will -> Verdict.replace(will.toBuilder()
                .topic("status")
                .payload("offline")
                .qos(QoS.EXACTLY_ONCE)
                .build());
        loseWithWill(version);
        witness.take("status", "offline", 2);
        interceptor.will = will -> Verdict.pass();
        loseWithWill(version);
        witness.take("will", "gone", 1);
        for (Verdict<Message> no : List.<Verdict<Message>>of(
                Verdict.reject(ReasonCode.NOT_AUTHORIZED, ""), Verdict.disconnect(ReasonCode.NOT_AUTHORIZED, ""))) {
            interceptor.will = will -> no;
            loseWithWill(version);
        }
        interceptor.will =
                will -> Verdict.later(CompletableFuture.failedFuture(new IllegalStateException("on purpose")));
        loseWithWill(version);
        witness.expectNothing();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(3);
        assertThat(interceptor.asked("will c will")).isEqualTo(5);
    }

    private void loseWithWill(MqttVersion version) {
        WireClient c = broker.send(
                version, connect("c").cleanStart().will(publish("will", "gone").qos(1)));
        c.expect(connack());
        c.drop();
        TestBroker.eventually("its session is over", () -> !broker.hasSession("c"));
    }

    @EachVersion
    void theNextConnectionWaitsForTheAnswerAboutTheWillBefore(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("will", 1);
        CompletableFuture<Verdict<Message>> later = new CompletableFuture<>();
        interceptor.will = will -> Verdict.later(later);
        WireClient c = broker.send(
                version, connect("c").cleanStart().will(publish("will", "gone").qos(1)));
        c.expect(connack());
        WireClient next = broker.send(version, connect("c").cleanStart());
        interceptor.awaitAsked("will c", 1);
        c.ping(); // not taken over
        next.expectNothingYet();
        later.complete(Verdict.pass());
        next.expect(connack());
        witness.take("will", "gone", 1);
        c.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        assertThat(interceptor.asked("will c")).isEqualTo(1);
    }

    /** They have a listener's name, but are the host's own. */
    @Test
    void nobodySeesSessionsOfTheHostItself() throws Exception {
        interceptor.connect = terms -> Verdict.replace(terms.withKeepAliveSeconds(1));
        interceptor.publish = message -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "");
        interceptor.subscribe = asked -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "");
        interceptor.unsubscribe = filter -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "");
        interceptor.deliver = message -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "");
        interceptor.will = message -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "");
        interceptor.asked.clear();
        BlockingQueue<String> came = new LinkedBlockingQueue<>();
        LocalSession session = broker.local()
                .connect(LocalSessionOptions.of("own").withWill(Message.of("t", "gone"), 0))
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        session.subscribe("#", QoS.EXACTLY_ONCE, MessageHandler.of(message -> came.add(message.payloadText())))
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        for (QoS qos : QoS.values()) {
            Message message = Message.builder("t").payload(qos.name()).qos(qos).build();
            session.publish(message).toCompletableFuture().get(10, TimeUnit.SECONDS);
            assertThat(came.poll(10, TimeUnit.SECONDS)).isEqualTo(qos.name());
        }
        WireClient witness = broker.client("witness"); // what others do is seen as ever
        witness.send(subscribe(1, "t", 1)).expect(suback(1, ReasonCode.NOT_AUTHORIZED));
        broker.broker().disconnect("own", ReasonCode.ADMINISTRATIVE_ACTION, "enough");
        TestBroker.eventually("it has ended", () -> !broker.hasSession("own"));
        assertThat(interceptor.asked).containsExactly("connect witness 0 0", "subscribe witness t");
    }

    @EachVersion
    void aWillWhoseClientLeavesInPeaceMeanwhileIsNotPublished(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("will", 1);
        CompletableFuture<Verdict<Message>> later = new CompletableFuture<>();
        interceptor.will = will -> Verdict.later(later);
        WireClient c = broker.send(
                version, connect("c").cleanStart().will(publish("will", "gone").qos(1)));
        c.expect(connack());
        WireClient next = broker.send(version, connect("c").cleanStart());
        interceptor.awaitAsked("will c", 1);
        c.leave();
        later.complete(Verdict.pass());
        next.expect(connack());
        witness.expectNothing();
    }

    @EachVersion
    void aWillOfAnEndedSessionIsPublishedWhenTheAnswerComes(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("will", 1);
        CompletableFuture<Verdict<Message>> later = new CompletableFuture<>();
        interceptor.will = will -> Verdict.later(later);
        loseWithWill(version);
        witness.expectNothing();
        later.complete(Verdict.pass());
        witness.take("will", "gone", 1);
        broker.settle();
        assertThat(broker.sessions()).isEqualTo(2);
    }

    // ---- ends

    @EachVersion
    void tellsHowAConnectionHasEnded(MqttVersion version) {
        WireClient left = broker.send(version, connect("c").cleanStart().will(publish("will", "gone")));
        left.expect(connack());
        left.leave();
        awaitEnd(new Disconnection(Disconnection.By.CLIENT, ReasonCode.SUCCESS, "", false));
        WireClient lost = broker.send(version, connect("c").cleanStart().will(publish("will", "gone")));
        lost.expect(connack());
        lost.drop();
        awaitEnd(new Disconnection(Disconnection.By.NETWORK, ReasonCode.UNSPECIFIED_ERROR, "connection lost", true));
        broker.client(version, "c");
        broker.broker().disconnect("c", ReasonCode.ADMINISTRATIVE_ACTION, "enough");
        awaitEnd(new Disconnection(Disconnection.By.BROKER, ReasonCode.ADMINISTRATIVE_ACTION, "enough", false));
    }

    private void awaitEnd(Disconnection how) {
        TestBroker.eventually("an end", () -> !interceptor.ends.isEmpty());
        assertThat(interceptor.ends).containsExactly(how);
        interceptor.ends.clear();
    }

    @Test
    void anEndThatThrowsIsNobodysProblem() {
        ScriptedInterceptor behind = new ScriptedInterceptor();
        Interceptor throwing = new Interceptor() {
            @Override
            public void onDisconnect(ClientInfo who, Disconnection how) {
                if (who.clientId().equals("undeclared")) {
                    ScriptedInterceptor.failUndeclared();
                }
                throw new StackOverflowError("on purpose");
            }
        };
        try (TestBroker own =
                TestBroker.start(builder -> builder.intercept(throwing).intercept(behind))) {
            own.client("undeclared").leave();
            behind.awaitAsked("disconnect undeclared", 1);
            own.client("c").leave();
            behind.awaitAsked("disconnect c", 1);
            own.client("c").ping();
        }
    }

    // ---- several, and which

    @Test
    void eachSeesWhatTheOneBeforeHasMadeOfItAndTheFirstRefusalEndsIt() {
        ScriptedInterceptor first = new ScriptedInterceptor();
        ScriptedInterceptor second = new ScriptedInterceptor();
        ScriptedInterceptor third = new ScriptedInterceptor();
        first.publish = message ->
                Verdict.replace(message.toBuilder().topic(message.topic() + "1").build());
        second.publish = message -> Verdict.later(CompletableFuture.supplyAsync(() ->
                Verdict.replace(message.toBuilder().topic(message.topic() + "2").build())));
        try (TestBroker own = TestBroker.start(
                builder -> builder.intercept(first).intercept(second).intercept(third))) {
            WireClient subscriber = own.client("subscriber").subscribed("#", 1);
            WireClient c = own.client("c").published("t", "p", 1);
            subscriber.take("t12", "p", 1);
            assertThat(third.asked).contains("publish c t12 p");
            second.publish = message -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "");
            c.send(publish("t", "p").qos(1, 1));
            c.expect(puback(1).reason(ReasonCode.NOT_AUTHORIZED));
            assertThat(third.asked("publish")).isEqualTo(1);
        }
    }

    @Test
    void asksOnlyForWhatIsOverridden() {
        AtomicInteger asked = new AtomicInteger();
        Interceptor proxy = (Interceptor) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Interceptor.class}, (self, method, arguments) -> {
                    asked.incrementAndGet();
                    return method.getReturnType() == Verdict.class ? Verdict.pass() : null;
                });
        Interceptor none = new Interceptor() {};
        assertThat(new dev.dunlin.broker.session.Interceptors(List.of(none), 1, OnFailure.REJECT))
                .hasAllNullFieldsOrPropertiesExcept("disconnect", "hearOfDisconnects");
        try (TestBroker own =
                TestBroker.start(builder -> builder.intercept(proxy).intercept(none))) {
            own.client("c").subscribed("t", 1).send(publish("t", "p")).take("t", "p", 0);
            assertThat(asked.get()).isEqualTo(4); // connect, subscribe, publish, deliver
        }
    }

    @Test
    void oneThatBlocksRunsOnItsExecutor() {
        ScriptedInterceptor inner = new ScriptedInterceptor();
        List<String> threads = new java.util.concurrent.CopyOnWriteArrayList<>();
        inner.publish = message -> {
            threads.add(Thread.currentThread().getName());
            return message.topic().equals("later")
                    ? Verdict.later(CompletableFuture.supplyAsync(Verdict::pass))
                    : Verdict.pass();
        };
        AtomicInteger tasks = new AtomicInteger();
        Interceptor blocking = Interceptor.blocking(inner, task -> {
            if (tasks.incrementAndGet() > 6) {
                throw new RejectedExecutionException("on purpose");
            }
            new Thread(task, "blocks").start();
        });
        try (TestBroker own = TestBroker.start(builder -> builder.intercept(blocking))) {
            WireClient c = own.client("c").subscribed("t", 1);
            c.send(publish("t", "p")).take("t", "p", 0);
            c.published("later", "p", 1).published("u", "p", 1);
            c.send(unsubscribe(9, "t"));
            c.expect(unsuback(9, ReasonCode.SUCCESS));
            c.send(publish("t", "p").qos(1, 1));
            c.expect(puback(1).reason(ReasonCode.UNSPECIFIED_ERROR));
            assertThat(threads).containsOnly("blocks").hasSize(3);
        }
    }

    @Test
    void seesWholeTopicsBehindAMountPoint() {
        ScriptedInterceptor own = new ScriptedInterceptor();
        try (TestBroker mounted = TestBroker.start(builder -> builder.intercept(own)
                .listen(Listener.tcp("127.0.0.1", 0).name("mounted").features(Features.ALL.withMountPoint("site/"))))) {
            try (WireClient c = WireClient.connect(mounted.broker().port("mounted"), MqttVersion.V5)) {
                c.login("c").subscribed("t", 1).send(publish("t", "p"));
                c.take("t", "p", 0);
                own.deliver = message ->
                        Verdict.replace(message.toBuilder().topic("site/u").build());
                c.send(publish("t", "p"));
                c.take("u", "p", 0);
                assertThat(own.asked).contains("subscribe c site/t", "publish c site/t p", "deliver c site/t p 0");
            }
        }
    }

    // ---- failures

    /** How an interceptor of publishes may fail. */
    enum Failure {
        THROWS(message -> {
            throw new IllegalStateException("on purpose");
        }),
        THROWS_AN_ERROR(message -> {
            throw new NoClassDefFoundError("on purpose");
        }),
        THROWS_WHAT_IT_DOES_NOT_DECLARE(message -> ScriptedInterceptor.failUndeclared()),
        ANSWERS_NULL(message -> null),
        FAILS_LATER(message -> Verdict.later(CompletableFuture.failedFuture(new IllegalStateException("on purpose")))),
        ANSWERS_NULL_LATER(message -> Verdict.later(CompletableFuture.supplyAsync(() -> null))),
        IS_LATER_AGAIN(
                message -> Verdict.later(CompletableFuture.completedFuture(Verdict.later(new CompletableFuture<>())))),
        HAS_A_STAGE_THAT_THROWS(message -> Verdict.later(stageThatThrows())),
        NEVER_ANSWERS(message -> Verdict.later(new CompletableFuture<>())),
        HAS_A_WILDCARD_IN_A_TOPIC(message -> Verdict.replace(Message.of("a/#", "p"))),
        HAS_A_TOPIC_OF_THE_BROKER(message -> Verdict.replace(Message.of("$SYS/broker/x", "p"))),
        HAS_NO_TOPIC(message -> Verdict.replace(Message.of("", "p"))),
        HAS_A_NUL(
                message -> Verdict.replace(message.toBuilder().contentType("\0").build())),
        HAS_A_WILDCARD_IN_ITS_RESPONSE_TOPIC(message ->
                Verdict.replace(message.toBuilder().responseTopic("+").build())),
        REJECTS_WITHOUT_AN_ERROR(message -> Verdict.reject(ReasonCode.SUCCESS, "")),
        SAYS_WHAT_NO_PACKET_CAN(message -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "\0")),
        REPLACES_BY_NOTHING(message -> Verdict.replace(null));

        @SuppressWarnings("ImmutableEnumChecker") // none keeps anything
        private final Function<Message, Verdict<Message>> hook;

        Failure(Function<Message, Verdict<Message>> hook) {
            this.hook = hook;
        }

        @SuppressWarnings("unchecked")
        private static CompletionStage<Verdict<Message>> stageThatThrows() {
            return (CompletionStage<Verdict<Message>>) Proxy.newProxyInstance(
                    Failure.class.getClassLoader(),
                    new Class<?>[] {CompletionStage.class},
                    (self, method, arguments) -> {
                        throw new UnsupportedOperationException("on purpose");
                    });
        }
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void whatFailsIsRefusedAndA3xClientWhoCannotBeToldComesBack(Failure failure) {
        ScriptedInterceptor failing = new ScriptedInterceptor();
        failing.publish = failure.hook;
        try (TestBroker own =
                TestBroker.start(builder -> builder.intercept(failing).interceptorTimeout(Duration.ofMillis(20)))) {
            WireClient subscriber = own.client("subscriber").subscribed("#", 1);
            WireClient told = own.client(MqttVersion.V5, "told");
            told.send(
                    publish("t", "p"),
                    publish("t", "p").qos(1, 1),
                    publish("t", "p").qos(2, 2));
            told.expect(puback(1).reason(ReasonCode.UNSPECIFIED_ERROR));
            told.expect(pubrec(2).reason(ReasonCode.UNSPECIFIED_ERROR));
            WireClient other = own.client(MqttVersion.V3_1_1, "other");
            other.published("t", "p", 0); // nobody waits for an acknowledgement
            other.send(publish("t", "p").qos(2, 1));
            other.expectClosed();
            assertThat(own.dropped(DropReason.REFUSED)).isEqualTo(5);
            subscriber.expectNothing();
        }
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void whatFailsPassesIfTheHostSaysSo(Failure failure) {
        ScriptedInterceptor failing = new ScriptedInterceptor();
        ScriptedInterceptor behind = new ScriptedInterceptor();
        failing.publish = failure.hook;
        try (TestBroker own = TestBroker.start(builder -> builder.intercept(failing)
                .intercept(behind)
                .interceptorTimeout(Duration.ofMillis(20))
                .interceptorFailure(OnFailure.PASS))) {
            own.client("c").subscribed("t", 1).send(publish("t", "p")).take("t", "p", 0);
            assertThat(behind.asked("publish c t p")).isEqualTo(1);
        }
    }

    @EachVersion
    void orItsConnectionIsClosed(MqttVersion version) {
        ScriptedInterceptor failing = new ScriptedInterceptor();
        failing.publish = message -> null;
        failing.subscribe = asked -> null;
        failing.unsubscribe = filter -> null;
        try (TestBroker own =
                TestBroker.start(builder -> builder.intercept(failing).interceptorFailure(OnFailure.DISCONNECT))) {
            own.client(version, "c").send(publish("t", "p")).expectDisconnect(ReasonCode.UNSPECIFIED_ERROR);
            own.client(version, "c").send(subscribe(1, "t", 1)).expectDisconnect(ReasonCode.UNSPECIFIED_ERROR);
            own.client(version, "c").send(unsubscribe(1, "t")).expectDisconnect(ReasonCode.UNSPECIFIED_ERROR);
            failing.connect = terms -> {
                throw new AssertionError("on purpose");
            };
            own.send(version, connect("c")).expectRefusal(ReasonCode.UNSPECIFIED_ERROR);
        }
    }

    @Test
    void anAnswerThatIsTooLateChangesNothing() {
        ScriptedInterceptor slow = new ScriptedInterceptor();
        try (TestBroker own =
                TestBroker.start(builder -> builder.intercept(slow).interceptorTimeout(Duration.ofMillis(20)))) {
            WireClient subscriber = own.client("subscriber").subscribed("t", 1);
            List<CompletableFuture<Verdict<Message>>> answers = slow.publishesLater(1);
            WireClient c = own.client("c");
            c.send(publish("t", "late").qos(1, 1));
            c.expect(puback(1).reason(ReasonCode.UNSPECIFIED_ERROR));
            answers.get(0).complete(Verdict.pass());
            c.published("t", "next", 1);
            subscriber.take("t", "next", 1);
            subscriber.expectNothing();
        }
    }

    /** It completes a question about one client while it is asked about another, in the middle of a fan-out. */
    @Test
    void anAnswerFromInsideOfAnotherQuestionComesBehindIt() {
        ScriptedInterceptor own = new ScriptedInterceptor();
        try (TestBroker alone = TestBroker.start(builder -> builder.loops(1).intercept(own))) {
            WireClient one = alone.client("one").subscribed("#", 1);
            WireClient two = alone.client("two").subscribed("#", 1);
            List<CompletableFuture<Verdict<Message>>> answers = own.publishesLater(1);
            WireClient waits = alone.client("waits");
            waits.send(publish("t", "waited").qos(1, 1));
            own.awaitAsked("publish waits", 1);
            own.deliver = message -> {
                answers.get(0).complete(Verdict.pass());
                return Verdict.pass();
            };
            alone.client("other").published("u", "p", 1);
            waits.expect(puback(1));
            for (WireClient each : List.of(one, two)) {
                each.take("u", "p", 1);
                each.take("t", "waited", 1);
            }
        }
    }

    // ---- configuration

    @Test
    void refusesWhatMakesNoSense() {
        BrokerBuilder builder = Broker.builder();
        for (Duration outside : List.of(Duration.ZERO, Duration.ofNanos(1), Duration.ofDays(2))) {
            assertThatThrownBy(() -> builder.interceptorTimeout(outside)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> builder.intercept(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> builder.interceptorFailure(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> new ConnectTerms(-1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ConnectTerms(0x1_0000_0000L, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ConnectTerms(0, 65_536)).isInstanceOf(IllegalArgumentException.class);
    }
}
