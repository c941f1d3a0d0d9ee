package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many sessions there may be, and what is queued for one without a connection. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class SessionBoundsTest {
    private TestBroker broker;

    private void start(Limits limits) {
        broker = TestBroker.start(limits);
    }

    @AfterEach
    void close() {
        if (broker != null) {
            broker.close();
        }
    }

    // ---- how many

    private void refused(MqttVersion version, ConnectPacket connect) {
        ReasonCode reason =
                version == MqttVersion.V5 ? ReasonCode.QUOTA_EXCEEDED : ReasonCode.SERVER_UNAVAILABLE; // 0x97, 0x03
        broker.send(version, connect).expectRefusal(reason);
    }

    private WireClient let(MqttVersion version, ConnectPacket connect, boolean present) {
        WireClient c = broker.send(version, connect);
        c.expect(present ? connack().sessionPresent() : connack());
        return c;
    }

    @EachVersion
    @Reaches("sessionsMax")
    void refusesAClientThatNeedsOneSessionMore(MqttVersion version) {
        start(Limits.EMBEDDED.withSessionsMax(2));
        WireClient kept = let(version, connect("kept").sessionExpiry(100), false);
        WireClient clean = let(version, connect("clean").cleanStart(), false);
        refused(version, connect("third").cleanStart());
        refused(version, connect("third").sessionExpiry(100));
        kept.ping();
        clean.ping();

        kept.leave();
        refused(version, connect("third").cleanStart()); // that session is still there
        let(version, connect("kept").sessionExpiry(100), true);
        let(version, connect("kept").sessionExpiry(100), true); // by a takeover
        let(version, connect("kept").cleanStart(), false); // in the place of the one before
        clean = let(version, connect("clean").cleanStart(), false); // that of a clean one by a takeover
        refused(version, connect("third").cleanStart());

        clean.leave();
        let(version, connect("third").cleanStart(), false).ping();
        refused(version, connect("clean").cleanStart());
    }

    @Test
    @Reaches("sessionsMax")
    void aSessionThatExpiresMakesRoom() {
        start(Limits.EMBEDDED.withSessionsMax(1));
        let(MqttVersion.V5, connect("short").sessionExpiry(1), false).leave();
        refused(MqttVersion.V5, connect("other").cleanStart());
        TestBroker.eventually("it has expired", () -> broker.sessions() == 0);
        let(MqttVersion.V5, connect("other").cleanStart(), false).leave(disconnect());
        TestBroker.eventually("it has ended", () -> broker.sessions() == 0); // just behind its connection
        let(MqttVersion.V5, connect("a third").cleanStart(), false);
    }

    @Test
    @Reaches("sessionsMax")
    void aSessionWithAWillThatWaitsCountsUntilItIsPublished() {
        start(Limits.EMBEDDED.withSessionsMax(2));
        WireClient witness = broker.client("witness").subscribed("will", 0);
        let(
                        MqttVersion.V5,
                        connect("dies")
                                .sessionExpiry(100)
                                .will(publish("will", "gone").with(Property.WILL_DELAY_INTERVAL, 1)),
                        false)
                .drop();
        refused(MqttVersion.V5, connect("other").cleanStart());
        witness.expectPublish("will", "gone", 0);
        refused(MqttVersion.V5, connect("other").cleanStart()); // the session is still there
        let(MqttVersion.V5, connect("dies").cleanStart(), false).leave();
        let(MqttVersion.V5, connect("other").cleanStart(), false);
    }

    /** Whatever clients do, the count is that of the sessions: all of them fit, and then not one more. */
    @Test
    @Reaches("sessionsMax")
    void theCountIsRightAfterAnything() {
        int max = 8;
        start(Limits.EMBEDDED.withSessionsMax(max));
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<WireClient> open = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            String id = "c" + random.nextInt(12);
            ConnectPacket connect = connect(id);
            connect = random.nextBoolean() ? connect.cleanStart() : connect;
            connect = random.nextBoolean() ? connect.sessionExpiry(1000) : connect;
            connect = random.nextInt(3) == 0 ? connect.will(publish("will", "p")) : connect;
            WireClient c = broker.send(MqttVersion.values()[random.nextInt(3)], connect);
            c.receiveOrEnd();
            switch (random.nextInt(4)) {
                case 0 -> c.drop();
                case 1 -> c.trySend(disconnect());
                default -> open.add(c);
            }
        }
        open.forEach(WireClient::drop);
        TestBroker.eventually("nobody is connected", () -> broker.openConnections() == 0);
        int there = broker.sessions();
        assertThat(there).as("seed %d", seed).isLessThanOrEqualTo(max);
        for (int i = there; i < max; i++) {
            let(MqttVersion.V5, connect("new" + i).cleanStart(), false);
        }
        refused(MqttVersion.V5, connect("one more").cleanStart());
    }

    // ---- QoS 0 for those that are away

    private WireClient away(MqttVersion version, String filter, int qos) {
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.subscribed(filter, qos).leave();
        return broker.client("publisher");
    }

    private WireClient back(MqttVersion version) {
        return let(version, connect("c").sessionExpiry(100), true);
    }

    @EachVersion
    @Reaches("queueQos0Offline")
    void dropsQos0ForAClientThatIsAwayUnlessItIsToBeQueued(MqttVersion version) {
        start(Limits.EMBEDDED);
        away(version, "t", 1).published("t", "0", 0).published("t", "1", 1);
        WireClient c = back(version);
        c.take("t", "1", 1);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.OFFLINE_QOS_0)).isEqualTo(1);
    }

    @EachVersion
    @Reaches("queueQos0Offline")
    void queuesQos0InOrderWithTheOthers(MqttVersion version) {
        start(Limits.EMBEDDED.withQueueQos0Offline(true));
        WireClient publisher = away(version, "t", 2);
        for (int i = 0; i < 9; i++) {
            publisher.published("t", "" + i, i % 3);
        }
        WireClient c = back(version);
        List<ReceivedPublish> came = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            came.add((ReceivedPublish) c.receive());
        }
        assertThat(came)
                .allSatisfy(each -> assertThat(each.qos().level()).isEqualTo(Integer.parseInt(each.text()) % 3));
        if (TestBroker.isStored()) { // which QoS 2 waits for before it is sent: order is promised within a QoS
            assertThat(textsOf(came, 0, 1)).containsExactly("0", "1", "3", "4", "6", "7");
            assertThat(textsOf(came, 2, 2)).containsExactly("2", "5", "8");
        } else {
            assertThat(textsOf(came, 0, 2)).containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8");
        }
        came.forEach(c::acknowledge);
        publisher.published("t", "live", 0);
        c.expectPublish("t", "live", 0);
        c.expectNothing();
        for (DropReason reason : DropReason.values()) {
            assertThat(broker.dropped(reason)).as(reason.name()).isZero();
        }
    }

    private static List<String> textsOf(List<ReceivedPublish> came, int qosMin, int qosMax) {
        return came.stream()
                .filter(each -> each.qos().level() >= qosMin && each.qos().level() <= qosMax)
                .map(ReceivedPublish::text)
                .toList();
    }

    @Test
    @Reaches("queueQos0Offline")
    void whatIsPublishedWhileTheQueueIsSentComesBehindIt() {
        start(Limits.EMBEDDED.withQueueQos0Offline(true).withInflightMessagesMax(1));
        WireClient publisher = away(MqttVersion.V5, "t", 1);
        publisher.published("t", "0", 1).published("t", "1", 1).published("t", "2", 0);
        WireClient c = back(MqttVersion.V5);
        var first = c.expectPublish("t", "0", 1); // and no more until it is acknowledged
        publisher.published("t", "3", 0).published("t", "4", 1);
        c.expectNothing();
        c.acknowledge(first);
        c.take("t", "1", 1);
        c.expectPublish("t", "2", 0);
        c.expectPublish("t", "3", 0);
        var last = c.expectPublish("t", "4", 1);
        publisher.published("t", "5", 0); // nothing of QoS 0 is queued any more: at once
        c.expectPublish("t", "5", 0);
        c.acknowledge(last);
        c.expectNothing();
    }

    @Test
    @Reaches("queueQos0Offline")
    void holdsTheBoundsOfTheQueue() {
        start(Limits.EMBEDDED.withQueueQos0Offline(true).withQueueMessagesMax(3));
        WireClient publisher = away(MqttVersion.V5, "t", 1);
        for (int i = 0; i < 6; i++) {
            publisher.published("t", "" + i, i % 2);
        }
        WireClient c = back(MqttVersion.V5);
        for (int i = 0; i < 3; i++) {
            c.take("t", "" + i, i % 2);
        }
        c.expectNothing();
        assertThat(broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(3);
    }

    @Test
    @Reaches("queueQos0Offline")
    void dropsTheOldestIfThePolicySaysSo() {
        start(Limits.EMBEDDED
                .withQueueQos0Offline(true)
                .withQueueMessagesMax(3)
                .withQueueOverflow(OverflowPolicy.DROP_OLDEST));
        WireClient publisher = away(MqttVersion.V5, "t", 1);
        for (int i = 0; i < 6; i++) {
            publisher.published("t", "" + i, 0);
        }
        WireClient c = back(MqttVersion.V5);
        for (int i = 3; i < 6; i++) {
            c.expectPublish("t", "" + i, 0);
        }
        publisher.published("t", "live", 0);
        c.expectPublish("t", "live", 0);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(3);
    }

    @Test
    @Reaches("queueQos0Offline")
    void aSessionThatEndsTakesThemAlong() {
        start(Limits.EMBEDDED.withQueueQos0Offline(true));
        away(MqttVersion.V5, "t", 0).published("t", "0", 0).published("t", "x".repeat(100_000), 0);
        let(MqttVersion.V5, connect("c").cleanStart(), false).expectNothing();
        assertThat(broker.dropped(DropReason.SESSION_ENDED)).isEqualTo(2);
    }
}
