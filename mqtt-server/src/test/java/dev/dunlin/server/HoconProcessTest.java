package dev.dunlin.server;

import static dev.dunlin.broker.testkit.Packets.connect;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.server.Child.Ended;
import dev.dunlin.server.admin.ReloadReport;
import dev.dunlin.server.hocon.Given;
import dev.dunlin.server.hocon.HoconBroker;
import dev.dunlin.server.hocon.HoconFile;
import dev.dunlin.server.hocon.ShowsKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The real {@code Main} with a configuration file: what it is to the process, and what of it is read again. */
@Timeout(120)
public final class HoconProcessTest {
    @TempDir
    private Path folder;

    private Path file(String name, String... lines) throws IOException {
        return Files.write(folder.resolve(name), List.of(lines));
    }

    private static String user(String name) {
        return name + ":" + Passwords.pbkdf2(1).hash("secret".getBytes(StandardCharsets.UTF_8));
    }

    private static boolean comesIn(int port, String user) {
        try (WireClient client = WireClient.connect(port, MqttVersion.V5)) {
            client.send(connect(user).cleanStart().userName(user).password("secret"));
            return !((Connack) client.receive()).reason().isError();
        }
    }

    private static int port(Child broker) throws Exception {
        String ready = broker.readLine();
        assertThat(ready).startsWith("dunlin listening on tcp://127.0.0.1:");
        return Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
    }

    // ---- a broker with a file

    private String reload() throws Exception {
        try (RunningBroker broker = RunningBroker.on(folder.resolve("d"), why -> {})) {
            return broker.ask(Reload.NAME, progress -> {});
        }
    }

    private void write(String level, String... more) throws IOException {
        file("more.conf", "store { engine = mapdb, data = \"" + folder.resolve("d") + "\", durability = process }");
        String[] lines = {
            "include \"more.conf\"",
            "pid-file = \"" + folder.resolve("pid") + "\"",
            "loops = 7",
            "log { level = " + level + ", format = json }",
            "security { password-file = \"" + folder.resolve("users") + "\", watch = 1s }",
            String.join("\n", more)
        };
        file("dunlin.conf", lines);
    }

    @Test
    @ShowsKeys({
        "store.engine",
        "store.data",
        "store.durability",
        "pid-file",
        "loops",
        "log.level",
        "log.format",
        "security.watch"
    })
    void isWhatItsFileSaysAndReadsItAgain() throws Exception {
        file("users", user("ann"));
        write("${LEVEL_OF_THIS_TEST}");
        ProcessBuilder command =
                Child.broker("--config", folder.resolve("dunlin.conf").toString(), "--port", "0");
        command.environment().putAll(Map.of("LEVEL_OF_THIS_TEST", "info", "DUNLIN_CONFIG_LOOPS", "3"));
        try (Child broker = Child.start(command)) {
            int port = port(broker);
            assertThat(Files.readString(folder.resolve("pid")).strip())
                    .isEqualTo(Long.toString(broker.handle().pid()));
            assertThat(comesIn(port, "bob")).isFalse();
            file("users", user("ann"), user("bob")); // seen without being told
            await().atMost(Duration.ofSeconds(30)).until(() -> comesIn(port, "bob"));
            assertThat(reload()).isEqualTo("reloaded the passwords");
            write("warn", "limits.sessions-max = 1");
            try (WireClient there = WireClient.connect(port, MqttVersion.V5)) {
                there.send(connect("there").cleanStart().userName("ann").password("secret"));
                assertThat(((Connack) there.receive()).reason().isError()).isFalse();
                assertThat(reload()).startsWith("reloaded the passwords"); // a watch may have done the rest
                assertThat(comesIn(port, "bob")).as("a second session").isFalse();
                there.ping();
                write("warn", "limits.sessions-max = 2");
                broker.signal("HUP");
                await().atMost(Duration.ofSeconds(30)).until(() -> comesIn(port, "bob"));
            }
            write("warn", "sys-interval = 7s");
            assertThatThrownBy(this::reload)
                    .isInstanceOf(StoreException.class)
                    .hasMessage("sys-interval has changed (" + folder.resolve("dunlin.conf") + ":6):"
                            + " that needs a restart");
            write("error", "limits.conections-max = 5");
            file("users", user("ann"));
            assertThatThrownBy(this::reload)
                    .hasMessageContaining("nothing is reloaded: ")
                    .hasMessageContaining("did you mean limits.connections-max?");
            assertThat(comesIn(port, "bob")).as("still").isTrue();
            write("error", "sys-interval = 8s", "tcp-no-delay = false");
            assertThatThrownBy(this::reload).hasMessageContaining("tcp-no-delay has changed");
            Ended ended = broker.terminate().end();
            assertThat(ended.code()).isZero();
            assertThat(ended.err()).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
            assertThat(String.join("\n", ended.err()).replace("\\/", "/"))
                    .contains("3 loops on", "store: mapdb in " + folder.resolve("d") + ", durability PROCESS")
                    .contains("nothing is reloaded: ", "sys-interval has changed")
                    .as("only errors by then")
                    .doesNotContain("tcp-no-delay has changed");
        }
        assertThat(folder.resolve("d").resolve("FORMAT")).exists();
    }

