package dev.dunlin.server.hocon;

import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.server.hocon.HoconBrokers.open;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.auth.AclFile;
import dev.dunlin.auth.PasswordFile;
import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.TlsReload;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet.Ack;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.codec.testkit.TestAuthority;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the keys do that say who comes in, as whom, and what they may do then; and how all that is looked at beforehand. */
@Timeout(60)
final class HoconAccessTest {
    private static final TestAuthority OURS = TestAuthority.create();
    private static final TestCertificate ANN = OURS.client("CN=ann,OU=home", "email:ann@home.example");
    private static final TestCertificate BOB = OURS.client("CN=bob,OU=home");
    private static final TestCertificate SERVER = TestCertificate.shared();

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

    private String users(String file, String... names) {
        String[] lines = List.of(names).stream()
                .map(name -> name + ":" + Passwords.pbkdf2(1).hash("secret".getBytes(StandardCharsets.UTF_8)))
                .toArray(String[]::new);
        return "\"" + brokers.file(file, lines) + "\"";
    }

    /** What a client hears to its CONNECT. */
    private static ReasonCode answer(WireClient client, String id, String user) {
        var connect = connect(id).cleanStart();
        client.send(user == null ? connect : connect.userName(user).password("secret"));
        return ((Connack) client.receive()).reason();
    }

    private static boolean mayPublish(WireClient client, String topic) {
        client.send(publish(topic, "x").qos(1, 1));
        return ((Ack) client.receive()).reason() != ReasonCode.NOT_AUTHORIZED;
    }

    // ---- names and passwords

