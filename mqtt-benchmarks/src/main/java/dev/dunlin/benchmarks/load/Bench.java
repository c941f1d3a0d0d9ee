package dev.dunlin.benchmarks.load;

import dev.dunlin.benchmarks.trees.Trees;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code ./bench}: starts each broker anew for each run, warms it up, measures it, and takes the brokers in turn, round by
 * round, so that what the machine does besides meets all of them alike.
 */
@Command(
        name = "bench",
        description = "Measures our broker beside others and prints one table: medians of alternated runs.",
        sortOptions = false)
public final class Bench implements Callable<Integer> {
    private static final int NATIVE_WARMUP_SECONDS = 3;

    @Option(
            names = "--peers",
            split = ",",
            paramLabel = "NAME",
            description = "Brokers (default dunlin,mosquitto); also hivemq, moquette, artemis.")
    List<String> peers = List.of("dunlin", "mosquitto");

    @Option(
            names = "--scenarios",
            split = ",",
            paramLabel = "NAME",
            description = "Scenarios, in this order (default all).")
    List<String> scenarios = Arrays.stream(Scenario.values()).map(Scenario::id).toList();

    @Option(names = "--rounds", paramLabel = "N", description = "Runs of each broker and scenario (default 5).")
    int rounds = 5;

    @Option(names = "--warmup", paramLabel = "SECONDS", description = "Load before the measured time (default 20).")
    int warmupSeconds = 20;

    @Option(names = "--seconds", paramLabel = "SECONDS", description = "Measured time (default 8).")
    int seconds = 8;

    @Option(
            names = "--trees",
            description = "Measure topic trees instead, ours, HiveMQ's and Moquette's, in JVMs of their own.")
    boolean trees;

    @Option(names = "--root", hidden = true)
    Path root = Path.of("");

    @Option(names = "--help", usageHelp = true, description = "Print this text and exit.")
    boolean help;

    /** Exit codes: 0 measured, 1 our broker lost, doubled or reordered something, 2 wrong usage or something is missing. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Bench())
                .setExecutionExceptionHandler((e, line, parsed) -> {
                    System.err.println("bench: " + e.getMessage());
                    return CommandLine.ExitCode.USAGE;
                })
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        return trees ? measureTrees() : measureBrokers();
    }

    private int measureTrees() throws IOException, InterruptedException {
        for (Peer peer : List.of(Peer.HIVEMQ, Peer.MOQUETTE)) {
            peer.prepare(root.toAbsolutePath());
        }
        String text = "%s. Medians of %d runs.%n%n%s"
                .formatted(machine(), rounds, new Trees(root.toAbsolutePath(), Trees.Size.FULL).measure(rounds));
        Path folder = Files.createDirectories(root.toAbsolutePath().resolve("target/bench"));
        Files.writeString(folder.resolve("trees.md"), text);
        System.out.print(text);
        return CommandLine.ExitCode.OK;
    }

    private int measureBrokers() throws IOException, InterruptedException {
        List<Peer> brokers = peers.stream().map(Peer::named).toList();
        List<Scenario> asked = scenarios.stream().map(Scenario::named).toList();
        Path folder = root.toAbsolutePath().resolve("target/bench");
        Generator generator = Generator.compile(root.resolve("mqtt-benchmarks/src/main/c/mqload.c"), folder);
        for (Peer peer : brokers) {
            peer.prepare(root.toAbsolutePath());
        }
        Report report = new Report(brokers);
        for (Scenario scenario : asked) {
            for (int round = 1; round <= rounds; round++) {
                for (Peer peer :
                        brokers.stream().filter(each -> each.canRun(scenario)).toList()) {
                    Figures figures = run(peer, scenario, generator, folder);
                    report.add(scenario, peer, figures);
                    tell(peer, scenario, round, figures);
                }
            }
        }
        String text = heading(brokers) + report.table();
        Files.writeString(folder.resolve("report.md"), text);
        System.out.print(text);
        return report.hasFaults(Peer.DUNLIN) ? 1 : 0;
    }

    private void tell(Peer peer, Scenario scenario, int round, Figures figures) {
        Scenario.Measure first = scenario.measures().get(0);
        System.err.printf(
                "%s, %s, %d of %d: %s %s %s%n",
                scenario.title(),
                peer.id(),
                round,
                rounds,
                figures.get(first.key()),
                first.unit(),
                figures.faults().isEmpty() ? "" : figures.faults());
    }

    private Figures run(Peer peer, Scenario scenario, Generator generator, Path folder)
            throws IOException, InterruptedException {
        Path data = Files.createTempDirectory(folder, peer.id());
        try {
            int port = RunningBroker.freePort();
            Path log = folder.resolve(peer.id() + ".log");
            List<String> command = peer.command(root.toAbsolutePath(), data, port, scenario.isDurable());
            Stream<String> to = Stream.of("--port", String.valueOf(port));
            if (scenario.startsBroker()) {
                return startedByGenerator(generator, Stream.concat(to, scenario.arguments(0, 0)), command, log);
            }
            try (RunningBroker broker = RunningBroker.start(command, port, log)) {
                String pid = String.valueOf(broker.pid());
                if (scenario.warmsUpFirst() && peer.isJvm()) {
                    warmUp(generator, broker);
                }
                Stream<String> all = Stream.concat(to, Stream.of("--broker-pid", pid));
                return generator.run(Stream.concat(all, scenario.arguments(warmupSeconds(peer), seconds)));
            }
        } finally {
            delete(data);
        }
    }

    /** What is compiled ahead of time only has to have its connections and its memory. */
    private int warmupSeconds(Peer peer) {
        return peer.isJvm() ? warmupSeconds : Math.min(warmupSeconds, NATIVE_WARMUP_SECONDS);
    }

