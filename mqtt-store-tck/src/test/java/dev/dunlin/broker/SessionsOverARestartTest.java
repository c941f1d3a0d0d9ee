package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.StoredBroker.takeAll;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.time.Duration;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session is outlives the process: subscriptions, its deadline; and it ends for good when it ends. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SessionsOverARestartTest {
    /** Messages that {@link #fillQueues} queues for d. */
    private static final int OF_D = 204;

    private final MovedTime time = new MovedTime();

    @AutoClose
    private final StoredBroker stored = StoredBroker.start(builder -> builder.time(time));

    private WireClient publisher() {
        return stored.broker().client("publisher");
    }

    // ---- subscriptions

    @ParameterizedTest
    @EnumSource(Crash.class)
    void subscriptionsKeepTheirOptionsAndIdentifiers(Crash kind) {
        WireClient c = stored.made("c");
        c.send(subscribe(1, "id/#", 1).identifier(7), subscribe(2, "id/+", 2).identifier(268_435_455));
        c.send(subscribe(3, "own", 2).noLocal(), subscribe(4, "rap", 2).retainAsPublished(), subscribe(5, "gone", 1));
        c.send(unsubscribe(6, "gone"), subscribe(7, "changed", 2), subscribe(8, "changed", 1));
        c.expect(suback(1, GRANTED_QOS_1));
        for (int id = 2; id <= 4; id++) {
            c.expect(suback(id, GRANTED_QOS_2));
        }
        c.expect(suback(5, GRANTED_QOS_1));
        c.expect(unsuback(6, SUCCESS));
        c.expect(suback(7, GRANTED_QOS_2));
        c.expect(suback(8, GRANTED_QOS_1));
        stored.crash(kind);

        c = stored.back("c");
        WireClient publisher = publisher();
        publisher.published("gone", "p", 2).published("id/1", "p", 2);
        ReceivedPublish came = c.expectPublish("id/1", "p", 2);
        assertThat(came.toString()).contains("268435455").contains("7");
        c.acknowledge(came);
        publisher.published(publish("rap", "p").retain(), 1);
        c.take(publish("rap", "p").qos(1).retain());
        publisher.published(publish("changed", "p").retain(), 2);
        c.take("changed", "p", 1);
        publisher.published("own", "p", 1);
        c.take("own", "p", 1);
        c.published("own", "from itself", 1);
        c.expectNothing();
    }

    // ---- deadlines

    @EachVersion
    void aSessionThatNeverExpiresIsThereAfterAnyTime(MqttVersion version) {
        WireClient c = stored.broker().send(version, connect("c").sessionExpiry(0xFFFF_FFFFL));
        c.expect(connack());
        c.leave();
        stored.broker().settle();
        stored.stop();
        time.advance(Duration.ofDays(100_000));
        stored.startAgain();
        stored.back(version, "c").leave();
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-23")
    void aSessionExpiresAtItsDeadlineWhateverTheBrokerDoesMeanwhile() {
        WireClient c = stored.broker().send(MqttVersion.V5, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.subscribed("t", 2).leave();
        stored.broker().settle();
        publisher().published("t", "p", 2).published("t", "x".repeat(5_000), 1);
        time.advance(Duration.ofSeconds(50));
        stored.restart();
        time.advance(Duration.ofSeconds(30));
        stored.crash(Crash.POWER);
        assertThat(stored.broker().hasSession("c")).isTrue();
        stored.stop();
        time.advance(Duration.ofSeconds(20));
        stored.startAgain();
        TestBroker.eventually("it has expired", () -> !stored.broker().hasSession("c"));
        expectNothingOf("c");
    }

    @Test
    void whatWasConnectedAtACrashCountsAsDisconnectedAtTheStart() {
        stored.broker().send(MqttVersion.V5, connect("c").sessionExpiry(100)).expect(connack());
        time.advance(Duration.ofSeconds(1_000));
        stored.crashOnly(Crash.POWER);
        time.advance(Duration.ofSeconds(1_000));
        stored.startAgain();
        stored.sync();
        stored.stop();
        time.advance(Duration.ofSeconds(80));
        stored.startAgain();
        assertThat(stored.broker().hasSession("c")).isTrue();
        stored.stop();
        time.advance(Duration.ofSeconds(20));
        stored.startAgain();
        TestBroker.eventually("it has expired", () -> !stored.broker().hasSession("c"));
        expectNothingOf("c");
    }

    // ---- the end for good

    @Test
    void aCleanStartDiscardsForGoodWhatIsInMemory() {
        fillQueues();
        WireClient c = stored.back("c");
        for (int i = 0; i < 3; i++) { // some are under way, one is released
            ReceivedPublish came = (ReceivedPublish) c.receive();
            if (i == 2) {
                c.send(pubrec(came.packetId()));
            }
        }
        c.close();
        discardAndExpectNothing();
    }

    @Test
    void aCleanStartDiscardsForGoodWhatIsOnlyInTheStore() {
        fillQueues();
        stored.crash(Crash.POWER);
        discardAndExpectNothing();
    }

    @Test
    void aCleanStartDiscardsExchangesThatAreOnlyInTheStore() {
        WireClient c = stored.made("c").subscribed("t", 2);
        WireClient publisher = publisher();
        publisher.published("t", "sent", 2).published("t", "released", 2);
        c.expectPublish("t", "sent", 2);
        int id = c.expectPublish("t", "released", 2).packetId();
        c.send(pubrec(id), publish("nobody", "p").qos(2, 1));
        c.expect(pubrel(id));
        c.receive();
        stored.crash(Crash.POWER);
        long dead = stored.contents().sid("c");
        assertThat(stored.contents().count('o', dead)).isEqualTo(2);
        assertThat(stored.contents().count('r', dead)).isEqualTo(1);
        stored.broker().client("c").leave();
        TestBroker.eventually(
                "nothing of the dead is left", () -> !stored.contents().sids().contains(dead));
    }

    @Test
    void aCleanStartDiscardsForGoodWhatIsLoadedInPart() {
        fillQueues();
        stored.crash(Crash.PROCESS);
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c").receiveMaximum(2));
        c.expect(connack().sessionPresent());
        publisher().published("t", "live", 2);
        int id = ((ReceivedPublish) c.receive()).packetId();
        c.send(pubrec(id));
        c.close();
        discardAndExpectNothing();
    }

    @Test
    void aSessionDiscardedJustBeforeACrashDoesNotComeBackAndTheSweepRemovesItsRest() {
        fillQueues();
        stored.crash(Crash.PROCESS);
        stored.store().stall(Call.READ); // what pages through the old entries doesn't get far
        stored.broker().client("c").close();
        stored.crash(Crash.POWER);
        assertThat(stored.broker().hasSession("c")).isFalse();
        assertThat(takeAll(stored.back("d"), OF_D)).doesNotHaveDuplicates();
        expectNothingOf("c");
        TestBroker.eventually("no message is left", () -> stored.contents().count(Space.MESSAGE) == 0);
    }

    /** Queues for c and d, with messages that only one of them gets, and with shared ones; more than one page. */
    private void fillQueues() {
        stored.made("c").subscribed("t", 2).subscribed("c", 2).leave();
        stored.broker().settle();
        stored.away("d", "t", 2);
        WireClient publisher = publisher();
        for (int i = 0; i < 200; i++) {
            publisher.published("t", "p" + i, 1 + i % 2);
        }
        publisher.published("c", "own", 2).published("c", "large" + "x".repeat(5_000), 2);
        for (int i = 0; i < 4; i++) {
            publisher.published("t", "large" + i + "x".repeat(5_000), 2);
        }
    }

    private void discardAndExpectNothing() {
        long dead = stored.contents().sid("c");
        WireClient c = stored.broker().send(MqttVersion.V5, persistent("c").cleanStart());
        c.expect(connack());
        c.expectNothing();
        assertThat(stored.contents().sid("c")).isGreaterThan(dead);
        assertThat(takeAll(stored.back("d"), OF_D)).doesNotHaveDuplicates();
        TestBroker.eventually("nothing of the dead is left", () -> {
            return !stored.contents().sids().contains(dead) && stored.contents().count(Space.MESSAGE) == 0;
        });
        c.close();
        stored.crash(Crash.POWER);
        c = stored.back("c");
        publisher().published("t", "more", 2);
        c.expectNothing();
        stored.back("d").take("t", "more", 2);
    }

    private void expectNothingOf(String client) {
        TestBroker.eventually("nothing of " + client + " is left", () -> {
            return stored.contents().sid(client) == 0
                    && stored.contents().clients().containsAll(stored.contents().sids());
        });
    }

    // ---- while a session is being loaded

    @EachVersion
    void aTakeoverWhileASessionIsLoadedLosesNothing(MqttVersion version) {
        queueThree();
        stored.crash(Crash.POWER);
        stored.store().stall(Call.READ);
        WireClient first = stored.broker().send(version, persistent("c"));
        awaitReading();
        WireClient second = stored.broker().send(version, persistent("c"));
        first.expectClosed();
        publisher().published("t", "live", 1);
        stored.broker().settle();
        second.expectNothingYet();
        stored.store().release(Call.READ);
        second.expect(connack().sessionPresent());
        assertThat(takeAll(second, 4)).containsExactly("p0", "p1", "p2", "live");
    }

    @EachVersion
    void aClientThatGoesWhileItsSessionIsLoadedFindsItLater(MqttVersion version) {
        WireClient c = stored.made(version, "c").subscribed("t", 2);
        publisher().published("t", "under way", 2);
        int id = c.expectPublish("t", "under way", 2).packetId();
        c.drop();
        queueThree();
        stored.restart();
        stored.store().stall(Call.READ);
        stored.broker().send(version, persistent("c")).close();
        awaitReading();
        stored.store().release(Call.READ);
        TestBroker.eventually("it has gone", () -> stored.broker().openConnections() == 0);
        stored.restart();
        c = stored.back(version, "c");
        c.expect(publish("t", "under way").qos(2, id).dup());
        assertThat(StoredBroker.take(c, 3)) // whether they were sent to the one that went is not known
                .extracting(ReceivedPublish::text)
                .containsExactly("p0", "p1", "p2");
    }

    @Test
    void aCleanStartWhileItsSessionIsLoadedDiscardsIt() {
        queueThree();
        stored.crash(Crash.POWER);
        stored.store().stall(Call.READ);
        WireClient first = stored.broker().send(MqttVersion.V5, persistent("c"));
        awaitReading();
        WireClient second = stored.broker().send(MqttVersion.V5, persistent("c").cleanStart());
        first.expectClosed();
        second.expect(connack());
        stored.store().release(Call.READ);
        second.expectNothing();
        second.subscribed("t", 1);
        publisher().published("t", "new", 1);
        second.take("t", "new", 1);
        TestBroker.eventually("the entries are gone", () -> stored.contents().count(Space.QUEUE) == 0);
    }

    private void queueThree() {
        if (stored.broker().hasSession("c")) {
            stored.broker().settle();
        } else {
            stored.away("c", "t", 2);
        }
        WireClient publisher = publisher();
        for (int i = 0; i < 3; i++) {
            publisher.published("t", "p" + i, 1);
        }
    }

    private void awaitReading() {
        TestBroker.eventually(
                "it is being read",
                () -> stored.broker().hasSession("c")
                        && SessionProbe.link(stored.broker().broker().core(), "c") != null
                        && stored.store().isStalled(Call.READ));
    }
}
