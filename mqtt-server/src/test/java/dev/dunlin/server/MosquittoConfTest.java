package dev.dunlin.server;

import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.server.Child.Ended;
import dev.dunlin.server.admin.AdminSettings;
import dev.dunlin.server.mosquitto.Configuration;
import dev.dunlin.server.mosquitto.Key;
import dev.dunlin.server.mosquitto.Shows;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.ParameterException;

/** The real {@code Main} with a configuration of Mosquitto: what it is to the process, and what of it is read again. */
@Timeout(120)
public final class MosquittoConfTest {
    private static final String HERE = "listener 1883 127.0.0.1";
    private static final String OPEN = "allow_anonymous true";

    @TempDir
    private Path folder;

    private Path file(String name, String... lines) throws IOException {
        return Files.write(folder.resolve(name), List.of(lines));
    }

    /** A broker with a configuration, on a port of its own. */
    private Child start(String... lines) throws Exception {
        return Child.start(command(lines));
    }

    private ProcessBuilder command(String... lines) throws Exception {
        return Child.broker("--mosquitto-conf", file("mosquitto.conf", lines).toString(), "--port", "0");
    }

    private static int port(Child broker) throws Exception {
        String line = broker.readLine();
        while (line != null && !line.startsWith("dunlin listening on ")) {
            line = broker.readLine();
        }
        assertThat(line).isNotNull();
        return Integer.parseInt(line.replaceAll(".*:|/.*", ""));
    }

    private static WireClient client(int port) {
        return WireClient.connect(port, MqttVersion.V5);
    }

    private static void stop(Child broker) throws Exception {
        assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
    }

    private static List<String> withoutNoise(List<String> lines) {
        return lines.stream().filter(line -> !line.contains("SocketTransport")).toList();
    }

    // ---- the start

    @Test
    void namesAllThatIsInTheWay() throws Exception {
        Ended ended = Child.run(command(HERE, "user mosquitto", "no_such 1", "max_qos 3", "connection c"));
        Path file = folder.resolve("mosquitto.conf");
        assertThat(ended)
                .isEqualTo(new Ended(
                        1,
                        List.of(),
                        List.of(
                                "dunlin: " + file
                                        + ":2: user: the broker stays the user that starts it: start it as that user",
                                "dunlin: " + file + ":3: no_such: no such key; did you mean topic?",
                                "dunlin: " + file + ":4: max_qos is 0 to 2, not 3",
                                "dunlin: " + file + ":5: connection: bridges are not supported")));
    }

    /** Where Java can't give a name to the system, as it has no such characters. */
    @ParameterizedTest
    @ValueSource(strings = {"include_dir ", "log_dest file ", "password_file ", "pid_file ", "persistence_location "})
    void namesTheLineWithAPathThatTheLocaleCannotHave(String key) throws Exception {
        ProcessBuilder command = inLocaleC(command(HERE, OPEN, key + folder.resolve("s\u00e4\u00e4")));
        Child.assertRefused(command, folder.resolve("mosquitto.conf") + ":3: " + key.replaceFirst(" .*", " can't be "));
    }

    private static ProcessBuilder inLocaleC(ProcessBuilder command) {
        command.environment().put("LC_ALL", "C");
        return command;
    }

    @Test
    void doesNotStartWithoutWhatKeepsClientsOut() throws Exception {
        ProcessBuilder command = command(HERE, OPEN, "plugin /x");
        command.command().add("--ignore-unsupported");
        Child.assertRefused(command, ":3: plugin: plugins are not supported, and can't be ignored");
    }

    @Test
    void doesNotStartWithoutItsPidFile() throws Exception {
        Child.assertRefused(command(HERE, "log_dest none", "pid_file " + folder), "the pid_file can't be written");
        assertThat(folder).isDirectory();
    }

