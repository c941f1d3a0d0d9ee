package dev.dunlin.broker;

import static dev.dunlin.broker.Authorities.ANN;
import static dev.dunlin.broker.Authorities.BOB;
import static dev.dunlin.broker.Authorities.OTHERS;
import static dev.dunlin.broker.Authorities.OURS;
import static dev.dunlin.broker.Authorities.STRANGER;
import static dev.dunlin.broker.Authorities.asking;
import static dev.dunlin.broker.Authorities.comesIn;
import static dev.dunlin.broker.Authorities.listener;
import static dev.dunlin.broker.Authorities.ours;
import static dev.dunlin.broker.Authorities.showing;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.BrokerStartException.Kind;
import dev.dunlin.broker.Tls.ClientCertificates;
import dev.dunlin.broker.net.PipelineProbe;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.CertificateName;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.TestAuthority;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Mutual TLS: whose certificate counts, and as whom a client comes in by it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ClientCertificatesTest {

    private static TestBroker start(Tls tls) {
        return TestBroker.start(builder -> builder.listen(listener(tls)));
    }

    private static WireClient open(TestBroker broker, MqttVersion version, SSLContext context) {
        return WireClient.connect(broker.broker().port("tls"), version, context);
    }

    private static void assertComesInAs(TestBroker broker, MqttVersion version, TestCertificate shown, String name) {
        try (WireClient client = open(broker, version, showing(shown)).login("c")) {
            SessionLoop home = broker.home("c");
            assertThat(TestBroker.call(
                            home, () -> home.sessions().link("c").client().identity()))
                    .isEqualTo(new Identity(name));
        }
    }

    private static void assertOnlyThese(TestBroker broker, String version, List<TestCertificate> in, SSLContext... out)
            throws IOException {
        try (WireClient other = broker.client("other")) {
            for (SSLContext context : out) {
                assertThat(comesIn(broker.broker(), context, version)).isFalse();
            }
            for (TestCertificate shown : in) {
                assertThat(comesIn(broker.broker(), showing(shown), version)).isTrue();
            }
            other.ping();
        }
        TestBroker.eventually("all are gone", () -> broker.openConnections() == 0);
        TestBroker.eventually("their sockets are closed", () -> PipelineProbe.ending(broker.acceptor("tls")) == 0);
    }

    // ---- who comes in

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void requiresACertificateThatIsTrusted(String version) throws IOException {
        try (TestBroker broker = start(asking())) {
            assertOnlyThese(
                    broker,
                    version,
                    List.of(ANN, BOB),
                    TestCertificate.shared().trusting(),
                    showing(STRANGER),
                    showing(TestCertificate.shared()),
                    showing(OURS.expiredClient("CN=old")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void doesWithoutACertificateIfItIsOptionalButNotWithAnyOther(String version) throws IOException {
        Tls optional = ours().clientCertificates(OURS.chain(), ClientCertificates.OPTIONAL);
        try (TestBroker broker = start(optional)) {
            assertOnlyThese(broker, version, List.of(ANN), showing(STRANGER), showing(OURS.expiredClient("CN=old")));
            assertThat(comesIn(broker.broker(), TestCertificate.shared().trusting(), version))
                    .isTrue();
        }
    }

    @Test
    void takesCertificatesOfAllAuthoritiesInAFolder(@TempDir Path folder) throws IOException {
        Files.copy(OURS.chain(), folder.resolve("1.pem"));
        Files.copy(OTHERS.chain(), folder.resolve("0a1b2c3d.0"));
        Files.writeString(folder.resolve("README"), "not a certificate");
        Files.createDirectory(folder.resolve("more"));
        try (TestBroker broker = start(ours().clientCertificates(folder))) {
            assertOnlyThese(
                    broker,
                    "TLSv1.3",
                    List.of(ANN, STRANGER),
                    showing(TestAuthority.create().client("CN=ann")));
        }
    }

    @Test
    void takesACertificateOfAClientItselfWhoeverHasSignedIt() throws IOException {
        TestCertificate itself = TestCertificate.of("EC");
        Tls tls = ours().clientCertificates(itself.chain()).revocationLists(OURS.revocationList());
        try (TestBroker broker = start(tls)) {
            assertOnlyThese(broker, "TLSv1.3", List.of(itself), showing(ANN), showing(TestCertificate.of("EC")));
        }
    }

    @Test
    void followsTheChainThatTheClientShows() throws IOException {
        TestCertificate deep = OURS.intermediate().client("CN=deep");
        try (TestBroker broker = start(asking())) {
            assertOnlyThese(broker, "TLSv1.3", List.of(deep));
        }
    }

    /** The handshake takes the machine's clock; a resumed session has no such check at all. */
    @Test
    void refusesACertificateThatHasExpiredSinceItsHandshake() {
        TimeSource later = new TimeSource() {
            private static final Duration AHEAD = Duration.ofDays(20);

            @Override
            public long monotonicMs() {
                return TimeSource.system().monotonicMs();
            }

            @Override
            public long wallMs() {
                return TimeSource.system().wallMs() + AHEAD.toMillis();
            }
        };
        try (TestBroker broker = TestBroker.start(
                builder -> builder.time(later).listen(listener(ours().clientCertificates(OURS.chain()))))) {
            open(broker, MqttVersion.V5, showing(ANN))
                    .send(connect("c").cleanStart())
                    .expectRefusal(ReasonCode.NOT_AUTHORIZED);
        }
    }

    // ---- revocation

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void refusesARevokedCertificate(String version) throws IOException {
        try (TestBroker broker = start(asking().revocationLists(OURS.revocationList(BOB)))) {
            assertOnlyThese(broker, version, List.of(ANN), showing(BOB));
        }
    }

    @Test
    void refusesEverybodyIfTheListIsOutOfDateOrOfAnother() throws IOException {
        for (Path list : List.of(OURS.expiredRevocationList(BOB), OTHERS.revocationList())) {
            try (TestBroker broker = start(asking().revocationLists(list))) {
                assertOnlyThese(broker, "TLSv1.3", List.of(), showing(ANN), showing(BOB));
            }
        }
    }

    @Test
    void needsTheListsOfAllThatHaveSigned() throws IOException {
        TestAuthority middle = OURS.intermediate();
        TestCertificate deep = middle.client("CN=deep");
        TestCertificate revoked = middle.client("CN=revoked");
        Path root = OURS.revocationList();
        try (TestBroker broker = start(asking().revocationLists(root))) {
            assertOnlyThese(broker, "TLSv1.3", List.of(ANN), showing(deep));
        }
        try (TestBroker broker = start(asking().revocationLists(root, middle.revocationList(revoked)))) {
            assertOnlyThese(broker, "TLSv1.3", List.of(ANN, deep), showing(revoked));
        }
    }

    // ---- as whom

    @EachVersion
    void isAnonymousUnlessTheListenerSaysWhereTheNameIs(MqttVersion version) {
        try (TestBroker broker = start(asking())) {
            assertComesInAs(broker, version, ANN, "");
        }
    }

    @EachVersion
    void comesInUnderTheNameInItsCertificate(MqttVersion version) {
        try (TestBroker broker = start(asking().userName(CertificateName.COMMON_NAME))) {
            assertComesInAs(broker, version, ANN, "ann");
            assertComesInAs(broker, version, BOB, "bob");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SUBJECT | CN=ann,OU=sensors,O=home
            SAN_DNS | ann.example
            """)
    void takesTheNameFromWhereItIsTold(CertificateName place, String name) {
        try (TestBroker broker = start(asking().userName(place))) {
            assertComesInAs(broker, MqttVersion.V5, ANN, name);
        }
    }

    /** 0x87, in 3.x return code 5. */
    @EachVersion
    void refusesACertificateWithoutSuchAName(MqttVersion version) {
        try (TestBroker broker = start(asking().userName(CertificateName.SAN_DNS))) {
            open(broker, version, showing(BOB))
                    .send(connect("c").cleanStart().userName("ann.example"))
                    .expectRefusal(ReasonCode.NOT_AUTHORIZED);
            assertThat(broker.sessions()).isZero();
        }
    }

    @Test
    void refusesItBeforeTheAuthenticatorIsAsked() {
        AtomicReference<ConnectRequest> asked = new AtomicReference<>();
        Authenticator all = request -> {
            asked.set(request);
            return CompletableFuture.completedFuture(AuthResult.accept(Identity.ANONYMOUS));
        };
        Tls tls = asking().userName(CertificateName.SAN_EMAIL);
        try (TestBroker broker =
                TestBroker.start(builder -> builder.authenticator(all).listen(listener(tls)))) {
            open(broker, MqttVersion.V5, showing(ANN))
                    .send(connect("c").cleanStart())
                    .expectRefusal(ReasonCode.NOT_AUTHORIZED);
            assertThat(asked.get()).isNull();
        }
    }

    @Test
    void showsTheAuthenticatorTheChainAndTheName() {
        AtomicReference<ConnectRequest> last = new AtomicReference<>();
        Authenticator sees = request -> {
            last.set(request);
            return CompletableFuture.completedFuture(AuthResult.accept(new Identity("other")));
        };
        TestCertificate deep = OURS.intermediate().client("CN=deep");
        Tls tls = ours().clientCertificates(OURS.chain(), ClientCertificates.OPTIONAL)
                .userName(CertificateName.COMMON_NAME);
        try (TestBroker broker =
                TestBroker.start(builder -> builder.authenticator(sees).listen(listener(tls)))) {
            assertComesInAs(broker, MqttVersion.V5, deep, "other");
            assertThat(last.get().certificates().get(0)).isEqualTo(deep.certificate());
            assertThat(last.get().certificates()).hasSizeGreaterThan(1);
            assertThat(last.get().certificateName()).isEqualTo("deep");

            open(broker, MqttVersion.V5, TestCertificate.shared().trusting())
                    .login("d")
                    .leave();
            assertThat(last.get().certificates()).isEmpty();
            assertThat(last.get().certificateName()).isNull();

            broker.client("e").leave();
            assertThat(last.get().certificates()).isEmpty();
        }
    }

    @Test
    void leavesPasswordsToTheAuthenticator() {
        Authenticator users = Authenticator.users(Map.of("ann", "a secret"));
        Tls tls = asking().userName(CertificateName.COMMON_NAME);
        try (TestBroker broker =
                TestBroker.start(builder -> builder.authenticator(users).listen(listener(tls)))) {
            open(broker, MqttVersion.V5, showing(ANN))
                    .send(connect("c").cleanStart())
                    .expectRefusal(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
            open(broker, MqttVersion.V5, showing(BOB))
                    .send(connect("c").cleanStart().userName("ann").password("a secret"))
                    .expect(connack());
        }
    }

    // ---- configuration

    @Test
    void aListenerThatRequiresCertificatesNeedsNoAuthenticator() throws BrokerStartException {
        Broker.builder()
                .listen(Listener.tcp("0.0.0.0", 0).tls(asking()))
                .start()
                .close();
        Tls optional = ours().clientCertificates(OURS.chain(), ClientCertificates.OPTIONAL);
        for (Tls open : List.of(ours(), optional)) {
            assertRefused(
                    Listener.tcp("0.0.0.0", 0).tls(open),
                    "listener tcp on 0.0.0.0 can be reached by other machines: give an authenticator, require"
                            + " certificates of clients, or say that anonymous clients are allowed");
        }
    }

    @Test
    void saysWhatIsWrongWithAFile(@TempDir Path folder) throws IOException {
        Path none = folder.resolve("none.pem");
        Path empty = Files.createFile(folder.resolve("empty.pem"));
        Path folderOfNothing = Files.createDirectory(folder.resolve("nothing"));
        Path junk = Files.writeString(
                folder.resolve("junk.pem"), "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
        assertRefused(
                ours().clientCertificates(none), "the certificate " + none + " can't be read: there is no such file");
        assertRefused(ours().clientCertificates(empty), "there is no certificate in " + empty);
        assertRefused(
                ours().clientCertificates(folderOfNothing),
                "there is no file with a certificate in the folder " + folderOfNothing);
        assertRefused(
                asking().revocationLists(none),
                "the revocation list " + none + " can't be read: there is no such file");
        assertRefused(
                asking().revocationLists(OURS.chain()),
                "the revocation list file " + OURS.chain() + " doesn't hold PEM revocation lists");
        assertRefused(asking().revocationLists(empty), "there is no revocation list in " + empty);
        assertRefused(
                asking().revocationLists(junk),
                "the revocation list file " + junk + " doesn't hold PEM revocation lists");
        assertRefused(
                asking().revocationLists(folderOfNothing),
                "there is no file with a revocation list in the folder " + folderOfNothing);
    }

    private static void assertRefused(Tls tls, String message) {
        assertRefused(listener(tls), message);
    }

    private static void assertRefused(Listener listener, String message) {
        BrokerStartException e = catchThrowableOfType(
                BrokerStartException.class,
                () -> Broker.builder().listen(listener).start().close());
        assertThat(e.kind()).isEqualTo(Kind.CONFIG);
        assertThat(e).hasMessage(message);
    }

    @Test
    void asksForCertificatesBeforeItSaysWhatForTheyAre() {
        assertThatThrownBy(() -> ours().userName(CertificateName.SUBJECT)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> ours().revocationLists(Path.of("l"))).isInstanceOf(IllegalStateException.class);
        assertThat(asking().toString()).contains(OURS.chain().toString());
    }
}
