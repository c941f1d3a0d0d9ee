package dev.dunlin.server.hocon;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.server.hocon.HoconBrokers.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.ListenerAddress;
import dev.dunlin.broker.OpenSockets;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.lang.reflect.RecordComponent;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the keys do on a broker; those of access and TLS are in HoconAccessTest, those of the process in HoconProcessTest. */
@Timeout(60)
final class HoconKeysTest {
    private static final byte[] CONNECT = {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'a'};
    private static final byte[] CONNACK = {0x20, 2, 0, 0};

    @TempDir
    private Path folder;

    private HoconBrokers brokers;

    @BeforeEach
    void prepare() {
        brokers = new HoconBrokers(folder);
    }

    @AfterEach
    void closeBrokers() {
        brokers.close();
    }

    private static Connack login(WireClient client, String id) {
        client.send(connect(id).cleanStart());
        return client.expect(connack());
    }

    // ---- where

    @Test
    @ShowsKeys({Keys.NAME, Keys.ADDRESSES, Keys.WEBSOCKET_PATH})
    void listensWhereItIsTold() throws Exception {
        Broker broker = brokers.start("""
                listeners = [
                  { name = mine, addresses = ["127.0.0.1", "[::1]"] }
                  { websocket-path = /here, addresses = "::1" }
                  {}
                ]""");
        assertThat(broker.listeners())
                .extracting(ListenerAddress::name, address -> address.uri().replaceAll(":[0-9]+(/|$)", "$1"))
                .containsExactly(
                        tuple("mine", "tcp://127.0.0.1"),
                        tuple("mine", "tcp://[::1]"),
                        tuple("ws", "ws://[::1]/here"),
                        tuple("tcp", "tcp://127.0.0.1"));
        login(open(broker, "mine"), "a");
    }

    @Test
    @ShowsKeys(Keys.PORT)
    void takesThePort() {
        HoconFile file = brokers.read("listeners = [{ port = 4711 }, { name = b }]", "listener-defaults.port = 4712");
        assertThat(HoconBrokers.configured(file).listeners())
                .extracting(Listener::place)
                .containsExactly(
                        new Listener.Tcp(List.of("127.0.0.1"), 4711), new Listener.Tcp(List.of("127.0.0.1"), 4712));
    }

    @Test
    @ShowsKeys({Keys.UNIX_SOCKET, Keys.UNIX_MODE})
    void listensAtAUnixDomainSocket(@TempDir Path sockets) throws Exception {
        Path file = sockets.resolve("s");
        Broker broker = brokers.start("listeners = [{ unix-socket = \"" + file + "\", unix-mode = rw-rw---- }]");
        assertThat(broker.listeners())
                .singleElement()
                .extracting(ListenerAddress::uri)
                .isEqualTo("unix:" + file);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-rw----");
    }

