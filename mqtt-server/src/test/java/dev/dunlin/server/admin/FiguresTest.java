package dev.dunlin.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.BrokerStats;
import dev.dunlin.broker.BrokerStats.StoreState;
import dev.dunlin.broker.BrokerStats.Traffic;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The figures of a broker, and that whoever asks for them in whichever way gets the same. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FiguresTest {
    /** A line of Prometheus's text format 0.0.4 that isn't a comment. */
    private static final Pattern LINE = Pattern.compile(
            "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{[a-z]+=\"[a-z0-9_]+\"(?:,[a-z]+=\"[a-z0-9_]+\")*})? (-?[0-9.]+)");

    @AutoClose
    private final Administered server;

    FiguresTest() throws Exception {
        server = Administered.start();
    }

    private HttpResponse<String> metrics() throws Exception {
        return server.send(server.request("/metrics").build());
    }

    /** Numbers as they are written, by name and labels. */
    private static Map<String, String> read(String metrics) {
        Map<String, String> numbers = new TreeMap<>();
        String described = "";
        for (String line : metrics.lines().toList()) {
            if (line.startsWith("# TYPE ")) {
                described = line.split(" ", -1)[2];
                assertThat(line).matches("# TYPE [a-z0-9_]+ (gauge|counter)");
            } else if (!line.startsWith("# HELP ")) {
                var matcher = LINE.matcher(line);
                assertThat(matcher.matches()).as(line).isTrue();
                assertThat(matcher.group(1)).as("described before").isEqualTo(described);
                String labels = matcher.group(2) == null ? "" : matcher.group(2);
                assertThat(numbers.put(matcher.group(1) + labels, matcher.group(3)))
                        .as(line)
                        .isNull();
            }
        }
        return numbers;
    }

    private static Map<String, String> ofJson(Map<String, Object> sample) {
        Map<String, String> numbers = new TreeMap<>();
        numbers.put("dunlin_sample_timestamp_seconds", text(sample.get("unixSeconds")));
        List<Object> all = new ArrayList<>((List<?>) sample.get("figures"));
        all.addAll((List<?>) sample.get("dropsByReason"));
        for (Object each : all) {
            Map<String, Object> figure = OpenApi.object(each);
            StringBuilder labels = new StringBuilder();
            if (figure.get("label") != null) {
                new TreeMap<>(OpenApi.object(figure.get("label")))
                        .forEach((name, value) ->
                                labels.append(labels.isEmpty() ? "{" : ",").append(name + "=\"" + value + "\""));
                labels.append('}');
            }
            if (figure.get("value") != null) {
                numbers.put(figure.get("name") + labels.toString(), text(figure.get("value")));
            }
        }
        return numbers;
    }

    private static String text(Object number) {
        return Json.number(((Number) number).doubleValue());
    }

    @Test
    void metricsOverviewAndStreamSayTheSame() throws Exception {
        server.client("c").subscribed("other", 1).published("t", "payload", 1);
        HttpResponse<InputStream> stream =
                server.send(server.request("/api/v1/stream").build(), HttpResponse.BodyHandlers.ofInputStream());
        BufferedReader lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8));
        int equal = 0;
        while (equal < 3) { // a moment between two requests may be one in which a new sample is taken
            assertThat(lines.readLine()).isEqualTo("event: sample");
            Map<String, String> ofTheStream = ofJson(checked(lines.readLine().replaceFirst("^data: ", "")));
            assertThat(lines.readLine()).isEmpty();
            Map<String, String> ofMetrics = read(metrics().body());
            Map<String, String> ofOverview = ofJson(server.get("/api/v1/overview"));
            String moment = "dunlin_sample_timestamp_seconds";
            if (ofMetrics.get(moment).equals(ofTheStream.get(moment))
                    && ofMetrics.get(moment).equals(ofOverview.get(moment))) {
                assertThat(ofMetrics)
                        .isEqualTo(ofTheStream)
                        .isEqualTo(ofOverview)
                        .hasSizeGreaterThan(50);
                equal++;
            }
        }
        stream.body().close();
    }

    private static Map<String, Object> checked(String json) {
        Map<String, Object> sample = OpenApi.parsed(json);
        assertThat(new OpenApi().faults(sample, "Sample")).isEmpty();
        return sample;
    }

    @Test
    void hasTheNamesOfTheMetersOfMicrometer() throws Exception {
        server.client("c").published("t", "payload", 1);
        await().until(() -> metrics().body().contains("dunlin_acknowledgement_p99_seconds "));
        Set<String> names = new TreeSet<>();
        read(metrics().body()).keySet().forEach(name -> names.add(name.replaceFirst("\\{.*", "")));
        Set<String> ofMicrometer = new TreeSet<>();
        Pattern.compile("^\\| `[^`]+` \\|[^|]*\\|[^|]*\\|[^|]*\\| `([a-z0-9_]+)` \\|", Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("..", "docs", "metrics.md")))
                .results()
                .forEach(found -> ofMicrometer.add(found.group(1)));
        assertThat(ofMicrometer).hasSizeGreaterThan(25);
        assertThat(names).containsAll(ofMicrometer);
        assertThat(metrics().headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
    }

    @Test
    void saysHowTheBrokerIs() throws Exception {
        Map<String, Object> overview = server.get("/api/v1/overview");
        assertThat(overview)
                .containsEntry("name", server.broker().name())
                .containsEntry("version", "1.2.3")
                .containsEntry("store", "memory")
                .containsEntry("durability", "none")
                .containsEntry("storeState", "none");
        assertThat((List<?>) overview.get("listeners"))
                .extracting(each -> OpenApi.object(each).get("uri"))
                .containsExactly(
                        "tcp://127.0.0.1:" + server.broker().port("tcp"),
                        "ws://127.0.0.1:" + server.broker().port("ws") + "/mqtt");
        assertThat(server.send(HttpRequest.newBuilder(server.uri("/health/ready"))
                                .build())
                        .body())
                .isEqualTo("{\"status\":\"ready\"}\n");
    }

    @Test
    void theHistoryGrowsWithEachSecond() throws Exception {
        await().until(() -> ((List<?>) server.get("/api/v1/history").get("times")).size() >= 2);
        Map<String, Object> history = server.get("/api/v1/history?seconds=2");
        assertThat(history).containsEntry("everySeconds", 1);
        assertThat((List<?>) history.get("times")).hasSize(2);
        assertThat(OpenApi.object(history.get("series")))
                .hasSize(10)
                .allSatisfy(
                        (name, values) -> assertThat((List<?>) values).as(name).hasSize(2));
    }

    // ---- with a clock that is moved by hand

    /** A broker that has done so much. */
    private BrokerStats having(long publishes) {
        BrokerStats stats = server.broker().stats();
        Traffic traffic = new Traffic(0, 100 * publishes, publishes, 0, 0, 0);
        return new BrokerStats(
                stats.startedAt(),
                stats.uptime(),
                stats.connections(),
                stats.sessions(),
                traffic,
                traffic,
                stats.dropped(),
                stats.queued(),
                stats.inflight(),
                stats.retained(),
                stats.memoryBytes(),
                stats.slowConsumers(),
                stats.store(),
                stats.delays(),
                stats.acknowledgements(),
                stats.eventsLost());
    }

    @Test
    void ratesAreThoseOfTheTimeThatHasPassed() {
        AtomicLong nanos = new AtomicLong();
        AtomicLong publishes = new AtomicLong();
        try (Sampler sampler = new Sampler(() -> having(publishes.get()), nanos::get)) {
            assertThat(sampler.last().value(Figures.RECEIVED_PER_SECOND)).isZero();
            for (int i = 0; i < 20; i++) {
                nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
                publishes.addAndGet(10);
                sampler.look();
            }
            nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(500)); // one that comes early
            publishes.addAndGet(100);
            sampler.look();
            Sample sample = sampler.last();
            assertThat(sample.value(Figures.RECEIVED_PER_SECOND)).isEqualTo(200);
            assertThat(sample.value(Figures.BYTES_SENT_PER_SECOND)).isEqualTo(20_000);
            assertThat(sample.value(Figures.RECEIVED_PER_SECOND + "_over_10s"))
                    .isEqualTo(Math.rint(190 / 9.5 * 100) / 100);
        }
    }

    @Test
    void noticesThatNobodyLooks() throws Exception {
        AtomicLong nanos = new AtomicLong();
        try (Sampler sampler = new Sampler(() -> having(1), nanos::get)) {
            nanos.addAndGet(TimeUnit.SECONDS.toNanos(5));
            assertThat(sampler.isStale()).isFalse();
            nanos.addAndGet(1);
            assertThat(sampler.isStale()).isTrue();
            Sample last = sampler.last();
            assertThat(sampler.awaitAfter(sampler.looks())).as("not for ever").isSameAs(last);
            sampler.look();
            assertThat(sampler.isStale()).isFalse();
        }
    }

    @Test
    void looksAgainAfterAnError() {
        AtomicLong asked = new AtomicLong();
        Sampler made = new Sampler(
                () -> {
                    if (asked.incrementAndGet() == 2) {
                        throw new StackOverflowError("for the test");
                    }
                    return having(1);
                },
                System::nanoTime);
        try (made) {
            made.start();
            await().until(() -> made.looks() > 0);
        }
    }

    @Test
    void timesOfTheHistoryAscendThoughTheClockIsSetBack() {
        History history = new History();
        Instant noon = Instant.parse("2026-01-01T12:00:00Z");
        history.add(new Sample(noon, StoreState.NONE, List.of(), List.of()), 0);
        Instant earlier = noon.minusSeconds(3600);
        history.add(new Sample(earlier, StoreState.NONE, List.of(), List.of()), TimeUnit.SECONDS.toNanos(1));
        double last = earlier.getEpochSecond();
        assertThat((double[]) history.view(600).get("times")).containsExactly(last - 1, last);
    }

    @Test
    void theHistoryKeepsTenMinutes() {
        AtomicLong nanos = new AtomicLong();
        AtomicLong publishes = new AtomicLong();
        try (Sampler sampler = new Sampler(() -> having(publishes.get()), nanos::get)) {
            for (int i = 1; i <= History.SAMPLES + 5; i++) {
                nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
                publishes.addAndGet(i);
                sampler.look();
            }
            double[] all = column(sampler, History.SAMPLES);
            assertThat(all).hasSize(History.SAMPLES).startsWith(6, 7, 8).endsWith(603, 604, 605);
            assertThat(column(sampler, 3)).containsExactly(603, 604, 605);
        }
    }

    private static double[] column(Sampler sampler, int seconds) {
        return (double[])
                OpenApi.object(sampler.history().view(seconds).get("series")).get(Figures.RECEIVED_PER_SECOND);
    }

    // ---- as a person reads them

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            NONE                | 0         | 0
            MESSAGES            | 1234567   | 1,234,567
            MESSAGES_PER_SECOND | 1234      | 1,234/s
            MESSAGES_PER_SECOND | 0.5       | 0.5/s
            MESSAGES_PER_SECOND | 99.6      | 100/s
            BYTES               | 0         | 0 B
            BYTES               | 1023      | 1023 B
            BYTES               | 1536      | 1.5 KiB
            BYTES               | 262144000 | 250 MiB
            BYTES_PER_SECOND    | 1258291.2 | 1.2 MiB/s
            SECONDS             | 0         | 0 s
            SECONDS             | 0.00034   | 340 µs
            SECONDS             | 0.0012    | 1.2 ms
            SECONDS             | 0.34      | 340 ms
            SECONDS             | 2.54      | 2.5 s
            SECONDS             | 61        | 1 min 1 s
            SECONDS             | 11520     | 3 h 12 min
            SECONDS             | 180000    | 2 d 2 h
            SECONDS             | NaN       | -
            """)
    void areWrittenForPeople(Unit unit, double value, String text) {
        assertThat(unit.text(value)).isEqualTo(text);
    }
}
