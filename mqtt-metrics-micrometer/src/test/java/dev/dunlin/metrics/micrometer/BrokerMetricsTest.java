package dev.dunlin.metrics.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class BrokerMetricsTest {
    private final MockClock clock = new MockClock();
    private final MeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);

    @AutoClose
    private final Broker broker = start("one");

    private static Broker start(String name) {
        try {
            return Broker.builder().name(name).loops(1).start();
        } catch (BrokerStartException e) {
            throw new AssertionError(e);
        }
    }

    private void retain(String topic) {
        broker.local()
                .publish(Message.builder(topic)
                        .payload("12345678")
                        .qos(QoS.AT_LEAST_ONCE)
                        .retain(true)
                        .build())
                .toCompletableFuture()
                .join();
    }

    private double retained(MeterRegistry of) {
        return of.get("dunlin.retained.messages").tag("broker", "one").gauge().value();
    }

    @Test
    void readsWhatTheBrokerCounts() {
        new BrokerMetrics(broker).bindTo(registry);
        retain("a");
        assertThatThrownBy(() -> broker.local()
                        .publish(Message.of("$SYS/x", "p"))
                        .toCompletableFuture()
                        .join())
                .isNotNull();
        assertThat(retained(registry)).isEqualTo(1);
        assertThat(registry.get("dunlin.retained.bytes").gauge().value()).isGreaterThan(8);
        assertThat(registry.get("dunlin.dropped")
                        .tag("reason", "refused")
                        .functionCounter()
                        .count())
                .isEqualTo((double) broker.dropped(DropReason.REFUSED))
                .isEqualTo(1);
        assertThat(registry.get("dunlin.publishes")
                        .tags("direction", "sent", "qos", "2")
                        .functionCounter()
                        .count())
                .isZero();
        assertThat(registry.get("dunlin.uptime").gauge().value()).isPositive().isLessThan(60);
        assertThat(registry.get("dunlin.store.trouble")
                        .tag("reason", "failing")
                        .gauge()
                        .value())
                .isZero();
    }

    /** Nobody keeps the object of the one line. */
    @Test
    void readsOnWhenOnlyTheRegistryIsLeft() {
        new BrokerMetrics(broker).bindTo(registry);
        System.gc();
        retain("a");
        assertThat(retained(registry)).isEqualTo(1);
    }

    @Test
    void takesOneSnapshotASecond() {
        new BrokerMetrics(broker).bindTo(registry);
        assertThat(retained(registry)).isZero();
        retain("a");
        clock.add(Duration.ofMillis(999));
        assertThat(retained(registry)).isZero();
        clock.add(Duration.ofMillis(1));
        assertThat(retained(registry)).isEqualTo(1);
    }

    @Test
    void keepsTwoBrokersApart() {
        try (Broker other = start("two");
                Broker namesake = start("one")) {
            new BrokerMetrics(broker).bindTo(registry);
            new BrokerMetrics(other).bindTo(registry);
            assertThat(registry.find("dunlin.uptime").gauges()).hasSize(2);
            assertThatThrownBy(() -> new BrokerMetrics(namesake).bindTo(registry))
                    .isInstanceOf(IllegalStateException.class);
            new BrokerMetrics(namesake, List.of(Tag.of("broker", "three"))).bindTo(registry);
            assertThat(registry.find("dunlin.uptime").tag("broker", "three").gauge())
                    .isNotNull();
        }
    }

    @Test
    void hasTheTagsThatItIsGivenOnAllMeters() {
        new BrokerMetrics(broker, Tags.of("site", "north")).bindTo(registry);
        assertThat(registry.getMeters())
                .isNotEmpty()
                .allMatch(meter -> "north".equals(meter.getId().getTag("site")));
    }

    @Test
    void takesItsMetersBackFromAllRegistries() {
        MeterRegistry second = new SimpleMeterRegistry();
        registry.counter("other");
        BrokerMetrics metrics = new BrokerMetrics(broker);
        metrics.bindTo(registry);
        metrics.bindTo(second);
        metrics.close();
        assertThat(registry.getMeters()).hasSize(1);
        assertThat(second.getMeters()).isEmpty();
        metrics.bindTo(registry);
        assertThat(registry.getMeters()).hasSizeGreaterThan(10);
    }

    /** The meter that a look for duplicates would go by may be the one that a filter denies. */
    @Test
    void takesOnlyBackWhatItHasMade() {
        registry.config().meterFilter(MeterFilter.denyNameStartsWith("dunlin.uptime"));
        BrokerMetrics first = new BrokerMetrics(broker);
        first.bindTo(registry);
        List<Meter> meters = registry.getMeters();
        BrokerMetrics second = new BrokerMetrics(broker);
        assertThatThrownBy(() -> second.bindTo(registry)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> first.bindTo(registry)).isInstanceOf(IllegalStateException.class);
        second.close();
        assertThat(registry.getMeters()).containsExactlyInAnyOrderElementsOf(meters);
        registry.clear();
        second.bindTo(registry);
        first.close();
        assertThat(registry.getMeters()).hasSameSizeAs(meters);
        second.close();
        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void isReadByPrometheusUnderItsNames() throws IOException {
        PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new BrokerMetrics(broker).bindTo(prometheus);
        retain("a");
        String scraped = prometheus.scrape();
        assertThat(scraped).contains("dunlin_retained_messages{broker=\"one\"} 1.0\n");
        assertThat(scraped).contains("dunlin_traffic_bytes_total{broker=\"one\",direction=\"received\"} 0.0\n");
        for (Documented each : documented().values()) {
            assertThat(scraped).contains("\n" + each.prometheus + "{");
        }
        assertThat(scraped.lines().filter(line -> line.startsWith("# TYPE ")).map(line -> line.split(" ", -1)[2]))
                .containsExactlyInAnyOrderElementsOf(documented().values().stream()
                        .map(each -> each.prometheus)
                        .toList());
    }

    // ---- the table of docs/metrics.md

    private record Documented(String type, String unit, String tags, String prometheus) {}

    private static Map<String, Documented> documented() throws IOException {
        Map<String, Documented> rows = new TreeMap<>();
        for (String line : Files.readAllLines(Path.of("..", "docs", "metrics.md"))) {
            if (line.startsWith("| `dunlin.")) {
                String[] cells = line.replace("`", "").split("\\|", -1);
                rows.put(
                        cells[1].strip(),
                        new Documented(cells[2].strip(), cells[3].strip(), cells[4].strip(), cells[5].strip()));
            }
        }
        return rows;
    }

    @Test
    void isWhatTheDocumentationLists() throws IOException {
        new BrokerMetrics(broker).bindTo(registry);
        Map<String, String> present = new TreeMap<>();
        for (Meter meter : registry.getMeters()) {
            Meter.Id id = meter.getId();
            String tags = id.getTags().stream()
                    .map(Tag::getKey)
                    .filter(key -> !key.equals("broker"))
                    .sorted()
                    .collect(Collectors.joining(", "));
            String type = id.getType().name().toLowerCase(Locale.ROOT);
            present.put(id.getName(), type + " / " + (id.getBaseUnit() == null ? "" : id.getBaseUnit()) + " / " + tags);
        }
        Map<String, String> listed = new TreeMap<>();
        documented().forEach((name, row) -> listed.put(name, row.type + " / " + row.unit + " / " + row.tags));
        assertThat(present).isEqualTo(listed);
    }
}
