package dev.dunlin.server.mosquitto;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.server.mosquitto.ConfiguredBrokers.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.TestAuthority;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the keys do that say who comes in, as whom, and what they may do then. */
@Timeout(60)
final class KeysOfAccessTest {
    private static final String HERE = "listener 1883 127.0.0.1";
    private static final String OPEN = "allow_anonymous true";
    private static final TestAuthority OURS = TestAuthority.create();
    private static final TestCertificate ANN = OURS.client("CN=ann,OU=home");
    private static final TestCertificate BOB = OURS.client("CN=bob,OU=home");

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

    /** What a client hears to its CONNECT. */
    private static ReasonCode answer(WireClient client, String id, String user, String password) {
        var connect = connect(id).cleanStart();
        client.send(user == null ? connect : connect.userName(user).password(password));
        return ((Connack) client.receive()).reason();
    }

    private static WireClient here(Broker broker) {
        return open(broker, "127.0.0.1:1883");
    }

    private Path users() {
        return brokers.file("users", "ann:" + Passwords.pbkdf2(1).hash("secret".getBytes(StandardCharsets.UTF_8)));
    }

    // ---- names and passwords

    @Test
    @Shows({Key.ALLOW_ANONYMOUS, Key.PASSWORD_FILE})
    void letsInWhomMosquittoLetsIn() throws Exception {
        String users = "password_file " + users();
        Broker nobody = brokers.start(HERE);
        assertThat(answer(here(nobody), "a", null, null)).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(answer(here(nobody), "a", "ann", "secret")).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        Broker open = brokers.start(HERE, OPEN);
        assertThat(answer(here(open), "a", null, null)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(here(open), "a", "bob", "x")).isEqualTo(ReasonCode.SUCCESS);
        for (boolean anonymous : new boolean[] {true, false}) {
            Broker broker = brokers.start(HERE, users, "allow_anonymous " + anonymous);
            assertThat(answer(here(broker), "a", "ann", "secret")).isEqualTo(ReasonCode.SUCCESS);
            assertThat(answer(here(broker), "a", "ann", "x")).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
            assertThat(answer(here(broker), "a", "bob", "x")).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
            assertThat(answer(here(broker), "a", null, null).isError()).isEqualTo(!anonymous);
        }
        assertThatThrownBy(() -> brokers.start(HERE, "password_file /no/such/file"))
                .hasMessageContaining("mosquitto.conf:1")
                .hasMessageContaining("/no/such/file");
    }

    @Test
    void keepsAnonymousClientsOutWhereTheFileSaysSoAloneOrForOneListener() throws Exception {
        Broker local = brokers.start("allow_anonymous false");
        assertThat(answer(open(local, "1883"), "a", null, null)).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        Broker two = brokers.start(
                "per_listener_settings true",
                "listener 1 127.0.0.1",
                OPEN,
                "listener 2 127.0.0.1",
                "password_file " + users());
        assertThat(answer(open(two, "127.0.0.1:1"), "a", null, null)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(open(two, "127.0.0.1:2"), "a", null, null).isError()).isTrue();
        assertThat(answer(open(two, "127.0.0.1:2"), "a", "ann", "secret")).isEqualTo(ReasonCode.SUCCESS);
    }

    @Test
    @Shows(Key.ACL_FILE)
    void asksTheRulesAboutTheNameThatWasGiven() throws Exception {
        Path rules = brokers.file("rules", "user ann", "topic write a/#");
        Broker broker = brokers.start(HERE, OPEN, "acl_file " + rules);
        for (String user : List.of("ann", "bob")) {
            WireClient client = here(broker);
            answer(client, user, user, "x");
            client.send(publish("a/b", "x").qos(1, 1));
            client.expect(puback(1)
                    .reason(user.equals("ann") ? ReasonCode.NO_MATCHING_SUBSCRIBERS : ReasonCode.NOT_AUTHORIZED));
        }
    }

    // ---- client identifiers

    @Test
    @Shows({Key.AUTO_ID_PREFIX, Key.ALLOW_ZERO_LENGTH_CLIENTID})
    void namesClientsAsTheFileSays() throws Exception {
        for (String prefix : List.of("", "me-")) {
            Broker broker = brokers.start(HERE, OPEN, prefix.isEmpty() ? "" : "auto_id_prefix " + prefix);
            WireClient client = here(broker).send(connect("").cleanStart());
            assertThat(client.expect(connack()).properties().string(Property.ASSIGNED_CLIENT_IDENTIFIER))
                    .startsWith(prefix.isEmpty() ? "auto-" : prefix);
        }
        Broker strict = brokers.start(HERE, OPEN, "allow_zero_length_clientid false");
        assertThat(answer(here(strict), "", null, null)).isEqualTo(ReasonCode.CLIENT_IDENTIFIER_NOT_VALID);
    }

    @Test
    @Shows(Key.CLIENTID_PREFIXES)
    void letsInOnlySomeClientIdentifiers() throws Exception {
        Broker broker = brokers.start(HERE, OPEN, "clientid_prefixes ab");
        assertThat(answer(here(broker), "abc", null, null)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(here(broker), "xy", null, null)).isEqualTo(ReasonCode.NOT_AUTHORIZED);
        assertThat(answer(here(broker), "", null, null)).isEqualTo(ReasonCode.NOT_AUTHORIZED);
    }

    // ---- TLS

