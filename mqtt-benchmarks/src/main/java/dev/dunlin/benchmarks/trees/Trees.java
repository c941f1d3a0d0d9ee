package dev.dunlin.benchmarks.trees;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code ./bench --trees}: how our topic tree does beside those of HiveMQ CE and Moquette. Runs each in a JVM of its own, one
 * after the other, round by round, and makes one table of medians with ratios. Fails if they don't mean the same clients.
 */
public final class Trees {
    private final Path root;
    private final Size size;

    /**
     * A comparison.
     *
     * @param root the folder of the project, where everything is built
     */
    public Trees(Path root, Size size) {
        this.root = root;
        this.size = size;
    }

    /** How much is measured. */
    public enum Size {
        /** A million subscriptions, a topic with 100,000 subscribers; a minute or two per tree and round. */
        FULL("1000000", "100000", "200"),
        /** Only whether it works. */
        TINY("1000", "100", "1");

        private final String subscriptions;
        private final String crowd;
        private final String iterationMs;

        Size(String subscriptions, String crowd, String iterationMs) {
            this.subscriptions = subscriptions;
            this.crowd = crowd;
            this.iterationMs = iterationMs;
        }

        Stream<String> arguments() {
            return Stream.of(subscriptions, crowd, iterationMs);
        }
    }

    /** Who takes part. */
    enum Contestant {
        DUNLIN("ours", DunlinTree.class.getName()),
        VISIT("ours, visited", DunlinTree.class.getName()),
        HIVEMQ("HiveMQ CE 2025.5", "HivemqTree"),
        MOQUETTE("Moquette 0.17", "MoquetteTree");

        final String title;
        private final String mainClass;

        Contestant(String title, String mainClass) {
            this.title = title;
            this.mainClass = mainClass;
        }

        List<String> command(Path root, Size size) {
            Stream<String> java = Stream.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xms4g",
                    "-Xmx4g",
                    "-XX:+UseG1GC",
                    "-cp",
                    classPath(root.resolve("mqtt-benchmarks/target/peers").resolve(name().toLowerCase(Locale.ROOT))),
                    mainClass);
            Stream<String> last = this == VISIT ? Stream.of(DunlinTree.VISIT) : Stream.of();
            return Stream.of(java, size.arguments(), last).flatMap(each -> each).toList();
        }

        private String classPath(Path peer) {
            return this == DUNLIN || this == VISIT ? System.getProperty("java.class.path") : peer + ":" + peer + "/*";
        }
    }

    /** The figures of one run, by the names of the questions. */
    record Run(Map<String, Figure> figures) {
        private static final Pattern LINE = Pattern.compile("(\\S+) (\\S+) (\\S+) (\\S+)\\R?");

        /** What {@link TreeRun} has printed. */
        static Run parse(String lines) {
            Map<String, Figure> figures = new LinkedHashMap<>();
            Matcher line = LINE.matcher(lines);
            while (line.find()) {
                figures.put(
                        line.group(1),
                        new Figure(
                                Double.parseDouble(line.group(2)),
                                Double.parseDouble(line.group(3)),
                                Double.parseDouble(line.group(4))));
            }
            return new Run(figures);
        }
    }

    /**
     * An answer.
     *
     * @param value nanoseconds, or bytes
     * @param allocated bytes per operation
     * @param meant clients per match
     */
    record Figure(double value, double allocated, double meant) {}

    /** Runs all in turn; returns a table in Markdown. */
    public String measure(int rounds) throws IOException, InterruptedException {
        Map<Contestant, List<Run>> runs = new EnumMap<>(Contestant.class);
        for (int round = 1; round <= rounds; round++) {
            for (Contestant each : Contestant.values()) {
                Run run = run(each);
                runs.computeIfAbsent(each, none -> new ArrayList<>()).add(run);
                System.err.printf("%s, %d of %d: %s%n", each.title, round, rounds, run.figures());
            }
        }
        return TreeTable.of(runs);
    }

    private Run run(Contestant contestant) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(contestant.command(root, size))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(contestant.title + " has failed");
        }
        return Run.parse(printed);
    }
}
