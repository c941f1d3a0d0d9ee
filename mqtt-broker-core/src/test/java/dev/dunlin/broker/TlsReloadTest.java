package dev.dunlin.broker;

import static dev.dunlin.broker.Authorities.ANN;
import static dev.dunlin.broker.Authorities.BOB;
import static dev.dunlin.broker.Authorities.OTHERS;
import static dev.dunlin.broker.Authorities.OURS;
import static dev.dunlin.broker.Authorities.STRANGER;
import static dev.dunlin.broker.Authorities.comesIn;
import static dev.dunlin.broker.Authorities.listener;
import static dev.dunlin.broker.Authorities.login;
import static dev.dunlin.broker.Authorities.showing;
import static dev.dunlin.broker.Authorities.socket;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.CertificateName;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates that are replaced while the broker runs: nobody is dropped, and who isn't trusted any more doesn't come back. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TlsReloadTest {
    private static final TestCertificate NEXT = TestCertificate.of("EC");

    @TempDir
    private Path folder;

    private Tls tls;

    @BeforeEach
    void writeFiles() throws IOException {
        put(TestCertificate.shared().chain(), "cert.pem");
        put(TestCertificate.shared().key(), "key.pem");
        put(OURS.chain(), "trusted.pem");
        put(OURS.revocationList(), "revoked.pem");
        tls = Tls.pem(file("cert.pem"), file("key.pem"))
                .clientCertificates(file("trusted.pem"))
                .revocationLists(file("revoked.pem"));
    }

    private Path file(String name) {
        return folder.resolve(name);
    }

    private void put(Path content, String name) throws IOException {
        Files.copy(content, file(name), StandardCopyOption.REPLACE_EXISTING);
    }

    private TestBroker start() {
        return TestBroker.start(builder -> builder.listen(listener(tls)));
    }

    private static TlsReload reload(TestBroker broker) throws Exception {
        return broker.broker().reloadTls().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static void assertReloaded(TestBroker broker) throws Exception {
        assertThat(reload(broker)).isEqualTo(new TlsReload(List.of("tls"), Map.of()));
    }

    private static WireClient connected(TestBroker broker, String id) {
        return WireClient.connect(broker.broker().port("tls"), MqttVersion.V5, showing(ANN))
                .login(id);
    }

    // ---- who stays, and what comes

    @Test
    void showsTheNewCertificateAndDropsNobody() throws Exception {
        try (TestBroker broker = start();
                WireClient stays = connected(broker, "stays").subscribed("t", 1)) {
            put(NEXT.chain(), "cert.pem");
            put(NEXT.key(), "key.pem");
            assertThat(comesIn(broker.broker(), showing(ANN), "TLSv1.3"))
                    .as("not before it is told")
                    .isTrue();
            assertReloaded(broker);
            assertThat(comesIn(broker.broker(), NEXT.trusting(ANN), "TLSv1.3")).isTrue();
            try (SSLSocket old = socket(broker.broker(), showing(ANN), "TLSv1.3")) {
                assertThatThrownBy(old::startHandshake).isInstanceOf(SSLException.class);
            }
            broker.client("other").published("t", "p", 1);
            stays.take("t", "p", 1);
        }
    }

    @Test
    void trustsOthersAfterwards() throws Exception {
        try (TestBroker broker = start();
                WireClient stays = connected(broker, "stays")) {
            put(OTHERS.chain(), "trusted.pem");
            put(OTHERS.revocationList(), "revoked.pem");
            assertReloaded(broker);
            assertThat(comesIn(broker.broker(), showing(ANN), "TLSv1.3")).isFalse();
            assertThat(comesIn(broker.broker(), showing(STRANGER), "TLSv1.3")).isTrue();
            stays.ping();
        }
    }

    @Test
    void servesHandshakesWhileItReloads() throws Exception {
        try (TestBroker broker = start()) {
            List<CompletionStage<TlsReload>> reloads = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                reloads.add(broker.broker().reloadTls());
                assertThat(comesIn(broker.broker(), showing(ANN), i % 2 == 0 ? "TLSv1.3" : "TLSv1.2"))
                        .isTrue();
            }
            for (CompletionStage<TlsReload> each : reloads) {
                assertThat(each.toCompletableFuture().get(10, TimeUnit.SECONDS).failed())
                        .isEmpty();
            }
        }
    }

    // ---- resumed sessions

    /** A client that comes back, and counts how often it had to look at the broker's certificate: not in a resumed session. */
    private static final class Returning {
        final AtomicInteger full = new AtomicInteger();
        private final SSLContext context;
        private final String version;

        Returning(TestCertificate own, String version) throws GeneralSecurityException {
            this.version = version;
            context = SSLContext.getInstance("TLS");
            context.init(own.keys().getKeyManagers(), new TrustManager[] {new Counting(full)}, null);
        }

        /** Whether it comes in, and if so, without a full handshake. */
        void assertResumes(TestBroker broker) throws IOException {
            int before = full.get();
            assertThat(comesIn(broker.broker(), context, version)).isTrue();
            assertThat(full).as("handshakes that were not resumed").hasValue(before);
        }

        boolean returns(TestBroker broker) throws IOException {
            return comesIn(broker.broker(), context, version);
        }
    }

    /** Trusts all servers. */
    private static final class Counting extends X509ExtendedTrustManager {
        private final AtomicInteger checks;

        Counting(AtomicInteger checks) {
            this.checks = checks;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket) {
            checks.incrementAndGet();
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {
            throw new UnsupportedOperationException("only sockets here");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) {
            throw new UnsupportedOperationException("only sockets here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket) {
            throw new UnsupportedOperationException("only clients here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine) {
            throw new UnsupportedOperationException("only clients here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {
            throw new UnsupportedOperationException("only clients here");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void refusesTheResumedSessionOfARevokedCertificate(String version) throws Exception {
        try (TestBroker broker = start()) {
            Returning bob = new Returning(BOB, version);
            Returning ann = new Returning(ANN, version);
            assertThat(bob.returns(broker)).isTrue();
            assertThat(ann.returns(broker)).isTrue();
            bob.assertResumes(broker);
            put(OURS.revocationList(BOB), "revoked.pem");
            bob.assertResumes(broker); // the list isn't read yet
            assertReloaded(broker);
            assertThat(bob.returns(broker)).isFalse();
            assertThat(ann.returns(broker)).isTrue();
            assertThat(ann.full).as("nobody's session is resumed").hasValue(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void refusesTheResumedSessionOfACertificateThatNobodyVouchesForAnyMore(String version) throws Exception {
        try (TestBroker broker = start()) {
            Returning ann = new Returning(ANN, version);
            assertThat(ann.returns(broker)).isTrue();
            ann.assertResumes(broker);
            put(OTHERS.chain(), "trusted.pem");
            put(OTHERS.revocationList(), "revoked.pem");
            assertReloaded(broker);
            assertThat(ann.returns(broker)).isFalse();
        }
    }

    // ---- files that can't be used

    @Test
    void keepsWhatItHasIfAFileCannotBeUsedAndSaysWhichListenerFailed() throws Exception {
        TestCertificate shared = TestCertificate.shared();
        try (TestBroker broker = TestBroker.start(builder -> builder.listen(listener(tls))
                .listen(Listener.webSocket("127.0.0.1", 0)
                        .tls(Tls.pem(shared.chain(), shared.key()))
                        .name("wss")))) {
            put(NEXT.chain(), "cert.pem"); // its key isn't there yet
            put(OURS.revocationList(ANN), "revoked.pem");
            assertThat(reload(broker))
                    .isEqualTo(new TlsReload(
                            List.of("wss"),
                            Map.of(
                                    "tls",
                                    "the key " + file("key.pem") + " doesn't belong to the certificate "
                                            + file("cert.pem"))));
            assertThat(comesIn(broker.broker(), showing(ANN), "TLSv1.3"))
                    .as("all or nothing")
                    .isTrue();
            put(NEXT.key(), "key.pem");
            Files.delete(file("trusted.pem"));
            assertThat(reload(broker).failed())
                    .containsExactly(Map.entry(
                            "tls", "the certificate " + file("trusted.pem") + " can't be read: there is no such file"));
            assertThat(comesIn(broker.broker(), showing(ANN), "TLSv1.3")).isTrue();
            put(OURS.chain(), "trusted.pem");
            assertThat(reload(broker).reloaded()).containsExactly("tls", "wss");
            assertThat(comesIn(broker.broker(), NEXT.trusting(ANN), "TLSv1.3")).isFalse();
            assertThat(comesIn(broker.broker(), NEXT.trusting(BOB), "TLSv1.3")).isTrue();
        }
    }

    // ---- other files

    private static TlsReload reload(TestBroker broker, Tls other) throws Exception {
        return broker.broker()
                .reloadTls(Map.of("tls", other))
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    @Test
    void goesByOtherFilesFromThenOn() throws Exception {
        put(NEXT.chain(), "next.pem");
        put(NEXT.key(), "next.key");
        Tls next = Tls.pem(file("next.pem"), file("next.key")).clientCertificates(OTHERS.chain());
        try (TestBroker broker = start();
                WireClient stays = connected(broker, "stays")) {
            assertThat(reload(broker, next).reloaded()).containsExactly("tls");
            assertThat(comesIn(broker.broker(), NEXT.trusting(STRANGER), "TLSv1.3"))
                    .isTrue();
            assertThat(comesIn(broker.broker(), NEXT.trusting(ANN), "TLSv1.3")).isFalse();
            put(TestCertificate.shared().chain(), "next.pem");
            put(TestCertificate.shared().key(), "next.key");
            Files.delete(file("key.pem"));
            assertReloaded(broker);
            assertThat(comesIn(broker.broker(), showing(STRANGER), "TLSv1.3")).isTrue();
            stays.ping();
        }
    }

    @Test
    void keepsItsFilesIfTheOthersCannotBeUsed() throws Exception {
        Tls absent = Tls.pem(file("absent"), file("key.pem")).clientCertificates(OURS.chain());
        try (TestBroker broker = start()) {
            assertThat(reload(broker, absent).failed()).containsOnlyKeys("tls");
            assertThat(comesIn(broker.broker(), showing(ANN), "TLSv1.3")).isTrue();
            assertReloaded(broker);
        }
    }

    /** Who may come in without an authenticator was settled at the start. */
    @Test
    void asksForCertificatesAsAtTheStart() {
        Tls plain = Tls.pem(file("cert.pem"), file("key.pem"));
        try (TestBroker broker = start()) {
            for (Tls other : List.of(
                    plain,
                    plain.clientCertificates(OURS.chain(), Tls.ClientCertificates.OPTIONAL),
                    plain.clientCertificates(OURS.chain()).userName(CertificateName.COMMON_NAME))) {
                assertThatThrownBy(() -> reload(broker, other))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("listener tls would ask for other certificates");
            }
            assertThatThrownBy(() -> broker.broker().reloadTls(Map.of("other", tls)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("there is no listener other with TLS");
        }
    }

    @Test
    void hasNothingToDoWithoutTls() throws Exception {
        try (TestBroker broker = TestBroker.start()) {
            broker.client("c").ping();
            assertThat(reload(broker).failed()).isEmpty();
        }
    }

    /** Begun before, ended afterwards: by the certificates of before. */
    @Test
    void endsAHandshakeAsItWasBegun() throws Exception {
        try (TestBroker broker = start();
                SSLSocket begun = socket(broker.broker(), showing(ANN), "TLSv1.3")) {
            TestBroker.eventually("it is accepted", () -> broker.openConnections() == 1);
            put(NEXT.chain(), "cert.pem");
            put(NEXT.key(), "key.pem");
            assertReloaded(broker);
            assertThat(login(begun)).isTrue();
        }
    }

    /** One that is revoked while a connection waits for its handshake. */
    @Test
    void refusesACertificateThatIsRevokedSinceItsConnectionWasAccepted() throws Exception {
        try (TestBroker broker = start();
                SSLSocket parked = socket(broker.broker(), showing(ANN), "TLSv1.3")) {
            TestBroker.eventually("it is accepted", () -> broker.openConnections() == 1);
            put(OURS.revocationList(ANN), "revoked.pem");
            assertReloaded(broker);
            assertThatThrownBy(() -> login(parked))
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("came [32, 2, 0, 5]");
            assertThat(comesIn(broker.broker(), showing(BOB), "TLSv1.3")).isTrue();
        }
    }
}
