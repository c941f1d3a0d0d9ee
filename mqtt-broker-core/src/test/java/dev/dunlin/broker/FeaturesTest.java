package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A listener whose clients have less than all of MQTT: here "own", beside one that has it all. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FeaturesTest {
    private TestBroker broker;

    private void start(Features own) {
        broker = TestBroker.start(builder ->
                builder.listen(TestTransport.chosen().listener().name("own").features(own)));
    }

    @AfterEach
    void close() {
        if (broker != null) {
            broker.close();
        }
    }

    private WireClient open(MqttVersion version) {
        return WireClient.connect(broker.broker().port("own"), version);
    }

    private WireClient client(MqttVersion version, String clientId) {
        return open(version).login(clientId);
    }

    /** A client whose session stays, through the listener of that name. */
    private WireClient staying(String listener, MqttVersion version, String clientId) {
        WireClient c = WireClient.connect(broker.broker().port(listener), version);
        c.send(connect(clientId).sessionExpiry(100));
        c.receive();
        return c;
    }

    private Properties announced() {
        return open(MqttVersion.V5).send(connect("announced")).expect(connack()).properties();
    }

    // ---- maximum QoS

    @Test
    @Statement("5.0:MQTT-3.2.2-9")
    void announcesItsMaximumQoS() {
        start(Features.ALL.withMaximumQoS(QoS.AT_LEAST_ONCE));
        assertThat(announced().integer(Property.MAXIMUM_QOS, -1)).isEqualTo(1);
        assertThat(announced().has(Property.RETAIN_AVAILABLE)).isFalse();
    }

    @EachVersion
    void endsAConnectionThatPublishesAboveTheMaximumQoS(MqttVersion version) {
        start(Features.ALL.withMaximumQoS(QoS.AT_LEAST_ONCE));
        WireClient witness = broker.client("witness").subscribed("t", 2);
        WireClient c = client(version, "c");
        c.published("t", "fine", 1);
        c.send(publish("t", "too high").qos(2, 7));
        c.expectDisconnect(ReasonCode.QOS_NOT_SUPPORTED);
        witness.take("t", "fine", 1);
        witness.expectNothing();
    }

    @EachVersion
    @Statement("5.0:MQTT-3.2.2-10")
    void grantsAtMostTheMaximumQoS(MqttVersion version) {
        start(Features.ALL.withMaximumQoS(QoS.AT_LEAST_ONCE));
        WireClient c = client(version, "c");
        c.send(subscribe(1, "t", 2)).expect(suback(1, ReasonCode.GRANTED_QOS_1));
        c.send(subscribe(2, "$share/g/s", 2)).expect(suback(2, ReasonCode.GRANTED_QOS_1));
        WireClient publisher = broker.client("publisher");
        publisher.published("t", "one", 2);
        publisher.published("s", "two", 2);
        c.take("t", "one", 1);
        c.take("s", "two", 1);
    }

    @EachVersion
    @Statement("5.0:MQTT-3.2.2-12")
    void refusesAWillAboveTheMaximumQoS(MqttVersion version) {
        start(Features.ALL.withMaximumQoS(QoS.AT_LEAST_ONCE));
        WireClient c = open(version);
        c.send(connect("c").cleanStart().will(publish("w", "gone").qos(2)));
        c.expectRefusal(ReasonCode.QOS_NOT_SUPPORTED);
        open(version)
                .send(connect("c").cleanStart().will(publish("w", "gone").qos(1)))
                .expect(connack());
    }

    /** Subscribed with QoS 2 where that is allowed, and then back where it isn't: queued, live, retained and shared. */
    @EachVersion
    void sendsNoMoreThanTheMaximumQoSWhateverTheSessionWasGranted(MqttVersion version) {
        for (QoS max : new QoS[] {QoS.AT_MOST_ONCE, QoS.AT_LEAST_ONCE}) {
            start(Features.ALL.withMaximumQoS(max));
            WireClient publisher =
                    broker.client("publisher").published(publish("t/r", "kept").retain(), 2);
            WireClient c = staying("tcp", version, "c");
            c.subscribed("t/+", 2).take(publish("t/r", "kept").qos(2).retain());
            c.subscribed("$share/g/s", 2);
            c.leave();
            publisher.published("t/q", "queued", 2).published("s", "waiting", 2);
            c = staying("own", version, "c");
            int level = max.level();
            boolean shared = false;
            for (int i = 0; i < 2; i++) {
                ReceivedPublish came = (ReceivedPublish) c.receive();
                assertThat(came.qos()).isEqualTo(max);
                c.acknowledge(came);
                shared |= came.topic().equals("s");
            }
            assertThat(shared).isTrue();
            publisher.published("t/l", "live", 2).published("s", "live too", 2);
            c.take("t/l", "live", level);
            c.take("s", "live too", level);
            c.leave();
            c = staying("tcp", version, "c");
            c.expectNothing(); // nothing of it is left in the queue or in the store
            broker.close();
            broker = null;
        }
    }

    // ---- retained messages

    @Test
    void announcesThatNothingIsRetained() {
        start(Features.ALL.withRetainAvailable(false));
        assertThat(announced().integer(Property.RETAIN_AVAILABLE, -1)).isZero();
        assertThat(announced().has(Property.MAXIMUM_QOS)).isFalse();
    }

    @EachVersion
    void endsAConnectionThatPublishesWithRetain(MqttVersion version) {
        start(Features.ALL.withRetainAvailable(false));
        WireClient c = client(version, "c").published("t", "fine", 1);
        c.send(publish("t", "kept").retain().qos(1, 7));
        c.expectDisconnect(ReasonCode.RETAIN_NOT_SUPPORTED);
        broker.client("late").subscribed("t", 1).expectNothing();
    }

    @EachVersion
    @Statement("5.0:MQTT-3.2.2-13")
    void refusesAWillWithRetain(MqttVersion version) {
        start(Features.ALL.withRetainAvailable(false));
        WireClient c = open(version);
        c.send(connect("c").cleanStart().will(publish("w", "gone").retain()));
        c.expectRefusal(ReasonCode.RETAIN_NOT_SUPPORTED);
        assertThat(broker.hasSession("c")).isFalse();
    }

    @EachVersion
    void sendsNoRetainedMessagesWhereNothingIsRetained(MqttVersion version) {
        start(Features.ALL.withRetainAvailable(false));
        WireClient publisher =
                broker.client("publisher").published(publish("t", "kept").retain(), 1);
        WireClient c = client(version, "c").subscribed("t", 1);
        publisher.published(publish("t", "live").retain(), 1);
        c.take("t", "live", 1);
        c.expectNothing();
    }

    @Test
    void endsTheReplayOfASessionThatComesBackWhereNothingIsRetained() {
        start(Features.ALL.withRetainAvailable(false));
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 3; i++) {
            publisher.published(publish("t/" + i, "kept").retain(), 1);
        }
        WireClient c = broker.open(MqttVersion.V5);
        c.send(connect("c").sessionExpiry(100).receiveMaximum(1));
        c.expect(connack());
        c.subscribed("t/+", 1);
        c.expect(publish("t/0", "kept").qos(1).retain());
        c.drop();
        c = staying("own", MqttVersion.V5, "c");
        c.take(publish("t/0", "kept").qos(1).retain().dup()); // it was under way
        c.expectNothing();
    }

    // ---- client identifiers

    @EachVersion
    void refusesAClientWithoutAnIdentifierIfItHasToBringOne(MqttVersion version) {
        start(Features.ALL.withEmptyClientIds(false));
        WireClient c = open(version);
        c.send(connect("").cleanStart());
        c.expectRefusal(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
        client(version, "named").ping();
    }

    @Test
    void beginsTheIdentifiersItChoosesAsItIsTold() {
        start(Features.ALL.withClientIdPrefix("gw+7/"));
        Connack connack = open(MqttVersion.V5).send(connect("").cleanStart()).expect(connack());
        assertThat(connack.properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER))
                .matches("gw\\+7/[0-9a-f]{32}");
        connack = broker.open(MqttVersion.V5).send(connect("").cleanStart()).expect(connack());
        assertThat(connack.properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER))
                .matches("auto-[0-9a-f]{32}");
    }

    @Test
    void takesOnlyWhatCanBe() {
        Listener listener = Listener.tcp("127.0.0.1", 0);
        for (String prefix : new String[] {"a\0", "\uD800", "x".repeat(65_504)}) {
            assertThatThrownBy(() -> listener.features(Features.ALL.withClientIdPrefix(prefix)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        listener.features(Features.ALL.withClientIdPrefix("x".repeat(65_503)));
        for (String mount : new String[] {"a/+/", "#", "a\0", "$share/g/", "$share", "$", "x".repeat(65_536)}) {
            assertThatThrownBy(() -> listener.features(Features.ALL.withMountPoint(mount)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        listener.features(Features.ALL.withMountPoint("$own/"));
    }

    // ---- mount point

    private static final Features MOUNTED = Features.ALL.withMountPoint("é/mp/");

    private static PublishPacket message(String topic, String payload) {
        return publish(topic, payload).qos(1);
    }

    @EachVersion
    void putsItBeforeTopicsAndFiltersAndTakesItAway(MqttVersion version) {
        start(MOUNTED);
        WireClient whole = broker.client("whole").subscribed("#", 2);
        WireClient c = client(version, "c").subscribed("#", 1).subscribed("$share/g/a/+", 1);
        WireClient other = client(MqttVersion.V3_1_1, "other");
        for (int qos = 0; qos <= 2; qos++) {
            other.published("a/b", "m" + qos, qos);
            whole.take("é/mp/a/b", "m" + qos, qos);
            c.take("a/b", "m" + qos, Math.min(1, qos));
            c.take("a/b", "m" + qos, Math.min(1, qos));
        }
        broker.client("outside").published("a/b", "elsewhere", 1).published("é/mp/", "nothing left", 1);
        whole.take("a/b", "elsewhere", 1);
        whole.take("é/mp/", "nothing left", 1);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.NOT_AUTHORIZED)).isEqualTo(1); // that no topic would be left of
    }

    @EachVersion
    void answersUnsubscribeByWhatTheClientSays(MqttVersion version) {
        start(MOUNTED);
        WireClient c = client(version, "c").subscribed("a", 1).subscribed("$share/g/a", 1);
        c.send(unsubscribe(9, "a", "$share/g/a", "b"));
        c.expect(unsuback(9, ReasonCode.SUCCESS, ReasonCode.SUCCESS, ReasonCode.NO_SUBSCRIPTION_EXISTED));
        broker.client("p").published("é/mp/a", "m", 1);
        c.expectNothing();
    }

    @EachVersion
    void deliversRetainedQueuedAndUnacknowledgedMessagesWithoutIt(MqttVersion version) {
        start(MOUNTED);
        WireClient publisher = client(MqttVersion.V5, "publisher")
                .published(publish("r", "kept").retain(), 1);
        WireClient c = staying("own", version, "c").subscribed("+", 2);
        c.take(publish("r", "kept").qos(1).retain());
        publisher.published("x", "under way", 2);
        c.expect(publish("x", "under way").qos(2));
        c.drop();
        publisher.published("q", "queued", 1);
        c = staying("own", version, "c");
        ReceivedPublish again = c.expect(publish("x", "under way").qos(2).dup());
        c.take("q", "queued", 1);
        c.acknowledge(again);
        c.leave();
        broker.client("late")
                .subscribed("#", 1)
                .take(publish("é/mp/r", "kept").qos(1).retain());
    }

    @EachVersion
    void publishesAWillUnderIt(MqttVersion version) {
        start(MOUNTED);
        WireClient whole = broker.client("whole").subscribed("#", 1);
        WireClient c = open(version);
        c.send(connect("c").cleanStart().will(message("w", "gone"))).expect(connack());
        c.drop();
        whole.take("é/mp/w", "gone", 1);
    }

    @Test
    void leavesAliasesResponseTopicsIdentifiersAndPropertiesToItsClients() {
        start(MOUNTED);
        WireClient c = open(MqttVersion.V5);
        c.send(connect("c").cleanStart().with(Property.TOPIC_ALIAS_MAXIMUM, 5)).expect(connack());
        c.send(subscribe(1, "long/topic", 1).identifier(77)).expect(suback(1, ReasonCode.GRANTED_QOS_1));
        WireClient p = client(MqttVersion.V5, "p");
        p.send(publish("long/topic", "one")
                .qos(1, 1)
                .with(Property.TOPIC_ALIAS, 3)
                .with(Property.RESPONSE_TOPIC, "back"));
        p.receive();
        p.send(publish("", "two").qos(1, 2).with(Property.TOPIC_ALIAS, 3));
        p.receive();
        var one = c.take("long/topic", "one", 1);
        assertThat(one.properties().string(Property.RESPONSE_TOPIC)).isEqualTo("back");
        assertThat(one.properties().integer(Property.SUBSCRIPTION_IDENTIFIER, -1))
                .isEqualTo(77);
        assertThat(one.properties().integer(Property.TOPIC_ALIAS, -1)).isEqualTo(1);
        var two = c.take("", "two", 1);
        assertThat(two.properties().integer(Property.TOPIC_ALIAS, -1)).isEqualTo(1);
    }

    @Test
    void measuresAPacketAsItIsSent() {
        start(MOUNTED);
        WireClient c = open(MqttVersion.V5);
        int bytes = 2 + 2 + 1 + 2 + 1 + 20; // header, topic, packet id, no properties, payload
        c.send(connect("c").cleanStart().maximumPacketSize(bytes)).expect(connack());
        c.subscribed("t", 1);
        WireClient p = client(MqttVersion.V5, "p");
        p.published("t", "x".repeat(20), 1);
        c.take("t", "x".repeat(20), 1);
        p.published("t", "x".repeat(21), 1);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.PACKET_TOO_LARGE)).isEqualTo(1);
    }

    @EachVersion
    void boundsTheWholeTopic(MqttVersion version) {
        broker = TestBroker.start(
                builder -> builder.limits(Limits.EMBEDDED.withTopicLevelsMax(4).withTopicBytesMax(12))
                        .listen(TestTransport.chosen().listener().name("own").features(MOUNTED)));
        WireClient c = client(version, "c");
        boolean five = version == MqttVersion.V5;
        ReasonCode refused = five ? ReasonCode.TOPIC_FILTER_INVALID : ReasonCode.UNSPECIFIED_ERROR;
        c.send(subscribe(1, "a/b", 1)).expect(suback(1, ReasonCode.GRANTED_QOS_1));
        c.send(subscribe(2, "a/b/c", 1)).expect(suback(2, refused));
        c.send(subscribe(3, "1234567", 1)).expect(suback(3, refused));
        c.send(
                publish("a/b/c", "").qos(1, 1),
                publish("1234567", "").qos(1, 2),
                publish("a/b", "").qos(1, 3));
        c.expect(puback(1).reason(five ? ReasonCode.TOPIC_NAME_INVALID : ReasonCode.SUCCESS));
        c.expect(puback(2).reason(five ? ReasonCode.TOPIC_NAME_INVALID : ReasonCode.SUCCESS));
        c.receive();
        c.receive();
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(2);
    }

    @EachVersion
    void endsAConnectionWhoseTopicMqttCannotCarryBehindIt(MqttVersion version) {
        start(MOUNTED);
        WireClient c = client(version, "c");
        c.send(publish("x".repeat(65_530), "m"));
        c.expectDisconnect(ReasonCode.TOPIC_NAME_INVALID);
        c = open(version);
        c.send(connect("c").cleanStart().will(publish("x".repeat(65_530), "m")));
        c.expectRefusal(ReasonCode.TOPIC_NAME_INVALID);
    }

    /** It has subscribed elsewhere: what it can't be told of here is dropped, and said to be. */
    @EachVersion
    void dropsWhatIsOutsideOfItForASessionThatComesBackBehindIt(MqttVersion version) {
        start(MOUNTED);
        WireClient publisher = broker.client("publisher");
        WireClient c = staying("tcp", version, "c").subscribed("#", 2).subscribed("$share/g/s", 1);
        publisher.published("under/way", "1", 1);
        publisher.published("under/way", "2", 2);
        c.receive();
        c.receive();
        c.drop();
        publisher.published("queued", "3", 1).published("é/mp/queued", "4", 2);
        c = staying("own", version, "c");
        c.take("queued", "4", 2);
        publisher.published("live", "5", 0).published("live", "6", 2).published("s", "7", 1);
        publisher.published("é/mp/live", "8", 1);
        c.take("live", "8", 1);
        assertThat(broker.dropped(DropReason.NOT_AUTHORIZED)).isEqualTo(7);
        c.leave();
        staying("tcp", version, "c").expectNothing();
    }

    @Test
    void keepsBrokersOwnTopicsOutOfReach() {
        start(MOUNTED);
        WireClient whole = broker.client("whole").subscribed("#", 1);
        WireClient c = client(MqttVersion.V5, "c").subscribed("$SYS/#", 1);
        client(MqttVersion.V5, "d").published("$SYS/mine", "m", 1); // to others it's an ordinary topic
        c.take("$SYS/mine", "m", 1);
        whole.take("é/mp/$SYS/mine", "m", 1);
    }
}
