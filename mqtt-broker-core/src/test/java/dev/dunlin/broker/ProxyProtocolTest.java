package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pingreq;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.net.PipelineProbe;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Listeners behind a proxy: whose word counts, what it may be, and what happens to all others. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ProxyProtocolTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final String V4_ADDRESSES = "c0000207" + "7f000001" + "1f90" + "075b";
    private static final byte[] CONNECT =
            Packets.bytes(MqttVersion.V3_1_1, connect("c").cleanStart());
    private static final byte[] CONNACK = {0x20, 2, 0, 0};

    private final BlockingQueue<SocketAddress> seen = new LinkedBlockingQueue<>();

    private final Authenticator notes = request -> {
        seen.add(request.remoteAddress());
        return CompletableFuture.completedFuture(AuthResult.accept(Identity.ANONYMOUS));
    };

    private TestBroker start(UnaryOperator<Listener> listener) {
        return start(listener, Limits.EMBEDDED);
    }

    private TestBroker start(UnaryOperator<Listener> listener, Limits limits) {
        Listener plain = Listener.tcp("127.0.0.1", 0).name("proxied");
        return TestBroker.start(
                builder -> builder.limits(limits).authenticator(notes).listen(listener.apply(plain)));
    }

    private TestBroker start() {
        return start(listener -> listener.proxyProtocol("127.0.0.0/8"));
    }

    private static Socket open(TestBroker broker) throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), broker.broker().port("proxied"));
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(10_000);
        return socket;
    }

    /** Binary as hex behind "x:", else text. */
    private static byte[] header(String written) {
        return written.startsWith("x:")
                ? HexFormat.of()
                        .parseHex(written.substring(2).replace("SIG", SIGNATURE).replace("V4", V4_ADDRESSES))
                : written.replace("CRLF", "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] joined(byte[]... parts) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.write(part);
        }
        return all.toByteArray();
    }

    private void assertConnectsAs(Socket socket, String address, int port) throws Exception {
        assertThat(socket.getInputStream().readNBytes(4)).isEqualTo(CONNACK);
        assertThat(seen.poll(10, TimeUnit.SECONDS))
                .isEqualTo(new InetSocketAddress(InetAddress.getByName(address), port));
    }

    /** Whether it comes with a reset or in order. */
    private static void assertClosedWithoutAByte(Socket socket) {
        try {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        } catch (IOException reset) {
            assertThat(reset).isInstanceOf(SocketException.class);
        }
    }

    // ---- whose word counts

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            PROXY TCP4 192.0.2.7 127.0.0.1 8080 1883CRLF                                                     | 192.0.2.7   | 8080
            PROXY TCP6 2001:db8::7 ::1 65535 1883CRLF                                                        | 2001:db8::7 | 65535
            x:SIG2111000cV4                                                                                  | 192.0.2.7   | 8080
            x:SIG21210024 20010db8000000000000000000000007 00000000000000000000000000000001 1f90075b         | 2001:db8::7 | 8080
            x:SIG21110018V4 02000961 2e6578616d706c65                                                        | 192.0.2.7   | 8080
            """)
    void aTrustedProxySaysWhereItsClientIs(String written, String address, int port) throws Exception {
        try (TestBroker broker = start();
                Socket socket = open(broker)) {
            socket.getOutputStream()
                    .write(joined(header(written.replace(" ", written.startsWith("x:") ? "" : " ")), CONNECT));
            assertConnectsAs(socket, address, port);
            assertThat(PipelineProbe.handlers(broker.acceptor("proxied"))).containsExactly(List.of("Connection"));
        }
    }

    /** A socket of both families gives it an address of IPv4 all the same. */
    @Test
    void aProxyOfIpv4IsKnownAtTheWildcardOfIpv6() throws Exception {
        Listener everywhere = Listener.tcp("::", 0).name("proxied");
        try (TestBroker broker = start(listener -> everywhere.proxyProtocol("127.0.0.1"));
                Socket socket = open(broker)) {
            socket.getOutputStream().write(joined(header("x:SIG2111000cV4"), CONNECT));
            assertConnectsAs(socket, "192.0.2.7", 8080);
        }
    }

    /** LOCAL in version 2, UNKNOWN in version 1, no address family, and the address of a Unix domain socket. */
    @ParameterizedTest
    @ValueSource(strings = {"x:SIG20110000", "x:SIG20000000", "PROXY UNKNOWNCRLF", "x:SIG21000000", "UNIX"})
    void aProxyThatSpeaksForItselfKeepsItsOwnAddress(String written) throws Exception {
        byte[] header = written.equals("UNIX") ? joined(header("x:SIG213100d8"), new byte[216]) : header(written);
        try (TestBroker broker = start();
                Socket socket = open(broker)) {
            socket.getOutputStream().write(joined(header, CONNECT));
            assertConnectsAs(socket, "127.0.0.1", socket.getLocalPort());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"x:SIG2111000cV4", "PROXY TCP4 192.0.2.7 127.0.0.1 8080 1883CRLF"})
    void itsHeaderMayComeByteByByteAndWhateverBehindIt(String written) throws Exception {
        byte[] all = joined(header(written), CONNECT, Packets.bytes(MqttVersion.V3_1_1, pingreq()));
        try (TestBroker broker = start();
                Socket socket = open(broker)) {
            for (byte one : all) {
                socket.getOutputStream().write(one);
            }
            assertConnectsAs(socket, "192.0.2.7", 8080);
            assertThat(socket.getInputStream().readNBytes(2)).as("PINGRESP").containsExactly(0xD0, 0);
        }
    }

    @Test
    void itsHeaderComesBeforeTls() throws Exception {
        TestCertificate certificate = TestCertificate.shared();
        Tls tls = Tls.pem(certificate.chain(), certificate.key());
        try (TestBroker broker = start(listener -> listener.tls(tls).proxyProtocol("127.0.0.1"));
                Socket socket = open(broker)) {
            socket.getOutputStream().write(header("x:SIG2111000cV4"));
            try (Socket secured = certificate
                    .trusting()
                    .getSocketFactory()
                    .createSocket(socket, "127.0.0.1", socket.getPort(), true)) {
                secured.getOutputStream().write(CONNECT);
                assertConnectsAs(secured, "192.0.2.7", 8080);
            }
        }
    }

    @Test
    void itsHeaderComesBeforeWebSocket() throws Exception {
        Listener webSocket = Listener.webSocket("127.0.0.1", 0).name("proxied");
        try (TestBroker broker = start(listener -> webSocket.proxyProtocol("127.0.0.1"));
                Socket socket = open(broker)) {
            String upgrade = """
                    GET /mqtt HTTP/1.1
                    Host: h
                    Upgrade: websocket
                    Connection: Upgrade
                    Sec-WebSocket-Version: 13
                    Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==

                    """.replace("\n", "\r\n");
            byte[] frame = joined(new byte[] {(byte) 0x82, (byte) (0x80 | CONNECT.length), 0, 0, 0, 0}, CONNECT);
            socket.getOutputStream()
                    .write(joined(header("x:SIG2111000cV4"), upgrade.getBytes(StandardCharsets.US_ASCII), frame));
            assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 101");
            assertThat(seen.poll(10, TimeUnit.SECONDS))
                    .isEqualTo(new InetSocketAddress(InetAddress.getByName("192.0.2.7"), 8080));
        }
    }

    // ---- all others

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.0/24", "::1", "2001:db8::/32", "128.0.0.0/1"})
    void whoIsNotTrustedIsCutOffWhateverItSays(String trusted) throws Exception {
        try (TestBroker broker = start(listener -> listener.proxyProtocol(trusted));
                Socket socket = open(broker)) {
            assertClosedWithoutAByte(socket);
            assertThat(broker.openConnections()).isZero();
            assertThat(seen).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x:100d00044d5154540402000000016100", // CONNECT
                "GET / HTTP/1.1CRLFCRLF",
                "PROXY TCP4 999.0.2.7 127.0.0.1 8080 1883CRLF",
                "PROXY TCP4 2001:db8::7 127.0.0.1 8080 1883CRLF",
                "PROXY TCP4 192.0.2.7 127.0.0.1 80800 1883CRLF",
                "PROXY TCP4 192.0.2.7CRLF",
                "PROXX ",
                "PROXY UDP4 192.0.2.7 127.0.0.1 8080 1883CRLF",
                "x:SIG1111000cV4", // version 1 in the clothes of 2
                "x:SIGff", // a version that says nothing about its length
                "x:SIG2211000cV4", // no command of this version
                "x:SIG2112000cV4", // datagrams
                "x:SIG21110004c0000207", // too short for its addresses
                "x:0d0a0d0a00ff",
            })
    void aMalformedHeaderEndsTheConnection(String written) throws Exception {
        try (TestBroker broker = start();
                Socket socket = open(broker)) {
            socket.getOutputStream().write(header(written));
            assertClosedWithoutAByte(socket);
            TestBroker.eventually("it is gone", () -> broker.openConnections() == 0);
            assertThat(seen).isEmpty();
        }
    }

    @Test
    void aHeaderWithoutAnEndIsCutOffAtItsBound() throws Exception {
        byte[][] endless = {
            joined(header("PROXY "), "x".repeat(200).getBytes(StandardCharsets.US_ASCII)),
            joined(header("x:SIG2111ffff"), new byte[3_000])
        };
        for (byte[] bytes : endless) {
            try (TestBroker broker = start();
                    Socket socket = open(broker)) {
                socket.getOutputStream().write(bytes);
                assertClosedWithoutAByte(socket);
            }
        }
    }

    @Test
    void onlyOneHeaderIsBelieved() throws Exception {
        byte[] one = header("x:SIG2111000cV4");
        try (TestBroker broker = start();
                Socket socket = open(broker)) {
            socket.getOutputStream().write(joined(one, one, CONNECT));
            assertClosedWithoutAByte(socket);
            assertThat(seen).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "PROXY TCP4 192", "x:SIG2111000cc0"})
    void theConnectTimeoutCoversTheHeader(String begun) throws Exception {
        Limits limits = Limits.EMBEDDED.withConnectTimeoutMs(200);
        try (TestBroker broker = start(listener -> listener.proxyProtocol("127.0.0.1"), limits);
                Socket socket = open(broker)) {
            socket.getOutputStream().write(header(begun));
            assertClosedWithoutAByte(socket);
        }
    }

    // ---- configuration

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "localhost",
                "192.0.2",
                "192.0.2.0/33",
                "::/129",
                "192.0.2.0/",
                "192.0.2.0/-1",
                "/8",
                "[::1]",
                "::1/a"
            })
    void refusesASourceThatIsNoAddress(String source) {
        Listener listener = Listener.tcp("127.0.0.1", 0);
        assertThatThrownBy(() -> listener.proxyProtocol("192.0.2.1", source))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'" + source + "'");
    }

    @Test
    void needsATrustedSourceAndTcp() {
        assertThatThrownBy(() -> Listener.tcp("127.0.0.1", 0).proxyProtocol())
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Listener.unix(new File("a").toPath()).proxyProtocol("::1"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** Starts a broker where {@code netty-codec-haproxy} isn't. */
    static final class WithoutTheCodec implements Callable<String> {
        @Override
        public String call() {
            try {
                Broker.builder().tcp(0).start().close();
                Broker.builder()
                        .listen(Listener.tcp("127.0.0.1", 0).proxyProtocol("::1"))
                        .start()
                        .close();
                return "it starts";
            } catch (BrokerStartException e) {
                return e.kind() + ": " + e.getMessage();
            }
        }
    }

    @Test
    void saysWhatIsMissingOnTheClassPath() throws Exception {
        List<URL> rest = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (!entry.contains("netty-codec-haproxy")) {
                rest.add(new File(entry).toURI().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(rest.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            var constructor = loader.loadClass(WithoutTheCodec.class.getName()).getDeclaredConstructor();
            constructor.setAccessible(true);
            assertThat(((Callable<?>) constructor.newInstance()).call())
                    .isEqualTo(
                            "CONFIG: listener tcp expects the PROXY protocol: put netty-codec-haproxy on the class path");
        }
    }
}