    @Test
    @ShowsKeys({Keys.ANONYMOUS, Keys.PASSWORD_FILE})
    void letsInWhomItsListenerSays() throws Exception {
        Broker broker = brokers.start(
                "security.password-file = " + users("users", "ann"),
                "listeners = [{ name = common }",
                "{ name = open, security.anonymous = true }",
                "{ name = other, security.password-file = " + users("others", "bob") + " }]");
        assertThat(answer(open(broker, "common"), "a", "ann")).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(open(broker, "common"), "a", "bob")).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        assertThat(answer(open(broker, "common"), "a", null).isError()).isTrue();
        assertThat(answer(open(broker, "open"), "a", null)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(open(broker, "open"), "a", "bob")).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
        assertThat(answer(open(broker, "other"), "a", "bob")).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(open(broker, "other"), "a", "ann")).isEqualTo(ReasonCode.BAD_USER_NAME_OR_PASSWORD);
    }

    @Test
    @ShowsKeys(Keys.ANONYMOUS)
    void letsOtherMachinesInIfItMay() throws Exception {
        Broker broker = brokers.start("security.anonymous = true", "listeners = [{ addresses = \"0.0.0.0\" }]");
        assertThat(answer(open(broker), "a", null)).isEqualTo(ReasonCode.SUCCESS);
    }

    @Test
    void changesWhileItRunsWhetherClientsNeedAName() throws Exception {
        String users = "security.password-file = " + users("users", "ann");
        String[] lines = {users, "listeners = [{}", "{ name = own, security.anonymous = true }]"};
        HoconBroker configured = brokers.configured(lines);
        Broker broker = brokers.start(configured);
        assertThat(answer(open(broker), "a", null).isError()).isTrue();
        WireClient nameless = open(broker, "own").login("b");
        brokers.file(
                "dunlin.conf",
                users,
                "security.anonymous = true",
                "listeners = [{}",
                "{ name = own, security.anonymous = false }]");
        assertThat(configured.take(configured.file().again())).isEmpty();
        assertThat(answer(open(broker), "a", null).isError()).as("not read yet").isTrue();
        reload(configured);
        assertThat(answer(open(broker), "a", null)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(open(broker, "own"), "c", null).isError()).isTrue();
        nameless.expectDisconnect(ReasonCode.NOT_AUTHORIZED);
        brokers.file("dunlin.conf", lines);
        assertThat(configured.take(configured.file().again())).isEmpty();
        reload(configured);
        assertThat(answer(open(broker, "own"), "c", null)).isEqualTo(ReasonCode.SUCCESS);
    }

    /** What a server does after {@code take}. */
    private static void reload(HoconBroker configured) throws Exception {
        for (AclFile rules : configured.aclFiles()) {
            configured.reload(rules);
        }
        for (PasswordFile users : configured.passwordFiles()) {
            configured.reload(users);
        }
    }

    private List<String> take(HoconBroker configured, String... lines) {
        brokers.file("dunlin.conf", lines);
        return brokers.withoutFolder(configured.take(configured.file().again()));
    }

    @Test
    void takesNoFilesOfAListenerAtThePlaceOfAnother() throws Exception {
        String pub = "{ name = pub, security.password-file = " + users("guests", "guest") + " }";
        String own = "{ name = own, security.password-file = " + users("users", "ann") + " }";
        HoconBroker configured = brokers.configured("listeners = [" + pub, own + "]");
        Broker broker = brokers.start(configured);
        assertThat(take(configured, "listeners = [" + own, pub + "]"))
                .containsExactlyInAnyOrder(
                        "listeners[0].name has changed (dunlin.conf:1): that needs a restart",
                        "listeners[1].name has changed (dunlin.conf:2): that needs a restart",
                        "listeners[0].security.password-file has changed (dunlin.conf:1): that needs a restart",
                        "listeners[1].security.password-file has changed (dunlin.conf:2): that needs a restart");
        reload(configured);
        assertThat(answer(open(broker, "own"), "a", "guest").isError()).isTrue();
        assertThat(answer(open(broker, "own"), "a", "ann")).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(open(broker, "pub"), "b", "ann").isError()).isTrue();
    }

    @Test
    void letsNobodyInWithoutANameBeforeTheUsersAreRead() throws Exception {
        HoconBroker configured = brokers.configured("security.password-file = " + users("users", "ann", "bob"));
        Broker broker = brokers.start(configured);
        assertThat(take(configured, "security { password-file = \"" + folder + "/none\", anonymous = true }"))
                .isEmpty();
        users("users", "ann");
        assertThatThrownBy(() -> reload(configured)).hasMessageContaining("none is not there");
        assertThat(answer(open(broker), "a", null).isError()).isTrue();
        assertThat(answer(open(broker), "a", "ann")).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(open(broker), "b", "bob").isError())
                .as("the file in force was read instead")
                .isTrue();
        users("none", "ann");
        reload(configured);
        assertThat(answer(open(broker), "a", null)).isEqualTo(ReasonCode.SUCCESS);
    }

    /** Either without the other could let in somebody whom neither reading lets in, or with more rights. */
    @Test
    void takesNoneOfTwoThatChangeTogether() throws Exception {
        String users = "security.password-file = " + users("users", "ann");
        String others = "security.password-file = " + users("others", "bob");
        String rules = "security.acl-file = \"" + brokers.file("rules", "user ann", "topic write a/#") + "\"";
        String rules2 = "security.acl-file = \"" + brokers.file("rules2", "user ann", "topic write b/#") + "\"";
        HoconBroker configured = brokers.configured(users, rules);
        Broker broker = brokers.start(configured);
        String needsARestart = " has changed (dunlin.conf:%d): that needs a restart";
        assertThat(take(configured, users, rules2, "security.anonymous = true"))
                .containsExactlyInAnyOrder(
                        "security.acl-file" + needsARestart.formatted(2),
                        "security.anonymous" + needsARestart.formatted(3));
        reload(configured);
        assertThat(answer(open(broker), "a", null).isError()).isTrue();
        assertThat(take(configured, others, rules2))
                .containsExactlyInAnyOrder(
                        "security.password-file" + needsARestart.formatted(1),
                        "security.acl-file" + needsARestart.formatted(2));
        reload(configured);
        assertThat(answer(open(broker), "b", "bob").isError()).isTrue();
        WireClient ann = open(broker);
        assertThat(answer(ann, "a", "ann")).isEqualTo(ReasonCode.SUCCESS);
        assertThat(mayPublish(ann, "a/x")).isTrue();
        assertThat(mayPublish(ann, "b/x")).isFalse();
    }

    @Test
    void letsNobodyInWithoutANameUnderRulesThatWereNeverThere() throws Exception {
        String users = "security.password-file = " + users("users", "ann");
        String rules = "security.acl-file = \"" + brokers.file("rules", "topic write a/#") + "\"";
        HoconBroker configured = brokers.configured(users);
        Broker broker = brokers.start(configured);
        assertThat(take(configured, users, rules, "security.anonymous = true")).hasSize(2);
        reload(configured);
        assertThat(answer(open(broker), "a", null).isError()).isTrue();
    }

    @Test
    void letsNobodyElseInBeforeTheRulesAreRead() throws Exception {
        String users = "security.password-file = " + users("users", "ann");
        String rules = "security.acl-file = \"" + brokers.file("rules", "topic write a/#") + "\"";
        HoconBroker configured = brokers.configured(users, rules);
        Broker broker = brokers.start(configured);
        brokers.file("rules", "nonsense");
        assertThat(take(configured, users, rules, "security.anonymous = true")).isEmpty();
        AclFile read = configured.aclFiles().get(0);
        PasswordFile file = configured.passwordFiles().get(0);
        assertThatThrownBy(() -> configured.reload(read)).hasMessageContaining("rules");
        assertThatThrownBy(() -> configured.reload(file)).hasMessageContaining("rules");
        assertThat(answer(open(broker), "a", null).isError()).isTrue();
        brokers.file("rules", "topic write b/#");
        reload(configured);
        WireClient nameless = open(broker);
        assertThat(answer(nameless, "a", null)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(mayPublish(nameless, "a/x")).isFalse();
        assertThat(mayPublish(nameless, "b/x")).isTrue();
    }

    @Test
    void wantsANameAtOnceEvenIfNoUsersCanBeRead() throws Exception {
        String users = "security.password-file = " + users("users", "ann");
        HoconBroker configured = brokers.configured(users, "security.anonymous = true");
        Broker broker = brokers.start(configured);
        assertThat(answer(open(broker), "a", null)).isEqualTo(ReasonCode.SUCCESS);
        assertThat(take(configured, "security.password-file = \"" + folder + "/none\""))
                .isEmpty();
        assertThatThrownBy(() -> reload(configured)).hasMessageContaining("none is not there");
        assertThat(answer(open(broker), "b", null).isError()).isTrue();
        assertThat(answer(open(broker), "b", "ann")).isEqualTo(ReasonCode.SUCCESS);
    }

    @Test
    void saysWhatIsStillInForceAfterAnotherFileWasTaken() throws Exception {
        String users = "security.password-file = " + users("users", "ann");
        HoconBroker configured = brokers.configured(users, "listeners = [{}, {}]");
        Broker broker = brokers.start(configured);
        assertThat(take(configured, "security.password-file = " + users("others", "bob"), "listeners = [{}, {}]"))
                .isEmpty();
        reload(configured);
        String own = "listeners = [{}, { security.password-file = " + users("own", "cid") + " }]";
        String others = folder.resolve("others").toString().replace(folder + "/", "");
        assertThat(take(configured, users, own))
                .containsExactlyInAnyOrder(
                        "security.password-file is still \"" + others + "\": that needs a restart",
                        "listeners[1].security.password-file is still \"" + others + "\": that needs a restart");
        reload(configured);
        assertThat(answer(open(broker), "a", "bob")).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(open(broker), "a", "ann").isError()).isTrue();
        assertThat(configured.filesInForce()).contains(folder.resolve("others")).doesNotContain(folder.resolve("own"));
        assertThat(take(configured, users, "listeners = [{}, {}]")).isEmpty();
        reload(configured);
        assertThat(answer(open(broker), "a", "ann")).isEqualTo(ReasonCode.SUCCESS);
    }

    @Test
    void takesOtherFilesWhileItRuns() throws Exception {
        String own = "listeners = [{}, { name = own, security.password-file = ";
        HoconBroker configured = brokers.configured(
                "security { password-file = " + users("users", "ann"),
                "acl-file = \"" + brokers.file("rules", "topic write a/#", "user ann", "topic write b/#") + "\" }",
                own + users("others", "bob") + " }]");
        Broker broker = brokers.start(configured);
        WireClient ann = open(broker);
        assertThat(answer(ann, "a", "ann")).isEqualTo(ReasonCode.SUCCESS);
        assertThat(mayPublish(ann, "b/x")).isTrue();
        String rules2 = "acl-file = \"" + brokers.file("rules2", "user ann", "topic write c/#") + "\" }";
        assertThat(take(
                        configured,
                        "security { password-file = \"" + folder + "/users\"",
                        rules2,
                        own + users("others", "bob") + " }]"))
                .isEmpty();
        reload(configured);
        assertThat(take(
                        configured,
                        "security { password-file = " + users("users2", "ann", "cid"),
                        rules2,
                        own + users("others2", "dora") + " }]"))
                .isEmpty();
        reload(configured);
        assertThat(mayPublish(ann, "b/x")).isFalse();
        assertThat(mayPublish(ann, "c/x")).isTrue();
        assertThat(answer(open(broker), "c", "cid")).isEqualTo(ReasonCode.SUCCESS);
        assertThat(answer(open(broker, "own"), "b", "bob").isError()).isTrue();
        assertThat(answer(open(broker, "own"), "d", "dora")).isEqualTo(ReasonCode.SUCCESS);
    }

    @Test
    void needsARestartForAFileWhereThereWasNoneOrListenersThatShareOnePart() {
        String users = "security.password-file = " + users("users", "ann");
        HoconBroker shared = brokers.configured(users, "listeners = [{}, {}]");
        String others = users("others", "bob");
        brokers.file("dunlin.conf", users, "listeners = [{}, { security.password-file = " + others + " }]");
        assertThat(brokers.withoutFolder(shared.take(shared.file().again())))
                .containsExactly(
                        "listeners[1].security.password-file has changed (dunlin.conf:2): that needs a restart");
        HoconBroker open = brokers.configured("listeners = [{}]");
        brokers.file("dunlin.conf", users, "security.acl-file = rules", "listeners = [{}]");
        assertThat(brokers.withoutFolder(open.take(open.file().again())))
                .containsExactlyInAnyOrder(
                        "security.password-file has changed (dunlin.conf:1): that needs a restart",
                        "security.acl-file has changed (dunlin.conf:2): that needs a restart");
        HoconBroker closed = brokers.configured(users, "listeners = [{}]");
        brokers.file("dunlin.conf", "listeners = [{}]");
        assertThat(closed.take(closed.file().again()))
                .containsExactly("security.password-file is gone: that needs a restart");
    }

    @Test
    void needsARestartWhereListenersThatShareAFilePartOrNobodyHasAPassword() {
        String users = "security.password-file = " + users("users", "ann");
        HoconBroker shared = brokers.configured(users, "listeners = [{}, {}]");
        brokers.file("dunlin.conf", users, "listeners = [{}, { security.anonymous = true }]");
        assertThat(brokers.withoutFolder(shared.take(shared.file().again())))
                .containsExactly("listeners[1].security.anonymous has changed (dunlin.conf:2): that needs a restart");
        HoconBroker open = brokers.configured("listeners = [{}]");
        brokers.file("dunlin.conf", "security.anonymous = true", "listeners = [{}]");
        assertThat(brokers.withoutFolder(open.take(open.file().again())))
                .containsExactly("security.anonymous has changed (dunlin.conf:1): that needs a restart");
    }

    @Test
    @ShowsKeys(Keys.ACL_FILE)
    void asksTheRulesOfItsListener() throws Exception {
        Broker broker = brokers.start(
                "security.acl-file = \"" + brokers.file("all", "topic write a/#") + "\"",
                "listeners = [{ name = common }",
                "{ name = own, security.acl-file = \"" + brokers.file("own", "topic write b/#") + "\" }]");
        for (String listener : List.of("common", "own")) {
            WireClient client = open(broker, listener).login(listener);
            assertThat(mayPublish(client, "a/x")).isEqualTo(listener.equals("common"));
            assertThat(mayPublish(client, "b/x")).isEqualTo(listener.equals("own"));
        }
    }

    // ---- TLS

    private Broker startTls(String... more) throws Exception {
        return brokers.start(
                "listener-defaults.tls { chain = \"" + SERVER.chain() + "\", key = \"" + SERVER.key() + "\"",
                String.join("\n", more),
                "}");
    }

    /** The protocol and the suite of a handshake that ends well. */
    private static String handshake(Broker broker, SSLContext context, String... protocols) throws IOException {
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", broker.port("tls"))) {
            socket.setSoTimeout(10_000);
            if (protocols.length > 0) {
                socket.setEnabledProtocols(protocols);
            }
            socket.startHandshake();
            return socket.getSession().getProtocol() + " " + socket.getSession().getCipherSuite();
        }
    }

    @Test
    @ShowsKeys({Keys.TLS_CHAIN, Keys.TLS_KEY, Keys.TLS_MIN_VERSION, Keys.TLS_CIPHERS})
    void speaksTlsAsTheFileSays() throws Exception {
        SSLContext trusting = SERVER.trusting();
        assertThat(handshake(startTls(), trusting, "TLSv1.2")).startsWith("TLSv1.2");
        Broker newest = startTls("min-version = 1.3", "ciphers = [TLS_CHACHA20_POLY1305_SHA256]");
        assertThatThrownBy(() -> handshake(newest, trusting, "TLSv1.2")).isInstanceOf(IOException.class);
        assertThat(handshake(newest, trusting)).isEqualTo("TLSv1.3 TLS_CHACHA20_POLY1305_SHA256");
    }

    @Test
    @RequiresTool("openssl")
    @ShowsKeys(Keys.TLS_KEY_PASSWORD)
    void opensAnEncryptedKey() throws Exception {
        Path key = SERVER.encryptedKey(folder.resolve("key"), "opensesame");
        assertThat(handshake(startTls("key = \"" + key + "\", key-password = opensesame"), SERVER.trusting()))
                .startsWith("TLSv1.3");
        assertThatThrownBy(() -> startTls("key = \"" + key + "\", key-password = other"))
                .hasMessageContaining(key.toString());
    }

    private static boolean comesIn(Broker broker, TestCertificate shown) {
        try (WireClient client = WireClient.connect(
                broker.port("tls"), MqttVersion.V3_1_1, shown == null ? SERVER.trusting() : SERVER.trusting(shown))) {
            client.send(connect("a").cleanStart());
            return client.receiveOrEnd() instanceof Connack;
        } catch (AssertionError | UncheckedIOException refused) { // in the handshake, or after it in TLS 1.3
            return false;
        }
    }

    @Test
    @ShowsKeys({Keys.TLS_CLIENT_CA, Keys.TLS_CLIENT_CERT, Keys.TLS_CLIENT_CRL})
    void wantsCertificates() throws Exception {
        String trust = "client-ca = \"" + OURS.chain() + "\"";
        Broker strict = startTls(trust, "client-crl = [\"" + OURS.revocationList(BOB) + "\"]");
        assertThat(comesIn(strict, ANN)).isTrue();
        assertThat(comesIn(strict, BOB)).as("revoked").isFalse();
        assertThat(comesIn(strict, null)).as("none").isFalse();
        Broker lenient = startTls(trust, "client-cert = optional");
        assertThat(comesIn(lenient, null)).isTrue();
        assertThat(comesIn(lenient, BOB)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"cn, ann", "email, ann@home.example", "subject, 'CN=ann,OU=home'"})
    @ShowsKeys(Keys.TLS_USER_NAME_FROM)
    void takesTheUserNameFromTheCertificate(String part, String name) throws Exception {
        Path rules = brokers.file("rules", "user " + name, "topic write a/#");
        Broker broker = brokers.start(
                "security.acl-file = \"" + rules + "\"",
                "listeners = [{ tls { chain = \"" + SERVER.chain() + "\", key = \"" + SERVER.key() + "\"",
                "client-ca = \"" + OURS.chain() + "\", user-name-from = " + part + " } }]");
        WireClient client = WireClient.connect(broker.port("tls"), MqttVersion.V5, SERVER.trusting(ANN));
        assertThat(mayPublish(client.login("a"), "a/b")).isTrue();
    }

    private static String tls(TestCertificate shown, String more) {
        return "tls { chain = \"" + shown.chain() + "\", key = \"" + shown.key() + "\"" + more + " }";
    }

    private static List<String> reloadTls(HoconBroker configured, Broker broker) throws Exception {
        TlsReload reload =
                broker.reloadTls(configured.tls()).toCompletableFuture().get();
        configured.reloaded(reload);
        assertThat(reload.failed()).isEmpty();
        return reload.reloaded();
    }

    @Test
    void takesOtherCertificatesWhileItRuns() throws Exception {
        TestCertificate next = TestCertificate.of("EC");
        HoconBroker configured = brokers.configured("listeners = [{ " + tls(SERVER, "") + " }]");
        Broker broker = brokers.start(configured);
        assertThat(take(configured, "listeners = [{ " + tls(next, ", min-version = 1.3") + " }]"))
                .isEmpty();
        assertThat(reloadTls(configured, broker)).containsExactly("tls");
        assertThat(handshake(broker, next.trusting())).startsWith("TLSv1.3");
        assertThatThrownBy(() -> handshake(broker, next.trusting(), "TLSv1.2")).isInstanceOf(IOException.class);
        assertThat(take(configured, "listeners = [{ " + tls(SERVER, ", client-ca = \"" + OURS.chain() + "\"") + " }]"))
                .as("nothing is taken, as others are asked")
                .containsExactlyInAnyOrder(
                        "listeners[0].tls.chain is still \"" + next.chain() + "\": that needs a restart",
                        "listeners[0].tls.key is still \"" + next.key() + "\": that needs a restart",
                        "listeners[0].tls.min-version is still \"1.3\": that needs a restart",
                        "listeners[0].tls.client-ca has changed (dunlin.conf:1): that needs a restart");
        assertThat(reloadTls(configured, broker)).containsExactly("tls");
        assertThat(handshake(broker, next.trusting())).startsWith("TLSv1.3");
        assertThat(configured.filesInForce()).contains(next.chain()).doesNotContain(SERVER.chain());
        assertThat(take(configured, "listeners = [{ " + tls(SERVER, "") + " }]"))
                .isEmpty();
        assertThat(reloadTls(configured, broker)).containsExactly("tls");
        assertThat(handshake(broker, SERVER.trusting(), "TLSv1.2")).startsWith("TLSv1.2");
    }

    @Test
    void takesNoCertificatesOfAListenerThatHasMoved() throws Exception {
        TestCertificate next = TestCertificate.of("EC");
        String one = "{ addresses = \"127.0.0.1\", " + tls(SERVER, "") + " }";
        String two = "{ addresses = \"127.0.0.2\", " + tls(next, "") + " }";
        HoconBroker configured = brokers.configured("listeners = [" + one, two + "]");
        Broker broker = brokers.start(configured);
        assertThat(take(configured, "listeners = [" + two, one + "]"))
                .contains(
                        "listeners[0].addresses has changed (dunlin.conf:1): that needs a restart",
                        "listeners[0].tls.chain has changed (dunlin.conf:1): that needs a restart",
                        "listeners[1].tls.key has changed (dunlin.conf:2): that needs a restart");
        assertThat(reloadTls(configured, broker)).containsExactlyInAnyOrder("tls", "tls-2");
        assertThat(handshake(broker, SERVER.trusting())).startsWith("TLSv1.3");
    }

    // ---- before a start

    @Test
    void looksAtEveryFileWithoutAStart() throws Exception {
        HoconBroker broker = HoconBrokers.configured(brokers.read(
                "store.engine = mapdb",
                "security.password-file = /no/users",
                "security.acl-file = \"" + brokers.file("rules", "nonsense") + "\"",
                "listeners = [",
                "{ tls { chain = \"" + SERVER.chain() + "\", key = \"" + SERVER.key() + "\" } }",
                "{ tls { chain = /no/chain, key = /no/key } }",
                "{ tls { chain = \"" + SERVER.chain() + "\", key = \"" + SERVER.key() + "\", ciphers = [NONE] } }",
                "]"));
        assertThat(brokers.withoutFolder(broker.faults())).hasSize(3);
        assertThat(brokers.withoutFolder(broker.rehearse()))
                .satisfiesExactly(
                        line -> assertThat(line)
                                .isEqualTo("dunlin.conf:1: store.engine is memory or rocksdb, not 'mapdb'"),
                        line -> assertThat(line).startsWith("dunlin.conf:2: ").contains("/no/users"),
                        line -> assertThat(line).startsWith("dunlin.conf:3: ").contains("line 1 of rules"),
                        line -> assertThat(line).startsWith("dunlin.conf:6: ").contains("/no/chain"),
                        line -> assertThat(line).startsWith("dunlin.conf:7: ").contains("cipher suite NONE"));
    }

    @Test
    void findsNothingWrongAndOpensNothing() throws Exception {
        Path socket = folder.resolve("s");
        HoconBroker broker = HoconBrokers.configured(brokers.read(
                "security.anonymous = true",
                "pid-file = \"" + folder.resolve("pid") + "\"",
                "store.data = \"" + folder.resolve("data") + "\"",
                "listeners = [{ unix-socket = \"" + socket + "\" }, { addresses = \"0.0.0.0\" }]"));
        assertThat(broker.rehearse()).isEmpty();
        assertThat(folder)
                .isDirectoryContaining("glob:**dunlin.conf")
                .isDirectoryNotContaining(file -> !file.endsWith("dunlin.conf"));
    }
}