    @Test
    @ShowsKeys(Keys.PROXY_PROTOCOL_FROM)
    void believesAProxyAndServesNobodyElse() throws Exception {
        Broker broker = brokers.start("listeners = [{ proxy-protocol-from = [192.0.2.0/24, 127.0.0.1] }]");
        byte[] header = "PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\n".getBytes(StandardCharsets.US_ASCII);
        for (byte[] before : List.of(header, new byte[0])) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), broker.port("tcp"))) {
                socket.setSoTimeout(10_000);
                socket.getOutputStream().write(before);
                socket.getOutputStream().write(CONNECT);
                assertThat(socket.getInputStream().readNBytes(4)).isEqualTo(before == header ? CONNACK : new byte[0]);
            }
        }
    }

    @Test
    @ShowsKeys(Keys.TCP_NO_DELAY)
    void gathersSmallPacketsIfItIsTold() throws Exception {
        for (boolean atOnce : new boolean[] {true, false}) {
            Broker broker = brokers.start("tcp-no-delay = " + atOnce);
            login(open(broker), "a");
            assertThat(OpenSockets.sendAtOnce(broker)).containsExactly(atOnce);
        }
    }

    // ---- what of MQTT

    @Test
    @ShowsKeys({Keys.MAXIMUM_QOS, Keys.RETAIN, Keys.CLIENT_ID_PREFIX})
    void tellsWhatAListenerOffers() throws Exception {
        Broker broker =
                brokers.start("listeners = [{ features { maximum-qos = 1, retain = no, client-id-prefix = me- } }"
                        + ", { name = all }]");
        Connack some = login(open(broker), "");
        assertThat(some.properties().integer(Property.MAXIMUM_QOS, 2)).isEqualTo(1);
        assertThat(some.properties().integer(Property.RETAIN_AVAILABLE, 1)).isZero();
        assertThat(some.properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER))
                .startsWith("me-");
        Connack all = login(open(broker, "all"), "");
        assertThat(all.properties().integer(Property.MAXIMUM_QOS, 2)).isEqualTo(2);
        assertThat(all.properties().integer(Property.RETAIN_AVAILABLE, 1)).isEqualTo(1);
        assertThat(all.properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER)).startsWith("auto-");
    }

    @Test
    @ShowsKeys({Keys.EMPTY_CLIENT_IDS, Keys.MOUNT_POINT, Keys.UPGRADE_QOS})
    void mountsAListenerWhoseClientsHaveNames() throws Exception {
        Broker broker = brokers.start(
                "upgrade-qos = true",
                "listeners = [{ features { mount-point = in/, empty-client-ids = false } }, { name = all }]");
        open(broker).send(connect("").cleanStart()).expect(connack(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID));
        WireClient outside = open(broker, "all").login("b").subscribed("#", 1);
        open(broker).login("a").send(publish("t", "x"));
        outside.expectPublish("in/t", "x", 1);
    }

    @Test
    @ShowsKeys(Keys.SYS_INTERVAL)
    void publishesFiguresAsOftenAsTheFileSays() throws Exception {
        WireClient reader = open(brokers.start("sys-interval = 1s")).login("r").subscribed("$SYS/broker/uptime", 0);
        assertThat(((ReceivedPublish) reader.receive()).text()).endsWith(" seconds");
        WireClient none = open(brokers.start("sys-interval = 0")).login("r").subscribed("$SYS/broker/uptime", 0);
        none.expectNothingYet();
    }

    // ---- bounds

    /** Another value than the default, within the range. */
    private static Object other(RecordComponent bound) throws Exception {
        Object present = bound.getAccessor().invoke(Limits.STANDALONE);
        if (present instanceof Boolean flag) {
            return !flag;
        }
        if (present instanceof OverflowPolicy) {
            return OverflowPolicy.DROP_OLDEST;
        }
        return bound.getType() == int.class ? (Object) 2048 : (Object) 2048L;
    }

    private static String text(Object value) {
        return value == OverflowPolicy.DROP_OLDEST ? "drop-oldest" : value.toString();
    }

    /** The keys are listed by HoconKeyTableTest. */
    @Test
    void everyBoundOfTheBrokerIsWhatTheFileSays() throws Exception {
        for (RecordComponent bound : Bounds.all()) {
            Object other = other(bound);
            HoconBroker broker = brokers.configured(Given.keyOfLimit(bound.getName()) + " = " + text(other));
            assertThat(bound.getAccessor().invoke(broker.limits()))
                    .as(bound.getName())
                    .isEqualTo(other);
            Limits rest = Bounds.with(
                    broker.limits(), Map.of(bound.getName(), bound.getAccessor().invoke(HoconBrokers.SERVER)));
            assertThat(rest).as("all but " + bound.getName()).isEqualTo(HoconBrokers.SERVER);
        }
    }

    @Test
    void everyBoundOfAListenerIsWhatTheFileSays() throws Exception {
        for (RecordComponent bound : Bounds.all()) {
            String key = Given.keyOfLimit(bound.getName());
            if (Keys.LISTENER.containsKey(key)) {
                Object other = other(bound);
                HoconBroker broker = brokers.configured("listeners = [{ " + key + " = " + other + " }, { name = b }]");
                Limits own = broker.listeners().get(0).limits();
                assertThat(bound.getAccessor().invoke(own)).as(key).isEqualTo(other);
                assertThat(broker.listeners().get(1).limits())
                        .as("the broker's")
                        .isNull();
            }
        }
    }

    @Test
    void boundsABrokerAndOneOfItsListeners() throws Exception {
        Broker broker = brokers.start(
                "limits { keep-alive-max-seconds = 2 minutes, packet-bytes-max = 2 KiB }",
                "listeners = [{ limits.packet-bytes-max = 3kB }, { name = b }]");
        Connack own = login(open(broker), "a");
        assertThat(own.properties().integer(Property.SERVER_KEEP_ALIVE, 0)).isEqualTo(120);
        assertThat(own.properties().integer(Property.MAXIMUM_PACKET_SIZE, 0)).isEqualTo(3000);
        assertThat(login(open(broker, "b"), "b").properties().integer(Property.MAXIMUM_PACKET_SIZE, 0))
                .isEqualTo(2048);
    }
}
