package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What interceptors may do with a PUBLISH, and what its publisher gets to know of it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class InterceptedPublishTest {
    private static final long DAY = 86_400;

    private final ScriptedInterceptor interceptor = new ScriptedInterceptor();
    private final ForbiddenTopics forbidden = new ForbiddenTopics();

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.intercept(interceptor)
            .authorizer(forbidden)
            .limits(Limits.EMBEDDED.withPayloadBytesMax(4_096).withTopicLevelsMax(4)));

    private final WireClient subscriber = broker.client("subscriber").subscribed("#", 2);

    private static boolean isTold(MqttVersion version) {
        return version == MqttVersion.V5;
    }

    // ---- verdicts

    @EachVersion
    void passesWhatItIsAskedAbout(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        for (int qos = 0; qos <= 2; qos++) {
            c.published("t", "p" + qos, qos);
            subscriber.take("t", "p" + qos, qos);
        }
        assertThat(interceptor.asked)
                .filteredOn(each -> each.startsWith("publish"))
                .containsExactly("publish c t p0", "publish c t p1", "publish c t p2");
    }

    @EachVersion
    void putsAnotherMessageInItsPlace(MqttVersion version) {
        forbidden.publish("c", "other");
        interceptor.publish = message -> Verdict.replace(message.toBuilder()
                .topic("other")
                .payload("changed")
                .contentType("text/plain")
                .responseTopic("answers")
                .userProperty("by", "interceptor")
                .expirySeconds(100)
                .build());
        WireClient c = broker.client(version, "c");
        for (int qos = 0; qos <= 2; qos++) { // the host's own word: the client may not publish there
            c.published("t", "p", qos);
            ReceivedPublish came = subscriber.take("other", "changed", qos);
            assertThat(came.properties().string(Property.CONTENT_TYPE)).isEqualTo("text/plain");
            assertThat(came.properties().string(Property.RESPONSE_TOPIC)).isEqualTo("answers");
            assertThat(came.properties().userProperties()).hasSize(1);
            assertThat(came.expirySeconds()).isBetween(1L, 100L);
        }
    }

    @EachVersion
    void theExchangeFollowsWhatWasPublishedAndDeliveryWhatTookItsPlace(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        for (QoS qos : QoS.values()) {
            interceptor.publish = message ->
                    Verdict.replace(message.toBuilder().qos(qos).retain(false).build());
            for (int published = 0; published <= 2; published++) {
                c.published(publish("t", "p").retain(), published);
                subscriber.take("t", "p", qos.level());
            }
        }
        broker.client("late").subscribed("t", 1).expectNothing(); // nothing was retained
        interceptor.publish =
                message -> Verdict.replace(message.toBuilder().retain(true).build());
        c.published("t", "kept", 1);
        subscriber.take("t", "kept", 1);
        broker.client("later")
                .subscribed("t", 1)
                .take(publish("t", "kept").qos(1).retain());
    }

    @EachVersion
    void keepsNoLocalAndLargePayloads(MqttVersion version) {
        interceptor.publish = message ->
                Verdict.replace(message.toBuilder().payload("y".repeat(3_000)).build());
        WireClient c = broker.client(version, "c");
        c.published("t", "x".repeat(4_000), 2);
        subscriber.take("t", "y".repeat(3_000), 2);
        interceptor.publish = message -> Verdict.later(CompletableFuture.supplyAsync(Verdict::pass));
        c.published("t", "x".repeat(4_000), 1);
        subscriber.take("t", "x".repeat(4_000), 1);
    }

    @EachVersion
    void rejects(MqttVersion version) {
        interceptor.publish = message -> Verdict.reject(ReasonCode.PAYLOAD_FORMAT_INVALID, "no JSON");
        WireClient c = broker.client(version, "c");
        ReasonCode no = isTold(version) ? ReasonCode.PAYLOAD_FORMAT_INVALID : ReasonCode.SUCCESS;
        c.send(publish("t", "p"), publish("t", "p").qos(1, 1));
        assertThat(c.expect(puback(1).reason(no)).properties().string(Property.REASON_STRING))
                .isEqualTo(isTold(version) ? "no JSON" : null);
        c.send(publish("t", "p").qos(2, 2));
        c.expect(pubrec(2).reason(no));
        assertThat(interceptor.asked("publish")).isEqualTo(3);
        c.send(publish("t", "p").qos(2, 2).dup());
        c.expect(pubrec(2).reason(no));
        // A 5.0 client has been told, so that its id is free and the next one another message.
        assertThat(interceptor.asked("publish")).isEqualTo(isTold(version) ? 4 : 3);
        if (!isTold(version)) {
            c.send(pubrel(2));
            c.expect(pubcomp(2));
        }
        subscriber.expectNothing();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(isTold(version) ? 4 : 3);
    }

    @Test
    void saysWhatPubackCanCarry() {
        WireClient c = broker.client("c");
        interceptor.publish = message -> Verdict.reject(ReasonCode.BANNED, "");
        c.send(publish("t", "p").qos(1, 1));
        c.expect(puback(1).reason(ReasonCode.UNSPECIFIED_ERROR));
    }

    @EachVersion
    void disconnectsWithoutAnAcknowledgement(MqttVersion version) {
        for (int qos = 0; qos <= 2; qos++) {
            interceptor.publish = message -> Verdict.disconnect(ReasonCode.ADMINISTRATIVE_ACTION, "enough");
            WireClient c = broker.send(version, connect("c").sessionExpiry(DAY));
            c.expect(qos == 0 ? connack() : connack().sessionPresent());
            c.send(qos == 0 ? publish("t", "p") : publish("t", "p").qos(qos, 7));
            c.expectDisconnect(ReasonCode.ADMINISTRATIVE_ACTION);
            interceptor.publish = message -> Verdict.pass();
            WireClient again = broker.send(version, connect("c").sessionExpiry(DAY));
            again.expect(connack().sessionPresent());
            if (qos > 0) { // it comes back, and is a new one
                again.send(publish("t", "p").qos(qos, 7).dup());
                again.expect(qos == 1 ? puback(7) : pubrec(7));
                subscriber.take("t", "p", qos);
            }
            again.leave();
        }
        subscriber.expectNothing();
    }

    // ---- what a client may do comes first, what a host does is checked again

    @EachVersion
    void asksNobodyAboutWhatTheClientMayNotPublish(MqttVersion version) {
        forbidden.publish("c", "t");
        WireClient c = broker.client(version, "c");
        c.send(publish("t", "p"), publish("t", "p").qos(1, 1), publish("t", "p").qos(2, 2));
        c.expect(puback(1).reason(isTold(version) ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS));
        c.expect(pubrec(2).reason(isTold(version) ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS));
        c.send(publish("$SYS/x", "p").qos(1, 3), publish("a/b/c/d/e", "p").qos(1, 4));
        c.expect(puback(3).reason(isTold(version) ? ReasonCode.NOT_AUTHORIZED : ReasonCode.SUCCESS));
        c.expect(puback(4).reason(isTold(version) ? ReasonCode.TOPIC_NAME_INVALID : ReasonCode.SUCCESS));
        assertThat(interceptor.asked("publish")).isZero();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(5);
    }

    /** Else it is an interceptor that fails: no fault of the client's, and nothing that it may take for accepted. */
    @EachVersion
    void whatTakesItsPlaceKeepsWithinTheLimits(MqttVersion version) {
        List<Message> none = List.of(
                Message.of("$SYS/broker/x", "p"), Message.of("a/b/c/d/e", "p"), Message.of("t", new byte[5_000]));
        for (Message by : none) {
            for (int qos = 1; qos <= 2; qos++) {
                interceptor.publish = message -> Verdict.replace(by);
                WireClient c = broker.send(version, connect("c").cleanStart());
                c.expect(connack());
                c.send(publish("t", "p").qos(qos, 1));
                if (isTold(version)) {
                    c.expect((qos == 1 ? puback(1) : pubrec(1)).reason(ReasonCode.UNSPECIFIED_ERROR));
                } else {
                    c.expectClosed();
                }
            }
        }
        subscriber.expectNothing();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(6);
    }

    @Test
    void theLocalClientIsTheHostItself() {
        broker.local().publish(Message.of("t", "p")).toCompletableFuture().join();
        subscriber.take("t", "p", 0);
        assertThat(interceptor.asked("publish")).isZero();
    }

    // ---- later

    @EachVersion
    void anAnswerMayTakeItsTimeAndTheOrderStays(MqttVersion version) {
        List<CompletableFuture<Verdict<Message>>> answers = interceptor.publishesLater(3);
        WireClient c = broker.client(version, "c");
        c.send(publish("t", "1"), publish("t", "2").qos(1, 2), publish("t", "3").qos(2, 3), pingreq());
        for (int i = 0; i < 3; i++) {
            interceptor.awaitAsked("publish", i + 1);
            broker.client("other" + i).published("o", "p", 1); // the fourth question and more: passed at once
            subscriber.take("o", "p", 1);
            interceptor.asked.removeIf(each -> each.startsWith("publish other"));
            c.expectNothingYet();
            subscriber.expectNothing();
            answers.get(i).complete(Verdict.pass());
            answers.get(i).complete(Verdict.reject(ReasonCode.UNSPECIFIED_ERROR, "twice"));
            subscriber.take("t", String.valueOf(i + 1), i);
            if (i > 0) {
                c.expect(i == 1 ? puback(2) : pubrec(3));
            }
        }
        c.send(pubrel(3));
        c.expect(pingresp());
        c.expect(pubcomp(3));
    }

    @EachVersion
    void aQos2DuplicateIsNotAskedAboutAgain(MqttVersion version) {
        WireClient c = broker.client(version, "c");
        for (int i = 0; i < 3; i++) {
            c.send(publish("t", "p").qos(2, 9));
            c.expect(pubrec(9));
        }
        assertThat(interceptor.asked("publish")).isEqualTo(1);
        subscriber.take("t", "p", 2);
        subscriber.expectNothing();
    }

    // ---- a connection that ends meanwhile

    @EachVersion
    void aTakeoverMakesQos2ANewOneAndLetsTheOthersGoOn(MqttVersion version) {
        for (int qos = 0; qos <= 2; qos++) {
            List<CompletableFuture<Verdict<Message>>> answers = interceptor.publishesLater(1);
            interceptor.asked.clear();
            WireClient first = broker.send(version, connect("c").sessionExpiry(DAY));
            first.expect(qos == 0 ? connack() : connack().sessionPresent());
            first.send(qos == 0 ? publish("t", "p") : publish("t", "p").qos(qos, 5));
            interceptor.awaitAsked("publish", 1);
            WireClient second = broker.send(version, connect("c").sessionExpiry(DAY));
            second.expect(connack().sessionPresent());
            first.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
            if (qos == 2) {
                second.send(publish("t", "p").qos(2, 5).dup());
                second.expect(pubrec(5)); // asked about anew
                second.send(pubrel(5));
                second.expect(pubcomp(5));
                assertThat(interceptor.asked("publish")).isEqualTo(2);
                subscriber.take("t", "p", 2);
            }
            answers.get(0).complete(Verdict.pass());
            if (qos < 2) {
                subscriber.take("t", "p", qos);
            }
            broker.settle();
            second.ping().leave();
            subscriber.expectNothing();
        }
    }

    @Test
    void whatWasAdmittedStaysSoWhateverTheNextConnectionMayDo() {
        List<CompletableFuture<Verdict<Message>>> answers = interceptor.publishesLater(1);
        WireClient first = broker.client("c");
        first.send(publish("t", "p").qos(1, 1));
        interceptor.awaitAsked("publish c", 1);
        forbidden.publish("c", "t");
        broker.client("c");
        first.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER);
        answers.get(0).complete(Verdict.pass());
        subscriber.take("t", "p", 1);
    }

    /** One connection after the other leaves a publish behind. */
    @Test
    void whatWaitsWithoutAConnectionIsCountedAndBounded() {
        ScriptedInterceptor own = new ScriptedInterceptor();
        try (TestBroker other = TestBroker.start(
                builder -> builder.intercept(own).loops(1).limits(Limits.EMBEDDED.withMailboxBytesMax(20_000)))) {
            WireClient taker = other.client("taker").subscribed("t", 1);
            List<CompletableFuture<Verdict<Message>>> answers = own.publishesLater(4);
            for (int i = 0; i < 4; i++) {
                WireClient c = other.client("c");
                c.send(publish("t", i + "x".repeat(10_000)).qos(1, 1));
                own.awaitAsked("publish c", i + 1);
            }
            TestBroker.eventually(
                    "two wait", () -> other.broker().core().memory().usedBytes() > 40_000);
            assertThat(other.dropped(DropReason.REFUSED)).isEqualTo(2);
            answers.forEach(each -> each.complete(Verdict.pass()));
            taker.take(
                    "t", "0" + "x".repeat(10_000), 1); // the first that was left behind, and the one with a connection
            taker.take("t", "3" + "x".repeat(10_000), 1);
            taker.expectNothing();
            TestBroker.eventually(
                    "none waits", () -> other.broker().core().memory().usedBytes() < 10_000);
        }
    }

    @Test
    void whatTakesItsPlaceExpiresWithIt() {
        ScriptedInterceptor own = new ScriptedInterceptor();
        TestBroker.ManualTime time = new TestBroker.ManualTime();
        try (TestBroker other =
                TestBroker.start(builder -> builder.intercept(own).time(time).interceptorTimeout(Duration.ofDays(1)))) {
            WireClient taker = other.client("taker").subscribed("t", 1);
            for (long expiry : new long[] {100, 50}) {
                List<CompletableFuture<Verdict<Message>>> answers = own.publishesLater(1);
                own.asked.clear();
                WireClient c = other.client("c");
                c.send(publish("t", "p").qos(1, 1).expiry(100));
                own.awaitAsked("publish c", 1);
                time.advance(Duration.ofSeconds(30));
                answers.get(0)
                        .complete(Verdict.replace(Message.builder("t")
                                .qos(QoS.AT_LEAST_ONCE)
                                .expirySeconds(expiry)
                                .build()));
                // 70 of what its client has said; an expiry of the interceptor's own begins with its answer
                assertThat(taker.take("t", "", 1).expirySeconds()).isEqualTo(expiry == 100 ? 70 : 50);
                c.expect(puback(1));
                c.leave();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void whatWaitsWhenTheBrokerEndsIsCountedAndGivenBack(int qos) {
        ScriptedInterceptor own = new ScriptedInterceptor();
        try (TestBroker other = TestBroker.start(builder -> builder.intercept(own))) {
            own.publishesLater(1);
            WireClient c = other.client("c");
            String large = "x".repeat(100_000);
            c.send(qos == 0 ? publish("t", large) : publish("t", large).qos(qos, 1));
            own.awaitAsked("publish", 1);
            other.broker().close();
            assertThat(other.broker().dropped(DropReason.BROKER_CLOSED)).isEqualTo(1);
            assertThat(other.broker().dropped(DropReason.REFUSED)).isZero();
        }
    }

    // ---- goodbye right behind

    /** All in one segment: the broker has all of it when it asks about the first. */
    @EachVersion
    void whatWasSentBehindAPublishThatWaitsIsNotLostWithTheConnection(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("will", 0);
        List<CompletableFuture<Verdict<Message>>> answers = interceptor.publishesLater(2);
        WireClient c = broker.send(version, connect("c").cleanStart().will(publish("will", "gone")));
        c.expect(connack());
        c.subscribed("$echo", 0);
        c.send(publish("t", "1"), publish("t", "2"), disconnect());
        interceptor.awaitAsked("publish", 1);
        c.close();
        tellUntilItIsLost();
        assertThat(broker.hasSession("c")).isTrue();
        answers.get(0).complete(Verdict.pass());
        subscriber.take("t", "1", 0);
        interceptor.awaitAsked("publish", 2);
        answers.get(1).complete(Verdict.pass());
        subscriber.take("t", "2", 0);
        TestBroker.eventually("its session has ended", () -> !broker.hasSession("c"));
        witness.expectNothing();
    }

    @EachVersion
    void aLostConnectionEndsBehindWhatItHasSentAndItsWillFollows(MqttVersion version) {
        List<CompletableFuture<Verdict<Message>>> answers = interceptor.publishesLater(1);
        WireClient c = broker.send(version, connect("c").cleanStart().will(publish("will", "gone")));
        c.expect(connack());
        c.subscribed("$echo", 0);
        c.send(publish("t", "1").qos(1, 1), publish("t", "2").qos(1, 2));
        interceptor.awaitAsked("publish", 1);
        c.close();
        tellUntilItIsLost();
        answers.get(0).complete(Verdict.pass());
        subscriber.take("t", "1", 1);
        subscriber.take("t", "2", 1);
        subscriber.take("will", "gone", 0);
        subscriber.expectNothing();
    }

    /** Nothing is read, so that only a write shows the transport that nobody is there any more. */
    private void tellUntilItIsLost() {
        TestBroker.eventually("its connection is lost", () -> {
            broker.local()
                    .publish(Message.of("$echo", "p"))
                    .toCompletableFuture()
                    .join();
            return broker.dropped(DropReason.SLOW_CONSUMER_QOS_0) > 0;
        });
    }
}