    private Broker startTls(String... more) throws Exception {
        TestCertificate own = TestCertificate.shared();
        List<String> lines = new ArrayList<>(List.of(HERE, "certfile " + own.chain(), "keyfile " + own.key(), OPEN));
        lines.addAll(List.of(more));
        return brokers.start(lines.toArray(String[]::new));
    }

    /** The protocol and the suite of a handshake that ends well. */
    private static String handshake(Broker broker, SSLContext context, String... protocols) throws IOException {
        try (SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", broker.port("127.0.0.1:1883"))) {
            socket.setSoTimeout(10_000);
            if (protocols.length > 0) {
                socket.setEnabledProtocols(protocols);
            }
            socket.startHandshake();
            return socket.getSession().getProtocol() + " " + socket.getSession().getCipherSuite();
        }
    }

    @Test
    @Shows({Key.CERTFILE, Key.KEYFILE})
    void speaksTlsWithItsCertificate() throws Exception {
        Broker broker = startTls();
        SSLContext trusting = TestCertificate.shared().trusting();
        assertThat(handshake(broker, trusting, "TLSv1.2")).startsWith("TLSv1.2");
        assertThat(handshake(broker, trusting)).startsWith("TLSv1.3");
        assertThatThrownBy(() -> startTls("cafile /no/such/file", "require_certificate true"))
                .hasMessageContaining("/no/such/file");
    }

    @Test
    @Shows({Key.TLS_VERSION, Key.CIPHERS_TLS1_3})
    void takesOnlyTheVersionAndTheSuitesOfTheFile() throws Exception {
        SSLContext trusting = TestCertificate.shared().trusting();
        Broker newest = startTls("tls_version tlsv1.3");
        assertThatThrownBy(() -> handshake(newest, trusting, "TLSv1.2")).isInstanceOf(IOException.class);
        Broker one = startTls("ciphers_tls1.3 TLS_CHACHA20_POLY1305_SHA256");
        assertThat(handshake(one, trusting)).isEqualTo("TLSv1.3 TLS_CHACHA20_POLY1305_SHA256");
        assertThat(handshake(one, trusting, "TLSv1.2")).startsWith("TLSv1.2");
    }

    private static boolean comesIn(Broker broker, TestCertificate shown) {
        TestCertificate server = TestCertificate.shared();
        try (WireClient client = WireClient.connect(
                broker.port("127.0.0.1:1883"),
                MqttVersion.V3_1_1,
                shown == null ? server.trusting() : server.trusting(shown))) {
            client.send(connect("a").cleanStart());
            return client.receiveOrEnd() instanceof Connack;
        } catch (AssertionError | UncheckedIOException refused) { // in the handshake, or after it in TLS 1.3
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cafile", "capath"})
    @Shows({Key.CAFILE, Key.CAPATH, Key.REQUIRE_CERTIFICATE, Key.CRLFILE})
    void wantsCertificates(String key) throws Exception {
        Path authorities = Files.createDirectory(folder.resolve("ca"));
        Path authority = Files.copy(OURS.chain(), authorities.resolve("0"));
        String trust = key + " " + (key.equals("cafile") ? authority : authorities);
        TestCertificate stranger = TestAuthority.create().client("CN=ann");
        assertThat(comesIn(startTls(trust), null)).isTrue();
        Broker strict = startTls(trust, "require_certificate true");
        assertThat(comesIn(strict, ANN)).isTrue();
        assertThat(comesIn(strict, null)).isFalse();
        assertThat(comesIn(strict, stranger)).isFalse();
        Broker revoking = startTls(trust, "require_certificate true", "crlfile " + OURS.revocationList(BOB));
        assertThat(comesIn(revoking, ANN)).isTrue();
        assertThat(comesIn(revoking, BOB)).isFalse();
    }

    @Test
    @Shows({Key.CAFILE, Key.CAPATH})
    void trustsThoseOfBothAFileAndAFolder() throws Exception {
        TestAuthority others = TestAuthority.create();
        Path authorities = Files.createDirectory(folder.resolve("ca"));
        Files.copy(others.chain(), authorities.resolve("0"));
        Broker broker = startTls("cafile " + OURS.chain(), "capath " + authorities, "require_certificate true");
        assertThat(comesIn(broker, ANN)).isTrue();
        assertThat(comesIn(broker, others.client("CN=carl"))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "subject"})
    @Shows({Key.USE_IDENTITY_AS_USERNAME, Key.USE_SUBJECT_AS_USERNAME})
    void takesTheUserNameFromTheCertificate(String part) throws Exception {
        String name = part.equals("identity") ? "ann" : "CN=ann,OU=home";
        Path rules = brokers.file("rules", "user " + name, "topic write a/#");
        Broker broker = startTls(
                "cafile " + OURS.chain(),
                "require_certificate true",
                "use_" + part + "_as_username true",
                "password_file " + users(),
                "acl_file " + rules);
        for (TestCertificate shown : List.of(ANN, BOB)) {
            WireClient client = WireClient.connect(
                    broker.port("127.0.0.1:1883"),
                    MqttVersion.V5,
                    TestCertificate.shared().trusting(shown));
            assertThat(answer(client, "a", "ann", "wrong")).isEqualTo(ReasonCode.SUCCESS);
            client.send(publish("a/b", "x").qos(1, 1));
            client.expect(
                    puback(1).reason(shown == ANN ? ReasonCode.NO_MATCHING_SUBSCRIBERS : ReasonCode.NOT_AUTHORIZED));
        }
    }
}