    /** Connections and retained messages for about the time of a warm-up, so that a JVM has compiled what is measured next. */
    private void warmUp(Generator generator, RunningBroker broker) throws IOException, InterruptedException {
        String port = String.valueOf(broker.port());
        long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(warmupSeconds);
        do {
            generator.run(Stream.of("--port", port, "--scenario", "storm", "--clients", "10000"));
            generator.run(Stream.of("--port", port, "--scenario", "retained", "--qos", "1", "--messages", "20000"));
        } while (System.nanoTime() < endNs);
    }

    /** The generator starts the broker, through a shell, and leaves it running. */
    private static Figures startedByGenerator(
            Generator generator, Stream<String> arguments, List<String> command, Path log)
            throws IOException, InterruptedException {
        String pinned = Stream.concat(Cores.pinned(0).stream(), command.stream())
                .map(word -> "'" + word + "'")
                .collect(Collectors.joining(" "));
        Figures figures =
                generator.run(Stream.concat(arguments, Stream.of("--start-cmd", pinned + " >'" + log + "' 2>&1")));
        ProcessHandle started = ProcessHandle.of((long) figures.get("pid")).orElseThrow();
        started.destroy();
        started.onExit().join();
        return figures;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private String heading(List<Peer> brokers) throws IOException, InterruptedException {
        String configurations = brokers.stream()
                .map(peer -> "- " + peer.id() + ": " + peer.configuration() + '\n')
                .collect(Collectors.joining());
        return "%s. Medians of %d runs, %d s of warm-up, %d s measured%s.%n%n%s%n"
                .formatted(
                        machine(),
                        rounds,
                        warmupSeconds,
                        seconds,
                        Cores.canPin() ? "; broker and generator on a core each" : "; broker and generator not pinned",
                        configurations);
    }

    /** When, what and where. */
    private String machine() throws IOException, InterruptedException {
        return "%s, commit %s, %s, %d cores, Linux %s, JDK %s"
                .formatted(
                        LocalDate.now(ZoneOffset.UTC),
                        commit(),
                        processor(),
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.version"),
                        System.getProperty("java.version"));
    }

    private String commit() throws IOException, InterruptedException {
        Process git = new ProcessBuilder(
                        "git", "-C", root.toAbsolutePath().toString(), "describe", "--always", "--dirty")
                .start();
        String printed = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return git.waitFor() == 0 ? printed : "unknown";
    }

    private static String processor() throws IOException {
        Path file = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(file)) {
            return System.getProperty("os.arch");
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 2))
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        }
    }
}
