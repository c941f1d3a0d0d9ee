package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static dev.dunlin.codec.ReasonCode.NO_MATCHING_SUBSCRIBERS;
import static dev.dunlin.codec.ReasonCode.NO_SUBSCRIPTION_EXISTED;
import static dev.dunlin.codec.ReasonCode.SESSION_TAKEN_OVER;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The table of section 6 of the architecture, row by row: while the store stands still, what waits for it doesn't leave, and
 * what doesn't goes on; when the store goes on, everything comes, in order.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class WhatWaitsForWhatTest {
    @AutoClose
    private final StoredBroker stored = StoredBroker.start();

    private final WireClient publisher = stored.broker().client("publisher");

    // ---- PUBLISH in

    @EachVersion
    void pubackWaitsForTheEntriesAndDeliveryDoesNot(MqttVersion version) {
        WireClient persistent = stored.made(version, "persistent").subscribed("t", 1);
        WireClient clean = stored.broker().client(version, "clean").subscribed("t", 1);
        stored.away("away", "t", 1);
        WireClient from = stored.broker().client(version, "from");
        stored.stall();
        from.send(publish("t", "1").qos(1, 1), publish("t", "2").qos(1, 2));
        persistent.take("t", "1", 1);
        persistent.take("t", "2", 1);
        clean.take("t", "1", 1);
        clean.take("t", "2", 1);
        stored.awaitStalled();
        from.expectNothing();
        stored.release();
        from.expect(puback(1));
        from.expect(puback(2));
    }

    @EachVersion
    void pubrecWaitsForTheReceivedIdAlsoWhenNobodySubscribes(MqttVersion version) {
        WireClient from = stored.made(version, "from");
        WireClient clean = stored.broker().client("clean").subscribed("t", 2);
        stored.stall();
        from.send(publish("t", "p").qos(2, 1), publish("nobody", "p").qos(2, 2));
        clean.take("t", "p", 2); // a session that ends with its connection waits for nothing
        stored.awaitStalled();
        from.expectNothing();
        stored.release();
        from.expect(pubrec(1));
        from.expect(pubrec(2).reason(NO_MATCHING_SUBSCRIBERS));
    }

    @EachVersion
    void pubcompWaitsForTheReceivedIdToBeGone(MqttVersion version) {
        WireClient from = stored.made(version, "from");
        from.send(publish("t", "p").qos(2, 1));
        from.expect(pubrec(1).reason(NO_MATCHING_SUBSCRIBERS));
        stored.stall();
        from.send(pubrel(1));
        stored.awaitStalled();
        from.expectNothing();
        stored.release();
        from.expect(pubcomp(1));
    }

    @Test
    void aPublishThatNoStoredSessionNeedsTouchesNoDisk() {
        WireClient clean = stored.broker().client("clean").subscribed("t", 2);
        WireClient own = stored.made("own");
        own.send(subscribe(1, "t", 2).noLocal());
        own.expect(suback(1, GRANTED_QOS_2));
        long before = lastTicket();
        stored.stall();
        own.published("t", "0", 0);
        own.published("t", "1", 1);
        publisher.published("u", "2", 2);
        clean.take("t", "0", 0);
        clean.take("t", "1", 1);
        stored.broker().settle();
        assertThat(lastTicket()).isEqualTo(before);
        stored.release();
    }

    private long lastTicket() {
        return Objects.requireNonNull(stored.broker().broker().core().store()).lastTicket();
    }

    // ---- work already done

    @EachVersion
    void repliesForWorkAlreadyDoneWaitForItAllTheSame(MqttVersion version) {
        WireClient c = stored.made(version, "c").subscribed("t", 1);
        stored.stall();
        c.send(publish("u", "p").qos(2, 1), publish("u", "p").qos(2, 1).dup());
        c.send(pubrel(1), pubrel(1), subscribe(2, "t", 1), unsubscribe(3, "never"));
        stored.awaitStalled();
        c.expectNothing();
        stored.release();
        c.expect(pubrec(1).reason(NO_MATCHING_SUBSCRIBERS));
        c.expect(pubrec(1));
        c.expect(pubcomp(1));
        c.expect(pubcomp(1));
        c.expect(suback(2, GRANTED_QOS_1));
        c.expect(unsuback(3, NO_SUBSCRIPTION_EXISTED));
    }

    @EachVersion
    void aResumedConnectWaitsForWhatTheConnectionBeforeHasSubmitted(MqttVersion version) {
        WireClient old = stored.made(version, "c");
        stored.stall();
        old.send(publish("nobody", "p").qos(2, 1));
        old.expectNothing();
        WireClient c = stored.broker().send(version, StoredBroker.persistent("c"));
        old.expectDisconnect(SESSION_TAKEN_OVER);
        stored.broker().settle();
        c.expectNothingYet();
        stored.release();
        c.expect(connack().sessionPresent());
        c.send(publish("nobody", "p").qos(2, 1).dup());
        c.expect(pubrec(1));
    }

    // ---- PUBLISH out

    @EachVersion
    void theFirstSendOfAQos2MessageWaitsAndHoldsBackOnlyQos2(MqttVersion version) {
        WireClient c = stored.made(version, "c").subscribed("t", 2);
        stored.stall();
        publisher.send(publish("t", "1").qos(2, 1), publish("t", "2").qos(1, 2), publish("t", "3"));
        publisher.send(publish("t", "4").qos(2, 4));
        ReceivedPublish second = c.expectPublish("t", "2", 1);
        c.expectPublish("t", "3", 0);
        stored.awaitStalled();
        c.expectNothing();
        stored.release();
        int first = c.expectPublish("t", "1", 2).packetId();
        int last = c.expectPublish("t", "4", 2).packetId();
        assertThat(new int[] {first, second.packetId(), last}).isSorted().doesNotHaveDuplicates();
    }

    @EachVersion
    void pubrelWaitsForTheReleasedStateAlsoWhenPubrecIsRepeated(MqttVersion version) {
        WireClient c = stored.made(version, "c").subscribed("t", 2);
        publisher.published("t", "p", 2);
        int id = c.expectPublish("t", "p", 2).packetId();
        stored.stall();
        c.send(pubrec(id), pubrec(id));
        stored.awaitStalled();
        c.expectNothing();
        stored.release();
        c.expect(pubrel(id));
        c.expect(pubrel(id));
        c.send(pubcomp(id));
    }

    @Test
    void acknowledgementsOfTheReceiverMakeRoomAtOnce() {
        WireClient c = stored.broker()
                .send(MqttVersion.V5, StoredBroker.persistent("c").receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t", 2);
        publisher.published("t", "0", 2);
        for (int i = 1; i < 4; i++) {
            publisher.published("t", "p" + i, 1);
        }
        int id = c.expectPublish("t", "0", 2).packetId();
        c.send(pubrec(id));
        c.expect(pubrel(id));
        stored.stall();
        c.send(pubcomp(id)); // its deletes wait for nobody, and nobody for them
        c.take("t", "p1", 1);
        c.take("t", "p2", 1);
        c.take("t", "p3", 1);
        c.expectNothing();
        stored.release();
    }

    // ---- sessions

    @EachVersion
    void subackAndUnsubackWaitForTheSubscription(MqttVersion version) {
        WireClient c = stored.made(version, "c").subscribed("u", 1);
        stored.stall();
        c.send(subscribe(1, "t", 1), unsubscribe(2, "u"));
        stored.awaitStalled();
        c.expectNothing();
        WireClient clean = stored.broker().client(version, "clean").subscribed("t", 1);
        clean.send(unsubscribe(3, "t"));
        clean.expect(unsuback(3, SUCCESS));
        stored.release();
        c.expect(suback(1, GRANTED_QOS_1));
        c.expect(unsuback(2, SUCCESS));
    }

    @EachVersion
    void connackWaitsForASessionThatIsMadeResumedOrDiscarded(MqttVersion version) {
        stored.made(version, "resumed").leave();
        stored.made(version, "discarded").leave();
        stored.made(version, "replaced").leave();
        stored.stall();
        WireClient made = stored.broker().send(version, StoredBroker.persistent("made"));
        WireClient resumed = stored.broker().send(version, StoredBroker.persistent("resumed"));
        WireClient discarded =
                stored.broker().send(version, connect("discarded").cleanStart());
        WireClient replaced = stored.broker()
                .send(MqttVersion.V5, StoredBroker.persistent("replaced").cleanStart());
        stored.awaitStalled();
        stored.broker().client(version, "clean").published("t", "p", 1);
        stored.broker().settle();
        for (WireClient each : new WireClient[] {made, resumed, discarded, replaced}) {
            each.expectNothingYet();
        }
        stored.release();
        made.expect(connack());
        resumed.expect(connack().sessionPresent());
        discarded.expect(connack());
        replaced.expect(connack());
    }

    @EachVersion
    void aDisconnectWaitsForNothing(MqttVersion version) {
        WireClient watcher = stored.broker().client("watcher").subscribed("will", 1);
        WireClient c = stored.broker()
                .send(
                        version,
                        StoredBroker.persistent("c").will(publish("will", "w").qos(1)));
        c.expect(connack());
        stored.stall();
        c.drop();
        watcher.take("will", "w", 1);
        stored.release();
    }

    // ---- retained messages

    @EachVersion
    void aRetainedPublishWaitsForItsRecordUnlessItIsQos0(MqttVersion version) {
        WireClient clean = stored.broker().client("clean").subscribed("#", 0);
        WireClient from = stored.broker().client(version, "from");
        stored.stall();
        from.send(publish("r/0", "0").retain());
        clean.expectPublish("r/0", "0", 0);
        from.ping();
        from.send(
                publish("r/1", "1").qos(1, 1).retain(),
                publish("r/2", "2").qos(2, 2).retain());
        from.send(publish("r/0", "").qos(1, 3).retain());
        clean.expectPublish("r/1", "1", 0);
        clean.expectPublish("r/2", "2", 0);
        clean.expectPublish("r/0", "", 0);
        stored.awaitStalled();
        from.expectNothing();
        stored.release();
        for (PacketType type : new PacketType[] {PacketType.PUBACK, PacketType.PUBREC, PacketType.PUBACK}) {
            assertThat(((Packet.Ack) from.receive()).type()).isEqualTo(type);
        }
    }

    @Test
    void aQos2MessageOfARetainedReplayWaitsAndAQos1OneDoesNot() {
        publisher.published(publish("r/1", "1").retain(), 2);
        publisher.published(publish("r/2", "2").retain(), 1);
        publisher.published(publish("r/3", "3").retain(), 2);
        WireClient c = stored.broker()
                .send(MqttVersion.V5, StoredBroker.persistent("c").receiveMaximum(1));
        c.expect(connack());
        c.send(subscribe(1, "r/#", 2));
        c.expect(suback(1, GRANTED_QOS_2));
        int id = c.expect(publish("r/1", "1").qos(2).retain()).packetId();
        c.send(pubrec(id));
        c.expect(pubrel(id));
        stored.stall();
        c.send(pubcomp(id));
        c.take(publish("r/2", "2").qos(1).retain());
        stored.awaitStalled();
        c.expectNothing();
        stored.release();
        c.take(publish("r/3", "3").qos(2).retain());
    }

    // ---- all at once, and the two levels

    @EachVersion
    void everythingComesInTheOrderOfItsConnection(MqttVersion version) {
        stored.away("away", "t", 2);
        WireClient c = stored.made(version, "c");
        stored.stall();
        c.send(
                subscribe(1, "u", 2),
                publish("t", "p").qos(1, 2),
                publish("t", "p").qos(2, 3),
                unsubscribe(4, "u"));
        c.send(
                pubrel(3),
                publish("nobody", "p").qos(1, 5),
                pubrel(9),
                publish("t", "q").qos(1, 6));
        stored.awaitStalled();
        c.expectNothing();
        stored.release();
        c.expect(suback(1, GRANTED_QOS_2));
        c.expect(puback(2));
        c.expect(pubrec(3));
        c.expect(unsuback(4, SUCCESS));
        c.expect(pubcomp(3));
        c.expect(puback(5).reason(NO_MATCHING_SUBSCRIBERS));
        c.expect(pubcomp(9));
        c.expect(puback(6));
        c.expectNothing();
    }

    @Test
    void atPowerAReplyWaitsForTheSyncAndNotOnlyForTheWrite() throws Exception {
        stored.away("away", "t", 1);
        stored.store().stall(Call.SYNC);
        publisher.send(publish("t", "p").qos(1, 1));
        stored.store().awaitStalled(Call.SYNC, Duration.ofSeconds(10));
        publisher.expectNothing();
        stored.store().release(Call.SYNC);
        publisher.expect(puback(1));
    }

    @Test
    void atProcessAReplyWaitsForTheWriteOnlyAndTheSyncComesWithinASecond() throws Exception {
        try (StoredBroker process = StoredBroker.start(Durability.PROCESS, builder -> builder)) {
            process.away("away", "t", 1);
            WireClient from = process.broker().client("from");
            process.stall();
            from.send(publish("t", "0").qos(1, 1));
            process.awaitStalled();
            from.expectNothing();
            process.store().stall(Call.SYNC);
            process.release();
            from.expect(puback(1));
            process.store().awaitStalled(Call.SYNC, Duration.ofSeconds(3));
            process.store().release(Call.SYNC);
            from.published("t", "1", 1);
        }
    }
}
