package dev.dunlin.server;

import static dev.dunlin.server.Child.assertRefused;
import static dev.dunlin.server.Child.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Child.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The store of the runnable broker, as users meet it: it outlives the process, and what is in its way is one line. */
final class StoreTest {
    private static final String READY = "dunlin listening on tcp://127.0.0.1:";
    private static final List<String> SLEEPER =
            List.of("mosquitto_sub", "-V", "5", "-i", "sleeper", "-c", "-x", "3600", "-q", "2", "-t", "home/#");

    @TempDir
    private Path temp;

    @ParameterizedTest
    @CsvSource({"KILL,power", "TERM,power", "KILL,process", "TERM,process"})
    @RequiresTool({"mosquitto_pub", "mosquitto_sub"})
    void keepsWhatItAcknowledged(String signal, String durability) throws Exception {
        assertKeepsWhatItAcknowledged(broker("--durability", durability), signal, broker());
    }

    /** A broker ends by a signal, and another one is started with the same store. */
    static void assertKeepsWhatItAcknowledged(ProcessBuilder first, String signal, ProcessBuilder second)
            throws Exception {
        try (Child broker = Child.start(first)) {
            String port = portOf(broker);
            client(port, SLEEPER, "-E");
            publish(port, "home/1", "once at least", "-q", "1");
            publish(port, "home/2", "exactly once", "-q", "2");
            publish(port, "door", "open", "-q", "1", "--retain");
            broker.signal(signal).end();
        }
        try (Child broker = Child.start(second)) {
            String port = portOf(broker);
            assertThat(client(port, SLEEPER, "-C", "2", "-F", "%q %t %p"))
                    .containsExactly("1 home/1 once at least", "2 home/2 exactly once");
            assertThat(client(port, List.of("mosquitto_sub"), "-t", "door", "-C", "1"))
                    .containsExactly("open");
            assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
        }
    }

    @Test
    void leavesNothingInTheTemporaryFolderWhenItIsKilled() throws Exception {
        Path tmp = Files.createDirectory(temp.resolve("tmp"));
        ProcessBuilder command = broker();
        command.command().add(1, "-Djava.io.tmpdir=" + tmp);
        try (Child broker = Child.start(command)) {
            portOf(broker);
            broker.signal("KILL").end();
        }
        assertThat(tmp).isEmptyDirectory();
    }

    @Test
    void saysAtInfoWhereTheDataIs() throws Exception {
        ProcessBuilder command = broker();
        command.environment().put("DUNLIN_LOG", "info");
        try (Child broker = Child.start(command)) {
            portOf(broker);
            assertThat(broker.terminate().end().err())
                    .anyMatch(line -> line.contains("store: rocksdb in " + data() + ", durability POWER"));
        }
    }

    // ---- what is in the way

    @Test
    void refusesAStoreThatIsInUse() throws Exception {
        try (Child broker = Child.start(broker())) {
            portOf(broker);
            assertRefused(broker(), "the store in " + data() + " is open already");
            assertRefused(recover(), "the store in " + data() + " is open already");
        }
    }

    @Test
    void refusesAFolderThatCannotBeMade() throws Exception {
        Files.createFile(data());
        assertRefused(broker(), data().toString());
        Files.delete(data());
        Path file = Files.createFile(temp.resolve("file"));
        assertRefused(Child.broker("--port", "0", "--data", file.resolve("data").toString()), file.toString());
    }

    @Test
    void refusesAFolderOfSomethingElse() throws Exception {
        Files.createDirectory(data());
        Files.createFile(data().resolve("letter.txt"));
        assertRefused(broker(), "it is no store of this kind");
        assertRefused(recover(), "has no file FORMAT that names an engine: it is no store");
    }

    @Test
    void refusesAStoreOfANewerVersion() throws Exception {
        runOnce();
        Files.writeString(data().resolve("FORMAT"), "dunlin-rocksdb 99\n");
        assertRefused(broker(), "has the format \"dunlin-rocksdb 99\"");
    }

