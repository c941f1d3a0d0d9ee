package dev.dunlin.server.mosquitto;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.server.mosquitto.ConfiguredBrokers.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.ListenerAddress;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the keys of a configuration do on a broker; what they do to the process is in MosquittoConfTest. */
@Timeout(60)
final class KeysTest {
    private static final String OPEN = "allow_anonymous true";
    private static final String HERE = "listener 1883 127.0.0.1";

    @TempDir
    private Path folder;

    private ConfiguredBrokers brokers;

    @BeforeEach
    void prepare() {
        brokers = new ConfiguredBrokers(folder);
    }

    @AfterEach
    void closeBrokers() {
        brokers.close();
    }

    private static Connack login(WireClient client, String id) {
        client.send(connect(id).cleanStart().sessionExpiry(1_000_000));
        return client.expect(connack());
    }

    private Broker startHere(String... more) throws Exception {
        String[] lines = new String[more.length + 2];
        lines[0] = HERE;
        lines[1] = OPEN;
        System.arraycopy(more, 0, lines, 2, more.length);
        return brokers.start(lines);
    }

    private static WireClient here(Broker broker) {
        return open(broker, "127.0.0.1:1883");
    }

    private static List<String> hosts(Broker broker) {
        return broker.listeners().stream().map(ListenerAddress::host).toList();
    }

    // ---- where

    @Test
    @Shows({Key.PORT, Key.ALLOW_ANONYMOUS})
    void letsThisMachineInWhenTheFileSaysNothing() throws Exception {
        Broker broker = brokers.start("# nothing");
        assertThat(hosts(broker)).contains("127.0.0.1").isSubsetOf("127.0.0.1", "0:0:0:0:0:0:0:1");
        login(open(broker, "1883"), "a");
    }

    @Test
    @Shows({Key.PORT, Key.BIND_ADDRESS})
    void listensAtTheDefaultListenersAddress() throws Exception {
        Broker broker = brokers.start("port 1999", "bind_address 127.0.0.1", OPEN);
        assertThat(hosts(broker)).containsExactly("127.0.0.1");
        login(open(broker, "127.0.0.1:1999"), "a");
    }

    @Test
    @Shows(Key.LISTENER)
    void listensWhereItIsTold(@TempDir Path sockets) throws Exception {
        Path socket = sockets.resolve("s");
        Broker broker = brokers.start("listener 1", "listener 2 127.0.0.1", "listener 0 " + socket, OPEN);
        assertThat(hosts(broker).get(0)).isIn("::", "0.0.0.0");
        login(open(broker, "1"), "a");
        login(open(broker, "127.0.0.1:2"), "b");
        assertThat(socket).exists();
    }

    @ParameterizedTest
    @CsvSource({"ipv4, 127.0.0.1", "ipv6, 0:0:0:0:0:0:0:1"})
    @Shows({Key.SOCKET_DOMAIN, Key.BIND_INTERFACE})
    void choosesTheFamilyOfAddresses(String family, String address) throws Exception {
        Broker broker = brokers.start("listener 1883 localhost", "bind_interface lo", "socket_domain " + family);
        assertThat(hosts(broker)).singleElement().asString().startsWith(address);
        assertThatThrownBy(() -> brokers.start("bind_interface nosuch"))
                .hasMessageContaining("there is no interface nosuch");
    }

    @Test
    @Shows({Key.PROTOCOL, Key.WEBSOCKETS_HEADERS_SIZE})
    void speaksWebSocketAtAnyPath() throws Exception {
        Broker broker = startHere("protocol websockets", "websockets_headers_size 500");
        for (String path : List.of("/", "/mqtt", "/a/b?c=d")) {
            assertThat(upgrade(broker, path, "x")).startsWith("HTTP/1.1 101 ");
        }
        assertThat(upgrade(broker, "/", "x".repeat(500))).doesNotStartWith("HTTP/1.1 101 ");
    }