    @Test
    void startsWithoutWhatItDoesNotSupportIfItMay() throws Exception {
        ProcessBuilder command = command(HERE, OPEN, "user mosquitto");
        command.command().add("--ignore-unsupported");
        try (Child broker = Child.start(command)) {
            client(port(broker)).login("a");
            assertThat(broker.terminate().end().err())
                    .first()
                    .asString()
                    .startsWith("dunlin: ignored: " + folder.resolve("mosquitto.conf") + ":3: user: ");
        }
    }

    @Test
    void takesAPortForEachListener() throws Exception {
        ProcessBuilder command = command("listener 1 127.0.0.1", "listener 0 " + folder.resolve("s"), "listener 2 ::1");
        command.command().set(command.command().size() - 1, "0,0");
        try (Child broker = Child.start(command)) {
            assertThat(broker.readLine()).matches("dunlin listening on tcp://127\\.0\\.0\\.1:[1-9][0-9]+");
            assertThat(broker.readLine()).isEqualTo("dunlin listening on unix:" + folder.resolve("s"));
            assertThat(broker.readLine()).matches("dunlin listening on tcp://\\[.*1]:[1-9][0-9]+");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --data x             | --data can't stand beside --mosquitto-conf: the file says that
            --bind ::1           | --bind can't stand beside --mosquitto-conf
            --password-file x    | --password-file can't stand beside --mosquitto-conf
            --allow-anonymous    | --allow-anonymous can't stand beside --mosquitto-conf
            --sys-interval 1     | --sys-interval can't stand beside --mosquitto-conf
            --cert x             | --cert can't stand beside --mosquitto-conf
            --cert x --admin-port 0 | --cert can't stand beside --mosquitto-conf
            --port none          | --port is a number beside --mosquitto-conf
            --limit x=1          | there is no limit 'x'
            reload               | --mosquitto-conf is for the broker
            """)
    void refusesOptionsThatContradictTheFile(String more, String message) {
        List<String> args = new ArrayList<>(List.of("--mosquitto-conf", "m.conf"));
        args.addAll(List.of(more.split(" ")));
        assertThatThrownBy(() -> {
                    Options options = new Options();
                    String[] all = args.toArray(String[]::new);
                    options.check(Options.parserOf(options, all).parseArgs(all));
                })
                .isInstanceOf(ParameterException.class)
                .hasMessageContaining(message);
    }

    /** The file says nothing of administration, nor of its certificate. */
    @Test
    void takesACertificateForAdministration() throws Exception {
        String token = file("token", "0123456789abcdef").toString();
        String[] all = {
            "--mosquitto-conf",
            "m.conf",
            "--admin-port",
            "0",
            "--admin-bind",
            "0.0.0.0",
            "--admin-token-file",
            token,
            "--cert",
            "c.pem",
            "--key",
            "k.pem"
        };
        Options options = new Options();
        options.check(Options.parserOf(options, all).parseArgs(all));
        Configuration configuration = Configuration.read(file("m.conf", HERE));
        AdminSettings settings =
                Plan.of(options, configuration, Limits.STANDALONE).admin().settings();
        assertThat(settings.tls()).isEqualTo(new AdminSettings.Identity(options.cert, options.key));
        assertThat(settings.fault()).isNull();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --store mapdb | --store is for a store, and the file has no persistence true
            --port 0,0    | there are more ports than listeners on TCP
            """)
    void refusesOptionsThatTheFileHasNoUseFor(String more, String message) throws Exception {
        ProcessBuilder command =
                Child.broker("--mosquitto-conf", file("m.conf", HERE).toString());
        command.command().addAll(List.of(more.split(" ")));
        Ended ended = Child.run(command);
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err())
                .singleElement()
                .asString()
                .startsWith("dunlin: ")
                .contains(message);
    }

    // ---- what is kept

