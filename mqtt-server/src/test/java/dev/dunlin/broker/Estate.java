package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.suback;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What one broker leaves in its store, of every kind there is; and what another one, an hour later, must make of it. The store
 * may have gone through anything in between that claims to keep it.
 */
final class Estate implements AutoCloseable {
    private static final long NEVER = 0xFFFF_FFFFL;
    private static final Duration LATER = Duration.ofHours(1);
    private static final int HALF_AN_HOUR_S = 1_800;
    private static final int TWO_HOURS_S = 7_200;
    private static final int WINDOW = 3;
    private static final int RECEIVED_ID = 4_711;
    private static final int SUBSCRIPTION_ID = 268_435_455;
    private static final int QUEUED = 150;
    private static final String BESIDE_THE_QUEUE = "b".repeat(6_000);
    private static final String LARGE = "l".repeat(100_000);
    private static final String HUGE = "0123456789abcdef".repeat(3 << 16);

    private final Broker broker;
    private final List<WireClient> clients = new ArrayList<>();

    private Estate(Broker broker) {
        this.broker = broker;
    }

    /** Fills an empty store, and closes it. */
    static void leave(StorageEngineProvider store) throws BrokerStartException {
        try (Estate estate = new Estate(start(store, TimeSource.system()))) {
            estate.makeSessions();
            estate.openExchanges();
            estate.queue();
            estate.retain();
            estate.loseClientsWithWills();
        }
    }

    /** Finds all of it in the store, an hour later. */
    static void inherit(StorageEngineProvider store) throws BrokerStartException {
        try (Estate estate = new Estate(start(store, new Ahead(LATER)))) {
            estate.expectReceivedId();
            estate.expectExchanges();
            estate.expectQueues();
            estate.expectGroup();
            estate.expectRetained();
            estate.expectDeadlines();
            estate.expectOptions();
        }
    }

    private static Broker start(StorageEngineProvider store, TimeSource time) throws BrokerStartException {
        return Broker.builder()
                .tcp(0)
                .limits(Limits.STANDALONE)
                .time(time)
                .storage(store)
                .start();
    }

    private record Ahead(Duration by) implements TimeSource {
        @Override
        public long monotonicMs() {
            return TimeSource.system().monotonicMs() + by.toMillis();
        }

        @Override
        public long wallMs() {
            return TimeSource.system().wallMs() + by.toMillis();
        }
    }

    @Override
    public void close() {
        broker.close();
        clients.forEach(WireClient::close);
    }

    // ---- clients

    private WireClient send(MqttVersion version, ConnectPacket packet) {
        WireClient client = WireClient.connect(broker.port("tcp"), version);
        clients.add(client);
        return client.send(packet);
    }

    private static ConnectPacket persistent(String clientId) {
        return connect(clientId).sessionExpiry(NEVER);
    }

    private WireClient made(ConnectPacket packet) {
        WireClient client = send(MqttVersion.V5, packet);
        client.expect(connack());
        return client;
    }

    private WireClient resumed(ConnectPacket packet) {
        WireClient client = send(MqttVersion.V5, packet);
        client.expect(connack().sessionPresent());
        return client;
    }

    private WireClient passing(String clientId) {
        return made(connect(clientId).cleanStart());
    }

    /** Takes so many messages, and acknowledges them to the end; then nothing more comes. */
    private static List<ReceivedPublish> take(WireClient client, int messages) {
        return take(client, messages, 0);
    }

    /** As {@link #take(WireClient, int)}, while so many PUBREC are on their way already. */
    private static List<ReceivedPublish> take(WireClient client, int messages, int received) {
        List<ReceivedPublish> came = new ArrayList<>();
        int open = received;
        while (came.size() < messages || open > 0) {
            Object packet = client.receive();
            if (packet instanceof ReceivedPublish publish) {
                came.add(publish);
                boolean once = publish.qos() == QoS.EXACTLY_ONCE;
                client.send(once ? pubrec(publish.packetId()) : puback(publish.packetId()));
                open += once ? 1 : 0;
            } else {
                Packet.Ack ack = (Packet.Ack) packet;
                assertThat(ack.type()).isEqualTo(PacketType.PUBREL);
                client.send(pubcomp(ack.packetId()));
                open--;
            }
        }
        client.expectNothing();
        return came;
    }

