package dev.dunlin.benchmarks.load;

import dev.dunlin.benchmarks.load.Scenario.Measure;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects runs, and makes one table of their medians, with the ratio of ours to each peer's. */
final class Report {
    private final List<Peer> peers;
    private final Map<Scenario, Map<Peer, List<Figures>>> runs = new LinkedHashMap<>();

    Report(List<Peer> peers) {
        this.peers = peers;
    }

    void add(Scenario scenario, Peer peer, Figures figures) {
        runs.computeIfAbsent(scenario, each -> new LinkedHashMap<>())
                .computeIfAbsent(peer, each -> new ArrayList<>())
                .add(figures);
    }

    /** Whether a run lost, doubled or reordered something, or a broker refused or disconnected somebody. */
    boolean hasFaults(Peer peer) {
        return runs.values().stream()
                .flatMap(each -> each.getOrDefault(peer, List.of()).stream())
                .anyMatch(figures -> !figures.faults().isEmpty());
    }

    /** The table, in Markdown: a line for each figure of each scenario. */
    String table() {
        StringBuilder text = new StringBuilder("| scenario | figure |");
        peers.forEach(peer -> text.append(' ').append(peer.id()).append(" |"));
        others().forEach(peer -> text.append(" dunlin / ").append(peer.id()).append(" |"));
        text.append(" spread of ours |\n|---|---|").append("--:|".repeat(peers.size() + others().size() + 1));
        runs.forEach((scenario, byPeer) -> {
            for (Measure measure : scenario.measures()) {
                line(text, scenario, measure, byPeer);
            }
            faults(text, scenario, byPeer);
        });
        return text.append('\n').toString();
    }

    private List<Peer> others() {
        return peers.contains(Peer.DUNLIN)
                ? peers.stream().filter(peer -> peer != Peer.DUNLIN).toList()
                : List.of();
    }

    private void line(StringBuilder text, Scenario scenario, Measure measure, Map<Peer, List<Figures>> byPeer) {
        text.append("\n| ")
                .append(scenario.title())
                .append(" | ")
                .append(measure.unit())
                .append(" |");
        for (Peer peer : peers) {
            text.append(' ').append(number(median(measure, byPeer.get(peer)))).append(" |");
        }
        Double ours = median(measure, byPeer.get(Peer.DUNLIN));
        for (Peer peer : others()) {
            Double theirs = median(measure, byPeer.get(peer));
            Double ratio = ours == null || theirs == null || theirs == 0 ? null : Double.valueOf(ours / theirs);
            text.append(' ').append(number(ratio)).append(" |");
        }
        text.append(' ').append(spread(measure, byPeer.get(Peer.DUNLIN))).append(" |");
    }

    private void faults(StringBuilder text, Scenario scenario, Map<Peer, List<Figures>> byPeer) {
        for (Peer peer : peers) {
            List<String> faults = byPeer.getOrDefault(peer, List.of()).stream()
                    .map(Figures::faults)
                    .flatMap(Collection::stream)
                    .toList();
            if (!faults.isEmpty()) {
                text.append("\n| ")
                        .append(scenario.title())
                        .append(" | faults of ")
                        .append(peer.id())
                        .append(" | ");
                text.append(String.join(", ", faults)).append(" |").append(" |".repeat(peers.size() + others().size()));
            }
        }
    }

    private static @Nullable Double median(Measure measure, @Nullable List<Figures> runs) {
        List<Double> sorted = sorted(measure, runs);
        int n = sorted.size();
        return n == 0 ? null : (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
    }

    private static List<Double> sorted(Measure measure, @Nullable List<Figures> runs) {
        return runs == null
                ? List.of()
                : runs.stream().map(each -> each.get(measure.key())).sorted().toList();
    }

    private static String spread(Measure measure, @Nullable List<Figures> runs) {
        List<Double> sorted = sorted(measure, runs);
        return sorted.isEmpty() ? "" : number(sorted.get(0)) + " to " + number(sorted.get(sorted.size() - 1));
    }

    /** With three digits that count. */
    private static String number(@Nullable Double value) {
        if (value == null) {
            return "-";
        }
        double size = Math.abs(value);
        return String.format(
                Locale.ROOT, size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f", value);
    }
}
