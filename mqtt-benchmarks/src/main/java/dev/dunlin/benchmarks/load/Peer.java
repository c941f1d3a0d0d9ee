package dev.dunlin.benchmarks.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A broker that can be started: ours, or one that it is measured beside. Those on the JVM have a folder below {@code peers/}
 * with a class path of their own, and a script {@code start} that says at its head how they are configured, and why.
 */
enum Peer {
    DUNLIN("memory = --store memory; durable = --store rocksdb, a write is on the disk before it is acknowledged") {
        @Override
        List<String> command(Path root, Path data, int port, boolean durable) {
            List<String> start = List.of(root.resolve("dunlin").toString(), "--port", String.valueOf(port), "--store");
            return durable ? with(start, "rocksdb", "--data", data.toString()) : with(start, "memory");
        }
    },

    MOSQUITTO("no persistence, set_tcp_nodelay true, queues and in-flight windows without bounds, logs errors only") {
        @Override
        List<String> command(Path root, Path data, int port, boolean durable) throws IOException {
            Path file = data.resolve("mosquitto.conf");
            Files.write(
                    file,
                    List.of(
                            "listener " + port + " 127.0.0.1",
                            "allow_anonymous true",
                            "set_tcp_nodelay true",
                            "max_queued_messages 0",
                            "max_inflight_messages 0",
                            "log_type error"));
            return List.of(executable(), "-c", file.toString());
        }

        private static String executable() {
            return List.of("/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin").stream()
                    .map(folder -> Path.of(folder, "mosquitto"))
                    .filter(Files::isExecutable)
                    .findFirst()
                    .orElseThrow(() ->
                            new IllegalStateException("mosquitto isn't installed (Debian's package of that name)"))
                    .toString();
        }

        @Override
        boolean canRun(Scenario scenario) {
            return !scenario.isDurable(); // it writes its state every half hour, or when it ends
        }

        @Override
        boolean isJvm() {
            return false;
        }
    },

    HIVEMQ("CE 2025.5: memory = in-memory persistence; durable = file persistence, synced once a second"),

    MOQUETTE("0.17: no persistence") {
        @Override
        boolean canRun(Scenario scenario) {
            return !scenario.needs5() && !scenario.isDurable(); // a kill loses what it has acknowledged
        }
    },

    ARTEMIS("2.55.0: memory = persistence off; durable = NIO journal, synced before it acknowledges");

    private final String configuration;

    Peer(String configuration) {
        this.configuration = configuration;
    }

    /** Its name on the command line and in the table. */
    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Peer named(String id) {
        return Arrays.stream(values())
                .filter(each -> each.id().equals(id))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("no broker " + id + "; there are "
                        + Arrays.stream(values()).map(Peer::id).toList()));
    }

    /** How it is configured, in a few words. */
    String configuration() {
        return configuration;
    }

    /** Whether it can do that at all. */
    boolean canRun(Scenario scenario) {
        return true;
    }

    /** Whether it is only at its best when it has run for a while. */
    boolean isJvm() {
        return true;
    }

    /**
     * What starts it.
     *
     * @param root the folder of the project
     * @param data an empty folder for its files
     * @param durable whether what it acknowledges is to survive it
     * @throws IllegalStateException if it isn't there, with what to install
     */
    List<String> command(Path root, Path data, int port, boolean durable) throws IOException {
        String start = root.resolve("mqtt-benchmarks/peers")
                .resolve(id())
                .resolve("start")
                .toString();
        return List.of(start, String.valueOf(port), data.toString(), durable ? "durable" : "memory");
    }

    /** Gets what it consists of, if that isn't there: so that no start that is measured has to. */
    void prepare(Path root) throws IOException, InterruptedException {
        Path peers = root.resolve("mqtt-benchmarks/peers");
        if (Files.isDirectory(peers.resolve(id()))) {
            Process resolve = new ProcessBuilder(peers.resolve("resolve").toString(), id())
                    .inheritIO()
                    .start();
            if (resolve.waitFor() != 0) {
                throw new IllegalStateException(id() + " can't be resolved");
            }
        }
    }

    private static List<String> with(List<String> command, String... more) {
        return Stream.concat(command.stream(), Arrays.stream(more)).toList();
    }
}
