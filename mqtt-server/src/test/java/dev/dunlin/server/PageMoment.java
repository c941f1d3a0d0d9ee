package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What is the same in the page and in the answers around it: of one look of the broker at itself. */
record PageMoment(Config shown, Config overview, String metrics) {
    /** All of the page at one time: no script of its runs in between. */
    private static final String SHOWN = """
            ({
              time: document.getElementById('sampled').dateTime,
              tiles: [...document.querySelectorAll('[data-figure]')].map(e => ({ name: e.dataset.figure, text: e.textContent })),
              rows: [...document.querySelectorAll('#figure-list tbody tr')].map(
                row => ({ name: row.cells[0].textContent, value: row.cells[2].textContent })),
            })""";

    static PageMoment of(Browser page, AdministeredBroker broker) {
        return await().until(
                        () -> {
                            Config before = json(broker.get("/api/v1/overview"));
                            Config shown = json(page.evaluate(SHOWN));
                            String metrics = broker.get("/metrics");
                            Config after = json(broker.get("/api/v1/overview"));
                            boolean same = List.of(before, after).stream()
                                    .allMatch(each -> each.getString("time").equals(shown.getString("time")));
                            return same ? new PageMoment(shown, after, metrics) : null;
                        },
                        moment -> moment != null);
    }

    static Config json(String text) {
        return ConfigFactory.parseString(text, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
    }

    /** Those that are known now, by their names with labels. */
    Map<String, Double> rows() {
        return shown.getConfigList("rows").stream()
                .filter(row -> !row.getString("value").isEmpty())
                .collect(Collectors.toMap(row -> row.getString("name"), row -> Double.valueOf(row.getString("value"))));
    }

    Map<String, Double> lines() {
        return metrics.lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split(" "))
                .collect(Collectors.toMap(parts -> parts[0], parts -> Double.valueOf(parts[1])));
    }

    double seconds() {
        return Instant.parse(shown.getString("time")).toEpochMilli() / 1e3;
    }

    Map<String, String> tiles() {
        return texts(shown.getConfigList("tiles"), tile -> tile.getString("name"));
    }

    /** How a person reads the figures that tiles have. */
    Map<String, String> texts() {
        return texts(overview.getConfigList("figures"), figure -> figure.getString("name"));
    }

    private static Map<String, String> texts(List<? extends Config> each, Function<Config, String> name) {
        return each.stream().collect(Collectors.toMap(name, one -> one.getString("text"), (one, other) -> one));
    }

    /** The page shows what {@code /metrics} says, each figure of it, and in its tiles how a person reads it. */
    void assertShownAsInMetrics() {
        Map<String, Double> lines = new HashMap<>(lines());
        assertThat(lines.remove("dunlin_sample_timestamp_seconds")).isEqualTo(seconds());
        assertThat(rows()).hasSizeGreaterThan(50).isEqualTo(lines);
        assertThat(tiles())
                .isNotEmpty()
                .allSatisfy((name, text) -> assertThat(text).as(name).isEqualTo(texts().get(name)));
    }
}
