package dev.dunlin.broker.crash;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.SubscribePacket;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Writes the store that {@link FixtureTest} reads, with a record of every kind in it. Only when the format of the store
 * changes: then in a new folder beside the old one, which must still be read. In the module of an engine, with its test class path:
 *
 * <pre>java dev.dunlin.broker.crash.Fixture src/test/resources/store-1</pre>
 */
final class Fixture {
    static final long NEVER = 0xFFFF_FFFFL;
    static final int WILL_DELAY_SECONDS = 5;
    static final int WINDOW = 3;
    static final int RECEIVED_ID = 4_711;
    static final int SUBSCRIPTION_ID = 268_435_455;
    static final String LARGE = "0123456789abcdef".repeat(EngineUnderTest.here().largeBytes() / 16);
    static final String[] RETAINED = {"retained/a", "retained/b/\u00fc", "retained/c", "retained/d"};

    private Fixture() {}

    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        try (Broker broker = start(dir)) {
            int port = broker.port("tcp");
            subscribe(port);
            openExchanges(port);
            queue(port);
        }
        try (StorageEngine engine = EngineUnderTest.here().restless(dir).open()) {
            for (Space space : Space.values()) {
                engine.compact(space); // moves all this from the log to where it stays
            }
        }
        try (Broker broker = start(dir)) {
            int port = broker.port("tcp");
            retain(port);
            beginReplay(port);
            loseWithWill(port);
        }
        deleteWhatIsNotNeeded(dir);
    }

    private static Broker start(Path dir) throws BrokerStartException {
        return Broker.builder()
                .tcp(0)
                .storage(EngineUnderTest.here().restless(dir))
                .start();
    }

    /** Copies the store that is kept in this module. */
    static Path copy(Path target) throws IOException, URISyntaxException {
        URL format = Objects.requireNonNull(Fixture.class.getResource("/store-1/FORMAT"), "no store is kept here");
        Files.createDirectories(target);
        try (Stream<Path> files = Files.list(Path.of(format.toURI()).resolveSibling(""))) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
        return target;
    }

    static ConnectPacket connect(String clientId) {
        return Packets.connect(clientId).sessionExpiry(NEVER);
    }

    private static WireClient open(int port, ConnectPacket connect) {
        WireClient client = WireClient.connect(port, MqttVersion.V5).send(connect);
        client.expect(Packets.connack());
        return client;
    }

    /** Sessions with subscriptions, one of them of 3.1.1. */
    private static void subscribe(int port) {
        open(port, connect("busy")).subscribed("busy/#", 2).leave();
        open(port, connect("other")).subscribed("busy/shared", 1).leave();
        open(port, connect("watcher")).subscribed("will/#", 2).leave();
        WireClient old = WireClient.connect(port, MqttVersion.V3_1_1).send(Packets.connect("old"));
        old.expect(Packets.connack());
        old.subscribed("old/+", 1).leave();
        WireClient options = open(port, connect("options"));
        SubscribePacket subscribe = Packets.subscribe(1, "options/#", 1)
                .noLocal()
                .retainAsPublished()
                .identifier(SUBSCRIPTION_ID);
        options.send(subscribe).expect(Packets.suback(1, ReasonCode.GRANTED_QOS_1));
        options.leave();
    }

    /** A window full of exchanges: QoS 1 sent, QoS 2 sent, QoS 2 released; and one QoS 2 received. */
    private static void openExchanges(int port) {
        WireClient sender = open(port, connect("sender"));
        WireClient busy =
                WireClient.connect(port, MqttVersion.V5).send(connect("busy").receiveMaximum(WINDOW));
        busy.expect(Packets.connack().sessionPresent());
        sender.published("busy/1", "one", 1);
        busy.expect(Packets.publish("busy/1", "one").qos(1, 1));
        sender.published("busy/2", "two", 2);
        busy.expect(Packets.publish("busy/2", "two").qos(2, 2));
        sender.published("busy/3", "three", 2);
        busy.expect(Packets.publish("busy/3", "three").qos(2, 3));
        busy.send(Packets.pubrec(3)).expect(Packets.pubrel(3));
        sender.send(Packets.publish("busy/received", "once").qos(2, RECEIVED_ID))
                .expect(Packets.pubrec(RECEIVED_ID));
        sender.drop();
        busy.drop();
    }

    /** Messages that wait: inside of their queue entry; one for two sessions; one that is large. */
    private static void queue(int port) {
        WireClient publisher = WireClient.connect(port, MqttVersion.V5).login("publisher");
        publisher.published(withProperties("busy/inline"), 1);
        publisher.published("busy/shared", "for two", 2);
        publisher.published("busy/large", LARGE, 1);
        publisher.published("old/x", "for the old one", 1);
        publisher.leave();
    }

    static PublishPacket withProperties(String topic) {
        return Packets.publish(topic, "payload")
                .with(Property.CONTENT_TYPE, "text/plain")
                .with(Property.CORRELATION_DATA, new byte[] {0, -1})
                .userProperty("key", "value")
                .userProperty("key", "");
    }

    private static void retain(int port) {
        WireClient publisher = WireClient.connect(port, MqttVersion.V5).login("publisher");
        for (String topic : RETAINED) {
            publisher.published(withProperties(topic).retain(), 1);
        }
        publisher.leave();
    }

    /** The first retained message is sent; the others wait for its acknowledgement. */
    private static void beginReplay(int port) {
        WireClient replayed = open(port, connect("replayed").receiveMaximum(1));
        replayed.subscribed("retained/#", 1);
        replayed.expect(withProperties(RETAINED[0]).qos(1).retain());
        replayed.drop();
    }

    private static void loseWithWill(int port) {
        PublishPacket will =
                Packets.publish("will/lost", "lost").qos(2).with(Property.WILL_DELAY_INTERVAL, WILL_DELAY_SECONDS);
        open(port, connect("lost").will(will)).drop();
    }

    /** Engines make them anew. */
    private static void deleteWhatIsNotNeeded(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.startsWith("LOG") || name.startsWith("OPTIONS") || name.startsWith("LOCK")) {
                    Files.delete(file);
                }
            }
        }
    }
}