    private static List<String> texts(List<ReceivedPublish> publishes) {
        return publishes.stream().map(ReceivedPublish::text).toList();
    }

    private static List<String> numbered(String text, int count) {
        return IntStream.range(0, count).mapToObj(i -> text + i).toList();
    }

    // ---- sessions, subscriptions, options

    private void makeSessions() {
        made(persistent("busy")).subscribed("busy/#", 2).leave();
        made(persistent("ordered")).subscribed("ordered", 1).leave();
        made(persistent("twice")).subscribed("twice/+", 2).leave();
        made(persistent("other")).subscribed("twice/shared", 1).leave();
        made(persistent("member")).subscribed("$share/team/work/#", 2).leave();
        made(persistent("watcher")).subscribed("will/#", 2).leave();
        made(connect("brief").sessionExpiry(HALF_AN_HOUR_S))
                .subscribed("twice/shared", 1)
                .leave();
        made(connect("longer").sessionExpiry(TWO_HOURS_S))
                .subscribed("longer", 1)
                .leave();
        WireClient old = send(MqttVersion.V3_1_1, connect("old"));
        old.expect(connack());
        old.subscribed("old/+", 1).leave();
        WireClient options = made(persistent("options"));
        options.send(Packets.subscribe(1, "options/#", 1)
                .noLocal()
                .retainAsPublished()
                .identifier(SUBSCRIPTION_ID));
        options.expect(suback(1, ReasonCode.GRANTED_QOS_1));
        options.leave();
    }

    private void expectOptions() {
        WireClient options = resumed(persistent("options"));
        options.published("options/own", "not to me", 1);
        passing("publisher").published(publish("options/x", "kept").retain(), 1);
        ReceivedPublish came = options.take(publish("options/x", "kept").qos(1).retain());
        assertThat(came.properties().subscriptionIdentifiers()).containsExactly(SUBSCRIPTION_ID);
        options.expectNothing();
    }

    // ---- exchanges

    /** Of all states, in both directions. */
    private void openExchanges() {
        WireClient sender = made(persistent("sender"));
        WireClient busy = resumed(persistent("busy").receiveMaximum(WINDOW));
        sender.published("busy/1", "one", 1);
        busy.expect(publish("busy/1", "one").qos(1, 1));
        sender.published("busy/2", "two", 2);
        busy.expect(publish("busy/2", "two").qos(2, 2));
        sender.published("busy/3", "three", 2);
        busy.expect(publish("busy/3", "three").qos(2, 3));
        busy.send(pubrec(3)).expect(pubrel(3));
        sender.send(publish("busy/received", "once").qos(2, RECEIVED_ID)).expect(pubrec(RECEIVED_ID));
        sender.drop();
        busy.drop();
    }

    private void expectReceivedId() {
        WireClient sender = resumed(persistent("sender"));
        sender.send(publish("busy/received", "once").qos(2, RECEIVED_ID).dup()).expect(pubrec(RECEIVED_ID));
        sender.send(pubrel(RECEIVED_ID)).expect(pubcomp(RECEIVED_ID));
        sender.leave();
    }

    private void expectExchanges() {
        WireClient busy = resumed(persistent("busy").receiveMaximum(WINDOW));
        busy.expect(publish("busy/1", "one").qos(1, 1).dup());
        busy.expect(publish("busy/2", "two").qos(2, 2).dup());
        busy.expect(pubrel(3));
        busy.send(pubcomp(3), puback(1), pubrec(2));
        assertThat(texts(take(busy, 2, 1))).containsExactlyInAnyOrder("once", LARGE);
    }

    // ---- queues

    /** Inside of their entries and beside them, for one and for several. */
    private void queue() {
        WireClient publisher = passing("publisher");
        publisher.published("busy/large", LARGE, 1);
        for (int i = 0; i < QUEUED; i++) {
            publisher.published("ordered", "ordered " + i, 1 + i % 2);
        }
        publisher.published(withProperties("ordered", "gone").expiry(HALF_AN_HOUR_S), 1);
        publisher.published(withProperties("ordered", "still there").expiry(TWO_HOURS_S), 1);
        for (int i = 0; i < WINDOW; i++) {
            publisher.published("twice/" + i, "twice " + i, 2);
        }
        publisher.published("twice/shared", BESIDE_THE_QUEUE, 2);
        publisher.published("old/x", "for the old one", 1);
        for (int i = 0; i < WINDOW; i++) {
            publisher.published("work/" + i, "work " + i, 2);
        }
        publisher.published("work/beside", BESIDE_THE_QUEUE, 1);
        publisher.leave();
    }

