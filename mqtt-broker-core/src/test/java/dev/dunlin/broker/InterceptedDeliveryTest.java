package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.OnFailure;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Interceptors of deliveries: live, queued, retained, shared, and sent again. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class InterceptedDeliveryTest {
    private static final long DAY = 86_400;

    private final ScriptedInterceptor interceptor = new ScriptedInterceptor();
    private final ForbiddenTopics forbidden = new ForbiddenTopics();

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder ->
            builder.intercept(interceptor).authorizer(forbidden).limits(Limits.EMBEDDED.withQueueQos0Offline(true)));

    private final WireClient publisher = broker.client("publisher");

    private void replace(String payload) {
        interceptor.deliver =
                message -> Verdict.replace(message.toBuilder().payload(payload).build());
    }

    private void reject() {
        interceptor.deliver = message -> Verdict.reject(ReasonCode.NOT_AUTHORIZED, "");
    }

    private WireClient persistent(MqttVersion version, boolean present) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(DAY).receiveMaximum(1));
        c.expect(present ? connack().sessionPresent() : connack());
        return c;
    }

    @EachVersion
    void changesWhatIsDeliveredToOneAndNotToOthers(MqttVersion version) {
        interceptor.deliver = message -> Verdict.pass();
        WireClient other = broker.client("other").subscribed("t", 2);
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        interceptor.deliver = message ->
                interceptor.asked.get(interceptor.asked.size() - 1).startsWith("deliver c")
                        ? Verdict.replace(message.toBuilder()
                                .topic("u")
                                .payload("for c")
                                .contentType("text")
                                .build())
                        : Verdict.pass();
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published("t", "p", qos);
            other.take("t", "p", qos);
            assertThat(c.take("u", "for c", qos).properties().string(Property.CONTENT_TYPE))
                    .isEqualTo(version == MqttVersion.V5 ? "text" : null);
        }
    }

    @EachVersion
    void lowersTheQosButDoesNotRaiseIt(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        for (QoS wanted : QoS.values()) {
            interceptor.deliver =
                    message -> Verdict.replace(message.toBuilder().qos(wanted).build());
            for (int published = 0; published <= 2; published++) {
                publisher.published("t", "p", published);
                c.take("t", "p", Math.min(published, wanted.level()));
            }
        }
        c.expectNothing();
    }

    @EachVersion
    void dropsWhatIsRefusedAndCountsIt(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        reject();
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published("t", "p", qos);
        }
        c.expectNothing();
        assertThat(broker.dropped(DropReason.INTERCEPTED)).isEqualTo(3);
        interceptor.deliver = message -> Verdict.pass();
        publisher.published("t", "p", 2);
        c.take("t", "p", 2);
    }

    @EachVersion
    void disconnectsTheReceiver(MqttVersion version) {
        for (int qos = 0; qos <= 2; qos++) {
            WireClient c = broker.client(version, "c").subscribed("t", 2);
            interceptor.deliver = message -> Verdict.disconnect(ReasonCode.ADMINISTRATIVE_ACTION, "");
            publisher.published("t", "p", qos);
            c.expectDisconnect(ReasonCode.ADMINISTRATIVE_ACTION);
            assertThat(broker.dropped(DropReason.INTERCEPTED)).isEqualTo(qos + 1);
        }
    }

    @Test
    void anAnswerThatComesLaterIsAFailure() {
        WireClient c = broker.client("c").subscribed("t", 1);
        interceptor.deliver = message -> Verdict.later(CompletableFuture.completedFuture(Verdict.pass()));
        publisher.published("t", "p", 1);
        interceptor.deliver = message -> {
            throw new StackOverflowError("on purpose");
        };
        publisher.published("t", "p", 0);
        interceptor.deliver = message -> null;
        publisher.published("t", "p", 1);
        interceptor.deliver = message -> Verdict.replace(Message.of("#", "p"));
        publisher.published("t", "p", 1);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.INTERCEPTED)).isEqualTo(4);
        ScriptedInterceptor failing = new ScriptedInterceptor();
        failing.deliver = message -> null;
        try (TestBroker own =
                TestBroker.start(builder -> builder.intercept(failing).interceptorFailure(OnFailure.PASS))) {
            own.client("c").subscribed("t", 1).send(publish("t", "p")).take("t", "p", 0);
        }
        try (TestBroker own =
                TestBroker.start(builder -> builder.intercept(failing).interceptorFailure(OnFailure.DISCONNECT))) {
            WireClient closed = own.client("c").subscribed("t", 1);
            own.client("publisher").published("t", "p", 1);
            closed.expectDisconnect(ReasonCode.UNSPECIFIED_ERROR);
        }
    }

    @EachVersion
    void asksAboutWhatWasQueuedWhenItIsSent(MqttVersion version) {
        persistent(version, false).subscribed("#", 2).leave();
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published("t", "p" + qos, qos);
        }
        publisher.published("no", "p", 1);
        assertThat(interceptor.asked("deliver c")).isZero();
        interceptor.deliver = message -> message.topic().equals("no")
                ? Verdict.reject(ReasonCode.NOT_AUTHORIZED, "")
                : Verdict.replace(message.toBuilder()
                        .payload(message.payloadText() + " changed")
                        .build());
        WireClient c = persistent(version, true);
        for (int qos = 0; qos <= 2; qos++) {
            c.take("t", "p" + qos + " changed", qos);
        }
        c.expectNothing();
        assertThat(broker.dropped(DropReason.INTERCEPTED)).isEqualTo(1);
        assertThat(interceptor.asked("deliver c")).isEqualTo(4);
        c.leave();
        persistent(version, true).expectNothing();
    }

    @EachVersion
    void sendsAgainWhatWasSent(MqttVersion version) {
        for (int qos = 1; qos <= 2; qos++) {
            WireClient c = persistent(version, qos == 2);
            c.subscribed("t", 2);
            interceptor.asked.clear();
            interceptor.deliver = message -> Verdict.replace(
                    message.toBuilder().topic("u").payload("first").build());
            publisher.published("t", "x".repeat(20_000), qos);
            ReceivedPublish first = c.expectPublish("u", "first", qos);
            replace("second");
            forbidden.receive("c", "u"); // which is about what is published
            c.drop();
            WireClient again = persistent(version, true);
            ReceivedPublish came = again.take(publish("u", "first").qos(qos).dup());
            assertThat(came.packetId()).isEqualTo(first.packetId());
            again.expectNothing();
            assertThat(interceptor.asked("deliver c")).isEqualTo(1);
            again.leave();
        }
    }

    @EachVersion
    void changesRetainedMessagesOnTheirWay(MqttVersion version) {
        for (int qos = 0; qos <= 2; qos++) {
            publisher.published(publish("r/" + qos, "kept").retain(), qos);
        }
        publisher.published(publish("r/no", "kept").retain(), 1);
        interceptor.deliver = message -> message.topic().equals("r/no")
                ? Verdict.reject(ReasonCode.NOT_AUTHORIZED, "")
                : Verdict.replace(message.toBuilder().payload("changed").build());
        WireClient c = broker.client(version, "c").subscribed("r/+", 2);
        for (int qos = 0; qos <= 2; qos++) {
            c.take(publish("r/" + qos, "changed").qos(qos).retain());
        }
        c.expectNothing();
        interceptor.deliver = message -> Verdict.pass();
        broker.client("later")
                .subscribed("r/1", 1)
                .take(publish("r/1", "kept").qos(1).retain());
        assertThat(broker.dropped(DropReason.INTERCEPTED)).isEqualTo(1);
    }

    @Test
    void onlyTheLocalClientIsNotAskedAbout() {
        CompletableFuture<Message> came = new CompletableFuture<>();
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, dev.dunlin.broker.spi.MessageHandler.of(came::complete));
        publisher.published("t", "p", 1);
        assertThat(came.join().payloadText()).isEqualTo("p");
        assertThat(interceptor.asked("deliver")).isZero();
    }

    // ---- shared groups: places and messages are given back as they were

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void givesPlacesOfASharedGroupBack(int qos) {
        WireClient c = broker.send(MqttVersion.V5, connect("c").cleanStart().receiveMaximum(2));
        c.expect(connack());
        c.subscribed("$share/g/t", 2);
        reject();
        for (int i = 0; i < 10; i++) { // far more than it has places
            publisher.published("t", "p", qos);
        }
        TestBroker.eventually( // by way of the group's loop, two at a time
                "all of them have come to the interceptor", () -> broker.dropped(DropReason.INTERCEPTED) == 10);
        c.expectNothing();
        interceptor.deliver = message ->
                Verdict.replace(message.toBuilder().qos(QoS.AT_MOST_ONCE).build());
        for (int i = 0; i < 10; i++) {
            publisher.published("t", "p", qos);
            c.take("t", "p", 0);
        }
        interceptor.deliver = message -> Verdict.replace(
                message.toBuilder().payload("changed").qos(QoS.AT_LEAST_ONCE).build());
        for (int i = 0; i < 10; i++) {
            publisher.published("t", "p", qos);
            c.take("t", "changed", Math.min(qos, 1));
        }
        interceptor.deliver = message -> Verdict.pass();
        publisher.published("t", "p", qos);
        c.take("t", "p", qos);
        assertThat(broker.dropped(DropReason.INTERCEPTED)).isEqualTo(10);
    }

    @Test
    void whatGoesToAnotherMemberIsWhatWasPublished() {
        WireClient one = broker.client("one").subscribed("$share/g/t", 1);
        interceptor.deliver = message -> Verdict.replace(
                message.toBuilder().topic("u").payload("for one").build());
        publisher.published("t", "x".repeat(20_000), 1);
        one.expectPublish("u", "for one", 1);
        interceptor.deliver = message -> Verdict.pass();
        WireClient two = broker.client("two").subscribed("$share/g/t", 1);
        one.drop();
        two.take("t", "x".repeat(20_000), 1);
        two.expectNothing();
        assertThat(interceptor.asked("deliver two t")).isEqualTo(1);
    }

    @EachVersion
    void theWholeOfAQos2ExchangeIsThatOfTheReplacement(MqttVersion version) {
        WireClient c = persistent(version, false).subscribed("t", 2);
        replace("changed");
        publisher.published("t", "p", 2);
        ReceivedPublish first = c.expectPublish("t", "changed", 2);
        c.send(pubrec(first.packetId()));
        c.expect(pubrel(first.packetId()));
        c.drop();
        WireClient again = persistent(version, true);
        again.expect(pubrel(first.packetId()));
        again.send(pubcomp(first.packetId()));
        publisher.published("t", "q", 2);
        again.take("t", "changed", 2);
        again.expectNothing();
    }
}