    @Test
    @ShowsKeys("log.level")
    void takesAnotherLevelOfTheLog() throws Exception {
        Path file = file("dunlin.conf", "log.level = warn");
        HoconFile read = HoconFile.read(file, new Given(Map.of(), List.of(), List.of(0)));
        HoconBroker configured = new HoconBroker(read, Limits.STANDALONE, Engines.orMemory());
        Plan plan = Plan.of(configured, new FileStamps(List.of()));
        Path socket = Files.createDirectory(folder.resolve("d"));
        try (Broker broker = plan.builder().start();
                ControlSocket commands = ControlSocket.open(
                        socket,
                        Map.of(Reload.NAME, (about, to) -> new Reloads(broker, plan).answer(to)),
                        ControlSocket.PATIENCE)) {
            assertThat(commands).isNotNull();
            assertThat(reload()).isEqualTo("nothing to reload: the configuration says what it said before");
            file("dunlin.conf", "log.level = error", "limits.sessions-max = 7");
            assertThat(reload()).isEqualTo("reloaded the level of the log, limits.sessions-max");
            assertThat(broker.limits().sessionsMax()).isEqualTo(7);
            assertThat(LoggerFactory.getLogger(HoconProcessTest.class).isWarnEnabled())
                    .isFalse();
            assertThat(reload()).startsWith("nothing to reload");
        } finally {
            LogConfiguration.changeLevel("warn");
        }
    }

    private void writeUsers(String name) throws IOException {
        String data = "store { engine = mapdb, data = \"" + folder.resolve("d") + "\", durability = process }";
        file(
                "dunlin.conf",
                data,
                "security { password-file = \"" + folder.resolve(name) + "\", watch = 1s }",
                "listeners = [ { port = 0 } ]");
    }

    @Test
    @ShowsKeys({"security.password-file", "security.watch"})
    void goesByAnotherFileOnceThatIsThere() throws Exception {
        file("users", user("ann"));
        writeUsers("users");
        try (Child broker = Child.start(
                Child.broker("--config", folder.resolve("dunlin.conf").toString()))) {
            int port = port(broker);
            writeUsers("others");
            assertThatThrownBy(this::reload)
                    .isInstanceOf(StoreException.class)
                    .hasMessage("the passwords stay as they are, as " + folder.resolve("others") + " is not there");
            assertThat(comesIn(port, "ann")).isTrue();
            file("others", user("bob")); // seen without being told
            await().atMost(Duration.ofSeconds(30)).until(() -> comesIn(port, "bob"));
            assertThat(comesIn(port, "ann")).isFalse();
            file("others", user("bob"), user("ann"));
            await().atMost(Duration.ofSeconds(30)).until(() -> comesIn(port, "ann"));
            assertThat(reload()).isEqualTo("reloaded the passwords");
        }
    }

    @Test
    void goesOnWatchingFilesInForceWhereNoOthersAreTaken() throws Exception {
        Path users = file("users", user("ann"), user("bob"));
        file("others", user("cid"));
        Path file = file("dunlin.conf", "security.password-file = \"" + users + "\"", "listeners = [{}]");
        HoconFile read = HoconFile.read(
                file, new Given(Map.of("DUNLIN_CONFIG_LISTENER_DEFAULTS__PORT", "0"), List.of(), List.of()));
        FileStamps stamps = new FileStamps(read.allFiles());
        Plan plan = Plan.of(new HoconBroker(read, Limits.STANDALONE, Engines.orMemory()), stamps);
        try (Broker broker = plan.builder().start()) {
            Reloads reloads = new Reloads(broker, plan);
            file(
                    "dunlin.conf",
                    "security.password-file = \"" + folder.resolve("others") + "\"",
                    "listeners = [{}, {}]");
            assertThat(reloads.ask().toCompletableFuture().get().faults())
                    .containsExactly("listeners has 2 in it now, not 1: that needs a restart");
            assertThat(stamps.haveChanged()).isFalse();
            assertThat(stamps.haveChanged()).as("the configuration").isTrue();
            file("users", user("ann"));
            assertThat(stamps.haveChanged()).isFalse();
            assertThat(stamps.haveChanged()).as("the users in force").isTrue();
            reloads.ask().toCompletableFuture().get();
            assertThat(comesIn(broker.port("tcp"), "bob")).isFalse();
            assertThat(comesIn(broker.port("tcp"), "ann")).isTrue();
        }
    }

