package dev.dunlin.server.hocon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.codec.testkit.TestCertificate;
import dev.dunlin.server.admin.AdminSettings;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a configuration file says of administration over HTTP, and of web pages. */
@Timeout(60)
final class HoconAdminTest {
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

    @Test
    @ShowsKeys(Keys.ADMIN_PORT)
    void isNotThereUnlessItIsAskedFor() {
        assertThat(brokers.broker("sys-interval = 1s").admin()).isNull();
        assertThat(brokers.broker("admin.port = 4711").admin()).isEqualTo(AdminSettings.onLoopback(4711));
    }

    @Test
    @ShowsKeys({
        Keys.ADMIN_BIND,
        Keys.ADMIN_NAMES,
        Keys.ADMIN_TOKEN,
        Keys.ADMIN_CERT,
        Keys.ADMIN_KEY,
        Keys.ADMIN_METRICS_WITHOUT_TOKEN,
        Keys.ADMIN_PLAIN_TEXT
    })
    void isAsTheFileSays() {
        AdminSettings open = brokers.broker(
                        "admin { port = 0, bind = \"[::]\", names = [a.example.org, b], token = 0123456789abcdef,",
                        "  tls { cert = c.pem, key = k.pem }, metrics-without-token = true }")
                .admin();
        AdminSettings.Identity identity = new AdminSettings.Identity(Path.of("c.pem"), Path.of("k.pem"));
        assertThat(open)
                .isEqualTo(new AdminSettings(
                        "::", 0, List.of("a.example.org", "b"), "0123456789abcdef", identity, true, false));
        AdminSettings plain = brokers.broker(
                        "admin { port = 0, bind = 0.0.0.0, plain-text = true, token = 0123456789abcdef }")
                .admin();
        assertThat(plain).isEqualTo(new AdminSettings("0.0.0.0", 0, List.of(), "0123456789abcdef", null, false, true));
    }

    @Test
    @ShowsKeys(Keys.ADMIN_TOKEN_FILE)
    void takesTheTokenFromAFile() {
        Path file = brokers.file("token", "0123456789abcdef");
        assertThat(brokers.broker("admin { port = 0, token-file = \"" + file + "\" }")
                        .admin()
                        .token())
                .isEqualTo("0123456789abcdef");
        brokers.file("token", "0123456789abcdef", "more");
        assertThat(faults("admin { port = 0, token-file = \"" + file + "\" }"))
                .singleElement()
                .asString()
                .contains("has 2 lines, not one with a token");
    }

    private List<String> faults(String line) {
        return brokers.withoutFolder(
                new HoconBroker(brokers.read(line), HoconBrokers.SERVER, Set.of("rocksdb")).faults());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            admin { port = 0, bind = 0.0.0.0 }                    | other machines reach 0.0.0.0: a token of your own
            admin { port = 0, bind = 0.0.0.0, token = 0123456789abcdef } | TLS is needed
            admin { port = 0, token = short }                     | the token has 5 characters
            admin { port = 0, token-file = missing }              | the token can't be read: there is no file missing
            admin { port = 0, token-file = t, token = 0123456789abcdef } | admin.token stands beside admin.token-file
            admin { port = 0, tls.cert = c }                      | admin.tls.cert and admin.tls.key go together
            """)
    void saysWhatCannotBeWithItsLine(String line, String fault) {
        assertThat(faults(line))
                .singleElement()
                .asString()
                .startsWith("dunlin.conf:1: admin: ")
                .contains(fault);
    }

    @Test
    void aRehearsalReadsTheCertificate() {
        TestCertificate own = TestCertificate.shared();
        String key = "admin { port = 0, tls { key = \"" + own.key() + "\", cert = \"";
        assertThat(brokers.broker(key + own.chain() + "\" } }").rehearse()).isEmpty();
        assertThat(brokers.withoutFolder(
                        brokers.broker(key + own.key() + "\" } }").rehearse()))
                .singleElement()
                .asString()
                .startsWith("dunlin.conf:1: the admin HTTP can't use ");
    }

    @Test
    void neverPrintsTheToken() {
        assertThat(brokers.read("admin { port = 0, token = 0123456789abcdef }").printed())
                .contains("admin.port = 0 ", "admin.token = ***")
                .doesNotContain("0123456789abcdef");
    }

    @Test
    void theCommandLineCountsBeforeTheFile() {
        Path file = brokers.file("dunlin.conf", "admin { port = 4711, bind = \"::1\" }");
        Given other = new Given(Map.of(), List.of(new Given.Option("--admin-port", "admin.port", "4712")), List.of());
        assertThat(HoconBrokers.configured(HoconFile.read(file, other)).admin().port())
                .isEqualTo(4712);
        Given none = new Given(Map.of(), List.of(new Given.Option("--admin-port", "admin.port", null)), List.of());
        assertThat(HoconBrokers.configured(HoconFile.read(file, none)).admin()).isNull();
    }

    // ---- web pages

    @Test
    @ShowsKeys(Keys.WEBSOCKET_ORIGINS)
    void letsPagesOfSomeOriginsIn() throws Exception {
        Broker broker = brokers.start(
                "listeners = [{ websocket-path = /mqtt, websocket-origins = [\"https://example.org\"] }]");
        assertThat(upgrade(broker, "https://example.org")).startsWith("HTTP/1.1 101 ");
        assertThat(upgrade(broker, "https://evil.org")).startsWith("HTTP/1.1 403 ");
        assertThat(brokers.faults("listeners = [{ websocket-path = /mqtt, websocket-origins = [example.org] }]"))
                .singleElement()
                .asString()
                .contains("is an origin of web pages, such as https://example.org, not 'example.org'");
        assertThat(brokers.faults("listeners = [{ websocket-origins = [\"https://example.org\"] }]"))
                .singleElement()
                .asString()
                .contains("has websocket-origins, which is for a websocket-path");
    }

    private static String upgrade(Broker broker, String origin) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), broker.port("ws"))) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(("GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: "
                                    + origin + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readNBytes(13), StandardCharsets.US_ASCII);
        }
    }
}
