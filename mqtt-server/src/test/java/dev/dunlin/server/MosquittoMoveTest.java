package dev.dunlin.server;

import static dev.dunlin.broker.testkit.Packets.connect;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.codec.testkit.TestAuthority;
import dev.dunlin.codec.testkit.TestCertificate;
import dev.dunlin.server.Child.Ended;
import dev.dunlin.server.MosquittoSetup.Kind;
import dev.dunlin.store.rocksdb.RocksDb;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole set-up of Mosquitto's, with everything that is in it, is run by Dunlin as it is, and does the same. */
@RequiresTool({"mosquitto", "mosquitto_passwd", "mosquitto_pub", "mosquitto_sub", "stdbuf"})
final class MosquittoMoveTest {
    private static final TestAuthority OURS = TestAuthority.create();
    private static final TestCertificate ANN = OURS.client("CN=ann");
    private static final TestCertificate STRANGER = TestAuthority.create().client("CN=ann");

    @TempDir
    private Path temp;

    private final int plain;
    private final int tls;
    private final int webSocket;

    MosquittoMoveTest() throws Exception {
        plain = MosquittoSetup.freePort();
        tls = MosquittoSetup.freePort();
        webSocket = MosquittoSetup.freePort();
    }

    private MosquittoSetup writeFiles() throws Exception {
        TestCertificate server = TestCertificate.shared();
        Files.copy(server.chain(), temp.resolve("server.crt"));
        Files.copy(server.key(), temp.resolve("server.key"));
        Files.copy(OURS.chain(), temp.resolve("clients.crt"));
        Files.createDirectory(temp.resolve("data"));
        MosquittoSetup.passwords(temp.resolve("passwords"), "admin", "ann");
        Files.write(
                temp.resolve("access"),
                List.of(
                        "user admin",
                        "topic #",
                        "user ann",
                        "topic read sensors/+/temperature",
                        "topic write sensors/ann/#",
                        "topic read kept"));
        return new MosquittoSetup(
                temp,
                plain,
                "# As it stood on the old server",
                "persistence true",
                "persistence_location " + temp.resolve("data") + "/",
                "max_queued_messages 100",
                "password_file " + temp.resolve("passwords"),
                "acl_file " + temp.resolve("access"),
                "",
                "listener " + plain + " 127.0.0.1",
                "",
                "listener " + tls + " 127.0.0.1",
                "cafile " + temp.resolve("clients.crt"),
                "certfile " + temp.resolve("server.crt"),
                "keyfile " + temp.resolve("server.key"),
                "require_certificate true",
                "use_identity_as_username true",
                "",
                "listener " + webSocket + " 127.0.0.1",
                "protocol websockets");
    }

    @Test
    void doesTheSame() throws Exception {
        MosquittoSetup setup = writeFiles();
        List<String> before = use(setup, Kind.MOSQUITTO);
        assertThat(before)
                .contains(
                        "published",
                        "not authorized",
                        "not let in",
                        "let in",
                        "refused",
                        "sensors/ann/temperature by TLS",
                        "kept retained");
        assertThat(use(setup, Kind.DUNLIN)).isEqualTo(before);
    }

    /** The folder that the example CarryOver is told: in it the broker finds what was retained. */
    @Test
    void findsWhatWasCarriedOver() throws Exception {
        MosquittoSetup setup = writeFiles();
        try (Broker into = Broker.builder()
                .storage(RocksDb.at(temp.resolve("data").resolve("dunlin")))
                .start()) {
            Message kept = Message.builder("kept")
                    .payload("carried over")
                    .qos(QoS.AT_LEAST_ONCE)
                    .retain(true)
                    .build();
            into.local().publish(kept).toCompletableFuture().join();
        }
        try (Child broker = setup.start(Kind.DUNLIN)) {
            Ended late = Child.run(MosquittoSetup.command(
                    "mosquitto_sub", plain, "ann", "late", "-F", "%t %p %r", "-t", "kept", "-C", "1"));
            assertThat(late.out()).containsExactly("kept carried over 1");
            assertThat(broker.terminate().end().code()).isZero();
        }
    }

    private List<String> use(MosquittoSetup setup, Kind kind) throws Exception {
        List<String> seen = new ArrayList<>();
        try (Child broker = setup.start(kind)) {
            sleeper(seen, "-E");
            seen.add(byTls("sensors/ann/temperature", ANN));
            seen.add(byTls("sensors/bob/temperature", ANN));
            seen.add(byTls("sensors/ann/temperature", STRANGER));
            seen.add(byTls("sensors/ann/temperature", null));
            seen.add(publish("admin", "sensors/bob/temperature", "by admin"));
            seen.add(publish("admin", "kept", "retained", "-r"));
            seen.add(publish("bob", "sensors/bob/temperature", "by nobody"));
            seen.add(byWebSocket("ann", "pw of ann"));
            seen.add(byWebSocket("ann", "wrong"));
            assertThat(broker.terminate().end().code()).isZero();
        }
        try (Child broker = setup.start(kind)) {
            sleeper(seen, "-C", "2");
            Ended kept = Child.run(
                    MosquittoSetup.command("mosquitto_sub", plain, "ann", "late", "-v", "-t", "kept", "-C", "1"));
            seen.addAll(kept.out());
            assertThat(broker.terminate().end().code()).isZero();
        }
        return seen;
    }

    /** A client that is away most of the time. */
    private void sleeper(List<String> seen, String... more) throws Exception {
        List<String> options = new ArrayList<>(List.of("-c", "-x", "3600", "-q", "2", "-v", "-t", "sensors/#"));
        options.addAll(List.of(more));
        Ended ended = Child.run(
                MosquittoSetup.command("mosquitto_sub", plain, "ann", "sleeper", options.toArray(String[]::new)));
        seen.add("sleeper " + ended.code());
        seen.addAll(ended.out());
    }

    private String publish(String user, String topic, String payload, String... more) throws Exception {
        List<String> options = new ArrayList<>(List.of("-q", "1", "-t", topic, "-m", payload));
        options.addAll(List.of(more));
        return outcome(MosquittoSetup.command("mosquitto_pub", plain, user, "p", options.toArray(String[]::new)));
    }

    private String byTls(String topic, TestCertificate shown) throws Exception {
        List<String> command = new ArrayList<>(List.of("mosquitto_pub", "-h", "localhost", "-V", "5", "-q", "1"));
        command.addAll(List.of("-p", Integer.toString(tls), "-t", topic, "-m", "by TLS", "--cafile"));
        command.add(TestCertificate.shared().chain().toString());
        if (shown != null) {
            command.addAll(List.of(
                    "--cert", shown.chain().toString(), "--key", shown.key().toString()));
        }
        return outcome(new ProcessBuilder(command));
    }

    private static String outcome(ProcessBuilder command) throws Exception {
        Ended ended = Child.run(command);
        boolean refused = ended.err().stream().anyMatch(line -> line.contains("Not authorized"));
        return ended.code() != 0 ? "not let in" : refused ? "not authorized" : "published";
    }

    /** The reason isn't compared: for a wrong password Mosquitto says "not authorized", Dunlin that it is wrong. */
    private String byWebSocket(String user, String password) {
        try (WireClient client = WireClient.connect(webSocket, MqttVersion.V3_1_1, TestTransport.WS)) {
            client.send(connect("browser").cleanStart().userName(user).password(password));
            return ((Connack) client.receive()).reason().isError() ? "refused" : "let in";
        }
    }
}
