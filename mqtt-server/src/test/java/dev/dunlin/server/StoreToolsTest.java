package dev.dunlin.server;

import static dev.dunlin.server.Child.assertRefused;
import static dev.dunlin.server.Child.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Child.Ended;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that look after a store, as users meet them. */
final class StoreToolsTest {
    @TempDir
    private Path temp;

    private Path data;

    @BeforeEach
    void nameTheFolder() {
        data = temp.resolve("data");
    }

    // ---- looking

    @Test
    void checkSaysThatAStoreIsSound() throws Exception {
        retain("door", "window");
        Ended ended = run(store("check"));
        assertThat(ended)
                .isEqualTo(new Ended(
                        0,
                        List.of(
                                "the store in " + data + " (rocksdb, format 1.0) is sound",
                                "read: 0 sessions, 0 subscriptions, 0 shared groups, 0 queued messages, 2 retained"
                                        + " messages"),
                        List.of()));
    }

    @Test
    void checkSaysWhatIsDamagedAndWhatIsLeftOver() throws Exception {
        retain("door", "window");
        try (StorageEngine engine = rocksDb().at(data).open()) {
            OpBuffer ops = new OpBuffer();
            put(ops, Space.RETAINED, "door".getBytes(StandardCharsets.UTF_8), 9);
            put(
                    ops,
                    Space.SESSION,
                    ByteBuffer.allocate(11).put((byte) 'r').putLong(99).array(),
                    1);
            engine.write(ops, true);
        }
        Ended ended = run(store("check"));
        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err()).isEmpty();
        assertThat(ended.out()).first().asString().endsWith("(rocksdb, format 1.0) is damaged: 1 finding");
        assertThat(ended.out())
                .contains(
                        "damage: the retained message of door: the retained message of door in the store is damaged:"
                                + " its checksum is wrong",
                        "left over, harmless, the broker removes it: inbound QoS 2 packet ids of ended sessions: 1")
                .last()
                .asString()
                .startsWith("next: restore a backup");
    }

    private static void put(OpBuffer ops, Space space, byte[] key, int... value) {
        ByteBuffer bytes = ByteBuffer.allocate(value.length);
        for (int each : value) {
            bytes.put((byte) each);
        }
        ops.put(space, ByteBuffer.wrap(key), bytes.flip());
    }

    @Test
    void statsSaysWhatIsThere() throws Exception {
        retain("door", "window");
        Ended ended = run(store("stats"));
        assertThat(ended.code()).isZero();
        assertThat(ended.out())
                .startsWith("store: " + data, "engine: rocksdb, records of format 1.0")
                .contains("sessions: 0, of them connected: 0", "retained messages: 2", "queued messages: 0")
                .anyMatch(line -> line.matches("last written: 20\\d\\d-.*Z, closed orderly"))
                .anyMatch(line -> line.matches("files: \\d+ bytes; free: \\d+ bytes of \\d+"))
                .anyMatch(line -> line.matches("RETAINED +2 +10 +\\d+"));
    }

    // ---- moving

    @Test
    @RequiresTool({"mosquitto_pub", "mosquitto_sub", "sh"})
    void aStoreOfAKilledBrokerIsMovedThroughAPipeAndGoesOn() throws Exception {
        try (Child broker = Child.start(Child.broker("--port", "0", "--data", data.toString()))) {
            String port = portOf(broker);
            mosquitto(port, "mosquitto_sub", "-i", "sleeper", "-c", "-x", "3600", "-q", "2", "-t", "home/#", "-E");
            mosquitto(port, "mosquitto_pub", "-t", "home/1", "-m", "once", "-q", "2");
            mosquitto(port, "mosquitto_pub", "-t", "home/2", "-m", "at least", "-q", "1");
            broker.signal("KILL").end();
        }
        Path other = temp.resolve("other");
        ProcessBuilder dump = store("dump");
        ProcessBuilder load = Child.broker("store", "load", "--data", other.toString());
        Ended moved = run(new ProcessBuilder("sh", "-c", quoted(dump) + " | " + quoted(load)));
        assertThat(moved.code()).as("%s", moved).isZero();
        assertThat(moved.err()).singleElement().asString().matches("dumped: \\d+ entries, \\d+ bytes from " + data);
        assertThat(moved.out())
                .singleElement()
                .asString()
                .matches("loaded: \\d+ entries, \\d+ bytes of a store of rocksdb into " + other
                        + ", a store of rocksdb");
        try (Child broker = Child.start(Child.broker("--port", "0", "--data", other.toString()))) {
            assertThat(mosquitto(
                            portOf(broker),
                            "mosquitto_sub",
                            "-i",
                            "sleeper",
                            "-c",
                            "-x",
                            "3600",
                            "-q",
                            "2",
                            "-t",
                            "home/#",
                            "-C",
                            "2",
                            "-F",
                            "%q %t %p"))
                    .containsExactlyInAnyOrder("2 home/1 once", "1 home/2 at least");
            assertThat(broker.terminate().end().code()).isZero();
        }
    }

    private static String quoted(ProcessBuilder command) {
        return "'" + String.join("' '", command.command()) + "'";
    }

    @Test
    void dumpsToAFileThatIsNewAndLoadsFromIt() throws Exception {
        retain("door", "window");
        Path file = temp.resolve("dump");
        assertThat(run(store("dump", "--out", file.toString())).out())
                .singleElement()
                .asString()
                .isEqualTo("dumped: 7 entries, " + Files.size(file) + " bytes from " + data);
        assertRefused(store("dump", "--out", file.toString()), file + " is there already: name a new file");
        Path other = temp.resolve("other");
        String[] load = {"store", "load", "--data", other.toString(), "--in", file.toString()};
        assertThat(run(Child.broker(load)).code()).isZero();
        assertRefused(Child.broker(load), "the folder " + other.toRealPath() + " is not empty");
        assertThat(run(Child.broker("store", "check", "--data", other.toString()))
                        .out())
                .first()
                .asString()
                .endsWith("is sound");
        assertThat(names(temp)).containsExactly("data", "dump", "other");
    }

    @Test
    void leavesNothingOfADumpThatIsCutOff() throws Exception {
        retain("door");
        Path file = temp.resolve("dump");
        run(store("dump", "--out", file.toString()));
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        Path other = temp.resolve("other");
        ProcessBuilder load = Child.broker("store", "load", "--data", other.toString());
        assertRefused(load.redirectInput(file.toFile()), "the dump is cut off after " + (whole.length - 1) + " bytes");
        assertThat(names(temp)).containsExactly("data", "dump");
    }

    @Test
    void saysThatTheDumpCannotBeWritten() throws Exception {
        retain("door");
        Ended ended = run(store("dump").redirectOutput(Path.of("/dev/full").toFile()));
        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err()).singleElement().asString().startsWith("dunlin: the dump can't be written: ");
        assertRefused(store("dump", "--out", temp.resolve("no/dump").toString()), "the dump can't be written: ");
    }

    @Test
    @RequiresTool("script")
    void bytesAreNotForTerminals() throws Exception {
        retain("door");
        Ended dump = run(new ProcessBuilder("script", "-qec", quoted(store("dump")), "/dev/null"));
        assertThat(dump.code()).isEqualTo(2);
        assertThat(String.join(" ", dump.out())).contains("a dump is not for a terminal: name a file with --out");
        Ended load = run(new ProcessBuilder("script", "-qec", quoted(store("load")), "/dev/null"));
        assertThat(load.code()).isEqualTo(2);
        assertThat(String.join(" ", load.out())).contains("a dump doesn't come from a terminal: name a file with --in");
    }

    // ---- what is in the way

    @Test
    void saysWhatToDoWhileABrokerRunsOnTheStore() throws Exception {
        try (Child broker = Child.start(Child.broker("--port", "0", "--data", data.toString()))) {
            portOf(broker);
            for (String command : List.of("check", "stats", "dump")) {
                ProcessBuilder refused = store(command);
                if (command.equals("dump")) {
                    refused.command()
                            .addAll(List.of("--out", temp.resolve("dump").toString()));
                }
                assertRefused(
                        refused,
                        "the store in " + data
                                + " is open already: stop the broker, or take a backup of it (dunlin store"
                                + " backup) and ");
            }
        }
        assertThat(names(temp)).containsExactly("data");
    }

    @Test
    void makesNoStoreWhereThereIsNone() throws Exception {
        for (String command : List.of("check", "stats", "dump", "recover")) {
            assertRefused(store(command), "there is no store in " + data);
        }
        assertThat(temp).isEmptyDirectory();
        Files.createDirectory(data);
        Files.createFile(data.resolve("letter"));
        assertRefused(store("check"), "has no file FORMAT that names an engine: it is no store");
    }

    @Test
    void knowsWhoseStoreItIs() throws Exception {
        Files.createDirectory(data);
        Files.writeString(data.resolve("FORMAT"), "dunlin-stone 1\n");
        String sentence = "the store in " + data + " belongs to stone, which is not here, only: ";
        assertRefused(store("check"), sentence);
        assertRefused(Child.broker("--port", "0", "--data", data.toString()), sentence);
        assertThat(names(data)).containsExactly("FORMAT");
    }

    @Test
    void refusesAStoreOfAnotherEngineThanItWasTold() throws Exception {
        List<String> engines =
                engines().stream().map(StorageEngineProvider.Named::name).toList();
        assumeTrue(engines.size() > 1, "there is one engine only");
        retain("door");
        String other = engines.stream()
                .filter(name -> !name.equals("rocksdb"))
                .findFirst()
                .orElseThrow();
        Ended told = run(store("check", "--store", other));
        assertThat(told.code()).isEqualTo(2);
        assertThat(told.err()).singleElement().asString().contains("is one of rocksdb, not of " + other);
        assertRefused(
                Child.broker("--port", "0", "--data", data.toString(), "--store", other),
                "belongs to rocksdb, not to " + other + ": start with --store rocksdb, or move it with \"dunlin store"
                        + " dump --data " + data);
    }

    @Test
    void explainsTheCommands() throws Exception {
        Ended help = run(Child.broker("store", "--help"));
        for (String command : List.of("check", "recover", "stats", "dump", "load")) {
            assertThat(help.out()).anyMatch(line -> line.contains(command));
            assertThat(run(Child.broker("store", command, "--help")).out()).anyMatch(line -> line.contains("--data"));
        }
        Ended none = run(Child.broker("store"));
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).singleElement().asString().contains("check, recover, stats, dump, load");
    }

    // ---- helpers

    private ProcessBuilder store(String command, String... more) {
        ProcessBuilder builder = Child.broker("store", command, "--data", data.toString());
        builder.command().addAll(List.of(more));
        return builder;
    }

    private static List<StorageEngineProvider.Named> engines() {
        return ServiceLoader.load(StorageEngineProvider.Named.class).stream()
                .map(ServiceLoader.Provider::get)
                .sorted(Comparator.comparing(StorageEngineProvider.Named::name))
                .toList();
    }

    private static StorageEngineProvider.Named rocksDb() {
        return engines().stream()
                .filter(each -> each.name().equals("rocksdb"))
                .findAny()
                .orElseThrow();
    }

    /** A store with these retained messages. */
    private void retain(String... topics) throws Exception {
        try (Broker broker = Broker.builder().storage(rocksDb().at(data)).start()) {
            for (String topic : topics) {
                broker.local()
                        .publish(Message.builder(topic)
                                .payload("open")
                                .qos(QoS.AT_LEAST_ONCE)
                                .retain(true)
                                .build())
                        .toCompletableFuture()
                        .join();
            }
        }
    }

    private static List<String> names(Path folder) throws Exception {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static String portOf(Child broker) throws Exception {
        String line = broker.readLine();
        return line.substring(line.lastIndexOf(':') + 1);
    }

    private static List<String> mosquitto(String port, String... command) throws Exception {
        List<String> whole = new ArrayList<>(List.of(command));
        whole.addAll(1, List.of("-V", "5", "-p", port));
        Ended ended = run(new ProcessBuilder(whole));
        assertThat(ended.code()).as("%s", ended).isZero();
        return ended.out();
    }
}
