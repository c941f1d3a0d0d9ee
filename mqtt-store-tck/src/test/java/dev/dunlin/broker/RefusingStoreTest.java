package dev.dunlin.broker;

import static dev.dunlin.broker.StoredBroker.persistent;
import static dev.dunlin.broker.StoredBroker.takeAll;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.DISCONNECT_WITH_WILL_MESSAGE;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.NO_MATCHING_SUBSCRIBERS;
import static dev.dunlin.codec.ReasonCode.QUOTA_EXCEEDED;
import static dev.dunlin.codec.ReasonCode.SERVER_UNAVAILABLE;
import static dev.dunlin.codec.ReasonCode.SESSION_TAKEN_OVER;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.testkit.Statement;
import dev.dunlin.store.tck.Crash;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * STALLED: nothing can be written, and what would need it is refused before it changes or takes over anything. GUARD: there is
 * little space, and only what makes the store grow is refused. Both end by themselves, and the rest goes on meanwhile.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RefusingStoreTest {
    private static final long MIB = 1 << 20;
    private static final long VOLUME = 100 * 1024 * MIB;

    private final MovedTime time = new MovedTime();

    @AutoClose
    private final StoredBroker stored = StoredBroker.start(builder -> builder.time(time));

    private final WireClient watcher = stored.broker().client("watcher").subscribed("t", 0);
    private final WireClient old = stored.made("old").subscribed("had", 1);

    @BeforeEach
    void makeAnAbsentSession() {
        stored.away("away", "t", 2);
        stored.awaitQuiet();
    }

    /** A write hangs, and what waits for it is on its way. */
    private void stallWith(WireClient waiting) {
        stored.stall();
        waiting.send(publish("t", "waits").qos(1, 1));
        watcher.expectPublish("t", "waits", 0);
        stored.awaitStalled();
        time.advance(Duration.ofSeconds(6));
        assertThat(stored.core().isStalled()).isTrue();
    }

    private static void assertRefused(WireClient client, int id) {
        Packet.Ack ack = (Packet.Ack) client.receive();
        assertThat(ack.packetId()).isEqualTo(id);
        assertThat(ack.reason()).isEqualTo(QUOTA_EXCEEDED);
        assertThat(ack.properties().toString()).contains("REASON_STRING");
    }

    private static void assertRefusesToSubscribe(WireClient client, int id, String filter) {
        client.send(subscribe(id, filter, 1));
        Suback suback = client.expect(suback(id, QUOTA_EXCEEDED));
        assertThat(suback.properties().toString()).contains("REASON_STRING");
    }

    // ---- stalled

    @Test
    void whileAWriteHangsDurableWorkOf5IsRefusedBeforeItChangesAnything() {
        WireClient waiting = stored.broker().client("waiting");
        WireClient from = stored.broker().client("from");
        stallWith(waiting);
        from.send(
                publish("t", "no").qos(1, 1),
                publish("t", "no").qos(2, 2),
                publish("r", "no").qos(1, 3).retain());
        for (int id = 1; id <= 3; id++) {
            assertRefused(from, id);
        }
        old.send(publish("nobody", "no").qos(2, 4));
        assertRefused(old, 4);
        assertRefusesToSubscribe(old, 5, "new");
        assertRefusesToSubscribe(old, 6, "had");
        stored.broker().send(MqttVersion.V5, persistent("made")).expectRefusal(QUOTA_EXCEEDED);
        stored.broker().send(MqttVersion.V5, persistent("away")).expectRefusal(QUOTA_EXCEEDED);
        stored.broker().send(MqttVersion.V5, persistent("old")).expectRefusal(QUOTA_EXCEEDED);
        stored.broker().send(MqttVersion.V5, connect("old").cleanStart()).expectRefusal(QUOTA_EXCEEDED);
        stored.broker().send(MqttVersion.V3_1_1, persistent("old")).expectRefusal(SERVER_UNAVAILABLE);
        old.ping(); // not taken over
        watcher.expectNothing();
        assertThat(stored.broker().hasSession("made")).isFalse();
        assertThat(stored.broker().dropped(DropReason.REFUSED)).isEqualTo(4);

        stored.release();
        waiting.expect(puback(1));
        from.send(publish("t", "yes").qos(2, 2), publish("new", "p").qos(1, 7));
        from.expect(pubrec(2));
        from.expect(puback(7).reason(NO_MATCHING_SUBSCRIBERS));
        old.expectNothing();
        old.published("nobody", "p", 2);
        assertThat(takeAll(stored.back("away"), 2)).containsExactly("waits", "yes");
        stored.broker().client("late").subscribed("r", 1).expectNothing();
    }

    /** A publisher that waits for room is not left waiting by a write that never ends. */
    @Test
    void whileAWriteHangsThosePausedForRoomAreToldToo() {
        WireClient from = stored.broker().client("from");
        stored.stall();
        from.send(publish("t", "first").qos(1, 1));
        watcher.expectPublish("t", "first", 0);
        stored.awaitStalled();
        time.advance(Duration.ofSeconds(1)); // crowded, not yet stalled
        from.send(publish("t", "second").qos(1, 2));
        watcher.expectPublish("t", "second", 0);
        from.send(publish("t", "third").qos(1, 3)); // read no further
        watcher.expectNothing();

        time.advance(Duration.ofSeconds(6));

        from.ping(); // it is read again
        from.send(publish("t", "qos 0"));
        watcher.expectPublish("t", "qos 0", 0); // and the third one was refused: its answer waits for those before it
        stored.release();
        from.expect(puback(1));
        from.expect(puback(2));
        assertRefused(from, 3);
    }

    @Test
    @Statement({"5.0:MQTT-3.9.2-1", "5.0:MQTT-3.9.2-2", "5.0:MQTT-3.1.2-29"})
    void whileAWriteHangsSubackSaysWhyOnlyWhereThatFitsAndIsWanted() {
        int bytes = 2 + 2 + 1 + 3 + "the store has no room or can't be written".length() + 1;
        WireClient waiting = stored.broker().client("waiting");
        WireClient fits = connected(persistent("fits").maximumPacketSize(bytes)).acceptsAtMost(bytes);
        WireClient small =
                connected(persistent("small").maximumPacketSize(bytes - 1)).acceptsAtMost(bytes - 1);
        WireClient incurious = connected(persistent("incurious").with(Property.REQUEST_PROBLEM_INFORMATION, 0));
        stored.awaitQuiet();
        stallWith(waiting);

        assertRefusesToSubscribe(fits, 1, "new");
        for (WireClient client : List.of(small, incurious)) {
            client.send(subscribe(1, "new", 1));
            client.expectRaw("90 {0001 00 97}");
            client.ping();
        }
        stored.release();
        waiting.expect(puback(1));
    }

    private WireClient connected(ConnectPacket connect) {
        WireClient client = stored.broker().send(MqttVersion.V5, connect);
        client.expect(connack());
        return client;
    }

    @Test
    void whileAWriteHangsQos0AndCleanSessionsGoOn() {
        WireClient waiting = stored.broker().client("waiting");
        WireClient before = stored.broker().client("before");
        stallWith(waiting);
        WireClient clean = stored.broker().client("clean").subscribed("free", 2);
        for (int i = 0; i < 5; i++) {
            before.send(publish("t", "qos 0 " + i));
            watcher.expectPublish("t", "qos 0 " + i, 0);
            before.send(publish("free", "qos 1 " + i).qos(1, i + 1));
            before.expect(puback(i + 1));
            clean.take("free", "qos 1 " + i, 1);
            before.ping();
        }
        clean.send(unsubscribe(1, "free"));
        clean.expect(unsuback(1, SUCCESS));
        clean.leave();
        stored.release();
        waiting.expect(puback(1));
    }

    @Test
    void aClientOf3IsReadNoFurtherAndGoesOnWhenTheStoreIsWell() {
        WireClient waiting = stored.broker().client("waiting");
        WireClient three = stored.broker().client(MqttVersion.V3_1_1, "three");
        WireClient two = stored.made(MqttVersion.V3_1_1, "two");
        stored.awaitQuiet();
        stallWith(waiting);
        three.send(publish("t", "later").qos(1, 1), publish("t", "then").qos(2, 2), pingreq());
        two.send(publish("nobody", "later").qos(2, 1), pingreq());
        stored.broker().settle();
        watcher.expectNothing();
        three.expectNothingYet();
        two.expectNothingYet();
        stored.release();
        waiting.expect(puback(1));
        assertThat(List.of(three.receive(), three.receive(), three.receive())) // PINGRESP waits for nothing
                .extracting(Object::toString)
                .anyMatch(packet -> packet.startsWith("Pingresp"))
                .filteredOn(packet -> packet.startsWith("Ack"))
                .satisfiesExactly(
                        first -> assertThat(first).contains("PUBACK", "packetId=1"),
                        second -> assertThat(second).contains("PUBREC", "packetId=2"));
        watcher.expectPublish("t", "later", 0);
        watcher.expectPublish("t", "then", 0);
        assertThat(two.receive()).isNotNull();
        assertThat(takeAll(stored.back("away"), 3)).containsExactlyInAnyOrder("waits", "later", "then");
    }

    @Test
    @Statement("3.1.1:MQTT-4.8.0-2")
    void aClientOf3IsClosedWithoutAnAcknowledgementWhenItHasWaitedForTenSeconds() {
        WireClient waiting = stored.broker().client("waiting");
        WireClient three = stored.broker().client(MqttVersion.V3_1_1, "three");
        WireClient gone = stored.broker().client(MqttVersion.V3_1_1, "gone");
        stallWith(waiting);
        long startNs = System.nanoTime();
        gone.send(publish("t", "x".repeat(5_000)).qos(1, 1));
        gone.close(); // and what it was to publish with it
        three.send(publish("t", "x".repeat(5_000)).qos(1, 1), pingreq());
        TestBroker.eventually("it waits", () -> !isRead("three"));
        while (Duration.ofNanos(System.nanoTime() - startNs).toMillis() < 9_000) {
            three.expectNothingYet();
            watcher.ping();
        }
        three.expectClosed();
        assertThat(Duration.ofNanos(System.nanoTime() - startNs)).isGreaterThan(Duration.ofSeconds(9));
        TestBroker.eventually(
                "the other too",
                () -> SessionProbe.link(stored.broker().broker().core(), "gone") == null);
        stored.release();
        waiting.expect(puback(1));
        assertThat(takeAll(stored.back("away"), 1)).containsExactly("waits");
    }

    private boolean isRead(String id) {
        var link = SessionProbe.link(stored.broker().broker().core(), id);
        return link != null && !link.isPausedByUs();
    }

    @Test
    void aBrokerThatIsClosedMeanwhileKeepsNothingOfWhatWaits() {
        WireClient waiting = stored.broker().client("waiting");
        WireClient three = stored.broker().client(MqttVersion.V3_1_1, "three");
        stallWith(waiting);
        three.send(publish("t", "x".repeat(5_000)).qos(1, 1));
        TestBroker.eventually("it waits", () -> !isRead("three"));
        stored.stop(); // counts the buffers
    }

    // ---- little space

    private void lookAtTheSpace() {
        time.advance(Duration.ofSeconds(2));
        watcher.published(publish("look", "p").retain(), 0); // QoS 0: the write looks at the space first
        stored.broker().settle();
    }

    private void haveLittleSpace() {
        stored.awaitQuiet();
        stored.store().freeBytes(1_000 * MIB, VOLUME); // the guard is at 1 GiB
        lookAtTheSpace();
        TestBroker.eventually("growth is refused", () -> stored.core().refusesGrowth());
        assertThat(stored.core().isStalled()).isFalse();
    }

    private void haveSpace() {
        stored.store().freeBytes(2_000 * MIB, VOLUME);
        time.advance(Duration.ofSeconds(2));
        TestBroker.eventually("it looks again by itself", () -> !stored.core().refusesGrowth());
    }

    /** A will that has to be stored waits for room; but whoever comes back comes behind it, and may be the one who makes room. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Statement({"5.0:MQTT-3.1.2-8", "3.1.1:MQTT-3.1.2-8"})
    void whileThereIsLittleSpaceAWillWaitsForRoomOrForItsClient(boolean takeover) {
        WireClient c = connected(persistent("c").will(publish("t", "will").qos(2)));
        WireClient other =
                connected(persistent("other").will(publish("t", "waits").qos(2)));
        WireClient light = connected(persistent("light").will(publish("t", "light")));
        haveLittleSpace();
        drop(other);
        drop(light);
        watcher.expectPublish("t", "light", 0); // QoS 0 needs no room
        if (!takeover) {
            drop(c);
        }
        watcher.expectNothing();
        WireClient again = connectedAgain("c");
        watcher.expectPublish("t", "will", 0);
        watcher.expectNothing();
        stored.awaitQuiet();
        stored.crash(Crash.POWER);
        stored.awaitQuiet();
        connectedAgain("c").published("t", "back", 2);
        again.close();
        assertThat(takeAll(stored.back("away"), 3)).containsExactly("will", "waits", "back");
    }

    private void drop(WireClient client) {
        int open = stored.broker().openConnections();
        client.drop();
        TestBroker.eventually("it is noticed", () -> stored.broker().openConnections() < open);
    }

    @Test
    @Statement("5.0:MQTT-3.1.2-4")
    void whileThereIsLittleSpaceAWillOutlastsTheSessionThatHasEnded() {
        WireClient c = connected(persistent("c").will(publish("t", "will").qos(1)));
        c.subscribed("mine", 1);
        haveLittleSpace();
        c.leave(disconnect(DISCONNECT_WITH_WILL_MESSAGE).sessionExpiry(0));
        assertThat(stored.broker().hasSession("c")).isFalse();
        stored.awaitQuiet();
        stored.crash(Crash.PROCESS);
        stored.awaitQuiet();
        assertThat(takeAll(stored.back("away"), 1)).containsExactly("will");
        TestBroker.eventually(
                "the session has ended, too", () -> !stored.broker().hasSession("c"));
        stored.broker().send(MqttVersion.V5, persistent("c")).expect(connack());
    }

    @Test
    void whileThereIsLittleSpaceANewSessionComesBehindTheWillOfOneThatHasEnded() {
        WireClient c = connected(persistent("c").will(publish("t", "will").qos(1)));
        haveLittleSpace();
        c.leave(disconnect(DISCONNECT_WITH_WILL_MESSAGE).sessionExpiry(0));
        stored.broker().send(MqttVersion.V5, persistent("c")).expectRefusal(QUOTA_EXCEEDED); // a new one
        watcher.expectNothing();
        stored.broker().send(MqttVersion.V5, connect("c")).expect(connack());
        watcher.expectPublish("t", "will", 0);
        stored.awaitQuiet();
        assertThat(stored.contents().sid("c")).isZero();
        assertThat(takeAll(stored.back("away"), 1)).containsExactly("will");
    }

    private WireClient connectedAgain(String id) {
        WireClient client = stored.broker().send(MqttVersion.V5, persistent(id));
        client.expect(connack().sessionPresent());
        return client;
    }

    @Test
    void whileThereIsLittleSpaceOnlyGrowthIsRefused() {
        WireClient away = stored.back("away");
        WireClient from = stored.made("from");
        from.send(publish("t", "1").qos(2, 1), publish("t", "2").qos(1, 2));
        from.expect(pubrec(1));
        from.expect(puback(2));
        watcher.expectPublish("t", "1", 0);
        watcher.expectPublish("t", "2", 0);
        from.published(publish("r", "old").retain(), 1);
        haveLittleSpace();

        from.send(
                publish("t", "no").qos(1, 3),
                publish("t", "no").qos(2, 4),
                publish("s", "no").qos(1, 5).retain());
        for (int id = 3; id <= 5; id++) {
            assertRefused(from, id);
        }
        assertRefusesToSubscribe(old, 6, "new");
        stored.broker().send(MqttVersion.V5, persistent("made")).expectRefusal(QUOTA_EXCEEDED);
        from.send(publish("t", "1").qos(2, 1).dup(), pubrel(1));
        from.expect(pubrec(1));
        from.expect(pubcomp(1));
        from.published(publish("r", "").retain(), 1);
        from.published("t", "qos 0", 0);
        old.send(subscribe(7, "had", 1), unsubscribe(8, "had"));
        old.expect(suback(7, GRANTED_QOS_1));
        old.expect(unsuback(8, SUCCESS));
        WireClient again = stored.broker().send(MqttVersion.V5, persistent("old"));
        old.expectDisconnect(SESSION_TAKEN_OVER);
        again.expect(connack().sessionPresent());
        away.expectPublish("t", "2", 1);
        int id = away.expectPublish("t", "1", 2).packetId();
        away.send(puback(2), pubrec(id));
        away.expectPublish("t", "qos 0", 0);
        away.expect(pubrel(id));
        away.send(pubcomp(id));
        TestBroker.eventually(
                "what was acknowledged is gone", () -> stored.contents().count(Space.QUEUE) == 0);

        haveSpace();
        from.published("t", "yes", 1);
        away.take("t", "yes", 1);
        stored.made("made").leave();
    }
}
