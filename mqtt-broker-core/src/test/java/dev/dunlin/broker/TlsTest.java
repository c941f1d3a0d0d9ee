package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.BrokerStartException.Kind;
import dev.dunlin.broker.net.PipelineProbe;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.TestSocket;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MQTT over TLS: who is let in, what goes wrong with certificates, and what a client that breaks off leaves. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TlsTest {
    private static final int TIMEOUT_MS = 10_000;

    private final TestCertificate certificate = TestCertificate.shared();

    private static TestBroker start(Limits limits) {
        TestCertificate certificate = TestCertificate.shared();
        return TestBroker.start(builder -> builder.limits(limits)
                .tls(0, certificate.chain(), certificate.key())
                .listen(Listener.webSocket("127.0.0.1", 0)
                        .tls(Tls.pem(certificate.chain(), certificate.key()))
                        .name("wss")));
    }

    private static Socket plain(TestBroker broker) throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), broker.broker().port("tls"));
        socket.setSoTimeout(TIMEOUT_MS);
        return socket;
    }

    private static void assertGone(TestBroker broker) {
        TestBroker.eventually("it is gone", () -> broker.openConnections() == 0);
        TestBroker.eventually("its socket is closed", () -> PipelineProbe.ending(broker.acceptor("tls")) == 0);
    }

    // ---- who is let in

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void speaksTheVersionsOfToday(String version) throws IOException {
        try (TestBroker broker = start(Limits.EMBEDDED);
                Socket socket = connected(broker, version)) {
            socket.getOutputStream().write(new byte[] {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'a'});
            assertThat(socket.getInputStream().readNBytes(4)).containsExactly(0x20, 2, 0, 0);
        }
    }

    private static SSLSocket connected(TestBroker broker, String version) throws IOException {
        SSLSocket socket = (SSLSocket) TestCertificate.shared()
                .trusting()
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), broker.broker().port("tls"));
        socket.setSoTimeout(TIMEOUT_MS);
        socket.setEnabledProtocols(new String[] {version});
        socket.startHandshake();
        return socket;
    }

    /** A JDK client doesn't offer 1.1 any more: its hello, byte for byte. */
    @Test
    void refusesTls11() throws IOException {
        try (TestBroker broker = start(Limits.EMBEDDED);
                Socket socket = plain(broker)) {
            byte[] hello = new byte[5 + 4 + 2 + 32 + 1 + 2 + 4 + 2];
            byte[] head = {0x16, 3, 1, 0, (byte) (hello.length - 5), 1, 0, 0, (byte) (hello.length - 9), 3, 2};
            System.arraycopy(head, 0, hello, 0, head.length);
            byte[] suites = {0, 4, (byte) 0xC0, 0x09, (byte) 0xC0, 0x13, 1, 0}; // ECDHE with AES 128, no compression
            System.arraycopy(suites, 0, hello, hello.length - suites.length, suites.length);
            socket.getOutputStream().write(hello);
            byte[] alert = socket.getInputStream().readNBytes(7);
            assertThat(alert[0]).as("alert").isEqualTo((byte) 0x15);
            assertThat(alert[6]).as("protocol version").isEqualTo((byte) 70);
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            socket.close();
            assertGone(broker);
        }
    }

    @Test
    void closesOnPlainTextAtOnce() throws IOException {
        try (TestBroker broker = start(Limits.EMBEDDED);
                WireClient other = WireClient.connect(broker.broker().port("tls"), MqttVersion.V5, TestTransport.TLS)
                        .login("other");
                Socket socket = plain(broker)) {
            socket.getOutputStream().write(new byte[] {0x10, 13, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 1, 'a'});
            assertThat(socket.getInputStream().readAllBytes()).doesNotContain(0x20);
            other.ping();
        }
    }

    @Test
    void closesAHandshakeThatDoesNotEnd() throws IOException {
        try (TestBroker broker = start(Limits.EMBEDDED.withConnectTimeoutMs(100));
                Socket silent = plain(broker);
                Socket half = plain(broker)) {
            half.getOutputStream().write(new byte[] {0x16, 3, 1, 1, 0, 1, 0, 0});
            silent.getInputStream().readAllBytes(); // returns at the end
            half.getInputStream().readAllBytes();
            silent.close();
            half.close();
            assertGone(broker);
        }
    }

    @Test
    void closesAConnectionThatSaysNothingBehindItsHandshake() throws IOException {
        try (TestBroker broker = start(Limits.EMBEDDED.withConnectTimeoutMs(500))) {
            for (TestTransport transport : List.of(TestTransport.TLS, TestTransport.WSS)) {
                int port = broker.broker().port(transport == TestTransport.TLS ? "tls" : "wss");
                try (TestSocket socket = TestSocket.open(port, transport)) {
                    assertThat(socket.in().read()).isEqualTo(-1);
                }
            }
            assertGone(broker);
        }
    }

    /** Without the socket being closed, as a client may wait for our close_notify. */
    @Test
    void takesCloseNotifyForTheEnd() throws IOException {
        try (TestBroker broker = start(Limits.EMBEDDED);
                SSLSocket socket = connected(broker, "TLSv1.3")) {
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            TestBroker.eventually("it is gone", () -> broker.openConnections() == 0);
        }
    }

    @Test
    void publishesTheWillOfAClientThatEndsWithCloseNotify() throws IOException {
        try (TestBroker broker = start(Limits.EMBEDDED);
                WireClient heir = broker.client("heir").subscribed("will", 0);
                SSLSocket socket = connected(broker, "TLSv1.2")) {
            socket.getOutputStream().write(new byte[] {
                0x10, 22, 0, 4, 'M', 'Q', 'T', 'T', 4, 6, 0, 0, 0, 1, 'a', 0, 4, 'w', 'i', 'l', 'l', 0, 1, '!'
            });
            socket.getInputStream().readNBytes(4);
            socket.shutdownOutput();
            heir.take("will", "!", 0);
        }
    }

    @Test
    void holdsNoBufferForAnIdleConnection() throws IOException {
        try (TestBroker broker = start(Limits.EMBEDDED)) {
            List<WireClient> clients = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                clients.add(WireClient.connect(broker.broker().port("wss"), MqttVersion.V5, TestTransport.WSS)
                        .login("c" + i));
            }
            TestBroker.eventually("no buffer is in use", () -> broker.usedBytes() == 0);
            assertThat(PipelineProbe.handlers(broker.acceptor("wss")))
                    .hasSize(10)
                    .allSatisfy(handlers -> assertThat(handlers)
                            .containsExactly("TlsHandler", "TlsEnd", "WebSocketFrames", "Connection"));
            clients.forEach(WireClient::close);
        }
    }

    // ---- certificates

    @ParameterizedTest
    @ValueSource(strings = {"RSA", "EC", "Ed25519"})
    void takesKeysOfEveryKind(String algorithm) throws BrokerStartException {
        TestCertificate own = TestCertificate.of(algorithm);
        Broker.builder().tls(0, own.chain(), own.key()).start().close();
    }

    @Test
    void saysWhichFileIsMissing() {
        Path none = Path.of("no", "such.pem");
        assertRefused(
                Tls.pem(none, certificate.key()), "the certificate " + none + " can't be read: there is no such file");
        assertRefused(Tls.pem(certificate.chain(), none), "the key " + none + " can't be read: there is no such file");
    }

    @Test
    void saysWhatIsWrongWithAFile(@TempDir Path folder) throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.pem"));
        Path junk = Files.writeString(
                folder.resolve("junk.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Path broken = Files.writeString(
                folder.resolve("broken.pem"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        Path old = Files.writeString(
                folder.resolve("old.pem"), "-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n");
        Path locked = Files.writeString(
                folder.resolve("locked.pem"), "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n");
        assertRefused(Tls.pem(empty, certificate.key()), "there is no certificate in " + empty);
        assertRefused(
                Tls.pem(junk, certificate.key()), "the certificate file " + junk + " doesn't hold PEM certificates");
        assertRefused(Tls.pem(certificate.chain(), empty), "there is no private key in " + empty);
        assertRefused(
                Tls.pem(certificate.chain(), broken),
                "the key " + broken + " can't be read as a key of kind EC, which the certificate has");
        assertRefused(
                Tls.pem(certificate.chain(), old),
                "the key " + old + " is a DSA PRIVATE KEY, not PKCS #8: convert it with"
                        + " 'openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW'");
        assertRefused(
                Tls.pem(certificate.chain(), locked),
                "the key " + locked
                        + " is encrypted in an old way: convert it with 'openssl pkcs8 -topk8 -in KEY -out NEW'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"RSA", "EC"})
    @RequiresTool("openssl")
    void readsKeysAsOpenSslUsedToWriteThem(String algorithm, @TempDir Path folder) throws Exception {
        TestCertificate pair = TestCertificate.of(algorithm);
        Path old = folder.resolve("old.pem");
        String tool = algorithm.equals("RSA") ? "rsa" : "ec";
        List<String> convert =
                new ArrayList<>(List.of("openssl", tool, "-in", pair.key().toString(), "-out", old.toString()));
        if (algorithm.equals("RSA")) {
            convert.add("-traditional");
        }
        assertThat(new ProcessBuilder(convert).start().waitFor()).isZero();
        assertThat(old).content().startsWith("-----BEGIN " + algorithm + " PRIVATE KEY-----");
        Broker.builder()
                .listen(Listener.tcp("127.0.0.1", 0).tls(Tls.pem(pair.chain(), old)))
                .start()
                .close();
        assertRefused(
                Tls.pem(certificate.chain(), algorithm.equals("EC") ? old : pair.key()),
                algorithm.equals("EC")
                        ? "the key " + old + " doesn't belong to the certificate " + certificate.chain()
                        : "the key " + pair.key() + " can't be read as a key of kind EC, which the certificate has");
    }

    @Test
    void refusesTheKeyOfAnotherCertificate() {
        Path other = TestCertificate.of("EC").key();
        assertRefused(
                Tls.pem(certificate.chain(), other),
                "the key " + other + " doesn't belong to the certificate " + certificate.chain());
    }

    @Test
    @RequiresTool("openssl")
    void opensAnEncryptedKey(@TempDir Path folder) throws Exception {
        Path encrypted = certificate.encryptedKey(folder.resolve("key.pem"), "secret");
        Broker.builder()
                .listen(Listener.tcp("127.0.0.1", 0).tls(Tls.pem(certificate.chain(), encrypted, "secret")))
                .start()
                .close();
        assertRefused(
                Tls.pem(certificate.chain(), encrypted),
                "the key " + encrypted + " is encrypted, and no password is given");
        assertRefused(
                Tls.pem(certificate.chain(), encrypted, "wrong"),
                "the key " + encrypted + " can't be opened with the password that was given");
        assertThat(Tls.pem(certificate.chain(), encrypted, "secret").toString()).doesNotContain("secret");
    }

    private static void assertRefused(Tls tls, String message) {
        BrokerStartException e = catchThrowableOfType(
                BrokerStartException.class,
                () -> Broker.builder()
                        .listen(Listener.tcp("127.0.0.1", 0).tls(tls))
                        .start()
                        .close());
        assertThat(e.kind()).isEqualTo(Kind.CONFIG);
        assertThat(e).hasMessage(message);
    }

    /** The client's check, to show that the tests have one. */
    @Test
    void isNotTrustedWithAnotherCertificate() throws Exception {
        TestCertificate other = TestCertificate.of("EC");
        try (TestBroker broker = TestBroker.start(builder -> builder.tls(0, other.chain(), other.key()))) {
            assertThatThrownBy(() -> connected(broker, "TLSv1.3").close()).isInstanceOf(SSLException.class);
            try (WireClient plain = broker.open(MqttVersion.V5)) {
                plain.send(connect("c")).expect(connack());
            }
        }
    }
}
