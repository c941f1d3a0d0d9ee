package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.WebSocketPeer.FINAL;
import static dev.dunlin.broker.testkit.WebSocketPeer.handshake;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.TestSocket;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WebSocketPeer;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Attacks by peers that are no clients, or not yet, or send what is no packet: see {@link Siege} for what holds after each. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Isolated("what lives on the heap is counted")
final class AttackTest {
    private static final Limits DEFAULTS = Limits.EMBEDDED;

    /** 5,000, or fewer in every build. */
    private static final int SILENT = Boolean.getBoolean("dunlin.long") ? 5_000 : 1_000;

    private static final int KIB = 1 << 10;

    /** A remaining length of 268,435,455. */
    private static final String HUGE = "FFFFFF7F";

    /** What may come before the end: nothing, a refusal of HTTP, or an alert of TLS. */
    private static final String ENDED = "(?s)|HTTP/1\\.1 400 .*|\u0015\u0003.*";

    private static final String PROXY = "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n";
    private static final String BINARY_PROXY = "0D0A0D0A000D0A515549540A";

    private static final List<String> PORTS = List.of("tcp", "tls", "ws", "wss");

    /** A broker in memory, on plain TCP and all else that carries MQTT. */
    private static Siege besiege(Limits limits) {
        TestCertificate certificate = TestCertificate.shared();
        Tls identity = Tls.pem(certificate.chain(), certificate.key());
        return new Siege(Besieged.here(TestBroker.start(builder -> builder.limits(limits)
                .listen(Listener.tcp("127.0.0.1", 0).tls(identity).name("tls"))
                .listen(Listener.webSocket("127.0.0.1", 0))
                .listen(Listener.webSocket("127.0.0.1", 0).tls(identity).name("wss")))));
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    // ---- slow loris

    @Test
    void slowLorisOnConnect() throws Exception {
        int timeoutMs = 500;
        try (Siege siege = besiege(DEFAULTS.withConnectTimeoutMs(timeoutMs))) {
            siege.survives(() -> {
                List<byte[]> begun = List.of(
                        hex("10 FFFF03 0004 4D515454 05 00"), // CONNECT of 65,535 bytes
                        hex("16 0301 4000 01 003FFC 0303"), // a ClientHello of 16 KiB
                        "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nX-Y: ".getBytes(US_ASCII));
                List<String> listeners = List.of("tcp", "tls", "ws");
                long beganNs = System.nanoTime();
                List<Intruder> drips = Intruder.crowd(30, i -> siege.intruder(listeners.get(i % 3)));
                List<Intruder> open = new ArrayList<>(drips);
                int rounds = 0;
                for (; !open.isEmpty(); rounds++) {
                    int round = rounds;
                    for (Intruder drip : open) {
                        byte[] head = begun.get(drips.indexOf(drip) % 3);
                        drip.send(round < head.length ? head[round] : (byte) 'x');
                    }
                    open.removeIf(drip -> drip.endsWithin(1));
                    if (round == 5) {
                        siege.serves();
                        assertThat(open).as("those that still drip").hasSameSizeAs(drips);
                    }
                    if (open.size() < drips.size()) {
                        assertThat(elapsedMs(beganNs)).isGreaterThanOrEqualTo(timeoutMs);
                    }
                }
                assertThat(rounds).as("bytes of each").isGreaterThan(5);
                assertThat(elapsedMs(beganNs)).isLessThan(timeoutMs + 5_000);
                Intruder.closeAll(drips);
            });
        }
    }

    /** Who is authenticated may take its time, as long as something comes within its keep-alive; it costs what has come. */
    @Test
    void slowLorisInTheMiddleOfAPacket() throws Exception {
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                List<Intruder> drips = Intruder.crowd(20, i -> connected(siege, "loris-" + i, 1));
                for (Intruder drip : drips) {
                    boolean large = drips.indexOf(drip) % 2 == 0;
                    drip.send(hex(large ? "30 FFFF7F 0001 74" : "30 FFFF03 0001 74")); // 2 MiB, and 64 KiB
                }
                long beganNs = System.nanoTime();
                for (int round = 0; elapsedMs(beganNs) < 1_700; round++) {
                    for (Intruder drip : drips) {
                        drip.send((byte) 'x');
                        assertThat(drip.endsWithin(1))
                                .as("closed in round %d", round)
                                .isFalse();
                    }
                }
                siege.holdsAtMost(20L * 4 * KIB);
                siege.serves();
                drips.forEach(Intruder::untilEnd); // nothing comes any more: keep-alive
                Intruder.closeAll(drips);
            });
        }
    }

    private static long elapsedMs(long sinceNs) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNs);
    }

    /** A 3.1.1 client with Clean Session 1, as bytes. */
    private static Intruder connected(Siege siege, String id, int keepAliveSeconds) {
        Intruder intruder = siege.intruder("tcp");
        intruder.send(Packets.bytes(MqttVersion.V3_1_1, connect(id).cleanStart().keepAlive(keepAliveSeconds)));
        assertThat(intruder.receive(4)).containsExactly(0x20, 2, 0, 0);
        return intruder;
    }

    // ---- nothing

    @Test
    void connectionsWithoutConnect() throws Exception {
        int timeoutMs = 2_000 + SILENT;
        try (Siege siege = new Siege(AttackedBroker.start(DEFAULTS.withConnectTimeoutMs(timeoutMs)))) {
            siege.survives(() -> {
                long heapBytes = siege.state().heapBytes();
                List<Intruder> silent = Intruder.crowd(SILENT, i -> siege.intruder("tcp"));
                siege.awaitAttackers(SILENT);
                Besieged.State state = siege.state();
                System.out.printf(
                        "%,d connections without CONNECT: %,d bytes on the heap each, %,d in buffers%n",
                        SILENT, (state.heapBytes() - heapBytes) / SILENT, state.bufferBytes());
                assertThat(state.bufferBytes()).isZero();
                siege.serves();
                for (Intruder each : silent) {
                    assertThat(each.untilEnd()).isEmpty();
                }
                Intruder.closeAll(silent);
            });
        }
    }

    // ---- lengths

    @Test
    void hugeRemainingLengthBeforeConnect() throws Exception {
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                for (String head :
                        List.of("10" + HUGE, "10" + HUGE + "0004", "10FFFFFFFF7F", "10FFFFFFFFFF", "30" + HUGE)) {
                    List<Intruder> crowd =
                            Intruder.crowd(50, i -> siege.intruder("tcp").send(hex(head)));
                    for (Intruder each : crowd) {
                        assertThat(each.untilEnd()).as("answer to %s", head).isEmpty();
                    }
                    Intruder.closeAll(crowd);
                }
                // Just what is allowed: not refused, and it costs nothing.
                List<Intruder> crowd =
                        Intruder.crowd(200, i -> siege.intruder("tcp").send(hex("10FCFF1F")));
                siege.awaitAttackers(crowd.size());
                siege.holdsAtMost(0);
                siege.serves();
                assertThat(crowd).noneMatch(each -> each.endsWithin(1));
                Intruder.closeAll(crowd);
            });
        }
    }

    @Test
    void hugeRemainingLengthBehindConnect() throws Exception {
        try (Siege siege = besiege(DEFAULTS.withPacketBytesMax(Limits.PROTOCOL_PACKET_BYTES_MAX))) {
            siege.survives(() -> {
                List<Intruder> crowd = Intruder.crowd(100, i -> connected(siege, "huge-" + i, 0));
                List<String> types = List.of("30", "32", "34", "82", "A2"); // 256 MB each
                crowd.forEach(each -> each.send(hex(types.get(crowd.indexOf(each) % types.size()) + HUGE)));
                siege.holdsAtMost(0);
                siege.serves();
                crowd.forEach(each -> each.send(hex("0001 61 0001 62"))); // and this is all
                siege.holdsAtMost(100L * 4 * KIB);
                siege.serves();
                assertThat(crowd).noneMatch(each -> each.endsWithin(1));
                Intruder.closeAll(crowd);
            });
        }
    }

    @EachVersion
    void remainingLengthBeyondTheMaximumBehindConnect(MqttVersion version) throws Exception {
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                for (String type : List.of("30", "3B", "82", "A2")) {
                    for (int i = 0; i < 20; i++) {
                        try (WireClient client = siege.connect(version).login("huge")) {
                            client.sendRaw(hex(type + HUGE));
                            client.expectDisconnect(ReasonCode.PACKET_TOO_LARGE);
                        }
                    }
                }
            });
        }
    }

    // ---- garbage

    /** As much as anything can be by chance; what may be the beginning of something is closed by the timeout. */
    @Test
    void garbageOnEveryPort() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (Siege siege = besiege(DEFAULTS.withConnectTimeoutMs(1_000))) {
            siege.survives(() -> {
                List<Intruder> crowd = Intruder.crowd(400, i -> {
                    byte[] garbage = new byte[1 + random.nextInt(2_000)];
                    random.nextBytes(garbage);
                    return siege.intruder(PORTS.get(i % PORTS.size())).send(garbage);
                });
                siege.serves();
                for (Intruder each : crowd) {
                    assertThat(new String(each.untilEnd(), US_ASCII))
                            .as("answer to what seed %d made", seed)
                            .matches(ENDED);
                }
                Intruder.closeAll(crowd);
            });
        }
    }

    /** Right on TLS, wrong within. */
    @Test
    void garbageWithinTls() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (Siege siege = besiege(DEFAULTS.withConnectTimeoutMs(1_000))) {
            siege.survives(() -> {
                for (int i = 0; i < 10; i++) {
                    byte[] garbage = new byte[1 + random.nextInt(2_000)];
                    random.nextBytes(garbage);
                    garbage[0] |= 0x20; // not the beginning of a CONNECT
                    try (TestSocket socket = TestSocket.connect(siege.port("tls"), TestTransport.TLS)) {
                        socket.write(garbage);
                        assertThat(readToEnd(socket)).as("seed %d", seed).isEmpty();
                    }
                }
            });
        }
    }

    private static byte[] readToEnd(TestSocket socket) {
        try {
            return socket.in().readAllBytes();
        } catch (IOException e) {
            return new byte[0]; // a reset is an end, too
        }
    }

    @Test
    void plainHttpOnTheMqttPort() throws Exception {
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                for (String method :
                        List.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PRI")) {
                    String request = method + " / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
                    List<Intruder> crowd =
                            Intruder.crowd(20, i -> siege.intruder("tcp").send(request.getBytes(US_ASCII)));
                    for (Intruder each : crowd) {
                        assertThat(each.untilEnd()).as("answer to %s", method).isEmpty();
                    }
                    Intruder.closeAll(crowd);
                }
            });
        }
    }

    @Test
    void forgedProxyHeaderWhereNoneIsExpected() throws Exception {
        byte[] text = PROXY.getBytes(US_ASCII);
        byte[] binary = hex(BINARY_PROXY + "21 11 000C C0000201 C0000202 DC04 01BB");
        byte[] connect = Packets.bytes(MqttVersion.V5, connect("forged").cleanStart());
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                for (byte[] header : List.of(text, binary)) {
                    for (String port : PORTS) {
                        byte[] all = Arrays.copyOf(header, header.length + connect.length);
                        System.arraycopy(connect, 0, all, header.length, connect.length);
                        List<Intruder> crowd =
                                Intruder.crowd(10, i -> siege.intruder(port).send(all));
                        for (Intruder each : crowd) {
                            assertThat(new String(each.untilEnd(), US_ASCII))
                                    .as("answer on %s", port)
                                    .matches(ENDED);
                        }
                        Intruder.closeAll(crowd);
                    }
                }
            });
        }
    }

    /** Behind a proxy: who isn't the proxy is cut off; from the proxy whatever is no header, or not soon. */
    @Test
    void forgedProxyHeaderWhereOneIsExpected() throws Exception {
        byte[] connect = Packets.bytes(MqttVersion.V5, connect("forged").cleanStart());
        List<byte[]> forged = List.of(
                connect,
                "GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII),
                "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443 and more than there may be\r\n".getBytes(US_ASCII),
                "PROXY TCP4 192.0.2.300 192.0.2.2 56324 443\r\n".getBytes(US_ASCII),
                "PROXY TCP4 localhost 192.0.2.2 56324 443\r\n".getBytes(US_ASCII),
                "PROXY TCP6 192.0.2.1 192.0.2.2 56324 443\r\n".getBytes(US_ASCII),
                ("PROXY TCP4 " + "1".repeat(60_000)).getBytes(US_ASCII),
                "PROXY TCP4 192.0.2.1 19".getBytes(US_ASCII), // and nothing more
                hex(BINARY_PROXY + "21 11 FFFF C0000201"), // of 64 KiB
                hex(BINARY_PROXY + "21 11 0004 C0000201"), // too short for its addresses
                hex(BINARY_PROXY + "31 11 000C C0000201 C0000202 DC04 01BB"), // version 3
                hex(BINARY_PROXY + "21 12 000C C0000201 C0000202 DC04 01BB"), // of a datagram
                (PROXY + PROXY).getBytes(US_ASCII)); // the second one is the client's
        TestBroker broker = TestBroker.start(builder -> builder.limits(DEFAULTS.withConnectTimeoutMs(1_000))
                .listen(Listener.tcp("127.0.0.1", 0).proxyProtocol("127.0.0.1").name("ours"))
                .listen(Listener.tcp("127.0.0.1", 0).proxyProtocol("192.0.2.7").name("theirs")));
        byte[] right = Arrays.copyOf(PROXY.getBytes(US_ASCII), PROXY.length() + connect.length);
        System.arraycopy(connect, 0, right, PROXY.length(), connect.length);
        try (Siege siege = new Siege(Besieged.here(broker))) {
            siege.survives(() -> {
                List<Intruder> crowd = new ArrayList<>();
                for (byte[] each : forged) {
                    crowd.addAll(Intruder.crowd(5, i -> siege.intruder("ours").send(each)));
                    crowd.addAll(Intruder.crowd(5, i -> siege.intruder("theirs").send(each)));
                }
                crowd.addAll(Intruder.crowd(5, i -> siege.intruder("theirs").send(right)));
                siege.serves();
                for (Intruder each : crowd) {
                    assertThat(each.untilEnd()).isEmpty();
                }
                Intruder.closeAll(crowd);
                try (Intruder ours = siege.intruder("ours").send(right)) {
                    assertThat(ours.startsWith((byte) 0x20))
                            .as("a right one is let in")
                            .isTrue();
                }
            });
        }
    }

    // ---- one address

    /** Of an attacker at 127.0.0.2; nobody else is bounded. */
    @Test
    void connectFloodFromOneAddress() throws Exception {
        int atOnce = 20;
        TestBroker broker = TestBroker.start(builder -> builder.limits(
                        DEFAULTS.withConnectsPerSecondPerAddress(10 * atOnce).withConnectionsPerAddressMax(atOnce))
                .uncounted(address -> !address.getHostAddress().equals("127.0.0.2")));
        byte[] connect = Packets.bytes(MqttVersion.V3_1_1, connect("").cleanStart());
        try (Siege siege = new Siege(Besieged.here(broker))) {
            siege.survives(() -> {
                List<Intruder> served = new ArrayList<>();
                long beganNs = System.nanoTime();
                int accepted = 0;
                for (int i = 0; i < 2_000; i++) {
                    Intruder intruder = Intruder.at(siege.port("tcp"), 2).send(connect);
                    if (intruder.startsWith((byte) 0x20)) {
                        served.add(intruder);
                        accepted++;
                    } else {
                        intruder.close();
                    }
                    if (served.size() == atOnce && i < 1_000) { // by their rate, then by their number
                        Intruder.closeAll(served);
                        served.clear();
                    }
                }
                long seconds = elapsedMs(beganNs) / 1_000 + 1;
                assertThat(accepted).isBetween(atOnce, (int) (10L * atOnce * (seconds + 1)));
                assertThat(served).hasSizeLessThanOrEqualTo(atOnce);
                siege.serves();
                Intruder.closeAll(served);
            });
        }
    }

    // ---- WebSocket

    /** An attack that needs no mask could write what it likes through a proxy [RFC 6455 section 10.3]. */
    @Test
    void webSocketFramesWithoutMask() throws Exception {
        byte[] connect = Packets.bytes(MqttVersion.V5, connect("unmasked").cleanStart());
        byte[] unmasked = new byte[2 + connect.length];
        unmasked[0] = (byte) 0x82;
        unmasked[1] = (byte) connect.length;
        System.arraycopy(connect, 0, unmasked, 2, connect.length);
        List<byte[]> attacks = List.of(
                unmasked,
                hex("82 7F 7FFFFFFFFFFFFFFF 00"), // of 8 EiB
                hex("82 7E FFFF 00"),
                hex("89 00"),
                hex("88 00"));
        try (Siege siege = besiege(DEFAULTS)) {
            siege.survives(() -> {
                for (byte[] attack : attacks) {
                    for (int i = 0; i < 10; i++) {
                        try (TestSocket socket = TestSocket.connect(siege.port("ws"), TestTransport.WS)) {
                            WebSocketPeer peer = WebSocketPeer.on(socket);
                            assertThat(peer.request("GET /mqtt HTTP/1.1", handshake()))
                                    .startsWith("HTTP/1.1 101 ");
                            peer.write(attack);
                            WebSocketPeer.Frame close = peer.receive();
                            assertThat(close.first()).isEqualTo(FINAL | WebSocketPeer.CLOSE);
                            assertThat(close.status()).isEqualTo(1002);
                            assertThat(peer.receive()).as("the end").isNull();
                        }
                    }
                }
            });
        }
    }
}