    @Test
    @Shows({Key.PERSISTENCE, Key.PERSISTENCE_LOCATION, Key.PID_FILE})
    void keepsWhatTheFileSays() throws Exception {
        Path store = folder.resolve("kept/dunlin");
        Path pid = folder.resolve("pid");
        Files.createDirectory(folder.resolve("kept"));
        String[] lines = {
            HERE,
            OPEN,
            "persistence true",
            "persistence_location " + folder.resolve("kept"),
            "pid_file " + pid,
            "log_type error"
        };
        try (Child broker = start(lines)) {
            WireClient client = client(port(broker)).login("a");
            assertThat(Files.readString(pid).strip())
                    .isEqualTo(Long.toString(broker.handle().pid()));
            client.published(publish("t", "kept").retain(), 1);
            stop(broker);
        }
        assertThat(store).isNotEmptyDirectory();
        assertThat(pid).doesNotExist();
        try (Child broker = start(lines)) {
            client(port(broker))
                    .login("a")
                    .subscribed("t", 0)
                    .expect(publish("t", "kept").retain());
            stop(broker);
        }
        ProcessBuilder without = command(HERE, "log_type error").directory(folder.toFile());
        try (Child broker = Child.start(without)) {
            port(broker);
            stop(broker);
        }
        assertThat(folder.resolve("dunlin")).doesNotExist();
    }

    // ---- the log

    /** What a broker with these settings logs to standard error while a client comes and goes. */
    private List<String> logged(String... more) throws Exception {
        List<String> lines = new ArrayList<>(List.of(HERE, OPEN));
        lines.addAll(List.of(more));
        try (Child broker = start(lines.toArray(String[]::new))) {
            client(port(broker)).login("a").leave();
            return withoutNoise(broker.terminate().end().err());
        }
    }

    @Test
    @Shows({Key.LOG_TYPE, Key.CONNECTION_MESSAGES, Key.LOG_TIMESTAMP, Key.LOG_TIMESTAMP_FORMAT, Key.LOG_DEST})
    void logsWhatTheFileSays() throws Exception {
        assertThat(logged()).anyMatch(line -> line.matches("20..-..-..T.* INFO .* client a: connected from .*"));
        assertThat(logged("log_type error", "log_type warning")).isEmpty();
        assertThat(logged("log_type all", "log_type none")).isEmpty();
        assertThat(logged("connection_messages false", "log_timestamp false"))
                .isNotEmpty()
                .allMatch(line -> line.startsWith("INFO ") && !line.contains("client a"));
        assertThat(logged("log_timestamp_format %d/%m/%Y %H:%M"))
                .anyMatch(line -> line.matches("[0-3][0-9]/[01][0-9]/20[0-9]{2} [0-2][0-9]:[0-5][0-9] INFO .*"));
        assertThat(logged("log_dest stdout", "log_dest none")).isEmpty();
    }

    @Test
    @Shows(Key.LOG_DEST)
    void logsToStandardOutput() throws Exception {
        try (Child broker = start(HERE, OPEN, "log_dest stdout")) {
            client(port(broker)).login("a").leave();
            Ended ended = broker.terminate().end();
            assertThat(ended.out()).anyMatch(line -> line.contains("client a: connected from "));
            assertThat(withoutNoise(ended.err())).isEmpty();
        }
    }

