package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shared subscriptions: who gets a message, who gets it instead, and what waits [5.0 section 4.8.2]. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SharedSubscriptionTest {
    private static final String SHARED = "$share/g/t";
    private static final long DAY = 86_400;

    private TestBroker broker = TestBroker.start();
    private WireClient publisher = broker.client("publisher");

    @AfterEach
    void close() {
        broker.close();
    }

    private void restart(Limits limits) {
        broker.close();
        broker = TestBroker.start(limits);
        publisher = broker.client("publisher");
    }

    private WireClient member(MqttVersion version, String id, int qos) {
        return broker.client(version, id).subscribed(SHARED, qos);
    }

    private WireClient member(String id, int qos) {
        return member(MqttVersion.V5, id, qos);
    }

    /** A member that has one message at a time. */
    private WireClient slow(String id) {
        return connected(id, 1, 0).subscribed(SHARED, 2);
    }

    private WireClient connected(String id, int receiveMaximum, long expirySeconds) {
        WireClient c = broker.send(
                MqttVersion.V5,
                connect(id).cleanStart().receiveMaximum(receiveMaximum).sessionExpiry(expirySeconds));
        c.expect(connack());
        return c;
    }

    private WireClient persistent(MqttVersion version, String id) {
        WireClient c = broker.send(version, connect(id).sessionExpiry(DAY));
        c.expect(connack());
        return c.subscribed(SHARED, 2);
    }

    private WireClient back(MqttVersion version, String id) {
        WireClient c = broker.send(version, connect(id).sessionExpiry(DAY));
        c.expect(connack().sessionPresent());
        return c;
    }

    private void publishAll(int first, int last, int qos) {
        for (int i = first; i <= last; i++) {
            publisher.published("t", String.valueOf(i), qos);
        }
        broker.settle();
    }

    /** Takes the next {@code count} messages. */
    private static List<String> take(WireClient client, int count) {
        return receive(client, count).stream().map(ReceivedPublish::text).toList();
    }

    /** The next {@code count} messages; those of QoS 2, which may come together, are acknowledged when all are here. */
    private static List<ReceivedPublish> receive(WireClient client, int count) {
        List<ReceivedPublish> came = new ArrayList<>();
        List<ReceivedPublish> open = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ReceivedPublish next = (ReceivedPublish) client.receive();
            came.add(next);
            if (next.qos() == QoS.EXACTLY_ONCE) {
                open.add(next);
            } else {
                client.acknowledge(next);
            }
        }
        open.forEach(client::acknowledge);
        return came;
    }

    /** The client is cut off, and its session knows. */
    private void lose(WireClient client) {
        int before = broker.openConnections();
        client.drop();
        TestBroker.eventually("it is noticed", () -> broker.openConnections() < before);
        broker.settle();
    }

    private void expectNothing(WireClient... clients) {
        broker.settle();
        for (WireClient each : clients) {
            each.expectNothing();
        }
    }

    // ---- turn

    @EachVersion
    void membersGetMessagesInTurn(MqttVersion version) {
        WireClient a = member(version, "a", 2);
        WireClient b = member(version, "b", 2);
        WireClient c = member(version, "c", 2);
        for (int qos = 0; qos <= 2; qos++) {
            publishAll(1, 6, qos);
            List<String> all = new ArrayList<>(take(a, 2));
            all.addAll(take(b, 2));
            all.addAll(take(c, 2));
            assertThat(all).containsExactlyInAnyOrder("1", "2", "3", "4", "5", "6");
            expectNothing(a, b, c);
        }
    }

    @Test
    void membersMaySpeakDifferentVersions() {
        WireClient[] members = new WireClient[3];
        for (MqttVersion version : MqttVersion.values()) {
            members[version.ordinal()] = member(version, "c" + version, 1);
        }
        publishAll(1, 3, 1);
        for (WireClient each : members) {
            take(each, 1);
        }
        expectNothing(members);
    }

    @Test
    void groupsAndOtherSubscribersGetTheirOwnCopy() {
        WireClient a = member("a", 1);
        WireClient other = broker.client("other").subscribed("$share/h/t", 1);
        WireClient wild = broker.client("wild").subscribed("$share/g/+", 1);
        WireClient plain = broker.client("plain").subscribed("t", 1);
        publishAll(1, 3, 1);
        for (WireClient each : List.of(a, other, wild, plain)) {
            assertThat(take(each, 3)).containsExactly("1", "2", "3");
        }
        expectNothing(a, other, wild, plain);
    }

    @Test
    void aSessionGetsItsSharedAndItsOwnCopyWithTheirIdentifiers() {
        WireClient c = broker.client("c");
        c.send(subscribe(1, SHARED, 1).identifier(7), subscribe(2, "t", 2).identifier(8));
        c.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        c.expect(suback(2, ReasonCode.GRANTED_QOS_2));
        publisher.published("t", "p", 2);
        broker.settle();
        List<String> came = new ArrayList<>();
        for (ReceivedPublish each : receive(c, 2)) {
            came.add(each.qos().level() + " " + each.properties());
        }
        assertThat(came).anyMatch(each -> each.startsWith("1") && each.contains("7") && !each.contains("8"));
        assertThat(came).anyMatch(each -> each.startsWith("2") && each.contains("8") && !each.contains("7"));
        expectNothing(c);
    }

    @ParameterizedTest
    @Statement("5.0:MQTT-4.8.2-3")
    @CsvSource({"0,2,0", "1,0,0", "1,2,1", "2,0,0", "2,1,1", "2,2,2"})
    void theQosIsTheLowerOfPublishedAndGrantedToTheChosenMember(int published, int granted, int delivered) {
        for (MqttVersion version : MqttVersion.values()) {
            WireClient low = member(version, "low", granted);
            WireClient high = member(version, "high", 2);
            publishAll(1, 2, published);
            ReceivedPublish came = (ReceivedPublish) low.receive();
            assertThat(came.qos().level()).isEqualTo(delivered);
            low.acknowledge(came);
            came = (ReceivedPublish) high.receive();
            assertThat(came.qos().level()).isEqualTo(published);
            high.acknowledge(came);
            expectNothing(low, high);
            low.leave();
            high.leave();
        }
    }

    // ---- subscribing

    @EachVersion
    @Statement({"5.0:MQTT-4.8.2-1", "5.0:MQTT-4.8.2-2"})
    void anIllFormedShareIsRefused(MqttVersion version) {
        WireClient a = member("a", 1);
        for (String filter : List.of(
                "$share/",
                "$share//t",
                "$share/g",
                "$share/g/",
                "$share/+/t",
                "$share/#",
                "$share/g+/t",
                "$share/g#/t",
                "$share/g/t#",
                "$share/g/#/t",
                "$share/g/t+")) {
            WireClient c = broker.client(version, "c");
            c.send(subscribe(1, filter, 1).and("u", 1));
            if (version == MqttVersion.V5) {
                c.expect(suback(1, ReasonCode.TOPIC_FILTER_INVALID, ReasonCode.GRANTED_QOS_1));
                publisher.published("u", "p", 1);
                c.take("u", "p", 1);
            } else {
                c.expectClosed();
            }
            c.close();
        }
        publishAll(1, 1, 1);
        a.take("t", "1", 1);
        expectNothing(a);
    }

    @EachVersion
    void filtersBehindTheShareNameMayHaveWildcards(MqttVersion version) {
        WireClient c =
                broker.client(version, "c").subscribed("$share/g/a/+/c/#", 1).subscribed("$share/$x/$y/#", 0);
        publisher.published("a/b/c/d", "1", 1).published("a/b", "2", 1).published("$y/z", "3", 0);
        broker.settle();
        c.take("a/b/c/d", "1", 1);
        c.take("$y/z", "3", 0);
        c.expectNothing();
    }

    @Test
    @Statement("5.0:MQTT-3.8.3-4")
    void noLocalOnASharedSubscriptionIsAProtocolError() {
        WireClient a = member("a", 1);
        WireClient c = broker.client("c");
        c.send(subscribe(1, SHARED, 1).noLocal());
        c.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
        publishAll(1, 2, 1);
        assertThat(take(a, 2)).containsExactly("1", "2");
    }

    @Test
    void aMemberGetsWhatItPublishesItself() {
        WireClient a = member("a", 0);
        a.send(publish("t", "own"));
        a.take("t", "own", 0);
    }

    @Test
    void aShareIsNoTopicThatAnybodyGetsByItsName() {
        WireClient a = member("a", 1);
        WireClient all = broker.client("all").subscribed("#", 1);
        publisher.send(publish(SHARED, "p").qos(1, 1));
        assertThat(((Packet.Ack) publisher.receive()).reason()).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
        expectNothing(a, all);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void retainedMessagesAreNotSentForASharedSubscription(int handling) {
        publisher.published(publish("t", "retained").retain(), 1);
        WireClient a = broker.client("a");
        for (int round = 0; round < 2; round++) {
            a.send(subscribe(1, SHARED, 1).retainHandling(handling));
            a.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        }
        expectNothing(a);
        publisher.published(publish("t", "live").retain(), 1);
        a.take("t", "live", 1);
        publisher.published(publish("t", "").retain(), 1);
        a.take("t", "", 1);
    }

    @Test
    void retainComesAsPublishedToTheMemberThatAskedForIt() {
        WireClient plain = member("plain", 1);
        WireClient asks = broker.client("asks");
        asks.send(subscribe(1, SHARED, 1).retainAsPublished());
        asks.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        for (int i = 0; i < 2; i++) {
            publisher.published(publish("t", "p").retain(), 1);
        }
        plain.take("t", "p", 1);
        asks.take(publish("t", "p").qos(1).retain());
        publisher.published(publish("t", "").retain(), 0);
    }

    @Test
    void anotherSubscribeChangesTheOptionsOfTheMember() {
        WireClient a = member("a", 0);
        a.send(subscribe(1, SHARED, 2).identifier(9));
        a.expect(suback(1, ReasonCode.GRANTED_QOS_2));
        publishAll(1, 2, 2);
        for (ReceivedPublish each : receive(a, 2)) {
            assertThat(each.qos()).isEqualTo(QoS.EXACTLY_ONCE);
            assertThat(each.properties().toString()).contains("9");
        }
        expectNothing(a);
    }

    @EachVersion
    void whoHasUnsubscribedGetsNothingMore(MqttVersion version) {
        WireClient a = member(version, "a", 1);
        WireClient b = member(version, "b", 1);
        a.send(unsubscribe(1, "$share/other/t", SHARED));
        a.expect(unsuback(1, ReasonCode.NO_SUBSCRIPTION_EXISTED, ReasonCode.SUCCESS));
        publishAll(1, 4, 1);
        assertThat(take(b, 4)).containsExactly("1", "2", "3", "4");
        expectNothing(a, b);
        b.send(unsubscribe(2, SHARED));
        b.expect(unsuback(2, ReasonCode.SUCCESS));
        publisher.send(publish("t", "nobody").qos(1, 900));
        assertThat(((Packet.Ack) publisher.receive()).reason()).isEqualTo(ReasonCode.NO_MATCHING_SUBSCRIBERS);
    }

    @Test
    void sharedSubscriptionsCountAsSubscriptions() {
        restart(Limits.EMBEDDED.withSubscriptionsPerSessionMax(2));
        WireClient c = broker.client("c").subscribed("a", 1).subscribed("$share/g/a", 1);
        c.send(subscribe(1, "$share/g/b", 1).and("$share/g/a", 0));
        c.expect(suback(1, ReasonCode.QUOTA_EXCEEDED, ReasonCode.SUCCESS));
    }

    // ---- room

    @Test
    void whoHasNoRoomIsLeftOut() {
        WireClient slow = slow("slow");
        WireClient fast = member("fast", 2);
        publishAll(1, 10, 1);
        ReceivedPublish first = (ReceivedPublish) slow.receive();
        assertThat(take(fast, 9))
                .isSortedAccordingTo(Comparator.comparing(Integer::valueOf))
                .doesNotContain(first.text());
        slow.acknowledge(first);
        expectNothing(slow, fast);
    }

    @Test
    void whatNobodyHasRoomForWaitsAndGoesToTheFirstThatHas() {
        WireClient a = slow("a");
        WireClient b = slow("b");
        publishAll(1, 8, 1);
        ReceivedPublish ofA = (ReceivedPublish) a.receive();
        ReceivedPublish ofB = (ReceivedPublish) b.receive();
        expectNothing(a, b);
        a.acknowledge(ofA);
        assertThat(take(a, 6)).containsExactly("3", "4", "5", "6", "7", "8");
        b.acknowledge(ofB);
        a.ping(); // their acknowledgements have made room
        b.ping();
        publishAll(9, 10, 1);
        take(a, 1);
        take(b, 1);
        expectNothing(a, b);
    }

    @Test
    void qos0IsNotHeldUpByAFullWindow() {
        WireClient a = slow("a");
        publishAll(1, 2, 1);
        ReceivedPublish first = (ReceivedPublish) a.receive();
        publishAll(3, 3, 0);
        a.take("t", "3", 0);
        a.acknowledge(first);
        a.take("t", "2", 1);
    }

    @Test
    void aWindowThatOwnMessagesFillMakesNoRoom() {
        WireClient a = connected("a", 2, 0).subscribed(SHARED, 1).subscribed("own", 1);
        publisher.published("own", "1", 1).published("own", "2", 1);
        a.expectPublish("own", "1", 1);
        int second = a.expectPublish("own", "2", 1).packetId();
        publishAll(1, 1, 1);
        expectNothing(a);
        WireClient b = member("b", 1);
        publishAll(2, 5, 1);
        assertThat(take(b, 4)).containsExactly("2", "3", "4", "5");
        a.send(puback(second));
        a.take("t", "1", 1);
        a.ping(); // its acknowledgement has made room
        publishAll(6, 7, 1);
        take(a, 1);
        take(b, 1);
        expectNothing(a, b);
    }

    @Test
    void theQueueOfAGroupHasTheBoundsOfASession() {
        restart(Limits.EMBEDDED.withQueueMessagesMax(5));
        WireClient a = slow("a");
        publishAll(1, 10, 1);
        assertThat(broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(4);
        assertThat(take(a, 6)).containsExactly("1", "2", "3", "4", "5", "6");
        expectNothing(a);
    }

    @Test
    void qos0ForMembersThatAreAllAwayIsDropped() {
        persistent(MqttVersion.V5, "a").leave();
        publishAll(1, 3, 0);
        assertThat(broker.dropped(DropReason.OFFLINE_QOS_0)).isEqualTo(3);
    }

    // ---- members that are away

    @EachVersion
    void connectedMembersComeFirst(MqttVersion version) {
        persistent(version, "away").leave();
        WireClient b = member(version, "b", 2);
        publishAll(1, 4, 2);
        assertThat(take(b, 4)).containsExactly("1", "2", "3", "4");
        WireClient away = back(version, "away");
        expectNothing(away, b);
    }

    @EachVersion
    void whatComesWhileAllAreAwayGoesToTheFirstThatComesBack(MqttVersion version) {
        persistent(version, "a").leave();
        persistent(version, "b").leave();
        publishAll(1, 2, 1);
        publishAll(3, 4, 2);
        WireClient b = back(version, "b");
        assertThat(take(b, 4)).containsExactly("1", "2", "3", "4");
        WireClient a = back(version, "a");
        expectNothing(a, b);
    }

    @EachVersion
    void qos1GoesToAnotherMemberWhenTheConnectionIsLost(MqttVersion version) {
        WireClient a = persistent(version, "a");
        publishAll(1, 3, 1);
        for (int i = 1; i <= 3; i++) {
            a.expectPublish("t", String.valueOf(i), 1);
        }
        a.ping();
        WireClient b = member(version, "b", 2);
        lose(a);
        assertThat(take(b, 3)).containsExactly("1", "2", "3");
        a = back(version, "a");
        expectNothing(a, b);
    }

    @EachVersion
    void qos1GoesToAnotherMemberWhenTheSessionEnds(MqttVersion version) {
        WireClient a = member(version, "a", 2);
        publishAll(1, 2, 1);
        a.expectPublish("t", "1", 1);
        a.expectPublish("t", "2", 1);
        WireClient b = member(version, "b", 0);
        lose(a);
        b.take("t", "1", 0); // with what this one was granted
        b.take("t", "2", 0);
        expectNothing(b);
    }

    @EachVersion
    void qos1WaitsForItsReceiverWhenThereIsNoOther(MqttVersion version) {
        persistent(version, "b").leave();
        WireClient a = persistent(version, "a");
        publishAll(1, 2, 1);
        int first = a.expectPublish("t", "1", 1).packetId();
        int second = a.expectPublish("t", "2", 1).packetId();
        lose(a);
        WireClient b = back(version, "b");
        expectNothing(b);
        a = back(version, "a");
        a.take(publish("t", "1").qos(1, first).dup());
        a.take(publish("t", "2").qos(1, second).dup());
        expectNothing(a, b);
    }

    @EachVersion
    void qos1ThatWaitedGoesToAnotherWhenTheSessionIsDiscarded(MqttVersion version) {
        persistent(version, "b").leave();
        WireClient a = persistent(version, "a");
        publishAll(1, 1, 1);
        a.expectPublish("t", "1", 1);
        lose(a);
        WireClient b = back(version, "b");
        expectNothing(b);
        broker.client(version, "a");
        b.take("t", "1", 1);
        expectNothing(b);
    }

    @EachVersion
    @Statement("5.0:MQTT-4.8.2-4")
    void qos2IsCompletedWithItsReceiverWhenThatReconnects(MqttVersion version) {
        WireClient a = persistent(version, "a");
        publishAll(1, 2, 2);
        int first = a.expectPublish("t", "1", 2).packetId();
        int second = a.expectPublish("t", "2", 2).packetId();
        a.send(pubrec(first));
        a.expect(pubrel(first));
        WireClient b = member(version, "b", 2);
        lose(a);
        expectNothing(b);
        a = back(version, "a");
        a.expect(pubrel(first));
        a.take(publish("t", "2").qos(2, second).dup());
        expectNothing(a, b);
    }

    @EachVersion
    @Statement("5.0:MQTT-4.8.2-5")
    void qos2IsSentToNobodyElseWhenTheSessionEnds(MqttVersion version) {
        WireClient a = member(version, "a", 2);
        WireClient kept = persistent(version, "kept");
        publishAll(1, 2, 2);
        a.receive();
        kept.receive();
        WireClient b = member(version, "b", 2);
        lose(a);
        lose(kept);
        broker.client(version, "kept"); // discards
        expectNothing(b);
        assertThat(broker.dropped(DropReason.SESSION_ENDED)).isEqualTo(2);
        publishAll(3, 3, 2);
        b.take("t", "3", 2);
    }

    @ParameterizedTest
    @Statement("5.0:MQTT-4.8.2-6")
    @ValueSource(ints = {1, 2})
    void aMessageThatItsReceiverRefusesIsSentToNobodyElse(int qos) {
        WireClient a = slow("a");
        publisher.published("t", "refused", qos);
        int id = a.expectPublish("t", "refused", qos).packetId();
        WireClient b = member("b", 2);
        a.send(
                qos == 1
                        ? puback(id).reason(ReasonCode.QUOTA_EXCEEDED)
                        : pubrec(id).reason(ReasonCode.QUOTA_EXCEEDED));
        a.ping();
        expectNothing(a, b);
        assertThat(broker.dropped(DropReason.REJECTED_BY_RECEIVER)).isEqualTo(1);
        publishAll(1, 2, qos);
        take(a, 1);
        take(b, 1);
        lose(a);
        expectNothing(b);
    }

    @EachVersion
    void aTakeoverLosesNothingAndGivesNothingAway(MqttVersion version) {
        WireClient a = persistent(version, "a");
        publishAll(1, 2, 1);
        int first = a.expectPublish("t", "1", 1).packetId();
        int second = a.expectPublish("t", "2", 1).packetId();
        WireClient b = member(version, "b", 1);
        WireClient again = back(version, "a");
        again.take(publish("t", "1").qos(1, first).dup());
        again.take(publish("t", "2").qos(1, second).dup());
        expectNothing(again, b);
        publishAll(3, 4, 1);
        take(again, 1);
        take(b, 1);
    }

    @EachVersion
    void whatIsUnderWayToWhoHasUnsubscribedIsCompleted(MqttVersion version) {
        WireClient a = member(version, "a", 2);
        publishAll(1, 2, 2);
        ReceivedPublish first = (ReceivedPublish) a.receive();
        ReceivedPublish second = (ReceivedPublish) a.receive();
        publisher.published("t", "qos 1", 1);
        ReceivedPublish third = (ReceivedPublish) a.receive();
        a.send(unsubscribe(1, SHARED));
        a.expect(unsuback(1, ReasonCode.SUCCESS));
        a.acknowledge(first);
        a.acknowledge(second);
        a.acknowledge(third);
        expectNothing(a);
        assertThat(broker.dropped(DropReason.SESSION_ENDED)).isZero();
    }

    @Test
    void withTheLastMemberGoesWhatWaits() {
        WireClient a = slow("a");
        publishAll(1, 4, 1);
        ReceivedPublish first = (ReceivedPublish) a.receive();
        a.send(unsubscribe(1, SHARED));
        a.expect(unsuback(1, ReasonCode.SUCCESS));
        a.acknowledge(first);
        assertThat(broker.dropped(DropReason.SESSION_ENDED)).isEqualTo(3);
        WireClient b = member("b", 1);
        expectNothing(a, b);
        publishAll(5, 5, 1);
        b.take("t", "5", 1);
    }

    @Test
    void withTheLastSessionGoesEverything() {
        WireClient a = connected("a", 2, 0).subscribed(SHARED, 2);
        publishAll(1, 4, 1);
        take(a, 1);
        a.receive();
        a.receive();
        lose(a);
        broker.settle();
        assertThat(broker.dropped(DropReason.SESSION_ENDED)).isEqualTo(3);
    }

    @Test // [5.0:MQTT-3.3.2-5]
    void whatHasExpiredInTheQueueIsDropped() {
        TestBroker.ManualTime time = new TestBroker.ManualTime();
        broker.close();
        broker = TestBroker.start(builder -> builder.time(time));
        publisher = broker.client("publisher");
        persistent(MqttVersion.V5, "a").leave();
        publisher
                .published(publish("t", "short").expiry(10), 1)
                .published(publish("t", "long").expiry(100), 1);
        time.advance(Duration.ofSeconds(20));
        WireClient a = back(MqttVersion.V5, "a");
        assertThat(a.take("t", "long", 1).expirySeconds()).isEqualTo(80);
        expectNothing(a);
        assertThat(broker.dropped(DropReason.EXPIRED)).isEqualTo(1);
    }

    @Test
    void aMessageTooLargeForItsReceiverIsDropped() {
        WireClient a = broker.send(MqttVersion.V5, connect("a").cleanStart().maximumPacketSize(100));
        a.expect(connack());
        a.subscribed(SHARED, 2);
        publisher.published("t", "x".repeat(200), 1).published("t", "x".repeat(200), 2);
        publishAll(1, 1, 2);
        a.take("t", "1", 2);
        expectNothing(a);
        assertThat(broker.dropped(DropReason.PACKET_TOO_LARGE)).isEqualTo(2);
    }

    @Test
    void largePayloadsAreGivenBackAndOnce() {
        String large = "x".repeat(100_000);
        WireClient a = slow("a");
        for (int i = 0; i < 3; i++) {
            publisher.published("t", large, 1);
        }
        a.expectPublish("t", large, 1);
        WireClient b = member("b", 1);
        lose(a);
        for (int i = 0; i < 3; i++) {
            b.take("t", large, 1);
        }
        persistent(MqttVersion.V5, "c").leave();
        b.leave();
        publisher.published("t", large, 1); // stays in the queue when the broker is closed
        expectNothing();
    }
}
