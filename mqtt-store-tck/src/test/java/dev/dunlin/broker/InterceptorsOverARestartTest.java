package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.store.tck.Crash;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is stored is what was published, or what an interceptor has put in its place; deliveries are asked about anew. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class InterceptorsOverARestartTest {
    private final ScriptedInterceptor interceptor = new ScriptedInterceptor();

    @AutoClose
    private final StoredBroker stored = StoredBroker.start(builder -> builder.intercept(interceptor));

    private void deliver(String payload) {
        interceptor.deliver =
                message -> Verdict.replace(message.toBuilder().payload(payload).build());
    }

    @EachVersion
    void asksAnewAboutWhatWasUnderWay(MqttVersion version) {
        deliver("before");
        WireClient c = stored.made(version, "c").subscribed("#", 2);
        WireClient publisher = stored.broker().client("publisher");
        publisher.published("q1", "p", 1).published("q2", "p", 2).published("no", "p", 2);
        c.expectPublish("q1", "before", 1);
        ReceivedPublish exactlyOnce = c.expectPublish("q2", "before", 2);
        c.expectPublish("no", "before", 2);
        stored.crash(Crash.POWER);
        interceptor.deliver = message -> message.topic().equals("no")
                ? Verdict.reject(ReasonCode.NOT_AUTHORIZED, "")
                : Verdict.replace(message.toBuilder()
                        .payload(message.payloadText() + " after")
                        .build());
        WireClient again = stored.back(version, "c");
        var came = StoredBroker.take(again, 2);
        assertThat(came).extracting(ReceivedPublish::topic).containsExactlyInAnyOrder("q1", "q2");
        assertThat(came).extracting(ReceivedPublish::text).containsOnly("p after");
        assertThat(came).allMatch(ReceivedPublish::dup);
        assertThat(came)
                .filteredOn(each -> each.qos() == QoS.EXACTLY_ONCE)
                .extracting(ReceivedPublish::packetId)
                .containsExactly(exactlyOnce.packetId());
        assertThat(stored.broker().dropped(DropReason.INTERCEPTED)).isEqualTo(1);
        again.leave();
        stored.restart();
        stored.back(version, "c").expectNothing(); // nor is anything left of what was refused
    }

    @Test
    void whatASharedGroupHasStoredIsWhatWasPublished() {
        for (int qos = 1; qos <= 2; qos++) {
            String topic = "t" + qos;
            deliver("for one");
            WireClient one = stored.made("one" + qos).subscribed("$share/g/" + topic, 2);
            stored.broker().client("publisher").published(topic, "p", qos);
            one.expectPublish(topic, "for one", qos);
            stored.stop();
            stored.startAgain();
            interceptor.deliver = message -> Verdict.pass();
            WireClient again = stored.back("one" + qos);
            assertThat(StoredBroker.takeAll(again, 1)).containsExactly("again: p");
            again.leave();
        }
    }

    @Test
    void whatWasRefusedOnItsWayOutIsGoneFromTheStore() {
        stored.away("c", "t", 2);
        WireClient publisher = stored.broker().client("publisher");
        publisher.published("t", "1", 1).published("t", "2", 2).published("t", "3", 2);
        interceptor.deliver = message -> message.payloadText().equals("3")
                ? Verdict.replace(message.toBuilder().qos(QoS.AT_MOST_ONCE).build())
                : Verdict.reject(ReasonCode.NOT_AUTHORIZED, "");
        WireClient c = stored.back("c");
        c.take("t", "3", 0);
        c.expectNothing();
        stored.sync();
        interceptor.deliver = message -> Verdict.pass();
        stored.crash(Crash.POWER);
        stored.back("c").expectNothing();
    }

    @EachVersion
    void whatTookThePlaceOfAPublishIsStoredBeforeItIsAcknowledged(MqttVersion version) {
        stored.away("c", "other", 2);
        interceptor.publish = message ->
                Verdict.later(CompletableFuture.supplyAsync(() -> Verdict.replace(message.toBuilder()
                        .topic("other")
                        .qos(QoS.EXACTLY_ONCE)
                        .retain(true)
                        .build())));
        WireClient publisher = stored.made(version, "publisher");
        publisher.send(publish("t", "1").qos(1, 1));
        publisher.expect(puback(1));
        publisher.send(publish("t", "2").qos(2, 2));
        publisher.expect(pubrec(2));
        stored.crash(Crash.POWER);
        interceptor.asked.clear();
        WireClient again = stored.back(version, "publisher");
        again.send(publish("t", "2").qos(2, 2).dup());
        again.expect(pubrec(2));
        assertThat(interceptor.asked("publish")).isZero();
        assertThat(StoredBroker.takeAll(stored.back("c"), 2)).containsExactly("1", "2");
        stored.broker()
                .client("late")
                .subscribed("other", 0)
                .take(publish("other", "2").retain());
    }

    @EachVersion
    void nothingIsKnownOfAPublishThatWaitedForItsAnswer(MqttVersion version) {
        stored.away("c", "t", 2);
        interceptor.publishesLater(1);
        WireClient publisher = stored.made(version, "publisher");
        publisher.send(publish("t", "p").qos(2, 2));
        interceptor.awaitAsked("publish", 1);
        stored.crash(Crash.POWER);
        WireClient again = stored.back(version, "publisher");
        again.send(publish("t", "p").qos(2, 2).dup());
        again.expect(pubrec(2));
        assertThat(interceptor.asked("publish")).isEqualTo(2);
        assertThat(StoredBroker.takeAll(stored.back("c"), 1)).containsExactly("p");
    }

    @EachVersion
    void asksAnewAboutAWillThatWaitedForItsAnswer(MqttVersion version) {
        stored.away("watcher", "#", 2);
        CompletableFuture<Verdict<Message>> never = new CompletableFuture<>();
        interceptor.will = will -> Verdict.later(never);
        WireClient c = stored.broker()
                .send(
                        version,
                        StoredBroker.persistent("c")
                                .will(publish("will", "gone").qos(1)));
        c.expect(connack());
        c.drop();
        interceptor.awaitAsked("will c", 1);
        stored.sync();
        interceptor.will = will -> Verdict.replace(
                will.toBuilder().topic("status").payload("offline").build());
        stored.crash(Crash.POWER);
        interceptor.awaitAsked("will c", 2);
        assertThat(StoredBroker.takeAll(stored.back("watcher"), 1)).containsExactly("offline");
        stored.sync();
        stored.crash(Crash.POWER);
        stored.back("watcher").expectNothing();
        assertThat(interceptor.asked("will c")).isEqualTo(2);
    }
}
