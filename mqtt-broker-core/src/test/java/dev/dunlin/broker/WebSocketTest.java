package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.WebSocketPeer.BINARY;
import static dev.dunlin.broker.testkit.WebSocketPeer.CLOSE;
import static dev.dunlin.broker.testkit.WebSocketPeer.CONTINUATION;
import static dev.dunlin.broker.testkit.WebSocketPeer.FINAL;
import static dev.dunlin.broker.testkit.WebSocketPeer.PING;
import static dev.dunlin.broker.testkit.WebSocketPeer.PONG;
import static dev.dunlin.broker.testkit.WebSocketPeer.TEXT;
import static dev.dunlin.broker.testkit.WebSocketPeer.handshake;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.net.PipelineProbe;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.TestSocket;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WebSocketPeer;
import dev.dunlin.broker.testkit.WebSocketPeer.Frame;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** MQTT over WebSocket, frame by frame: the upgrade, what frames may be, and what they may not. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class WebSocketTest {
    private static final int TOO_LONG = 4_000; // for a connection that isn't authenticated

    private final List<TestSocket> sockets = new ArrayList<>();
    private TestBroker broker;

    @BeforeEach
    void start() {
        Limits limits = Limits.EMBEDDED.withConnectPacketBytesMax(TOO_LONG);
        broker = TestBroker.start(builder -> builder.limits(limits)
                .listen(Listener.webSocket("127.0.0.1", 0, "/mqtt"))
                .listen(Listener.webSocket("127.0.0.1", 0, "/mqtt")
                        .name("page")
                        .webSocketOrigins("http://LOCALHOST:18083", "https://example.org"))
                .listen(Listener.webSocket("127.0.0.1", 0, "/mqtt")
                        .name("narrow")
                        .limits(limits.withWebSocketHeaderBytesMax(600))));
    }

    @AfterEach
    void stop() throws IOException {
        for (TestSocket socket : sockets) {
            socket.close();
        }
        broker.close();
    }

    /** A socket on which nothing was asked for yet. */
    private WebSocketPeer peer() throws IOException {
        TestSocket socket = TestSocket.connect(broker.broker().port("ws"), TestTransport.WS);
        sockets.add(socket);
        return WebSocketPeer.on(socket);
    }

    private WebSocketPeer upgraded() throws IOException {
        WebSocketPeer peer = peer();
        assertThat(peer.request("GET /mqtt HTTP/1.1", handshake("Sec-WebSocket-Protocol: mqtt")))
                .startsWith("HTTP/1.1 101 ");
        return peer;
    }

    /** A client that is connected: 5.0, id "c". */
    private WebSocketPeer connected() throws IOException {
        WebSocketPeer peer = upgraded();
        peer.send(FINAL | BINARY, bytes(connect("c").cleanStart()));
        assertThat(peer.receive().payload()[0]).as("CONNACK").isEqualTo((byte) 0x20);
        return peer;
    }

    private static byte[] bytes(Sendable... packets) {
        return Packets.bytes(MqttVersion.V5, packets);
    }

    private static void assertPong(WebSocketPeer peer) throws IOException {
        assertThat(peer.receive().payload()).as("PINGRESP").containsExactly(0xD0, 0);
    }

    /** DISCONNECT with this reason, a close frame with this status, and the end. */
    private static void assertEnded(WebSocketPeer peer, ReasonCode reason, int status) throws IOException {
        byte[] disconnect = peer.receive().payload();
        assertThat(disconnect[0]).as("DISCONNECT").isEqualTo((byte) 0xE0);
        assertThat(disconnect[2] & 0xFF).isEqualTo(reason.code());
        assertClosed(peer, status);
    }

    private static void assertClosed(WebSocketPeer peer, int status) throws IOException {
        Frame close = peer.receive();
        assertThat(close.first()).as("a close frame").isEqualTo(FINAL | CLOSE);
        assertThat(close.status()).isEqualTo(status);
        assertThat(peer.receive()).as("the end").isNull();
    }

    // ---- upgrade

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            mqtt             | mqtt
            mqttv3.1         | mqttv3.1
            mqttv3.1, mqtt   | mqtt
            wamp,mqtt        | mqtt
            """)
    @Statement({"5.0:MQTT-6.0.0-4", "3.1.1:MQTT-6.0.0-4"})
    void selectsTheSubprotocolMqtt(String offered, String selected) throws IOException {
        String response = peer().request("GET /mqtt HTTP/1.1", handshake("Sec-WebSocket-Protocol: " + offered));

        assertThat(response)
                .startsWith("HTTP/1.1 101 ")
                .contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") // RFC 6455 section 1.3
                .contains("\r\nSec-WebSocket-Protocol: " + selected + "\r\n");
    }

    @Test
    void selectsTheSubprotocolFromSeveralHeaders() throws IOException {
        String two = handshake("Sec-WebSocket-Protocol: wamp", "Sec-WebSocket-Protocol: mqtt");

        assertThat(peer().request("GET /mqtt HTTP/1.1", two)).contains("\r\nSec-WebSocket-Protocol: mqtt\r\n");
    }

    @Test
    void returnsNoSubprotocolWhereNoneIsOffered() throws IOException {
        WebSocketPeer peer = peer();

        assertThat(peer.request("GET /mqtt?token=1 HTTP/1.1", handshake()))
                .startsWith("HTTP/1.1 101 ")
                .doesNotContain("Sec-WebSocket-Protocol");
        peer.send(FINAL | BINARY, bytes(connect("c").cleanStart(), pingreq()));
        assertThat(peer.receive().payload()[0]).isEqualTo((byte) 0x20);
    }

    @Test
    void agreesToNoExtension() throws IOException {
        String offer = handshake("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits");

        assertThat(peer().request("GET /mqtt HTTP/1.1", offer)).doesNotContain("Extensions");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GET /other HTTP/1.1 | Sec-WebSocket-Protocol: mqtt   | 404
            GET /mqtt/ HTTP/1.1 | Sec-WebSocket-Protocol: mqtt   | 404
            GET /mqtt HTTP/1.1  | Sec-WebSocket-Protocol: wamp   | 400
            POST /mqtt HTTP/1.1 | Sec-WebSocket-Protocol: mqtt   | 400
            GET /mqtt HTTP/1.0  | Sec-WebSocket-Protocol: mqtt   | 400
            GET /mqtt HTTP/1.1  | Content-Length: 5              | 400
            GET /mqtt HTTP/1.1  | Transfer-Encoding: chunked     | 400
            GET /mqtt           | X: y                           | 400
            HELO there          | X: y                           | 400
            """)
    void refusesOtherRequests(String line, String header, int status) throws IOException {
        assertRefused(peer(), line, handshake(header), status);
    }

    @Test
    void refusesHalfAnUpgrade() throws IOException {
        for (String part : List.of("Upgrade: websocket\r\n", "Connection: keep-alive, Upgrade\r\n")) {
            assertRefused(peer(), "GET /mqtt HTTP/1.1", handshake().replace(part, ""), 426);
        }
        assertRefused(peer(), "GET /mqtt HTTP/1.1", handshake().replace("Version: 13", "Version: 8"), 426);
        assertRefused(peer(), "GET /mqtt HTTP/1.1", handshake().replace("dGhl", "dGh"), 400);
        assertRefused(peer(), "GET /mqtt HTTP/1.1", handshake().replace("dGhl", "!!!!"), 400);
    }

    // ---- origins

    private WebSocketPeer peerOfThePage() throws IOException {
        TestSocket socket = TestSocket.connect(broker.broker().port("page"), TestTransport.WS);
        sockets.add(socket);
        return WebSocketPeer.on(socket);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:18083", "HTTPS://Example.org", ""})
    void letsPagesOfItsOriginsInAndWhoIsNoBrowser(String origin) throws IOException {
        String asked = origin.isEmpty() ? handshake() : handshake("Origin: " + origin);

        assertThat(peerOfThePage().request("GET /mqtt HTTP/1.1", asked)).startsWith("HTTP/1.1 101 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://localhost",
                "http://localhost:18084",
                "https://localhost:18083",
                "https://example.org.evil.org",
                "null",
                "https://example.org\r\nOrigin: https://evil.org"
            })
    void refusesPagesOfOtherOrigins(String origin) throws IOException {
        assertRefused(peerOfThePage(), "GET /mqtt HTTP/1.1", handshake("Origin: " + origin), 403);
        assertThat(peer().request("GET /mqtt HTTP/1.1", handshake("Origin: " + origin)))
                .as("where nothing is said of origins")
                .startsWith("HTTP/1.1 101 ");
    }

    @Test
    void takesOnlyOriginsThatCanBeSome() {
        Listener listener = Listener.webSocket("127.0.0.1", 0);
        for (String origin : List.of("", "example.org", "https://example.org/", "https://a b", "*", "null")) {
            assertThatThrownBy(() -> listener.webSocketOrigins(origin)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(listener::webSocketOrigins).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @Reaches("webSocketHeaderBytesMax")
    void boundsTheHeaderAsTheListenerSays() throws IOException {
        int most = 600 - handshake("X: ").length();
        TestSocket socket = TestSocket.connect(broker.broker().port("narrow"), TestTransport.WS);
        sockets.add(socket);
        assertRefused(WebSocketPeer.on(socket), "GET /mqtt HTTP/1.1", handshake("X: " + "a".repeat(most + 50)), 400);
        socket = TestSocket.connect(broker.broker().port("narrow"), TestTransport.WS);
        sockets.add(socket);
        assertThat(WebSocketPeer.on(socket).request("GET /mqtt HTTP/1.1", handshake("X: " + "a".repeat(most - 50))))
                .startsWith("HTTP/1.1 101 ");
    }

    @Test
    @Changes("webSocketHeaderBytesMax")
    void boundsTheHeaderAsTheListenerSaysNow() throws IOException {
        int most = 600 - handshake("X: ").length();
        LiveBroker.await(broker.broker()
                .changeLimits("narrow", broker.broker().limits("narrow").withWebSocketHeaderBytesMax(2_000)));
        TestSocket socket = TestSocket.connect(broker.broker().port("narrow"), TestTransport.WS);
        sockets.add(socket);
        assertThat(WebSocketPeer.on(socket).request("GET /mqtt HTTP/1.1", handshake("X: " + "a".repeat(most + 50))))
                .startsWith("HTTP/1.1 101 ");
        socket.close();
        LiveBroker.change(broker, limits -> limits.withWebSocketHeaderBytesMax(600));
        assertRefused(peer(), "GET /mqtt HTTP/1.1", handshake("X: " + "a".repeat(most + 50)), 400);
    }

    @Test
    void boundsTheRequest() throws IOException {
        assertRefused(peer(), "GET /" + "a".repeat(5_000) + " HTTP/1.1", handshake(), 400);
        assertRefused(peer(), "GET /mqtt HTTP/1.1", handshake("X: " + "a".repeat(20_000)), 400);
    }

    private void assertRefused(WebSocketPeer peer, String line, String headers, int status) throws IOException {
        assertThat(peer.request(line, headers)).startsWith("HTTP/1.1 " + status + " ");
        assertThat(peer.receive()).as("the end").isNull();
        TestBroker.eventually("it is gone", () -> broker.openConnections() == 0);
    }

    @Test
    void takesPacketsThatComeRightBehindTheRequest() throws IOException {
        WebSocketPeer peer = peer();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(("GET /mqtt HTTP/1.1\r\n" + handshake() + "\r\n").getBytes(US_ASCII));
        all.writeBytes(peer.frame(FINAL | BINARY, bytes(connect("c").cleanStart(), pingreq())));
        peer.write(all.toByteArray());

        assertThat(peer.response()).startsWith("HTTP/1.1 101 ");
        assertThat(peer.read()).as("CONNACK").isEqualTo(0x20);
        peer.skipNBytes(peer.read());
        assertThat(peer.readNBytes(2)).as("PINGRESP").containsExactly(0xD0, 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET /mqtt HTTP/1.1\r\nHost: a\r\n"})
    void closesAConnectionThatStaysBeforeItsUpgrade(String begun) throws IOException {
        try (TestBroker impatient = TestBroker.start(builder ->
                builder.limits(Limits.EMBEDDED.withConnectTimeoutMs(100)).listen(Listener.webSocket("127.0.0.1", 0)))) {
            TestSocket socket = TestSocket.connect(impatient.broker().port("ws"), TestTransport.WS);
            sockets.add(socket);
            socket.out().write(begun.getBytes(US_ASCII));
            socket.in().readAllBytes(); // returns at the end
            TestBroker.eventually("it is gone", () -> impatient.openConnections() == 0);
        }
    }

    // ---- frames

    @Test
    @Statement({"5.0:MQTT-6.0.0-1", "3.1.1:MQTT-6.0.0-1"})
    void closesOnATextFrame() throws IOException {
        try (WireClient other = broker.client("other")) {
            WebSocketPeer peer = connected();
            peer.send(FINAL | TEXT, bytes(pingreq()));
            assertEnded(peer, ReasonCode.PROTOCOL_ERROR, 1003);
            other.ping();
        }
    }

    @EachVersion
    @Statement({"5.0:MQTT-6.0.0-1", "3.1.1:MQTT-6.0.0-1"})
    void closesOnATextFrameInsteadOfConnect(MqttVersion version) throws IOException {
        WebSocketPeer peer = upgraded();
        peer.send(FINAL | TEXT, Packets.bytes(version, connect("c").cleanStart()));
        assertClosed(peer, 1003);
        assertThat(broker.hasSession("c")).isFalse();
    }

    @Test
    @Statement({"5.0:MQTT-6.0.0-2", "3.1.1:MQTT-6.0.0-2"})
    void packetsNeedNotAlignWithFrames() throws IOException {
        WebSocketPeer peer = upgraded();
        byte[] connect = bytes(connect("c").cleanStart());
        byte[] pings = bytes(pingreq(), pingreq());
        for (byte b : connect) { // one packet over many frames
            peer.send(FINAL | BINARY, new byte[] {b});
        }
        assertThat(peer.receive().payload()[0]).isEqualTo((byte) 0x20);
        peer.send(FINAL | BINARY, pings); // many packets in a frame, answered in a frame
        assertThat(peer.receive().payload()).containsExactly(0xD0, 0, 0xD0, 0);
        peer.send(FINAL | BINARY, Arrays.copyOfRange(pings, 0, 3)); // the end of one and the beginning of the next
        assertPong(peer);
        peer.send(FINAL | BINARY, Arrays.copyOfRange(pings, 3, 4));
        assertPong(peer);
    }

    @Test
    @Statement({"5.0:MQTT-6.0.0-2", "3.1.1:MQTT-6.0.0-2"})
    void takesMessagesInFragmentsWithControlFramesAmongThem() throws IOException {
        WebSocketPeer peer = connected();
        byte[] pings = bytes(pingreq(), pingreq());
        peer.send(BINARY, Arrays.copyOfRange(pings, 0, 1));
        peer.send(FINAL | PING, "hello".getBytes(US_ASCII));
        Frame pong = peer.receive();
        assertThat(pong.first()).isEqualTo(FINAL | PONG);
        assertThat(pong.payload()).asString(US_ASCII).isEqualTo("hello");
        peer.send(FINAL | PONG, new byte[125]); // nobody asked for it: no harm
        peer.send(CONTINUATION, new byte[0]);
        peer.send(CONTINUATION, Arrays.copyOfRange(pings, 1, 2));
        assertPong(peer);
        peer.send(FINAL | CONTINUATION, Arrays.copyOfRange(pings, 2, 4));
        assertPong(peer);
    }

    @Test
    void takesFramesCutAnywhere() throws IOException {
        WebSocketPeer peer = connected();
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        frames.writeBytes(peer.frame(FINAL | BINARY, bytes(publish("t", new byte[300]))));
        frames.writeBytes(peer.frame(FINAL | PING, new byte[125]));
        frames.writeBytes(peer.frame(FINAL | BINARY, bytes(pingreq())));
        for (byte b : frames.toByteArray()) {
            peer.write(new byte[] {b});
        }
        assertThat(peer.receive().first()).isEqualTo(FINAL | PONG);
        assertPong(peer);
    }

    @ParameterizedTest
    @CsvSource({
        "'C2 80 00000000', reserved bit 1",
        "'A2 80 00000000', reserved bit 2",
        "'92 80 00000000', reserved bit 3",
        "'82 02 C000', no mask",
        "'83 80 00000000', data of an unknown kind",
        "'8B 80 00000000', control of an unknown kind",
        "'80 80 00000000', a continuation of nothing",
        "'02 80 00000000 82 80 00000000', a second message within the first",
        "'09 80 00000000', a ping in fragments",
        "'89 FE 007E 00000000', a ping of 126 bytes",
        "'88 FE 007E 00000000', a close of 126 bytes",
        "'82 FF 8000000000000000 00000000', a length of 64 bits",
    })
    void closesOnWhatIsNoWebSocket(String frames, String what) throws IOException {
        WebSocketPeer peer = connected();
        peer.write(HexFormat.of().parseHex(frames.replace(" ", "")));
        assertEnded(peer, ReasonCode.PROTOCOL_ERROR, 1002);
    }

    @Test
    void answersAClose() throws IOException {
        try (WireClient heir = broker.client("heir").subscribed("will", 0)) {
            WebSocketPeer peer = upgraded();
            peer.send(FINAL | BINARY, bytes(connect("c").cleanStart().will(publish("will", "gone"))));
            peer.receive();
            peer.send(FINAL | CLOSE, new byte[] {0x0B, (byte) 0xB8, 'b', 'y', 'e'}); // 3000
            assertClosed(peer, 3000);
            heir.take("will", "gone", 0); // it didn't send DISCONNECT
        }
    }

    @ParameterizedTest
    @CsvSource({"'',1000", "03E9,1001", "03ED,1002", "0001,1002", "03,1002"})
    void answersACloseWithWhatMayBeSaid(String payload, int status) throws IOException {
        WebSocketPeer peer = connected();
        peer.send(FINAL | CLOSE, HexFormat.of().parseHex(payload));
        assertClosed(peer, status);
    }

    @Test
    void closesBehindDisconnect() throws IOException {
        WebSocketPeer peer = connected();
        peer.send(FINAL | BINARY, bytes(disconnect()));
        assertClosed(peer, 1000);
    }

    // ---- bounds

    /** A frame of any length may begin; the packet in it is refused on its fixed header. */
    @Test
    void refusesAPacketThatIsTooLargeBeforeItsFrameHasCome() throws IOException {
        WebSocketPeer peer = upgraded();
        byte[] head = peer.frame(FINAL | BINARY, new byte[70_000]);
        head[2] = 0;
        head[6] = 0x10; // a frame of 256 MB
        head[10] = 0;
        head[11] = 0;
        head[12] = 0;
        head[13] = 0; // no mask to speak of
        byte[] connect = {0x10, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 0x7F, 0, 4, 'M', 'Q', 'T', 'T', 5};
        System.arraycopy(connect, 0, head, 14, connect.length);
        peer.write(Arrays.copyOf(head, 14 + connect.length));
        assertClosed(peer, 1000);
    }

    @Test
    void keepsNothingOfHttpAndNoBufferForAnIdleConnection() throws IOException {
        connected();
        TestBroker.eventually("no buffer is in use", () -> broker.usedBytes() == 0);
        assertThat(PipelineProbe.handlers(broker.acceptor("ws")))
                .containsExactly(List.of("WebSocketFrames", "Connection"));
    }

    @Test
    void sendsALargeMessageInFewFrames() throws IOException {
        WebSocketPeer peer = connected();
        byte[] subscribe = Packets.bytes(MqttVersion.V5, Packets.subscribe(1, "t", 0));
        peer.send(FINAL | BINARY, subscribe);
        peer.receive();
        byte[] payload = new byte[5_000_000];
        Arrays.fill(payload, (byte) 7);
        broker.client("publisher").published(publish("t", payload), 1);
        int frames = 0;
        ByteArrayOutputStream came = new ByteArrayOutputStream();
        while (came.size() < payload.length) {
            came.writeBytes(peer.receive().payload());
            frames++;
        }
        assertThat(frames).isLessThanOrEqualTo(3);
        assertThat(came.size()).isLessThan(payload.length + 20);
        assertThat(came.toByteArray()).endsWith(payload);
    }

    /** Pongs wait until there is room, and only the last one does. */
    @Test
    void whoPingsAndNeverReadsGetsNoPongs() throws IOException {
        WebSocketPeer peer = connected();
        byte[] many = new byte[131 * 1_000];
        for (int i = 0; i < 1_000; i++) {
            System.arraycopy(peer.frame(FINAL | PING, new byte[125]), 0, many, i * 131, 131);
        }
        for (int i = 0; i < 100; i++) {
            peer.write(many); // 12.5 MB of pings
        }
        TestBroker.eventually("little waits to be sent", () -> broker.usedBytes() < 2 << 20);
        peer.send(FINAL | BINARY, bytes(disconnect()));
        Frame last;
        do {
            last = peer.receive();
        } while (last.first() == (FINAL | PONG));
        assertThat(last.first()).isEqualTo(FINAL | CLOSE);
    }

    // ---- configuration

    @ParameterizedTest
    @ValueSource(strings = {"", "mqtt", "/mqtt?x", "/a b", "/a#b"})
    void refusesAPathThatIsNone(String path) {
        assertThatThrownBy(() -> Listener.webSocket("127.0.0.1", 0, path))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + path + "'");
    }

    @Test
    void listensOnAPathOfItsOwn() throws Exception {
        try (Broker other = Broker.builder().webSocket(0, "/a/b").start()) {
            ListenerAddress address = other.listeners().get(0);
            assertThat(address.uri()).isEqualTo("ws://127.0.0.1:" + other.port("ws") + "/a/b");
            TestSocket socket = TestSocket.connect(address.port(), TestTransport.WS);
            sockets.add(socket);
            assertThat(WebSocketPeer.on(socket).request("GET /a/b HTTP/1.1", handshake()))
                    .startsWith("HTTP/1.1 101 ");
        }
    }
}
