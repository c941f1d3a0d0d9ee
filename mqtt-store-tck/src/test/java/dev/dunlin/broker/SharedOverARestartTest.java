package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.StoredBroker.takeAll;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.Statement;
import dev.dunlin.store.tck.Crash;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Shared groups outlive the process: their members, what waits for them, and who has what. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SharedOverARestartTest {
    private static final String SHARED = "$share/g/t";
    private static final String LARGE = "large" + "x".repeat(5_000);

    private StoredBroker stored = StoredBroker.start();

    @AfterEach
    void close() {
        stored.close();
    }

    private WireClient publisher() {
        return stored.broker().client("publisher");
    }

    private void expectEmpty() {
        TestBroker.eventually("queues and messages are gone", () -> {
            stored.sync();
            return stored.contents().count(Space.QUEUE) == 0
                    && stored.contents().count(Space.MESSAGE) == 0;
        });
    }

    private int groups() {
        return (int) stored.contents().records(Space.SESSION).stream()
                .filter(each -> each.key()[0] == 'g')
                .count();
    }

    @ParameterizedTest
    @EnumSource(Crash.class)
    void whatWaitsForAGroupGoesToTheFirstMemberThatComesBack(Crash kind) {
        stored.away("a", SHARED, 2);
        stored.away("b", SHARED, 2);
        publisher()
                .published("t", "1", 1)
                .published("t", "2", 2)
                .published("t", LARGE, 1)
                .published("t", LARGE, 2);
        stored.crash(kind);
        assertThat(takeAll(stored.back("b"), 4)).containsExactlyInAnyOrder("again: 1", "2", "again: " + LARGE, LARGE);
        stored.back("a").expectNothing();
        expectEmpty();
        stored.restart();
        stored.back("a").expectNothing();
        assertThat(groups()).isEqualTo(1);
    }

    @Test
    void afterAnOrderlyEndOnlyWhatWasSentComesWithDup() {
        WireClient a = stored.made("a").subscribed(SHARED, 2);
        WireClient publisher = publisher();
        publisher.published("t", "sent", 1);
        a.expectPublish("t", "sent", 1);
        a.leave();
        stored.broker().settle();
        publisher.published("t", "waits", 1);
        stored.restart();
        assertThat(takeAll(stored.back("a"), 2)).containsExactlyInAnyOrder("again: sent", "waits");
        expectEmpty();
    }

    @Test
    void membersKeepTheirOptionsAndTakeTurns() {
        stored.away("a", SHARED, 1);
        stored.away("b", SHARED, 2);
        stored.restart();
        WireClient a = stored.back("a");
        WireClient b = stored.back("b");
        WireClient publisher = publisher();
        for (int i = 0; i < 4; i++) {
            publisher.published("t", "p", 2);
        }
        stored.broker().settle();
        assertThat(StoredBroker.take(a, 2)).allMatch(each -> each.qos().level() == 1);
        assertThat(StoredBroker.take(b, 2)).allMatch(each -> each.qos().level() == 2);
        expectEmpty();
    }

    @ParameterizedTest
    @Statement("5.0:MQTT-4.8.2-4")
    @EnumSource(Crash.class)
    void qos2IsCompletedWithItsReceiverOverACrash(Crash kind) {
        WireClient a = stored.made("a").subscribed(SHARED, 2);
        WireClient publisher = publisher();
        publisher.published("t", "released", 2).published("t", "sent", 2).published("t", LARGE, 2);
        int released = a.expectPublish("t", "released", 2).packetId();
        int sent = a.expectPublish("t", "sent", 2).packetId();
        int large = a.expectPublish("t", LARGE, 2).packetId();
        a.send(pubrec(released));
        a.expect(pubrel(released));
        stored.made("b").subscribed(SHARED, 2).expectNothing();
        stored.crash(kind);
        WireClient b = stored.back("b");
        b.expectNothing();
        a = stored.back("a");
        a.expect(pubrel(released));
        ReceivedPublish first = a.expect(publish("t", "sent").qos(2, sent).dup());
        ReceivedPublish second = a.expect(publish("t", LARGE).qos(2, large).dup());
        a.acknowledge(first);
        a.acknowledge(second);
        a.send(pubcomp(released));
        b.expectNothing();
        expectEmpty();
    }

    @ParameterizedTest
    @Statement("5.0:MQTT-4.8.2-5")
    @EnumSource(Crash.class)
    void qos2OfASessionThatEndsWithTheProcessIsSentToNobodyElse(Crash kind) {
        stored.away("b", SHARED, 2);
        WireClient clean = stored.broker().client("clean").subscribed(SHARED, 2);
        publisher().published("t", "p", 2).published("t", LARGE, 2);
        clean.expectPublish("t", "p", 2);
        clean.expectPublish("t", LARGE, 2);
        stored.crash(kind);
        stored.back("b").expectNothing();
        expectEmpty();
    }

    @ParameterizedTest
    @EnumSource(Crash.class)
    void qos1OfASessionThatEndsWithTheProcessGoesToAnother(Crash kind) {
        stored.away("b", SHARED, 2);
        WireClient clean = stored.broker().client("clean").subscribed(SHARED, 2);
        publisher().published("t", "p", 1).published("t", LARGE, 1);
        clean.expectPublish("t", "p", 1);
        clean.expectPublish("t", LARGE, 1);
        stored.crash(kind);
        assertThat(takeAll(stored.back("b"), 2)).containsExactly("again: p", "again: " + LARGE);
        expectEmpty();
    }

    /** A QoS 2 message of the time before has its old number when it becomes a session's, whose own old ones are being read. */
    @Test
    void olderMessagesOfAGroupAndOfItsMemberComeOnce() {
        stored.made("a").subscribed(SHARED, 2).subscribed("own", 2).leave();
        stored.broker().settle();
        WireClient publisher = publisher();
        List<String> all = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            publisher.published("t", "t" + i, 2).published("own", "own" + i, 2);
            all.add("t" + i);
            all.add("own" + i);
        }
        stored.crash(Crash.POWER);
        assertThat(takeAll(stored.back("a"), 400)).containsExactlyInAnyOrderElementsOf(all);
        expectEmpty();
    }

    @Test
    void aQueueAboveTheMemoryIsPagedOutAndComesInOrder() {
        stored.close();
        stored = StoredBroker.start(Limits.EMBEDDED.withQueueMemoryBytesMax(2_000));
        stored.away("a", SHARED, 1);
        WireClient publisher = publisher();
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            publisher.published("t", "p" + i, 1);
            sent.add("p" + i);
        }
        assertThat(takeAll(stored.back("a"), 300)).containsExactlyElementsOf(sent);
        expectEmpty();
    }

    @ParameterizedTest
    @EnumSource(Crash.class)
    void aGroupWithoutMembersIsGoneForGood(Crash kind) {
        WireClient a = stored.made("a").subscribed(SHARED, 1);
        a.leave();
        stored.broker().settle();
        publisher().published("t", "old", 1).published("t", LARGE, 1);
        a = stored.back("a");
        ReceivedPublish first = (ReceivedPublish) a.receive();
        a.receive();
        a.acknowledge(first);
        a.send(unsubscribe(1, SHARED));
        a.expect(unsuback(1, SUCCESS));
        stored.sync();
        assertThat(groups()).isZero();
        stored.crash(kind);
        a = stored.back("a");
        a.subscribed(SHARED, 1).expectNothing();
        publisher().published("t", "new", 1);
        a.take("t", "new", 1);
        expectEmpty();
    }

    @Test
    void aCleanStartOfTheLastMemberEndsTheGroup() {
        stored.away("a", SHARED, 2);
        publisher().published("t", "p", 2).published("t", LARGE, 1);
        stored.crash(Crash.POWER);
        WireClient a = stored.broker().send(MqttVersion.V5, persistent("a").cleanStart());
        a.expect(connack());
        a.expectNothing();
        expectEmpty();
        assertThat(groups()).isZero();
    }

    @Test
    void theStartRemovesAGroupThatNobodyIsAMemberOf() {
        stored.away("a", SHARED, 2);
        publisher().published("t", "p", 2).published("t", LARGE, 1);
        stored.stop();
        stored.contents().records(Space.SESSION).stream()
                .map(WatchedStore.Stored::key)
                .filter(key -> key[0] == 's')
                .forEach(key -> stored.contents().remove(Space.SESSION, key));
        stored.startAgain();
        expectEmpty();
        assertThat(groups()).isZero();
        stored.back("a").expectNothing();
    }

    @Test
    void aMemberWhoseGroupHasNoRecordFoundsItAnew() {
        stored.away("a", SHARED, 2);
        stored.stop();
        stored.contents().records(Space.SESSION).stream()
                .map(WatchedStore.Stored::key)
                .filter(key -> key[0] == 'g')
                .forEach(key -> stored.contents().remove(Space.SESSION, key));
        stored.startAgain();
        publisher().published("t", "p", 2);
        stored.crash(Crash.POWER);
        assertThat(takeAll(stored.back("a"), 1)).containsExactly("p");
        expectEmpty();
    }
}
