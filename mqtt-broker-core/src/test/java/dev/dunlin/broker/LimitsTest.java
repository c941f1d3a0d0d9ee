package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.pingresp;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsuback;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.NO_MATCHING_SUBSCRIBERS;
import static dev.dunlin.codec.ReasonCode.QUOTA_EXCEEDED;
import static dev.dunlin.codec.ReasonCode.SUCCESS;
import static dev.dunlin.codec.ReasonCode.TOPIC_FILTER_INVALID;
import static dev.dunlin.codec.ReasonCode.TOPIC_NAME_INVALID;
import static dev.dunlin.codec.ReasonCode.UNSPECIFIED_ERROR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every bound of {@link Limits} is reached by a test, which sees what is right at the bound and what is beyond. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LimitsTest {
    private static final Limits DEFAULTS = Limits.EMBEDDED;

    /** Those that need a store which stands still on command: StoreBoundsTest, in the store's test kit, proves this list. */
    static final List<String> REACHED_WITH_A_STORE = List.of("queueMemoryBytesMax", "commitBytesMax", "commitAgeMaxMs");

    private final List<TestBroker> brokers = new ArrayList<>();

    private TestBroker start(Limits limits) {
        TestBroker broker = TestBroker.start(limits);
        brokers.add(broker);
        return broker;
    }

    @AfterEach
    void closeBrokers() {
        brokers.forEach(TestBroker::close);
    }

    @Test
    void everyBoundHasATestThatReachesIt() {
        List<String> reached = new ArrayList<>(reachedBy(LimitsTest.class));
        reached.addAll(REACHED_WITH_A_STORE);
        reached.addAll(reachedBy(TopicAliasTest.class));
        reached.addAll(reachedBy(ConnectOptionsTest.class));
        reached.addAll(reachedBy(OverloadTest.class));
        reached.addAll(reachedBy(AddressLimitsTest.class));
        reached.addAll(reachedBy(PacketBoundsTest.class));
        reached.addAll(reachedBy(PublishRateTest.class));
        reached.addAll(reachedBy(RetainedBytesTest.class));
        reached.addAll(reachedBy(SessionBoundsTest.class));
        reached.addAll(reachedBy(WebSocketTest.class));
        reached.addAll(reachedBy(DropEventsTest.class));
        assertThat(Limits.class.getRecordComponents())
                .extracting(RecordComponent::getName)
                .allSatisfy(name -> assertThat(reached).contains(name));
    }

    /** The bounds that the tests of a class reach, each once. */
    static Set<String> reachedBy(Class<?> tests) {
        return Arrays.stream(tests.getDeclaredMethods())
                .filter(method -> method.isAnnotationPresent(Reaches.class))
                .flatMap(method ->
                        Arrays.stream(method.getAnnotation(Reaches.class).value()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    // ---- connections

    @Test
    @Reaches("connectionsMax")
    void closesConnectionsBeyondTheMaximumAtOnce() {
        TestBroker broker = start(DEFAULTS.withConnectionsMax(2));
        WireClient first = broker.client("first");
        WireClient silent = broker.open(MqttVersion.V5);
        first.ping();
        broker.open(MqttVersion.V5).expectClosed();
        first.ping();

        silent.drop();
        TestBroker.eventually("it is gone", () -> broker.openConnections() == 1);
        broker.client("second").ping();
    }

    @Test
    @Reaches("connectTimeoutMs")
    void closesAConnectionWithoutConnectAfterItsTimeout() {
        TestBroker broker = start(DEFAULTS.withConnectTimeoutMs(200));
        long startNs = System.nanoTime();
        WireClient connected = broker.client("connected");
        WireClient silent = broker.open(MqttVersion.V5);
        WireClient slow = broker.open(MqttVersion.V5).send(raw(0x10, 13, 0, 4, 'M', 'Q', 'T'));
        silent.expectClosed();
        slow.expectClosed();
        assertThat(Duration.ofNanos(System.nanoTime() - startNs)).isGreaterThan(Duration.ofMillis(200));
        connected.ping();
    }

    // ---- packets

    @EachVersion
    @Statement("5.0:MQTT-3.2.2-15")
    @Reaches("packetBytesMax")
    void disconnectsOnAPacketBeyondTheMaximum(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withPacketBytesMax(1_024));
        WireClient c = broker.client(version, "c");
        int overhead = 3 + 2 + 1 + (version == MqttVersion.V5 ? 1 : 0); // header, topic, properties
        c.published(publish("t", new byte[1_024 - overhead]), 0);
        c.sendRaw(0x30, 0xFE, 0x07); // announces one byte more
        c.expectDisconnect(ReasonCode.PACKET_TOO_LARGE);
    }

    @Test
    @Reaches("packetBytesMax")
    void announcesItsMaximumPacketSize() {
        TestBroker broker = start(DEFAULTS.withPacketBytesMax(1_024));
        var properties =
                broker.send(MqttVersion.V5, connect("c")).expect(connack()).properties();
        assertThat(properties.integer(Property.MAXIMUM_PACKET_SIZE, -1)).isEqualTo(1_024);
        TestBroker protocol = start(DEFAULTS.withPacketBytesMax(Limits.PROTOCOL_PACKET_BYTES_MAX));
        properties =
                protocol.send(MqttVersion.V5, connect("c")).expect(connack()).properties();
        assertThat(properties.has(Property.MAXIMUM_PACKET_SIZE)).isFalse();
    }

    @EachVersion
    @Reaches("connectPacketBytesMax")
    void closesOnALargerConnectButNotOnLargerPacketsBehindIt(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withConnectPacketBytesMax(128));
        broker.open(version).sendRaw(0x10, 127).expectClosed();
        WireClient c = broker.open(version);
        c.send(connect("c").cleanStart(), subscribe(1, "t", 0), publish("t", "x".repeat(500)));
        c.expect(connack());
        c.expect(suback(1, SUCCESS));
        c.expectPublish("t", "x".repeat(500), 0);
    }

    @Test
    @Statement("5.0:MQTT-3.3.4-7")
    @Reaches("receiveMaximum")
    void announcesAndHoldsItsReceiveMaximum() {
        TestBroker broker = start(DEFAULTS.withReceiveMaximum(1));
        WireClient c = broker.send(MqttVersion.V5, connect("c"));
        assertThat(c.expect(connack()).properties().integer(Property.RECEIVE_MAXIMUM, -1))
                .isEqualTo(1);
        c.send(publish("t", "p").qos(2, 1));
        c.expect(pubrec(1).reason(NO_MATCHING_SUBSCRIBERS));
        c.send(publish("t", "p").qos(1, 2));
        c.expectDisconnect(ReasonCode.RECEIVE_MAXIMUM_EXCEEDED);
        var properties = start(DEFAULTS.withReceiveMaximum(65_535))
                .send(MqttVersion.V5, connect("c"))
                .expect(connack())
                .properties();
        assertThat(properties.has(Property.RECEIVE_MAXIMUM)).isFalse();
    }

    // ---- window and queue

    @EachVersion
    @Reaches("inflightMessagesMax")
    void sendsNoMoreThanTheWindowWithoutAcknowledgement(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withInflightMessagesMax(2));
        WireClient c = broker.client(version, "c").subscribed("t", 1);
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 4; i++) {
            publisher.published("t", "p" + i, 1);
        }
        ReceivedPublish first = c.expectPublish("t", "p0", 1);
        c.expectPublish("t", "p1", 1);
        c.expectNothing();
        c.acknowledge(first);
        c.expectPublish("t", "p2", 1);
        c.expectNothing();
    }

    @EachVersion
    @Reaches("inflightBytesMax")
    void endsTheWindowAlsoAtItsBytes(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withInflightBytesMax(300));
        WireClient c = broker.client(version, "c").subscribed("t", 2);
        WireClient publisher = broker.client("publisher");
        String sixty = "x".repeat(60);
        for (int i = 0; i < 4; i++) {
            publisher.published("t", sixty, 1);
        }
        publisher.published("t", "y".repeat(500), 2);
        c.acknowledge(c.expectPublish("t", sixty, 1)); // one leaves room, two don't: each is about 200 bytes
        ReceivedPublish second = c.expectPublish("t", sixty, 1);
        ReceivedPublish third = c.expectPublish("t", sixty, 1);
        c.expectNothing();
        c.acknowledge(second);
        c.acknowledge(third);
        c.take("t", sixty, 1);
        c.take("t", "y".repeat(500), 2); // one is always allowed
    }

    @Test
    @Reaches({"queueMessagesMax", "queueOverflow"})
    void dropsTheNewestBeyondTheQueueMessages() {
        TestBroker broker = start(DEFAULTS.withQueueMessagesMax(3));
        assertThat(queuedOffline(broker, "p")).containsExactly("p0", "p1", "p2");
        assertThat(broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(3);
    }

    @Test
    @Reaches({"queueMessagesMax", "queueOverflow"})
    void dropsTheOldestIfThePolicySaysSo() {
        TestBroker broker = start(DEFAULTS.withQueueMessagesMax(3).withQueueOverflow(OverflowPolicy.DROP_OLDEST));
        assertThat(queuedOffline(broker, "p")).containsExactly("p3", "p4", "p5");
        assertThat(broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(3);
    }

    @Test
    @Reaches("queueMessagesMax")
    void queuesNothingWithAQueueOfNone() {
        for (OverflowPolicy policy : OverflowPolicy.values()) {
            TestBroker broker = start(DEFAULTS.withQueueMessagesMax(0).withQueueOverflow(policy));
            assertThat(queuedOffline(broker, "p")).isEmpty();
            assertThat(broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(6);
        }
    }

    @Test
    @Reaches("queueBytesMax")
    void endsTheQueueAlsoAtItsBytes() {
        String payload = "x".repeat(1_000);
        TestBroker broker = start(DEFAULTS.withQueueBytesMax(3_000)); // of about 1,140 each
        assertThat(queuedOffline(broker, payload)).containsExactly(payload + 0, payload + 1);
        TestBroker oldest = start(DEFAULTS.withQueueBytesMax(3_000).withQueueOverflow(OverflowPolicy.DROP_OLDEST));
        assertThat(queuedOffline(oldest, payload)).containsExactly(payload + 4, payload + 5);
    }

    @Test
    @Reaches("queueOverflow")
    void aMessageBeyondTheQueueBytesDropsNoOlderOne() {
        Limits limits = DEFAULTS.withQueueBytesMax(1_000).withQueueOverflow(OverflowPolicy.DROP_OLDEST);
        TestBroker broker = start(limits);
        WireClient c = persistent(broker, "c");
        c.subscribed("t", 1).leave();
        broker.client("publisher").published("t", "small", 1).published("t", "x".repeat(2_000), 1);
        assertThat(takeAll(broker, "c")).containsExactly("small");
        assertThat(broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(1);
    }

    @Test
    @Reaches("queueBytesTotalMax")
    void boundsTheQueuesOfALoopTogether() {
        TestBroker broker = start(DEFAULTS.withQueueBytesTotalMax(2 * 3_000));
        String one = broker.idOn(0, "one");
        String two = broker.idOn(0, "two");
        String elsewhere = broker.idOn(1, "elsewhere");
        for (String id : List.of(one, two, elsewhere)) {
            persistent(broker, id).subscribed("t/" + id, 1).leave();
        }
        WireClient publisher = broker.client("publisher");
        for (String id : List.of(one, two, two, elsewhere, elsewhere)) {
            publisher.published("t/" + id, "x".repeat(1_000), 1);
        }
        // The third on its loop found no room in memory: a store still has it.
        int kept = TestBroker.isStored() ? 2 : 1;
        take(broker, one, 1);
        take(broker, two, kept);
        take(broker, elsewhere, 2);
        publisher.published("t/" + two, "x".repeat(1_000), 1); // there is room again
        assertThat(broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(2 - kept);
    }

    @EachVersion
    @Reaches("queueOverflow")
    void disconnectsASlowClientIfThePolicySaysSo(MqttVersion version) {
        Limits limits = DEFAULTS.withQueueMessagesMax(1)
                .withInflightMessagesMax(1)
                .withQueueOverflow(OverflowPolicy.DISCONNECT);
        TestBroker broker = start(limits);
        WireClient c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack());
        c.subscribed("t", 1);
        WireClient quick = broker.client("quick").subscribed("t", 1);
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 4; i++) {
            publisher.published("t", "p" + i, 1);
            quick.take("t", "p" + i, 1);
        }
        c.expectPublish("t", "p0", 1);
        c.expectDisconnect(QUOTA_EXCEEDED);
        c = broker.send(version, connect("c").sessionExpiry(100));
        c.expect(connack().sessionPresent());
        c.take(publish("t", "p0").qos(1).dup());
        c.take("t", "p1", 1);
        c.expectNothing();
        assertThat(broker.dropped(DropReason.QUEUE_FULL)).isEqualTo(2);
    }

    private static WireClient persistent(TestBroker broker, String id) {
        WireClient c = broker.send(MqttVersion.V5, connect(id).sessionExpiry(100));
        c.expect(connack());
        return c;
    }

    /** What a client that is away gets of six messages. */
    private static List<String> queuedOffline(TestBroker broker, String prefix) {
        persistent(broker, "c").subscribed("t", 1).leave();
        WireClient publisher = broker.client("publisher");
        for (int i = 0; i < 6; i++) {
            publisher.published("t", prefix + i, 1);
        }
        broker.settle(); // all are queued: acknowledged they may still be on their way there
        return takeAll(broker, "c");
    }

    /** A client gets so many messages and no more. */
    private static void take(TestBroker broker, String id, int count) {
        WireClient c = broker.send(MqttVersion.V5, connect(id).sessionExpiry(100));
        c.expect(connack().sessionPresent());
        for (int i = 0; i < count; i++) {
            assertThat(c.receive()).isInstanceOfSatisfying(ReceivedPublish.class, c::acknowledge);
        }
        c.expectNothing();
        c.leave();
    }

    /** All that is queued in memory for a client. */
    private static List<String> takeAll(TestBroker broker, String id) {
        WireClient c = broker.send(MqttVersion.V5, connect(id).sessionExpiry(100));
        c.expect(connack().sessionPresent());
        c.send(pingreq());
        List<String> all = new ArrayList<>();
        while (c.receive() instanceof ReceivedPublish publish) {
            all.add(publish.text());
            c.acknowledge(publish);
        }
        c.leave();
        return all;
    }

    // ---- output, mailbox, turn

    @ParameterizedTest
    @EnumSource(
            value = MqttVersion.class,
            names = {"V3_1_1", "V5"})
    @Reaches("outputBytesMax")
    void dropsQos0AndQueuesQos1ForAClientThatDoesNotRead(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withOutputBytesMax(64 << 10));
        WireClient slow = broker.client(version, "slow").subscribed("t/#", 1);
        WireClient publisher = broker.client("publisher");
        byte[] large = new byte[256 << 10];
        int sent = 0;
        while (broker.dropped(DropReason.SLOW_CONSUMER_QOS_0) < 3) { // beyond what the system buffers
            publisher.published(publish("t/0", large), 0);
            sent++;
        }
        publisher.published("t/1", "queued", 1);
        long dropped = broker.dropped(DropReason.SLOW_CONSUMER_QOS_0);
        for (int i = 0; i < sent - dropped; i++) {
            slow.take(publish("t/0", large));
        }
        slow.take("t/1", "queued", 1);
        slow.expectNothing();
        publisher.published("t/0", "there is room again", 0);
        slow.take("t/0", "there is room again", 0);
    }

    @Test
    @Reaches("outputBytesMax")
    void hearsAClientThatIsTakingALargeMessage() {
        TestBroker broker = start(DEFAULTS.withOutputBytesMax(64 << 10));
        WireClient slow = broker.client("slow").subscribed("large", 0);
        WireClient other = broker.client("other").subscribed("small", 0);
        byte[] large = new byte[15 << 20]; // more than the system buffers
        other.published(publish("large", large), 0);

        slow.send(publish("small", "from the slow one"));

        other.take("small", "from the slow one", 0);
        slow.take(publish("large", large));
    }

    @Test
    @Reaches("outputBytesMax")
    void readsNoFurtherFromAClientThatDoesNotRead() {
        int pings = 200_000;
        TestBroker broker = start(DEFAULTS.withOutputBytesMax(16 << 10));
        WireClient slow = broker.client("slow").subscribed("t", 0);
        WireClient publisher = broker.client("publisher");
        byte[] large = new byte[256 << 10];
        int sent = 0;
        for (; broker.dropped(DropReason.SLOW_CONSUMER_QOS_0) == 0; sent++) {
            publisher.published(publish("t", large), 0);
        }
        long before = broker.usedBytes();
        byte[] batch = new byte[2 * pings];
        for (int i = 0; i < batch.length; i += 2) {
            batch[i] = (byte) 0xC0;
        }
        slow.sendRaw(batch);
        broker.settle();
        publisher.ping();
        assertThat(broker.usedBytes() - before).isLessThan(pings);

        for (int i = 0; i < sent - 1; i++) {
            slow.take(publish("t", large));
        }
        for (int i = 0; i < pings; i++) {
            slow.expect(pingresp());
        }
        slow.expectNothing();
    }

    @EachVersion
    @Reaches("mailboxBytesMax")
    void pausesThePublishersOfACrowdedLoop(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withMailboxBytesMax(1_024));
        String publisherId = broker.idOn(0, "publisher");
        String subscriberId = broker.idOn(1, "subscriber");
        WireClient subscriber = broker.client(subscriberId).subscribed("t", 0);
        WireClient publisher = broker.client(version, publisherId);
        CountDownLatch blocked = new CountDownLatch(1);
        block(broker.home(subscriberId), blocked);

        Sendable[] batch = new Sendable[10];
        for (int i = 0; i < batch.length; i++) {
            batch[i] = publish("t", "x".repeat(500) + i).qos(1, i + 1);
        }
        publisher.send(batch);
        publisher.expect(puback(1));
        publisher.expect(puback(2)); // with this one it is above its budget
        SessionLoop loop = broker.home(publisherId);
        for (int i = 0; i < 3; i++) {
            TestBroker.run(loop, () -> {});
        }
        publisher.expectNothingYet();
        blocked.countDown();
        for (int i = 0; i < batch.length; i++) {
            subscriber.expectPublish("t", "x".repeat(500) + i, 0);
        }
        for (int i = 2; i < batch.length; i++) {
            publisher.expect(puback(i + 1));
        }
        publisher.ping();
    }

    static void block(SessionLoop loop, CountDownLatch latch) {
        loop.execute(() -> {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    @Reaches("turnDeliveriesMax")
    void deliversALargeFanOutOverSeveralTurnsInOrder() {
        fansOutOverSeveralTurns(2, "");
    }

    @Test
    @Reaches("turnDeliveriesMax")
    void eachKibibyteCountsAsADelivery() {
        fansOutOverSeveralTurns(20, "x".repeat(10 << 10));
    }

    /** Two deliveries, or little more, fit into a turn. */
    private void fansOutOverSeveralTurns(int turnDeliveriesMax, String payload) {
        TestBroker broker = start(DEFAULTS.withTurnDeliveriesMax(turnDeliveriesMax));
        List<WireClient> subscribers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            subscribers.add(broker.client(broker.idOn(i % 2, "s" + i + "-")).subscribed("t", i % 3));
        }
        WireClient publisher = broker.client(broker.idOn(0, "publisher"));
        SessionLoop loop = broker.loop(0);
        long before = TestBroker.call(loop, loop::flushes);
        publisher.send(
                publish("t", "0" + payload).qos(2, 1),
                publish("t", "1" + payload).qos(2, 2),
                publish("t", "2" + payload).qos(2, 3),
                publish("t", "3" + payload).qos(2, 4));
        for (WireClient subscriber : subscribers) {
            for (int i = 0; i < 4; i++) {
                assertThat(((ReceivedPublish) subscriber.receive()).text()).isEqualTo(i + payload);
            }
        }
        // 20 deliveries to 5 clients of this loop: in one turn they would be 5 flushes.
        assertThat(TestBroker.call(loop, loop::flushes) - before).isGreaterThanOrEqualTo(10);
    }

    // ---- topics, subscriptions, sessions, retained messages

    @EachVersion
    @Reaches("topicLevelsMax")
    void refusesTopicsAndFiltersWithMoreLevels(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withTopicLevelsMax(3));
        WireClient witness = broker.client("witness").subscribed("#", 0);
        WireClient c = broker.client(version, "c");
        c.send(publish("a/b/c", "p").qos(1, 1), publish("a/b/c/d", "p").qos(1, 2), publish("///", "p"));
        c.expect(puback(1));
        c.expect(puback(2).reason(TOPIC_NAME_INVALID));
        witness.expectPublish("a/b/c", "p", 0);
        witness.expectNothing();
        c.subscribed("a/b/#", 0);
        c.send(subscribe(3, "a/b/c/#", 0));
        c.expect(suback(3, version == MqttVersion.V5 ? TOPIC_FILTER_INVALID : UNSPECIFIED_ERROR));
        assertThat(broker.dropped(DropReason.REFUSED)).isEqualTo(2);
    }

    @EachVersion
    @Reaches("subscriptionsPerSessionMax")
    void refusesFurtherSubscriptions(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withSubscriptionsPerSessionMax(2));
        WireClient c = broker.client(version, "c");
        c.send(subscribe(1, "a", 1).and("b", 1).and("c", 1).and("a", 0));
        c.expect(suback(1, GRANTED_QOS_1, GRANTED_QOS_1, QUOTA_EXCEEDED, SUCCESS));
        c.send(unsubscribe(2, "a"), subscribe(3, "c", 1));
        c.expect(unsuback(2, SUCCESS));
        c.expect(suback(3, GRANTED_QOS_1));
        broker.client("other").subscribed("d", 1);
    }

    @Test
    @Reaches("sessionExpiryMaxSeconds")
    void cutsTheSessionExpiryIntervalAndSaysSo() {
        TestBroker broker = start(DEFAULTS.withSessionExpiryMaxSeconds(1));
        WireClient five = broker.send(MqttVersion.V5, connect("five").sessionExpiry(100));
        assertThat(five.expect(connack()).properties().integer(Property.SESSION_EXPIRY_INTERVAL, -1))
                .isEqualTo(1);
        WireClient changes = broker.send(MqttVersion.V5, connect("changes").sessionExpiry(1));
        assertThat(changes.expect(connack()).properties().has(Property.SESSION_EXPIRY_INTERVAL))
                .isFalse();
        WireClient three = broker.send(MqttVersion.V3_1_1, connect("three"));
        three.expect(connack());
        five.leave();
        changes.leave(disconnect().sessionExpiry(0xFFFF_FFFFL));
        three.leave();
        assertThat(broker.sessions()).isEqualTo(3);
        TestBroker.eventually("all have expired", () -> broker.sessions() == 0);
    }

    @EachVersion
    @Reaches("retainedMessagesMax")
    void refusesToRetainFurtherTopics(MqttVersion version) {
        TestBroker broker = start(DEFAULTS.withRetainedMessagesMax(2));
        WireClient witness = broker.client("witness").subscribed("#", 0);
        WireClient c = broker.client(version, "c");
        for (String topic : List.of("a", "b", "a")) {
            c.published(publish(topic, "p").retain(), 1);
            witness.expectPublish(topic, "p", 0);
        }
        c.send(publish("c", "p").qos(1, 1).retain());
        c.expect(puback(1).reason(QUOTA_EXCEEDED));
        witness.expectNothing();
        c.published(publish("b", "").retain(), 1);
        c.published(publish("c", "p").retain(), 1);
        WireClient late = broker.client("late").subscribed("#", 0);
        late.expect(publish("a", "p").retain());
        late.expect(publish("c", "p").retain());
        late.expectNothing();
    }

    // ---- local client

    @Test
    @Reaches("localPublishesMax")
    void rejectsLocalPublishesBeyondThoseUnderWay() {
        TestBroker broker = start(DEFAULTS.withLocalPublishesMax(2));
        CountDownLatch blocked = new CountDownLatch(1);
        block(broker.loop(0), blocked);
        block(broker.loop(1), blocked);
        List<CompletableFuture<Published>> results = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            results.add(broker.local().publish(Message.of("t", "p")).toCompletableFuture());
        }
        assertThatThrownBy(results.get(2)::join)
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.reason()).isEqualTo(QUOTA_EXCEEDED));
        assertThat(results.get(0)).isNotDone();
        blocked.countDown();
        results.get(0).join();
        results.get(1).join();
        broker.local().publish(Message.of("t", "p")).toCompletableFuture().join();
    }

    @Test
    @Reaches("localQueueMessagesMax")
    void dropsTheNewestForAHandlerThatIsBehind() {
        TestBroker broker = start(DEFAULTS.withLocalQueueMessagesMax(2));
        List<String> came = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> first = new CompletableFuture<>();
        broker.local().subscribe("t", QoS.AT_LEAST_ONCE, message -> {
            came.add(message.payloadText());
            return came.size() == 1 ? first : CompletableFuture.completedFuture(null);
        });
        for (int i = 0; i < 5; i++) {
            broker.local()
                    .publish(Message.of("t", "p" + i))
                    .toCompletableFuture()
                    .join();
        }
        assertThat(broker.dropped(DropReason.LOCAL_QUEUE_FULL)).isEqualTo(2);
        first.complete(null);
        TestBroker.eventually("three are handled", () -> came.size() == 3);
        assertThat(came).containsExactly("p0", "p1", "p2");
    }

    @Test
    @Reaches("localRequestsMax")
    void rejectsRequestsBeyondThoseWithoutAnAnswer() {
        TestBroker broker = start(DEFAULTS.withLocalRequestsMax(2));
        broker.local().subscribe("t", silent -> {});
        List<CompletableFuture<Message>> answers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            answers.add(broker.local()
                    .request(Message.of("t", "?"), Duration.ofDays(1))
                    .toCompletableFuture());
        }
        assertThatThrownBy(answers.get(2)::join)
                .cause()
                .isInstanceOfSatisfying(
                        RejectedException.class, e -> assertThat(e.reason()).isEqualTo(QUOTA_EXCEEDED));
        answers.get(0).cancel(true); // makes room
        broker.local()
                .respond(
                        "t",
                        request -> CompletableFuture.completedFuture(
                                request.answer().payload("!").build()));
        Message answer = broker.local()
                .request(Message.of("t", "?"), Duration.ofDays(1))
                .toCompletableFuture()
                .join();
        assertThat(answer.payloadText()).isEqualTo("!");
    }
}
