package dev.dunlin.broker;

import static dev.dunlin.broker.Authorities.comesIn;
import static dev.dunlin.broker.Authorities.listener;
import static dev.dunlin.broker.Authorities.login;
import static dev.dunlin.broker.Authorities.ours;
import static dev.dunlin.broker.Authorities.socket;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.net.PipelineProbe;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS that is asked for less than it should give, or for more: versions, cipher suites, renegotiation, and what is no TLS. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TlsHardeningTest {
    private static final String AES_256 = "TLS_AES_256_GCM_SHA384";
    private static final String AES_128 = "TLS_AES_128_GCM_SHA256";
    private static final String OLD_256 = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    private static final String OLD_128 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";

    private final SSLContext trusting = TestCertificate.shared().trusting();

    private static TestBroker start(Tls tls) {
        return TestBroker.start(builder -> builder.listen(listener(tls)));
    }

    private static void assertGoneButOthers(TestBroker broker) {
        TestBroker.eventually("it is gone", () -> broker.openConnections() == 0);
        TestBroker.eventually("its socket is closed", () -> PipelineProbe.ending(broker.acceptor("tls")) == 0);
        WireClient.connect(broker.broker().port("tls"), MqttVersion.V5, TestTransport.TLS)
                .login("other")
                .leave();
    }

    // ---- versions and cipher suites

    @Test
    void takesOnlyTls13IfItIsToldTo() throws IOException {
        try (TestBroker broker = start(ours().minimum(Tls.Version.TLS_1_3))) {
            assertThat(comesIn(broker.broker(), trusting, "TLSv1.2")).isFalse();
            assertThat(comesIn(broker.broker(), trusting, "TLSv1.3")).isTrue();
        }
    }

    /** The client prefers the other order. */
    @ParameterizedTest
    @CsvSource({
        "TLSv1.3," + AES_128 + ", " + AES_256,
        "TLSv1.3, " + AES_256 + ", " + AES_128,
        "TLSv1.2, " + OLD_128 + ", " + OLD_256,
        "TLSv1.2, " + OLD_256 + ", " + OLD_128,
    })
    void choosesTheCipherSuiteItself(String version, String first, String second) throws IOException {
        try (TestBroker broker = start(ours().cipherSuites(first, second));
                SSLSocket socket = socket(broker.broker(), trusting, version)) {
            socket.setEnabledCipherSuites(new String[] {second, first});
            socket.startHandshake();
            assertThat(socket.getSession().getCipherSuite()).isEqualTo(first);
        }
    }

    @Test
    void takesNoOtherCipherSuites() throws IOException {
        try (TestBroker broker = start(ours().cipherSuites(AES_256, OLD_256))) {
            try (SSLSocket socket = socket(broker.broker(), trusting, "TLSv1.2")) {
                socket.setEnabledCipherSuites(new String[] {OLD_128});
                assertThat(login(socket)).isFalse();
            }
            assertThat(comesIn(broker.broker(), trusting, "TLSv1.2")).isTrue();
            assertGoneButOthers(broker);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLS_NO_SUCH", "TLS_RSA_WITH_NULL_SHA256", "SSL_RSA_WITH_RC4_128_MD5"})
    void refusesACipherSuiteThatCannotBe(String suite) {
        assertRefused(
                ours().cipherSuites(AES_256, suite),
                "the JDK doesn't know, or doesn't allow, the cipher suite " + suite);
    }

    @Test
    void refusesCipherSuitesOfNoVersionThatItTakes() {
        assertRefused(
                ours().cipherSuites(OLD_256, OLD_128).minimum(Tls.Version.TLS_1_3),
                "none of the cipher suites is for TLS 1.3: " + OLD_256 + ", " + OLD_128);
    }

    private static void assertRefused(Tls tls, String message) {
        BrokerStartException e = catchThrowableOfType(
                BrokerStartException.class,
                () -> Broker.builder().listen(listener(tls)).start().close());
        assertThat(e).hasMessage(message);
    }

    // ---- renegotiation

    /** 1.3 has none. */
    @Test
    void cutsOffAClientThatRenegotiates() throws IOException {
        try (TestBroker broker = start(ours());
                SSLSocket socket = socket(broker.broker(), trusting, "TLSv1.2")) {
            assertThat(login(socket)).isTrue();
            assertThatThrownBy(() -> {
                        socket.startHandshake(); // sends another hello
                        socket.getInputStream().read();
                    })
                    .isInstanceOf(SSLException.class);
            socket.close();
            assertGoneButOthers(broker);
        }
    }

    // ---- what is no TLS

    @Test
    void closesOnGarbage() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        try (TestBroker broker = start(ours())) {
            for (int i = 0; i < 50; i++) {
                byte[] garbage = new byte[1 + random.nextInt(2_000)];
                random.nextBytes(garbage);
                if (i % 2 == 0) { // looks like a record at first
                    System.arraycopy(new byte[] {22, 3, 3, 0, 1}, 0, garbage, 0, Math.min(garbage.length, 5));
                }
                sendAndLeave(broker.broker().port("tls"), garbage);
            }
            sendAndLeave(broker.broker().port("tls"), "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertGoneButOthers(broker);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private static void sendAndLeave(int port, byte[] bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).doesNotContain(0x20);
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset");
        }
    }

    @Test
    void closesATlsClientAtThePlainPort() throws IOException {
        try (TestBroker broker = start(ours());
                Socket raw = new Socket(InetAddress.getLoopbackAddress(), broker.port());
                SSLSocket tls = (SSLSocket) trusting.getSocketFactory().createSocket(raw, "localhost", 0, true);
                WireClient other = broker.client("other")) {
            tls.setSoTimeout(10_000);
            assertThat(login(tls)).isFalse();
            tls.close();
            TestBroker.eventually("it is gone", () -> broker.openConnections() == 1);
            other.ping();
        }
    }
}
