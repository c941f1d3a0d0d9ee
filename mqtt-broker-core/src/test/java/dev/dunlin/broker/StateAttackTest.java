package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.suback;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static dev.dunlin.codec.ReasonCode.GRANTED_QOS_1;
import static dev.dunlin.codec.ReasonCode.QUOTA_EXCEEDED;
import static dev.dunlin.codec.ReasonCode.TOPIC_FILTER_INVALID;
import static dev.dunlin.codec.ReasonCode.TOPIC_NAME_INVALID;
import static dev.dunlin.codec.ReasonCode.UNSPECIFIED_ERROR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.SubscribePacket;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.Unsuback;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Attacks by clients that are let in, and then want to have more kept than is right: see {@link Siege}. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Isolated("what lives on the heap is counted")
final class StateAttackTest {
    private static final Limits DEFAULTS = Limits.EMBEDDED;
    private static final int BATCH = 500;
    private static final int LEVELS = 30_000;

    private TestBroker broker;

    private Siege besiege(Limits limits) {
        broker = TestBroker.start(limits);
        return new Siege(Besieged.here(broker));
    }

    // ---- properties without end

    @Test
    void endlessPropertyListInConnect() throws Exception {
        byte[] properties = userProperties(100_000); // 500,000 bytes: what a client may send that isn't authenticated
        byte[] connect =
                packet(0x10, new byte[] {0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 0}, properties, new byte[] {0, 1, 'c'});
        byte[] will = packet( // with a will, whose properties they are
                0x10, new byte[] {0, 4, 'M', 'Q', 'T', 'T', 5, 6, 0, 0, 0, 0, 1, 'c'}, properties, new byte[] {
                    0, 1, 'w', 0, 0
                });
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                for (byte[] attack : List.of(connect, will)) {
                    for (int i = 0; i < 20; i++) {
                        try (WireClient client = siege.connect(MqttVersion.V5)) {
                            client.trySend(raw(attack));
                            client.expectRefusal(QUOTA_EXCEEDED);
                        }
                    }
                }
            });
        }
    }

    @Test
    void endlessPropertyListInPublishAndSubscribe() throws Exception {
        byte[] properties = userProperties(1_000_000); // 5 MB
        byte[] filter = {0, 1, 't', 0};
        List<byte[]> attacks = List.of(
                packet(0x30, new byte[] {0, 1, 't'}, properties, new byte[0]),
                packet(0x32, new byte[] {0, 1, 't', 0, 1}, properties, new byte[0]),
                packet(0x82, new byte[] {0, 1}, properties, filter),
                packet(0xA2, new byte[] {0, 1}, properties, Arrays.copyOf(filter, 3)),
                packet(0x40, new byte[] {0, 1, 0}, properties, new byte[0]),
                packet(0xE0, new byte[] {0}, properties, new byte[0]));
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                for (byte[] attack : attacks) {
                    for (int i = 0; i < 5; i++) {
                        try (WireClient client = siege.connect(MqttVersion.V5).login("endless")) {
                            client.trySend(raw(attack));
                            client.expectDisconnect(QUOTA_EXCEEDED);
                        }
                    }
                }
            });
        }
    }

    /** A length of properties, and so many empty user properties. */
    private static byte[] userProperties(int count) {
        ByteArrayOutputStream properties = new ByteArrayOutputStream();
        properties.writeBytes(length(count * 5));
        for (int i = 0; i < count; i++) {
            properties.writeBytes(new byte[] {0x26, 0, 0, 0, 0});
        }
        return properties.toByteArray();
    }

    private static byte[] packet(int first, byte[]... parts) {
        ByteArrayOutputStream packet = new ByteArrayOutputStream();
        packet.write(first);
        packet.writeBytes(
                length(Arrays.stream(parts).mapToInt(part -> part.length).sum()));
        Arrays.stream(parts).forEach(packet::writeBytes);
        return packet.toByteArray();
    }

    private static byte[] length(int bytes) {
        ByteArrayOutputStream varint = new ByteArrayOutputStream();
        int rest = bytes;
        do {
            varint.write((rest & 0x7F) | (rest > 0x7F ? 0x80 : 0));
            rest >>>= 7;
        } while (rest > 0);
        return varint.toByteArray();
    }

    // ---- topics and filters of very many levels

    @EachVersion
    void topicsAndFiltersOf30000LevelsAreRefused(MqttVersion version) throws Exception {
        String topic = "a/".repeat(LEVELS - 1) + "a";
        ReasonCode refused = version == MqttVersion.V5 ? TOPIC_FILTER_INVALID : UNSPECIFIED_ERROR;
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                try (WireClient client = siege.connect(version).login("deep")) {
                    for (int i = 1; i <= 100; i++) {
                        client.send(publish(topic, "p").qos(1, i).retain());
                        client.expect(puback(i).reason(TOPIC_NAME_INVALID));
                    }
                    for (String filter : List.of(topic, topic + "/#", "+/".repeat(LEVELS) + "#", "/".repeat(60_000))) {
                        client.send(subscribe(1, filter, 1).and("$share/g/" + filter, 1));
                        client.expect(suback(1, refused, refused));
                    }
                    client.send(publish(topic, "p")).ping();
                }
            });
        }
    }

    /** With the levels allowed nothing is recursive, and nothing of a crowd of them stays. */
    @Test
    void topicsAndFiltersOf30000LevelsAreServedIfTheyMay() throws Exception {
        String topic = "a/".repeat(LEVELS - 1) + "a";
        List<String> filters = List.of(
                topic, "+/".repeat(LEVELS - 1) + "+", "a/".repeat(LEVELS - 1) + "+", "+/".repeat(LEVELS - 1) + "#");
        try (Siege siege = besiege(DEFAULTS.withTopicLevelsMax(65_536))) {
            siege.survives(() -> {
                try (WireClient client = siege.connect(MqttVersion.V5).login("deep");
                        WireClient other = siege.connect(MqttVersion.V5).login("other")) {
                    filters.forEach(filter -> client.subscribed(filter, 0).subscribed("$share/g/" + filter, 0));
                    client.send(publish(topic, "p").qos(1, 1).retain());
                    int came = 0;
                    for (Object each = client.receive(); !(each instanceof Packet.Ack); each = client.receive()) {
                        assertThat(((ReceivedPublish) each).topic()).isEqualTo(topic);
                        came++;
                    }
                    while (came < 5) { // one for all of its own subscriptions, and one of each group
                        assertThat(((ReceivedPublish) client.receive()).topic()).isEqualTo(topic);
                        came++;
                    }
                    client.expectNothing();
                    siege.serves();
                    client.leave();
                    other.published(publish(topic, "").retain(), 0);
                }
            });
        }
    }

    // ---- subscriptions

    @EachVersion
    void subscriptions100000OfOneClient(MqttVersion version) throws Exception {
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                try (WireClient client = siege.connect(version).login("greedy")) {
                    List<ReasonCode> reasons = subscribeAll(client, filters("many/%d/+", 100_000));
                    int max = DEFAULTS.subscriptionsPerSessionMax();
                    assertThat(reasons.subList(0, max)).containsOnly(GRANTED_QOS_1);
                    assertThat(reasons.subList(max, 100_000))
                            .containsOnly(version == MqttVersion.V5 ? QUOTA_EXCEEDED : UNSPECIFIED_ERROR);
                    siege.serves();
                    client.leave();
                }
            });
        }
    }

    @Test
    void subscriptions100000OfOneClientThatMay() throws Exception {
        try (Siege siege = besiege(DEFAULTS.withSubscriptionsPerSessionMax(100_000))) {
            siege.survives(() -> {
                try (WireClient client = siege.connect(MqttVersion.V5).login("greedy")) {
                    assertThat(subscribeAll(client, filters("many/%d", 50_000))).containsOnly(GRANTED_QOS_1);
                    assertThat(subscribeAll(client, filters("many/+/%d/#", 50_000)))
                            .containsOnly(GRANTED_QOS_1);
                    siege.serves();
                    client.send(publish("many/49999", "p")).expectPublish("many/49999", "p", 0);
                    client.leave();
                    siege.serves();
                }
            });
        }
    }

    private static List<String> filters(String pattern, int count) {
        return IntStream.range(0, count).mapToObj(pattern::formatted).toList();
    }

    /** Asks for all of these with QoS 1, many in a packet; returns what is said to each. */
    private static List<ReasonCode> subscribeAll(WireClient client, List<String> filters) {
        List<ReasonCode> reasons = new ArrayList<>(filters.size());
        for (int from = 0; from < filters.size(); from += BATCH) {
            SubscribePacket packet = subscribe(1, filters.get(from), 1);
            filters.subList(from + 1, Math.min(filters.size(), from + BATCH)).forEach(filter -> packet.and(filter, 1));
            client.send(packet);
            reasons.addAll(((Suback) client.receive()).reasons());
        }
        return reasons;
    }

    // ---- retained messages

    @EachVersion
    void retainedFlood(MqttVersion version) throws Exception {
        int max = 1_000;
        try (Siege siege = besiege(DEFAULTS.withRetainedMessagesMax(max))) {
            siege.survives(() -> {
                try (WireClient client = siege.connect(version).login("flood");
                        WireClient late = siege.connect(MqttVersion.V5).login("late")) {
                    List<ReasonCode> reasons = retain(client, 5 * max, "x".repeat(500));
                    if (version == MqttVersion.V5) {
                        assertThat(reasons.subList(0, max)).noneMatch(ReasonCode::isError);
                        assertThat(reasons.subList(max, 5 * max)).containsOnly(QUOTA_EXCEEDED);
                    }
                    siege.serves();
                    expectRetained(late, "flood/#", max);
                    retain(client, max, "");
                }
            });
        }
    }

    /** In bytes, which few messages reach. */
    @Test
    void retainedFloodOfLargeMessages() throws Exception {
        try (Siege siege = besiege(DEFAULTS.withRetainedBytesMax(1 << 20))) {
            siege.survives(() -> {
                try (WireClient client = siege.connect(MqttVersion.V5).login("flood");
                        WireClient late = siege.connect(MqttVersion.V5).login("late")) {
                    List<ReasonCode> reasons = retain(client, BATCH, "x".repeat(10_000));
                    int kept = (int)
                            reasons.stream().filter(reason -> !reason.isError()).count();
                    assertThat(kept).isBetween(100, 104); // of 10,000 bytes and a bit
                    assertThat(reasons.subList(kept, BATCH)).containsOnly(QUOTA_EXCEEDED);
                    siege.serves();
                    expectRetained(late, "flood/#", kept);
                    retain(client, BATCH, "");
                }
            });
        }
    }

    /** Sets the retained messages of so many topics with QoS 1; returns what is said to each. */
    private static List<ReasonCode> retain(WireClient client, int topics, String payload) {
        List<ReasonCode> reasons = new ArrayList<>(topics);
        for (int from = 0; from < topics; from += BATCH) {
            List<Sendable> packets = new ArrayList<>(BATCH);
            for (int i = from; i < from + BATCH; i++) {
                packets.add(publish("flood/" + i, payload).qos(1, i + 1).retain());
            }
            client.send(packets.toArray(Sendable[]::new));
            for (int i = from; i < from + BATCH; i++) {
                Packet.Ack ack = (Packet.Ack) client.receive();
                assertThat(ack.packetId()).isEqualTo(i + 1);
                reasons.add(ack.reason());
            }
        }
        return reasons;
    }

    /** A filter brings so many retained messages, and no more. */
    private static void expectRetained(WireClient client, String filter, int topics) {
        client.subscribed(filter, 0);
        for (int i = 0; i < topics; i++) {
            assertThat(((ReceivedPublish) client.receive()).retain()).isTrue();
        }
        client.expectNothing();
    }

    // ---- shared subscriptions

    @EachVersion
    void malformedSharedSubscriptions(MqttVersion version) throws Exception {
        List<String> malformed = List.of(
                "$share/",
                "$share//t",
                "$share/g",
                "$share/g/",
                "$share/+/t",
                "$share/g#/t",
                "$share/g/t#",
                "$share///");
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                for (int i = 0; i < 20; i++) {
                    for (String filter : malformed) {
                        try (WireClient client = siege.connect(version).login("share")) {
                            client.subscribed("$share/right/t", 1).send(subscribe(1, filter, 1));
                            if (version == MqttVersion.V5) {
                                client.expect(suback(1, TOPIC_FILTER_INVALID));
                                client.send(subscribe(2, "$share/g/t", 1).noLocal());
                                client.expectDisconnect(ReasonCode.PROTOCOL_ERROR);
                            } else {
                                client.expectClosed();
                            }
                        }
                    }
                }
            });
        }
    }

    @Test
    void thousandsOfSharedGroups() throws Exception {
        String longest = "g".repeat(60_000);
        int max = 5_000;
        try (Siege siege = besiege(DEFAULTS.withSubscriptionsPerSessionMax(max))) {
            siege.survives(() -> {
                try (WireClient client = siege.connect(MqttVersion.V5).login("groups");
                        WireClient other = siege.connect(MqttVersion.V5).login("other")) {
                    assertThat(subscribeAll(client, filters("$share/%d/t", max)))
                            .containsOnly(GRANTED_QOS_1);
                    client.send(subscribe(1, "$share/one more/t", 1)).expect(suback(1, QUOTA_EXCEEDED));
                    siege.serves();
                    other.subscribed("$share/" + longest + "/t", 1);
                    assertThat(subscribeAll(other, filters("$share/%d/+", max / 2)))
                            .containsOnly(GRANTED_QOS_1);
                    client.leave();
                    siege.serves();
                    other.send(publish("t", "p"));
                    for (int i = 0; i <= max / 2; i++) { // once for each group
                        other.expectPublish("t", "p", 0);
                    }
                    other.expectNothing();
                    other.leave();
                }
            });
        }
    }

    /** Two on a group, each of which comes and goes, while messages come for it. */
    @Test
    void joiningAndLeavingASharedGroup() throws Exception {
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                try (WireClient one = siege.connect(MqttVersion.V5).login("one");
                        WireClient two = siege.connect(MqttVersion.V3_1_1).login("two");
                        WireClient publisher = siege.connect(MqttVersion.V5).login("publisher")) {
                    for (int i = 0; i < 2_000; i++) {
                        joinAndLeave(i % 2 == 0 ? one : two);
                        if (i % 4 == 0) {
                            publisher.published("t", "p", 1);
                        }
                    }
                    siege.serves();
                }
            });
        }
    }

    private static void joinAndLeave(WireClient client) {
        client.send(subscribe(1, "$share/g/t", 1), unsubscribe(2, "$share/g/t"), subscribe(3, "$share/g/#", 1));
        client.send(unsubscribe(4, "$share/g/#"));
        for (Object came = client.receive(); !isUnsuback(came, 4); came = client.receive()) {
            if (came instanceof ReceivedPublish publish) {
                client.acknowledge(publish);
            }
        }
    }

    private static boolean isUnsuback(Object packet, int id) {
        return packet instanceof Unsuback unsuback && unsuback.packetId() == id;
    }

    // ---- names chosen to collide

    /** In a String's hash code: the broker's own has a key that nobody knows. */
    @Test
    void collidingClientIds() throws Exception {
        int count = 1 << 10;
        List<String> colliding = colliding(count);
        List<String> others = IntStream.range(0, count)
                .mapToObj("an ordinary id, %06d"::formatted)
                .toList();
        assertThat(colliding.stream().map(String::hashCode).distinct()).hasSize(1);
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                comeAndGo(siege, others.subList(0, count / 4)); // what is slow at first is slow now
                long ordinaryNs = comeAndGo(siege, others);
                long collidingNs = comeAndGo(siege, colliding);
                System.out.printf(
                        "%,d clients, CPU of the loops: ids as they come %,d us, colliding %,d us%n",
                        count, ordinaryNs / 1_000, collidingNs / 1_000);
                assertThat(collidingNs).isLessThan(3 * ordinaryNs);
            });
            long onTheFirst = colliding.stream()
                    .filter(id -> broker.home(id) == broker.loop(0))
                    .count();
            assertThat(onTheFirst).isBetween(count * 2L / 5, count * 3L / 5);
        }
    }

    /** The same in the filters of one client, and in the names of groups. */
    @Test
    void collidingFilters() throws Exception {
        List<String> colliding = colliding(1 << 12);
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                try (WireClient client = siege.connect(MqttVersion.V5).login("collides")) {
                    assertThat(subscribeAll(client, colliding)).containsOnly(GRANTED_QOS_1);
                    List<String> groups = colliding.stream()
                            .map(name -> "$share/" + name + "/t")
                            .collect(Collectors.toCollection(ArrayList::new));
                    Collections.shuffle(groups);
                    assertThat(subscribeAll(client, groups)).containsOnly(GRANTED_QOS_1);
                    siege.serves();
                    client.send(publish(colliding.get(7), "p")).expectPublish(colliding.get(7), "p", 0);
                    client.leave();
                }
            });
        }
    }

    /** So many texts of one hash code: "Aa" and "BB" have the same, and so has whatever is made of them. */
    private static List<String> colliding(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> IntStream.range(0, 12)
                        .mapToObj(bit -> (i >> bit & 1) == 0 ? "Aa" : "BB")
                        .collect(Collectors.joining()))
                .toList();
    }

    /** Makes the sessions of all of these, all of which last, and removes them again. Returns the CPU time of the loops. */
    private long comeAndGo(Siege siege, List<String> ids) {
        long beganNs = cpuNs();
        for (String id : ids) {
            try (WireClient client = siege.connect(MqttVersion.V5)) {
                client.send(connect(id).sessionExpiry(1_000)).expect(connack());
                client.leave();
            }
        }
        for (String id : ids) {
            try (WireClient client = siege.connect(MqttVersion.V5)) {
                client.send(connect(id).cleanStart()).expect(connack());
                client.leave();
            }
        }
        return cpuNs() - beganNs;
    }

    private long cpuNs() {
        long sum = 0;
        for (int i = 0; i < broker.broker().core().loopCount(); i++) {
            SessionLoop loop = broker.loop(i);
            sum += TestBroker.call(
                    loop, () -> ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
        }
        return sum;
    }
}