    @Test
    @Shows({Key.LOG_TYPE, Key.WEBSOCKETS_LOG_LEVEL})
    void logsOfWebSocketWhatTheFileSays() throws Exception {
        for (int level : new int[] {0, 31}) {
            String[] lines = {HERE, OPEN, "protocol websockets", "log_type websockets", "websockets_log_level " + level
            };
            try (Child broker = start(lines);
                    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(broker))) {
                String request = """
                        GET / HTTP/1.1
                        Host: h
                        Upgrade: websocket
                        Connection: Upgrade
                        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
                        Sec-WebSocket-Version: 13

                        """.replace("\n", "\r\n");
                socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
                assertThat(socket.getInputStream().read()).isEqualTo('H');
                List<String> err = broker.terminate().end().err();
                assertThat(err).hasSize(level == 0 ? 0 : 1).allMatch(line -> line.contains("speaks WebSocket"));
            }
        }
    }

    @Test
    @Shows(Key.LOG_DEST)
    void logsToAFileThatMayBeMovedAway() throws Exception {
        Path log = folder.resolve("the log");
        Path moved = folder.resolve("moved");
        try (Child broker = start(HERE, OPEN, "log_dest file " + log)) {
            int port = port(broker);
            client(port).login("a");
            awaitLine(log, "client a: connected");
            Files.move(log, moved);
            broker.signal("HUP");
            awaitLine(log, "");
            client(port).login("b");
            awaitLine(log, "client b: connected");
            stop(broker);
        }
        assertThat(moved).content().doesNotContain("client b");
        Child.assertRefused(command(HERE, "log_dest file " + folder), "the file of log_dest can't be written");
    }

    private static void awaitLine(Path file, String text) {
        await().until(() -> Files.exists(file) && Files.readString(file).contains(text));
    }

    @Test
    @Shows(Key.LOG_DEST)
    void publishesItsLog() throws Exception {
        try (Child broker = start(HERE, OPEN, "log_dest topic")) {
            int port = port(broker);
            WireClient reader = client(port).login("reader").subscribed("$SYS/broker/log/#", 0);
            client(port).login("a");
            ReceivedPublish line = (ReceivedPublish) reader.receive();
            while (line.text().contains("client reader")) { // its own may come late
                line = (ReceivedPublish) reader.receive();
            }
            assertThat(line.topic()).isEqualTo("$SYS/broker/log/I");
            assertThat(line.text()).startsWith("client a: connected from /127.0.0.1:");
            reader.leave();
            stop(broker);
        }
    }

    // ---- reload

    private static String user(String name, String password) {
        return name + ":" + Passwords.pbkdf2(1).hash(password.getBytes(StandardCharsets.UTF_8));
    }

    private static boolean comesIn(int port, String user, String password) {
        WireClient client = client(port);
        client.send(connect("c").cleanStart().userName(user).password(password));
        boolean in = !((Connack) client.receive()).reason().isError();
        client.close();
        return in;
    }

    @Test
    void readsItsFilesAgainAtSighup() throws Exception {
        Path users = file("users", user("ann", "1"));
        Path log = folder.resolve("log");
        try (Child broker = start(HERE, "password_file " + users, "log_dest file " + log)) {
            int port = port(broker);
            assertThat(comesIn(port, "ann", "1")).isTrue();
            file("users", user("ann", "2"));
            broker.signal("HUP");
            await().until(() -> comesIn(port, "ann", "2"));
            assertThat(comesIn(port, "ann", "1")).isFalse();
            file("mosquitto.conf", HERE, "# changed", "max_qos 1");
            Files.delete(users);
            broker.signal("HUP");
            awaitLine(log, "mosquitto.conf has changed: what it says counts from the next start");
            assertThat(log).content().containsPattern("ERROR .*" + users);
            assertThat(comesIn(port, "ann", "2")).as("as before").isTrue();
            stop(broker);
        }
    }

    @Test
    void tellsWhatCameOfAReload() throws Exception {
        Path users = file("users", user("ann", "1"));
        Path rules = file("rules", "user ann", "topic #");
        Path data = folder.resolve("data");
        ProcessBuilder command = Child.broker(
                "--port",
                "0",
                "--data",
                data.toString(),
                "--password-file",
                users.toString(),
                "--acl-file",
                rules.toString());
        try (Child broker = Child.start(command)) {
            int port = port(broker);
            assertThat(comesIn(port, "ann", "1")).isTrue();
            assertThat(comesIn(port, "", "")).isFalse();
            file("users", user("bob", "1"));
            assertThat(Child.run(Child.broker("reload", "--data", data.toString())))
                    .isEqualTo(new Ended(0, List.of("reloaded the rules, the passwords"), List.of()));
            assertThat(comesIn(port, "ann", "1")).isFalse();
            assertThat(comesIn(port, "bob", "1")).isTrue();
            file("rules", "nonsense");
            Ended ended = Child.run(Child.broker("reload", "--data", data.toString()));
            assertThat(ended.code()).isEqualTo(1);
            assertThat(ended.out()).containsExactly("reloaded the passwords");
            assertThat(ended.err())
                    .singleElement()
                    .asString()
                    .startsWith("dunlin: the rules stay as they are, as line 1 of " + rules);
            broker.terminate().end();
        }
    }

    @Test
    void readsItsFilesAgainWhenTheyChange() throws Exception {
        Path users = file("users", user("ann", "1"));
        ProcessBuilder command =
                Child.broker("--port", "0", "--store", "memory", "--password-file", users.toString(), "--watch", "1");
        try (Child broker = Child.start(command)) {
            int port = port(broker);
            assertThat(comesIn(port, "ann", "1")).isTrue();
            file("users", user("ann", "22"));
            await().until(() -> comesIn(port, "ann", "22"));
            stop(broker);
        }
    }

    /** What a broker reads its passwords from that has begun to start. */
    private OutputStream passwordsOf(Path pipe) throws Exception {
        return CompletableFuture.supplyAsync(() -> {
                    try {
                        return Files.newOutputStream(pipe); // waits for the reader
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .get(30, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void readsAgainWhatChangesWhileItStarts(boolean signal) throws Exception {
        Path users = folder.resolve("users");
        assertThat(new ProcessBuilder("mkfifo", users.toString()).start().waitFor())
                .isZero();
        ProcessBuilder command = command(HERE, "password_file " + users);
        command.command().addAll(List.of("--watch", signal ? "0" : "1"));
        try (Child broker = Child.start(command)) {
            try (OutputStream first = passwordsOf(users)) {
                Files.delete(users);
                file("users", user("ann", "2"));
                if (signal) {
                    broker.signal("HUP");
                }
                first.write((user("ann", "1") + "\n").getBytes(StandardCharsets.UTF_8));
            }
            int port = port(broker);
            await().until(() -> comesIn(port, "ann", "2"));
            assertThat(comesIn(port, "ann", "1")).isFalse();
        }
    }

    @Test
    void triesAgainWhatCouldNotBeRead() throws Exception {
        String bad = "x".repeat(user("ann", "2").length());
        Path users = file("users", user("ann", "1"));
        Path log = folder.resolve("log");
        ProcessBuilder command = command(HERE, "password_file " + users, "log_dest file " + log);
        command.command().addAll(List.of("--watch", "1"));
        try (Child broker = Child.start(command)) {
            int port = port(broker);
            file("users", bad);
            FileTime time = Files.getLastModifiedTime(users);
            awaitLine(log, "what was read before stays in use");
            assertThat(comesIn(port, "ann", "1")).isTrue();
            // As it looks from outside nothing has changed, as when only the rights have.
            file("users", user("ann", "2"));
            Files.setLastModifiedTime(users, time);
            await().until(() -> comesIn(port, "ann", "2"));
        }
    }

    /** A configuration that can't be read any more, for example. */
    @Test
    void goesOnLookingWhateverItFinds() throws Exception {
        Path users = file("users", user("ann", "1"));
        ProcessBuilder command = inLocaleC(command(HERE, "password_file " + users));
        command.command().addAll(List.of("--watch", "1"));
        try (Child broker = Child.start(command)) {
            int port = port(broker);
            file("mosquitto.conf", HERE, "include_dir " + folder.resolve("s\u00e4\u00e4"));
            for (String password : List.of("22", "333")) {
                file("users", user("ann", password));
                await().until(() -> comesIn(port, "ann", password));
            }
        }
    }

    @Test
    void letsOtherMachinesInByPasswords() throws Exception {
        Path users = file("users", user("ann", "1"));
        ProcessBuilder command = Child.broker(
                "--bind", "0.0.0.0", "--port", "0", "--store", "memory", "--password-file", users.toString());
        try (Child broker = Child.start(command)) {
            assertThat(comesIn(port(broker), "ann", "1")).isTrue();
            stop(broker);
        }
        Child.assertRefused(Child.broker("--acl-file", folder.resolve("none").toString()), "none");
    }
}
