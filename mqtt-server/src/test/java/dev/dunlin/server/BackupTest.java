package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Child.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code dunlin store backup}, as users meet it: beside a running broker, and without one. */
final class BackupTest {
    private static final String READY = "dunlin listening on tcp://127.0.0.1:";
    private static final List<String> SLEEPER =
            List.of("mosquitto_sub", "-V", "5", "-i", "sleeper", "-c", "-x", "3600", "-q", "2", "-t", "home/#");

    @TempDir
    private Path temp;

    @Test
    @RequiresTool({"mosquitto_pub", "mosquitto_sub"})
    void copiesTheStoreOfARunningBrokerAgainAndAgain() throws Exception {
        try (Child broker = Child.start(broker(data()))) {
            String port = portOf(broker);
            client(port, SLEEPER, "-E");
            publish(port, "home/1", "once at least", 1);
            publish(port, "home/2", "exactly once", 2);
            assertBackedUp(run(backup("copy 1")), "copy 1", true);
            publish(port, "home/3", "later", 1);
            assertBackedUp(run(backup("copy 2")), "copy 2", true);
            assertHolds(copy("copy 1"), "1 home/1 once at least", "2 home/2 exactly once");
            assertHolds(copy("copy 2"), "1 home/1 once at least", "2 home/2 exactly once", "1 home/3 later");
            assertThat(client(port, SLEEPER, "-C", "3", "-F", "%q %t %p"))
                    .containsExactlyInAnyOrder("1 home/1 once at least", "2 home/2 exactly once", "1 home/3 later");
            assertThat(broker.terminate().end()).isEqualTo(new Ended(0, List.of(), List.of()));
        }
        assertThat(data().resolve("dunlin.sock")).doesNotExist();
    }

    @Test
    @RequiresTool({"mosquitto_pub", "mosquitto_sub"})
    void copiesTheStoreOfABrokerThatWasStoppedOrKilled() throws Exception {
        try (Child broker = Child.start(broker(data()))) {
            client(portOf(broker), SLEEPER, "-E");
            broker.terminate().end();
        }
        for (String signal : List.of("TERM", "KILL")) {
            try (Child broker = Child.start(broker(data()))) {
                String port = portOf(broker);
                publish(port, "home/" + signal, "hi", 2);
                broker.signal(signal).end();
            }
            assertThat(Files.exists(data().resolve("dunlin.sock"))).isEqualTo(signal.equals("KILL"));
            assertBackedUp(run(backup(signal)), signal, false);
        }
        assertHolds(copy("TERM"), "2 home/TERM hi");
        assertHolds(copy("KILL"), "2 home/TERM hi", "2 home/KILL hi");
        try (Child broker = Child.start(broker(data()))) { // in the place of the socket that was left
            portOf(broker);
            assertBackedUp(run(backup("third")), "third", true);
        }
    }

    @Test
    void takesTheFolderRelativeToWhereTheCommandRuns() throws Exception {
        Path here = Files.createDirectory(temp.resolve("here"));
        try (Child broker = Child.start(broker(data()))) {
            portOf(broker);
            ProcessBuilder command = Child.broker("store", "backup", "--data", "../data", "--to", "copy");
            assertThat(run(command.directory(here.toFile())).code()).isZero();
        }
        assertThat(here.resolve("copy/FORMAT")).exists();
    }

    @Test
    void twoAtATimeAreOneAfterTheOtherOrRefused() throws Exception {
        try (Child broker = Child.start(broker(data()))) {
            portOf(broker);
            int made = 0;
            try (Child one = Child.start(backup("one"));
                    Child two = Child.start(backup("two"))) {
                for (Child each : List.of(one, two)) {
                    Ended ended = each.end();
                    if (ended.code() == 0) {
                        made++;
                    } else {
                        assertRefused(ended, "a backup is under way already: begin the next one when it is done");
                    }
                }
            }
            assertThat(made).isPositive();
            try (Stream<Path> copies = Files.list(temp)) {
                assertThat(copies.filter(path -> !path.equals(data()))).hasSize(made);
            }
        }
    }

    // ---- what is in the way

    @Test
    void refusesAFolderThatIsNotEmptyOrTheStoresOwn() throws Exception {
        Path letter = Files.createFile(Files.createDirectory(copy("full")).resolve("letter"));
        String full = "the folder " + copy("full") + " for the backup is not empty";
        String own = "the folder " + data().resolve("copy") + " for the backup lies in the store's own folder";
        try (Child broker = Child.start(broker(data()))) {
            portOf(broker);
            assertRefused(run(backup("full")), full);
            assertRefused(run(backup("data/copy")), own);
            broker.terminate().end();
        }
        assertRefused(run(backup("full")), full);
        assertRefused(run(backup("data/copy")), own);
        assertThat(letter).exists();
    }

    @Test
    void refusesWhatIsNoStore() throws Exception {
        assertRefused(run(backup("copy")), "there is no store in " + data());
        assertThat(data()).doesNotExist();
        Files.createDirectory(data());
        assertRefused(run(backup("copy")), "there is no store in " + data());
        Files.writeString(data().resolve("FORMAT"), "dunlin-papyrus 1\n");
        assertRefused(run(backup("copy")), "the store in " + data() + " belongs to papyrus, which is not here");
        assertThat(copy("copy")).doesNotExist();
    }