    @Test
    void reloadsTheRestWhereCertificatesCanNotBeAskedFor() throws Exception {
        file("users", user("ann"));
        Path file = file(
                "dunlin.conf",
                "security.password-file = \"" + folder.resolve("users") + "\"",
                "listeners = [ { port = 0, tls { chain = c, key = k } } ]");
        HoconBroker configured = new HoconBroker(
                HoconFile.read(file, new Given(Map.of(), List.of(), List.of())), Limits.STANDALONE, Engines.orMemory());
        Plan plan = Plan.of(configured, new FileStamps(List.of()));
        try (Broker without = Broker.builder()
                .listen(Listener.tcp("127.0.0.1", 0))
                .allowAnonymous()
                .start()) {
            ReloadReport report =
                    new Reloads(without, plan).ask().toCompletableFuture().get();
            assertThat(report.reloaded()).containsExactly("the passwords");
            assertThat(report.failed())
                    .singleElement()
                    .asString()
                    .startsWith("the certificates stay as they are, as ")
                    .contains("there is no listener tls with TLS");
        }
    }

    // ---- questions

    @Test
    void saysWhatIsWrongOrThatNothingIs() throws Exception {
        Path file = file(
                "dunlin.conf", "store.data = \"" + folder.resolve("d") + "\"", "security.acl-file = \"/no/rules\"");
        Child.assertRefused(
                Child.broker("--config", file.toString(), "--check-config"), file + ":2: /no/rules is not there");
        file("dunlin.conf", "store.data = \"" + folder.resolve("d") + "\"", "log.level = info");
        assertThat(Child.run(Child.broker("--config", file.toString(), "--check-config")))
                .isEqualTo(new Ended(0, List.of("OK"), List.of()));
        assertThat(folder.resolve("d")).doesNotExist();
    }

    @Test
    void printsTheReference() throws Exception {
        assertThat(Child.run(Child.broker("--print-config")))
                .isEqualTo(new Ended(0, HoconFile.reference().lines().toList(), List.of()));
    }

    // ---- what stands beside it

    private static ParseResult parsed(Options options, String args) {
        ParseResult given = Options.parserOf(options, args.split(" ")).parseArgs(args.split(" "));
        options.check(given);
        return given;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            --config f --tls-port 1       | --tls-port can't stand beside --config: say it in the file
            --config f --bind 127.0.0.1   | --bind can't stand beside --config: say it in the file
            --config f --mosquitto-conf g | --config can't stand beside --mosquitto-conf
            --config f --port none        | --port is a number beside --config
            --config f --store memory --data d | --data is for a store, and --store memory keeps nothing
            --config f --limit topicBytesMax=0 | --limit: topicBytesMax is 0
            --config f reload             | --config is for the broker: it can't stand before a command
            --print-config reload         | --print-config is for the broker
            --check-config                | --check-config needs --config
            --print-config --port 1       | --port has no use for --print-config without --config
            --print-config --cert c       | --cert can't stand beside --print-config
            --config=                     | '' is not a file
            """)
    void refusesOptionsThatTheFileHasAPlaceFor(String args, String message) {
        assertThatThrownBy(() -> parsed(new Options(), args))
                .isInstanceOf(ParameterException.class)
                .hasMessageContaining(message);
    }

    @Test
    void knowsVariablesThatNeedAFile() {
        assertThat(HoconOptions.withoutUse(Map.of("DUNLIN_CONFIG_X", "1", "DUNLIN_LOG", "info", "HOME", "h")))
                .containsExactly("DUNLIN_CONFIG_X");
    }

    @Test
    void takesOptionsBeforeTheFile() throws Exception {
        Path file = file("dunlin.conf", "store { engine = rocksdb, data = x }", "listeners = [{}, {}]");
        String args = "--config " + file + " --store mapdb --data y --durability process --limit connectionsMax=7"
                + " --limit queueOverflow=drop-oldest --sys-interval 5 --watch 2 --allow-anonymous --acl-file a"
                + " --password-file p --port 0,0";
        Options options = new Options();
        HoconFile read = options.hocon.read(file, options, parsed(options, args), Map.of());
        assertThat(read.faults()).isEmpty();
        assertThat(read.printed().lines())
                .contains(
                        "store.engine = \"mapdb\"  # --store",
                        "store.data = \"y\"  # --data",
                        "store.durability = \"process\"  # --durability",
                        "limits.connections-max = 7  # --limit",
                        "limits.queue-overflow = \"drop-oldest\"  # --limit",
                        "sys-interval = \"5s\"  # --sys-interval",
                        "security.watch = \"2s\"  # --watch",
                        "security.anonymous = true  # --allow-anonymous",
                        "security.acl-file = \"a\"  # --acl-file",
                        "security.password-file = \"p\"  # --password-file",
                        "listeners[1].port = 0  # --port");
    }
}