    private void expectQueues() {
        List<ReceivedPublish> ordered = take(resumed(persistent("ordered")), QUEUED + 1);
        assertThat(texts(ordered.subList(0, QUEUED))).isEqualTo(numbered("ordered ", QUEUED));
        assertThat(ordered).noneMatch(ReceivedPublish::dup);
        ReceivedPublish last = ordered.get(QUEUED);
        assertThat(last.text()).isEqualTo("still there");
        assertThat(last.properties().string(Property.CONTENT_TYPE)).isEqualTo("text/plain");
        assertThat(last.expirySeconds()).isBetween(1L, TWO_HOURS_S - LATER.toSeconds());

        List<ReceivedPublish> twice = take(resumed(persistent("twice")), WINDOW + 1);
        assertThat(texts(twice.subList(0, WINDOW))).isEqualTo(numbered("twice ", WINDOW));
        assertThat(twice.get(WINDOW).text()).isEqualTo(BESIDE_THE_QUEUE);
        assertThat(twice).allMatch(each -> each.qos() == QoS.EXACTLY_ONCE && !each.dup());
        assertThat(texts(take(resumed(persistent("other")), 1))).containsExactly(BESIDE_THE_QUEUE);

        WireClient old = send(MqttVersion.V3_1_1, connect("old"));
        old.expect(connack().sessionPresent());
        old.take("old/x", "for the old one", 1);
        old.expectNothing();
    }

    private void expectGroup() {
        List<String> expected = new ArrayList<>(numbered("work ", WINDOW));
        expected.add(BESIDE_THE_QUEUE);
        WireClient member = resumed(persistent("member"));
        assertThat(texts(take(member, WINDOW + 1))).containsExactlyInAnyOrderElementsOf(expected);
        passing("publisher").published("work/new", "new", 1);
        member.take("work/new", "new", 1);
    }

    // ---- retained messages

    private static PublishPacket withProperties(String topic, String payload) {
        return publish(topic, payload)
                .with(Property.CONTENT_TYPE, "text/plain")
                .with(Property.CORRELATION_DATA, new byte[] {0, -1})
                .userProperty("key", "value")
                .userProperty("key", "");
    }

    private void retain() {
        WireClient publisher = passing("publisher");
        publisher.published(withProperties("retained/\u00fc", "small").retain(), 1);
        publisher.published(publish("retained/large", LARGE).retain(), 2);
        publisher.published(publish("retained/huge", HUGE).retain(), 1);
        publisher.published(
                publish("retained/gone", "gone").expiry(HALF_AN_HOUR_S).retain(), 1);
        publisher.leave();
    }

    private void expectRetained() {
        WireClient reader = passing("reader");
        reader.subscribed("retained/\u00fc", 1);
        reader.take(withProperties("retained/\u00fc", "small").qos(1).retain());
        reader.subscribed("retained/large", 1);
        reader.take(publish("retained/large", LARGE).qos(1).retain());
        reader.subscribed("retained/huge", 1);
        reader.take(publish("retained/huge", HUGE).qos(1).retain());
        reader.subscribed("retained/gone", 1);
        reader.expectNothing();
    }

    // ---- wills, and the expiry of sessions

    private void loseClientsWithWills() {
        made(persistent("lost").will(will("lost", HALF_AN_HOUR_S))).drop();
        made(persistent("away").will(will("away", TWO_HOURS_S))).drop();
    }

    private static PublishPacket will(String clientId, int delaySeconds) {
        return publish("will/" + clientId, clientId).qos(2).with(Property.WILL_DELAY_INTERVAL, delaySeconds);
    }

    private void expectDeadlines() {
        assertThat(texts(take(resumed(persistent("watcher")), 1))).containsExactly("lost");
        made(connect("brief").sessionExpiry(HALF_AN_HOUR_S)).leave();
        resumed(connect("longer").sessionExpiry(TWO_HOURS_S)).leave();
        resumed(persistent("away")).leave();
    }
}