    @Test
    void saysWhyABrokerCannotBeAsked() throws Exception {
        Path deep = temp.resolve("d".repeat(100));
        try (Child broker = Child.start(broker(deep))) {
            portOf(broker);
            Ended ended = run(backup(deep, "copy"));
            assertRefused(ended, "the store in " + deep + " is open already, in this process or another, and nobody");
            assertThat(ended.err()).singleElement().asString().contains("too long");
            List<String> warnings = broker.terminate().end().err();
            assertThat(warnings)
                    .singleElement()
                    .asString()
                    .contains("there can be no socket " + deep.resolve("dunlin.sock"))
                    .contains("too long");
        }
        assertThat(copy("copy")).doesNotExist();
    }

    @Test
    void usageIsCheckedAndExplained() throws Exception {
        Ended ended = run(Child.broker("store", "backup", "--data", data().toString()));
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err()).singleElement().asString().contains("--to");
        assertThat(run(Child.broker("store", "backup", "--help")).out()).anyMatch(line -> line.contains("--to"));
        Ended none = run(Child.broker("store"));
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).singleElement().asString().contains("recover").contains("backup");
    }

    // ---- on the disk

    @Test
    @RequiresTool("strace")
    void allIsOnTheDiskBeforeItHasItsName() throws Exception {
        try (Child broker = Child.start(broker(data()))) {
            portOf(broker);
            broker.terminate().end();
        }
        Path trace = temp.resolve("trace");
        ProcessBuilder command = backup("below/copy");
        command.command()
                .addAll(0, List.of("strace", "-f", "-y", "-e", "trace=fsync,fdatasync,rename", "-o", trace.toString()));
        assertThat(run(command).code()).isZero();
        List<String> calls = Files.readAllLines(trace);
        Path copy = copy("below/copy");
        Path partial = copy("below/copy.partial").resolve("store");
        int renamed = indexOf(calls, "rename(\"" + partial + "\", \"" + copy + "\")");
        List<String> before = calls.subList(0, renamed);
        try (Stream<Path> files = Files.list(copy)) {
            for (Path file : files.toList()) {
                indexOf(before, "<" + partial.resolve(file.getFileName()) + ">");
            }
        }
        indexOf(before, "<" + partial + ">");
        indexOf(before, "<" + temp + ">"); // which has a new folder
        indexOf(calls.subList(renamed, calls.size()), "<" + copy.getParent() + ">");
    }

    private static int indexOf(List<String> lines, String part) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).contains(part)) {
                return i;
            }
        }
        throw new AssertionError("no " + part + " in " + lines);
    }

    // ---- helpers

    private Path data() {
        return temp.resolve("data");
    }

    private Path copy(String name) {
        return temp.resolve(name);
    }

    private static ProcessBuilder broker(Path data) {
        return Child.broker("--port", "0", "--data", data.toString());
    }

    private ProcessBuilder backup(String copy) {
        return backup(data(), copy);
    }

    private ProcessBuilder backup(Path data, String copy) {
        return Child.broker(
                "store", "backup", "--data", data.toString(), "--to", copy(copy).toString());
    }

    private void assertBackedUp(Ended ended, String name, boolean online) throws IOException {
        assertThat(ended.err()).isEmpty();
        assertThat(ended.code()).isZero();
        List<String> out = new ArrayList<>(ended.out());
        assertThat(out.remove(out.size() - 1))
                .matches("the backup in \\Q" + copy(name) + "\\E holds [1-9][0-9]* bytes and took [0-9]+\\.[0-9] s");
        assertThat(out)
                .isEqualTo(
                        online
                                ? List.of("the broker copies its store to " + copy(name) + " and goes on meanwhile")
                                : List.of());
        assertThat(copy(name + ".partial")).doesNotExist();
    }

    /** A broker on the copy gives the sleeper these. */
    private static void assertHolds(Path copy, String... messages) throws Exception {
        try (Child broker = Child.start(broker(copy))) {
            String port = portOf(broker);
            assertThat(client(port, SLEEPER, "-C", "" + messages.length, "-F", "%q %t %p"))
                    .containsExactlyInAnyOrder(messages);
            publish(port, "home/last", "nothing came before", 1);
            assertThat(client(port, SLEEPER, "-C", "1", "-F", "%t")).containsExactly("home/last");
            broker.terminate().end();
        }
    }

    private static String portOf(Child broker) throws Exception {
        String line = broker.readLine();
        assertThat(line).startsWith(READY);
        return line.substring(READY.length());
    }

    private static void publish(String port, String topic, String payload, int qos) throws Exception {
        client(port, List.of("mosquitto_pub", "-V", "5", "-t", topic, "-m", payload, "-q", "" + qos));
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

    private static Ended run(ProcessBuilder command) throws Exception {
        try (Child child = Child.start(command)) {
            return child.end();
        }
    }

    private static void assertRefused(Ended ended, String message) {
        assertThat(ended.err())
                .singleElement()
                .asString()
                .startsWith("dunlin: ")
                .contains(message);
        assertThat(ended.code()).isEqualTo(1);
    }
}
