package dev.dunlin.benchmarks.trees;

import dev.dunlin.benchmarks.trees.Trees.Contestant;
import dev.dunlin.benchmarks.trees.Trees.Figure;
import dev.dunlin.benchmarks.trees.Trees.Run;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Medians of what was measured, one line per question, and what the peers take as a multiple of ours. */
final class TreeTable {
    private static final Map<String, String> QUESTIONS = Map.of(
            "bytes-per-subscription", "bytes of heap per subscription",
            "match-cold", "match, a topic long not seen, 18 listeners: ns",
            "match-hot", "match, the same 16 topics: ns",
            "nobody-cold", "match, nobody listens: ns",
            "command-cold", "match, one device and three dashboards: ns",
            "subscribe", "subscribe: ns",
            "unsubscribe", "unsubscribe: ns",
            "crowd-each", "match, one topic with the crowd: ns per subscriber",
            "crowd-subscribe", "subscribe where the crowd is: ns",
            "crowd-unsubscribe", "unsubscribe there: ns");

    private TreeTable() {}

    static String of(Map<Contestant, List<Run>> runs) {
        String titles = Arrays.stream(Contestant.values())
                .map(each -> each.title + " | ")
                .collect(Collectors.joining());
        StringBuilder table = new StringBuilder("| | " + titles + "HiveMQ to ours | Moquette to ours |\n");
        table.append("|---")
                .append("|--:".repeat(Contestant.values().length + 2))
                .append("|\n");
        for (String question : runs(runs, Contestant.DUNLIN).get(0).figures().keySet()) {
            requireSameClients(question, runs);
            table.append(line(question, runs));
        }
        return table.toString();
    }

    /** A tree that finds fewer is no faster one. */
    private static void requireSameClients(String question, Map<Contestant, List<Run>> runs) {
        double meant = meant(question, runs(runs, Contestant.DUNLIN).get(0));
        runs.forEach((contestant, all) -> all.forEach(run -> {
            if (meant(question, run) != meant) {
                throw new IllegalStateException(question + ": ours means " + meant + " clients, " + contestant.title
                        + " " + meant(question, run));
            }
        }));
    }

    private static List<Run> runs(Map<Contestant, List<Run>> runs, Contestant contestant) {
        return Objects.requireNonNull(runs.get(contestant), contestant.title);
    }

    private static double meant(String question, Run run) {
        return figure(question, run).meant();
    }

    private static Figure figure(String question, Run run) {
        Figure figure = run.figures().get(question);
        if (figure == null) {
            throw new IllegalStateException("no answer to " + question);
        }
        return figure;
    }

    private static String line(String question, Map<Contestant, List<Run>> runs) {
        String figures = Arrays.stream(Contestant.values())
                .map(each -> cell(question, runs(runs, each)) + " | ")
                .collect(Collectors.joining());
        double ours = median(question, runs(runs, Contestant.DUNLIN), Figure::value);
        return "| %s | %s%s | %s |%n"
                .formatted(
                        QUESTIONS.getOrDefault(question, question),
                        figures,
                        number(median(question, runs(runs, Contestant.HIVEMQ), Figure::value) / ours),
                        number(median(question, runs(runs, Contestant.MOQUETTE), Figure::value) / ours));
    }

    private static String cell(String question, List<Run> runs) {
        String value = number(median(question, runs, Figure::value));
        boolean isTime = !question.startsWith("bytes");
        return isTime ? value + " (" + number(median(question, runs, Figure::allocated)) + " B)" : value;
    }

    private static double median(String question, List<Run> runs, ToDoubleFunction<Figure> part) {
        double[] sorted = runs.stream()
                .map(run -> figure(question, run))
                .mapToDouble(part)
                .sorted()
                .toArray();
        return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : value >= 10 || value == 0 ? "%.0f" : "%.1f", value);
    }
}