    private static String upgrade(Broker broker, String path, String header) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), broker.port("127.0.0.1:1883"))) {
            socket.setSoTimeout(10_000);
            String request = "GET " + path + " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Protocol: mqtt\r\nX: " + header + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readNBytes(16), StandardCharsets.US_ASCII);
        }
    }

    // ---- what of MQTT

    @Test
    @Shows(Key.MAX_QOS)
    void boundsTheQosOfOneListener() throws Exception {
        Broker broker = brokers.start("listener 1 127.0.0.1", "max_qos 1", "listener 2 127.0.0.1", OPEN);
        assertThat(login(open(broker, "127.0.0.1:1"), "a").properties().integer(Property.MAXIMUM_QOS, 2))
                .isEqualTo(1);
        assertThat(login(open(broker, "127.0.0.1:2"), "b").properties().integer(Property.MAXIMUM_QOS, 2))
                .isEqualTo(2);
    }

    @Test
    @Shows(Key.MAX_TOPIC_ALIAS)
    void boundsTopicAliasesOfOneListener() throws Exception {
        Broker broker = brokers.start("listener 1 127.0.0.1", "max_topic_alias 3", "listener 2 127.0.0.1", OPEN);
        assertThat(login(open(broker, "127.0.0.1:1"), "a").properties().integer(Property.TOPIC_ALIAS_MAXIMUM, 0))
                .isEqualTo(3);
        assertThat(login(open(broker, "127.0.0.1:2"), "b").properties().integer(Property.TOPIC_ALIAS_MAXIMUM, 0))
                .isEqualTo(10);
    }

    @Test
    @Shows(Key.MAX_CONNECTIONS)
    void boundsTheConnectionsOfOneListener() throws Exception {
        Broker broker = brokers.start("listener 1 127.0.0.1", "max_connections 1", "listener 2 127.0.0.1", OPEN);
        login(open(broker, "127.0.0.1:1"), "a");
        open(broker, "127.0.0.1:1").expectClosed();
        login(open(broker, "127.0.0.1:2"), "b");
        login(open(broker, "127.0.0.1:2"), "c");
    }

    @Test
    @Shows(Key.MOUNT_POINT)
    void mountsAListener() throws Exception {
        Broker broker = brokers.start("listener 1 127.0.0.1", "mount_point in/", "listener 2 127.0.0.1", OPEN);
        WireClient outside = open(broker, "127.0.0.1:2").login("b").subscribed("#", 0);
        open(broker, "127.0.0.1:1").login("a").send(publish("t", "x"));
        outside.expectPublish("in/t", "x", 0);
    }

    @Test
    @Shows(Key.RETAIN_AVAILABLE)
    void offersNoRetainedMessages() throws Exception {
        WireClient client = here(startHere("retain_available false"));
        assertThat(login(client, "a").properties().integer(Property.RETAIN_AVAILABLE, 1))
                .isZero();
        client.send(publish("t", "x").retain());
        client.expectDisconnect(ReasonCode.RETAIN_NOT_SUPPORTED);
    }

    // ---- bounds

    @Test
    @Shows(Key.MAX_KEEPALIVE)
    void tellsTheLongestKeepAlive() throws Exception {
        WireClient client = here(startHere("max_keepalive 60"));
        client.send(connect("a").cleanStart().keepAlive(100));
        assertThat(client.expect(connack()).properties().integer(Property.SERVER_KEEP_ALIVE, 0))
                .isEqualTo(60);
        assertThat(login(here(startHere()), "b").properties().integer(Property.SERVER_KEEP_ALIVE, 0))
                .isEqualTo(65_535);
    }

    @Test
    @Shows(Key.MAX_PACKET_SIZE)
    void tellsTheLargestPacket() throws Exception {
        assertThat(login(here(startHere("max_packet_size 2000")), "a")
                        .properties()
                        .integer(Property.MAXIMUM_PACKET_SIZE, 0))
                .isEqualTo(2000);
    }

    @Test
    @Shows(Key.PERSISTENT_CLIENT_EXPIRATION)
    void shortensSessions() throws Exception {
        assertThat(login(here(startHere("persistent_client_expiration 1h")), "a")
                        .properties()
                        .integer(Property.SESSION_EXPIRY_INTERVAL, 0))
                .isEqualTo(3600);
    }

    @Test
    @Shows({Key.MAX_INFLIGHT_MESSAGES, Key.MAX_INFLIGHT_BYTES})
    void sendsNoMoreThanFitIntoTheWindow() throws Exception {
        for (String window : List.of("max_inflight_messages 1", "max_inflight_bytes 1")) {
            Broker broker = startHere(window);
            WireClient subscriber = here(broker).login("s").subscribed("t", 1);
            here(broker).login("p").published("t", "1", 1).published("t", "2", 1);
            subscriber.expectPublish("t", "1", 1);
            subscriber.expectNothingYet();
        }
    }

    /** How many of four messages are there for a subscriber that was away. */
    private int kept(int qos, String... more) throws Exception {
        Broker broker = startHere(more);
        WireClient sleeper = here(broker);
        login(sleeper, "s");
        sleeper.subscribed("t", qos).leave();
        WireClient publisher = here(broker).login("p");
        for (int i = 1; i <= 4; i++) {
            publisher.published("t", "x".repeat(1000), qos);
        }
        WireClient awake = here(broker);
        awake.send(connect("s").sessionExpiry(1000)).expect(connack().sessionPresent());
        awake.send(subscribe(9, "other", 0));
        int count = 0;
        while (awake.receive() instanceof ReceivedPublish) {
            count++;
        }
        return count;
    }

    @Test
    @Shows({Key.MAX_QUEUED_MESSAGES, Key.MAX_QUEUED_BYTES, Key.QUEUE_QOS0_MESSAGES})
    void keepsWhatFitsIntoTheQueue() throws Exception {
        assertThat(kept(1)).isEqualTo(4);
        assertThat(kept(1, "max_queued_messages 2")).isEqualTo(2);
        assertThat(kept(1, "max_queued_messages 0")).isEqualTo(4);
        assertThat(kept(1, "max_queued_bytes 2500")).isBetween(1, 2);
        assertThat(kept(0)).isZero();
        assertThat(kept(0, "queue_qos0_messages true")).isEqualTo(4);
    }

    @Test
    void hasMosquittosBoundsWhereTheFileIsSilent() {
        Limits limits = ConfiguredLimits.of(brokers.read().broker(), Limits.STANDALONE);
        assertThat(limits.inflightMessagesMax()).isEqualTo(20);
        assertThat(limits.queueMessagesMax()).isEqualTo(1000);
        assertThat(limits.queueBytesMax()).isEqualTo(Long.MAX_VALUE);
        assertThat(limits.inflightBytesMax()).isEqualTo(Long.MAX_VALUE);
        assertThat(limits.topicAliasMax()).isEqualTo(10);
        assertThat(limits.queueQos0Offline()).isFalse();
        assertThat(limits.sessionExpiryMaxSeconds()).isEqualTo(Limits.NEVER_EXPIRES);
        assertThat(limits.memoryBudgetBytes()).isEqualTo(Limits.STANDALONE.memoryBudgetBytes());
    }
}