    @Test
    @RequiresTool("mosquitto_pub")
    void refusesADamagedStoreUntilItIsRecovered() throws Exception {
        try (Child broker = Child.start(broker())) {
            String port = portOf(broker);
            for (int i = 0; i < 5; i++) {
                publish(port, "home/" + i, "x".repeat(100), "-q", "1", "--retain");
            }
            broker.terminate().end();
        }
        flipAByteInTheMiddle(largestLog());

        assertRefused(broker(), "\"dunlin store recover --data " + data() + "\"");

        Ended recovered = run(recover());
        assertThat(recovered.code()).isZero();
        assertThat(recovered.err()).isEmpty();
        assertThat(String.join("\n", recovered.out()))
                .startsWith("the store in " + data() + " can be used again\nwhat was wrong: ")
                .containsPattern("\ncut: [1-9][0-9]* bytes\n")
                .contains("\nset aside: " + data().resolve("damaged-"))
                .containsPattern("\nlost: something that had been stored for certain, at worst all that was"
                        + " acknowledged after 20[-0-9]+T[:0-9]+Z\n")
                .containsPattern("\nit ends at: 20[-0-9]+T[:0-9]+Z\n")
                .containsPattern("\nit holds: 0 sessions, [0-4] retained messages?, 0 queued messages\n")
                .endsWith("\nnext: dunlin store check --data " + data());
        assertThat(run(Child.broker("store", "check", "--data", data().toString()))
                        .code())
                .isZero();
        runOnce();
    }

    // ---- recovery

    @Test
    void recoversNothingFromASoundStore() throws Exception {
        runOnce();
        Ended ended = run(recover());
        assertThat(ended.code()).isZero();
        assertThat(ended.err()).isEmpty();
        assertThat(ended.out())
                .startsWith("the store in " + data() + " is sound, nothing was changed")
                .contains("it holds: 0 sessions, 0 retained messages, 0 queued messages")
                .hasSize(4);
    }

    @Test
    void recoversNothingFromNothing() throws Exception {
        assertRefused(recover(), "there is no store in " + data());
        assertThat(data()).doesNotExist();
        Files.createDirectory(data());
        assertRefused(recover(), "there is no store in " + data());
        assertThat(data()).isEmptyDirectory();
    }

    @Test
    void explainsItself() throws Exception {
        assertThat(run(Child.broker("store", "--help")).out()).anyMatch(line -> line.contains("recover"));
        assertThat(run(Child.broker("store", "recover", "--help")).out()).anyMatch(line -> line.contains("--data"));
    }

    // ---- helpers

    private Path data() {
        return temp.resolve("data");
    }

    private ProcessBuilder broker(String... options) {
        ProcessBuilder builder = Child.broker("--port", "0", "--data", data().toString());
        builder.command().addAll(List.of(options));
        return builder;
    }

    private ProcessBuilder recover() {
        return Child.broker("store", "recover", "--data", data().toString());
    }

    /** Starts and stops a broker that has nothing to say. */
    private void runOnce() throws Exception {
        try (Child broker = Child.start(broker())) {
            portOf(broker);
            assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
        }
    }

    private static String portOf(Child broker) throws Exception {
        String line = broker.readLine();
        assertThat(line).startsWith(READY);
        return line.substring(READY.length());
    }

    private static void publish(String port, String topic, String payload, String... options) throws Exception {
        client(port, List.of("mosquitto_pub", "-V", "5", "-t", topic, "-m", payload), options);
    }

    /** Runs a command of Mosquitto's to its good end. Returns what it printed. */
    private static List<String> client(String port, List<String> command, String... options) throws Exception {
        List<String> whole = new ArrayList<>(command);
        whole.addAll(List.of("-p", port));
        whole.addAll(List.of(options));
        Ended ended = run(new ProcessBuilder(whole));
        assertThat(ended.code()).as("%s", ended).isZero();
        return ended.out();
    }

    private Path largestLog() throws IOException {
        try (Stream<Path> files = Files.list(data())) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .max(Comparator.comparing(file -> file.toFile().length()))
                    .orElseThrow();
        }
    }

    private static void flipAByteInTheMiddle(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
    }
}
