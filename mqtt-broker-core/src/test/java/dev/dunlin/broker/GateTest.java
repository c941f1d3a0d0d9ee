package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_2;
import static dev.dunlin.codec.ReasonCode.NO_SUBSCRIPTION_EXISTED;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.store.DurabilityGate;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing that promises durability leaves while the gate is closed; when it opens, everything comes, in order. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class GateTest {
    private static final int RECEIVE_MAXIMUM = 5;

    @AutoClose
    private final TestBroker broker = TestBroker.start(Limits.EMBEDDED.withReceiveMaximum(RECEIVE_MAXIMUM));

    private void close() {
        allGates(-1);
    }

    private void open() {
        allGates(DurabilityGate.OPEN);
    }

    private void allGates(long watermark) {
        for (int i = 0; i < 2; i++) {
            SessionLoop loop = broker.loop(i);
            TestBroker.run(loop, () -> loop.gate().durable(watermark));
        }
    }

    // ---- held and released

    @EachVersion
    void holdsAllRepliesOfAConnectionAndReleasesThemInOrder(MqttVersion version) {
        WireClient c = broker.client(version, "c").subscribed("own", 0);
        close();
        c.send(subscribe(1, "t", 2), publish("nobody", "p").qos(1, 2), unsubscribe(3, "u"));
        c.send(publish("nobody", "p").qos(2, 4));
        c.expectNothing(); // PINGRESP promises nothing
        open();
        c.expect(suback(1, GRANTED_QOS_2));
        c.expect(puback(2).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        c.expect(unsuback(3, NO_SUBSCRIPTION_EXISTED));
        c.expect(pubrec(4).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));

        close();
        c.send(pubrel(4), pubrel(9));
        c.expectNothing();
        open();
        c.expect(pubcomp(4));
        c.expect(pubcomp(9));
        c.expectNothing();
    }

    @EachVersion
    void holdsConnackAndEverythingBehindIt(MqttVersion version) {
        close();
        WireClient c = broker.open(version);
        c.send(connect("c").cleanStart(), subscribe(1, "t", 2), publish("t", "p"), pingreq());
        TestBroker.eventually("the session is open", () -> broker.hasSession("c"));
        broker.settle();
        c.expectNothingYet();
        open();
        c.expect(connack());
        c.expect(suback(1, GRANTED_QOS_2));
        c.expectPublish("t", "p", 0);
        c.expect(pingresp());
    }

    @EachVersion
    void deliversMeanwhile(MqttVersion version) {
        WireClient publisher = broker.client(version, "publisher");
        WireClient subscriber = broker.client(version, "subscriber").subscribed("t", 2);
        close();
        publisher.send(
                publish("t", "0"),
                publish("t", "1").qos(1, 1),
                publish("t", "2").qos(2, 2));
        subscriber.take("t", "0", 0);
        subscriber.take("t", "1", 1);
        subscriber.take("t", "2", 2);
        publisher.expectNothing();
        open();
        publisher.expect(puback(1));
        publisher.expect(pubrec(2));
    }

    @EachVersion
    void queuesForAClientWhoseConnackIsHeld(MqttVersion version) {
        WireClient publisher = broker.client("publisher");
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.subscribed("t", 1).leave();
        close();
        c = broker.send(version, connect("c").sessionExpiry(100));
        publisher.send(publish("t", "1").qos(1, 1), publish("t", "2").qos(1, 2));
        publisher.expectNothing();
        c.expectNothingYet();
        open();
        c.expect(connack().sessionPresent());
        c.take("t", "1", 1);
        c.take("t", "2", 1);
        publisher.expect(puback(1));
        publisher.expect(puback(2));
    }

    @Test
    void releasesUpToTheWatermarkOnlyByTicket() {
        DurabilityGate gate = new DurabilityGate(0);
        StringBuilder left = new StringBuilder();
        assertThat(gate.passes(0)).isTrue();
        assertThat(gate.passes(1)).isFalse();
        gate.hold(2, () -> left.append('a'));
        assertThat(gate.passes(0)).as("beside another session's").isTrue();
        gate.hold(2, () -> left.append('b'));
        gate.hold(1, () -> left.append('c'));
        gate.hold(5, () -> left.append('d'));
        gate.durable(1);
        assertThat(left.toString()).isEqualTo("c");
        gate.durable(4);
        assertThat(left.toString()).isEqualTo("cab");
        gate.close();
        gate.durable(DurabilityGate.OPEN);
        assertThat(left.toString()).isEqualTo("cab");
    }

    @Test
    void keepsAReplyThatAnotherBringsAboutBehindThoseThatCameBefore() {
        DurabilityGate gate = new DurabilityGate(0);
        StringBuilder left = new StringBuilder();
        gate.hold(1, () -> {
            left.append('a');
            assertThat(gate.passes(0)).as("a session that waits for nothing").isTrue();
            assertThat(gate.passes(1)).as("the session of b").isFalse();
            gate.hold(1, () -> left.append('c'));
        });
        gate.hold(1, () -> left.append('b'));
        gate.durable(1);
        assertThat(left.toString()).isEqualTo("abc");
        assertThat(gate.passes(1)).isTrue();
    }

    // ---- bounded

    @ParameterizedTest
    @ValueSource(strings = {"V3_1", "V3_1_1"})
    void pausesAPublisherAtTheReceiveMaximumAndGoesOnAfterwards(MqttVersion version) {
        int messages = 4 * RECEIVE_MAXIMUM;
        WireClient subscriber = broker.client("subscriber").subscribed("t", 0);
        WireClient publisher = broker.client(version, "publisher");
        close();
        Sendable[] batch = new Sendable[messages];
        for (int i = 0; i < messages; i++) {
            batch[i] = publish("t", "p" + i).qos(1, i + 1);
        }
        publisher.send(batch);
        for (int i = 0; i < RECEIVE_MAXIMUM; i++) {
            subscriber.expectPublish("t", "p" + i, 0);
        }
        subscriber.expectNothing();
        publisher.expectNothingYet();
        open();
        for (int i = 0; i < messages; i++) {
            publisher.expect(puback(i + 1));
        }
        for (int i = RECEIVE_MAXIMUM; i < messages; i++) {
            subscriber.expectPublish("t", "p" + i, 0);
        }
        publisher.published("t", "more", 1);
    }

    @Test
    void aPublisherOf5WithinItsQuotaIsNeverDisconnectedForIt() {
        WireClient publisher = broker.client("publisher").subscribed("t", 0);
        for (int round = 0; round < 20; round++) {
            close();
            Sendable[] batch = new Sendable[RECEIVE_MAXIMUM];
            for (int i = 0; i < RECEIVE_MAXIMUM; i++) {
                batch[i] = publish("t", "p").qos(1, i + 1);
            }
            publisher.send(batch);
            for (int i = 0; i < RECEIVE_MAXIMUM; i++) {
                publisher.expectPublish("t", "p", 0);
            }
            open();
            for (int i = 0; i < RECEIVE_MAXIMUM; i++) {
                publisher.expect(puback(i + 1));
            }
        }
    }

    @EachVersion
    void pausesAClientWhateverTheRepliesAreFor(MqttVersion version) {
        WireClient witness = broker.client("witness").subscribed("t", 0);
        WireClient c = broker.client(version, "c");
        close();
        for (int i = 1; i <= 4 * RECEIVE_MAXIMUM; i++) {
            c.send(pubrel(i), subscribe(i, "s", 0), unsubscribe(i, "s"), publish("t", "p" + i));
        }
        witness.expectPublish("t", "p1", 0); // three replies are held, and with the fifth reading ends
        witness.expectNothing();
        c.expectNothingYet();
        open();
        for (int i = 1; i <= 4 * RECEIVE_MAXIMUM; i++) {
            c.expect(pubcomp(i));
            c.expect(suback(i, SUCCESS));
            c.expect(unsuback(i, SUCCESS));
        }
        for (int i = 2; i <= 4 * RECEIVE_MAXIMUM; i++) {
            witness.expectPublish("t", "p" + i, 0);
        }
    }

    // ---- takeover

    @EachVersion
    @Statement({"5.0:MQTT-4.4.0-1", "3.1.1:MQTT-4.4.0-1"})
    void aTakeoverWhileItIsClosedLosesNothing(MqttVersion version) {
        WireClient publisher = broker.client("publisher");
        WireClient subscriber = broker.client("subscriber").subscribed("out/#", 2);
        WireClient old = broker.send(version, connect("c").sessionExpiry(100));
        old.expect(connack());
        old.subscribed("in", 2);
        publisher.published("in", "under way", 2);
        int underWay = old.expectPublish("in", "under way", 2).packetId();

        close();
        old.send(publish("out/1", "p").qos(1, 1), publish("out/2", "p").qos(2, 2), subscribe(3, "in/3", 1));
        old.expectNothing();
        WireClient next = broker.send(version, connect("c").sessionExpiry(100));
        old.expectDisconnect(ReasonCode.SESSION_TAKEN_OVER); // and none of the replies
        WireClient last = broker.send(version, connect("c").sessionExpiry(100));
        next.expectClosed(); // which was never let in
        publisher.send(publish("in", "queued").qos(1, 1));
        publisher.expectNothing();
        last.expectNothingYet();
        open();

        last.expect(connack().sessionPresent());
        last.expect(publish("in", "under way").qos(2, underWay).dup());
        last.take("in", "queued", 1);
        last.send(
                publish("out/1", "p").qos(1, 1).dup(),
                publish("out/2", "p").qos(2, 2).dup());
        last.expect(puback(1));
        last.expect(pubrec(2));
        last.send(pubrel(2));
        last.expect(pubcomp(2));
        subscriber.expectPublish("out/1", "p", 1);
        subscriber.expectPublish("out/2", "p", 2);
        subscriber.expectPublish("out/1", "p", 1); // a legal duplicate: its first PUBACK never came
        subscriber.expectNothing();
        publisher.expect(puback(1));
        publisher.published("in/3", "subscribed all the same", 1);
        last.take("in/3", "subscribed all the same", 1);
    }

    @EachVersion
    void aClientThatIsGoneWhenItOpensChangesNothing(MqttVersion version) {
        WireClient other = broker.client(version, "other");
        WireClient c = broker.client(version, "c");
        close();
        c.send(
                publish("t", "p").qos(1, 1),
                subscribe(2, "u", 1),
                publish("t", "p").qos(2, 3));
        other.send(publish("x", "p").qos(1, 7));
        c.expectNothing();
        c.drop();
        WireClient never = broker.send(version, connect("never"));
        TestBroker.eventually("the session is open", () -> broker.hasSession("never"));
        never.close(); // which the broker may notice only when it reads again
        open();
        other.expect(puback(7).reason(ReasonCode.NO_MATCHING_SUBSCRIBERS));
        other.expectNothing();
        TestBroker.eventually("the others are gone", () -> broker.openConnections() == 1);
    }

    @Test
    void theBrokerClosesWithItClosed() {
        WireClient c = broker.client("c");
        close();
        c.send(publish("t", "p").qos(1, 1));
        c.expectNothing();
        broker.broker().close();
        c.expectDisconnect(ReasonCode.SERVER_SHUTTING_DOWN);
    }
}
