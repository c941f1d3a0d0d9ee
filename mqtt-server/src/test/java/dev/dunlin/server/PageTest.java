package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigList;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Browser.Window;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The admin page as its users have it: in a browser, with a broker that is at work. */
@RequiresTool({"chromium", "node", "npm"})
final class PageTest {
    private static final String HOSTILE = "<img src=x onerror=\"window.hacked=1\">";
    private static final int TABS_MAX = 40;

    private AdministeredBroker broker;

    @BeforeEach
    void startBroker() throws Exception {
        broker = AdministeredBroker.start(
                "--limit", "slowConsumerMs=200", "--limit", "queueMessagesMax=50", "--limit", "outputBytesMax=64KiB");
    }

    @AfterEach
    void stopBroker() throws Exception {
        broker.close();
    }

    private WireClient login(String clientId) {
        return WireClient.connect(broker.port(), MqttVersion.V5).login(clientId);
    }

    private Browser open() throws Exception {
        return open(Window.DESKTOP);
    }

    private Browser open(Window window) throws Exception {
        Browser page = Browser.open(broker.page(), window);
        awaitText(page, "#broker", "Connected");
        return page;
    }

    static void go(Browser page, String view) throws Exception {
        page.evaluate("location.hash = '#" + view + "'");
    }

    static void awaitText(Browser page, String selector, String part) {
        await().untilAsserted(() -> assertThat(page.text(selector)).contains(part));
    }

    // ---- figures

    @Test
    void showsTheFiguresOfMetricsUnderLoad() throws Exception {
        try (Browser page = open();
                PageLoad load = new PageLoad(broker.port())) {
            go(page, "figures");
            await().untilAsserted(() -> assertThat(dropsAndSlowClients()).allMatch(value -> value > 0));
            awaitText(page, "#figure-list", "dunlin_connections");

            PageMoment moment = PageMoment.of(page, broker);

            moment.assertShownAsInMetrics();
            assertThat(moment.rows()).containsEntry("dunlin_connections", 2.0);
            assertThat(page.complaints()).isEmpty();
            assertThat(page.requests()).isNotEmpty().allMatch(url -> url.startsWith(broker.origin() + "/"));
        }
    }

    private List<Double> dropsAndSlowClients() throws Exception {
        return broker.get("/metrics")
                .lines()
                .filter(line -> line.startsWith("dunlin_dropped_messages_total{reason=\"queue_full\"} ")
                        || line.startsWith("dunlin_slow_consumers_clients "))
                .map(line -> Double.valueOf(line.substring(line.lastIndexOf(' '))))
                .toList();
    }

    /** A line of a chart: where the chart is, how its legend calls the line, and which figure it draws. */
    private record Line(String chart, String label, String figure) {
        static final List<Line> ALL = List.of(
                new Line("chart-rates", "received", "dunlin_publishes_received_per_second"),
                new Line("chart-rates", "sent", "dunlin_publishes_sent_per_second"),
                new Line("chart-latency", "median", "dunlin_acknowledgement_p50_seconds"),
                new Line("chart-latency", "99 of 100", "dunlin_acknowledgement_p99_seconds"),
                new Line("chart-queue", "queued", "dunlin_queued_messages"),
                new Line("chart-drops", "dropped", "dunlin_dropped_messages_per_second"));

        /** Keeps each chart that uPlot makes from now on; the page itself knows nothing of that. */
        private static final String KEEP = """
                (() => {
                  const Real = window.uPlot;
                  window.charts = [];
                  window.uPlot = function (...given) {
                    const made = new Real(...given);
                    window.charts.push(made);
                    return made;
                  };
                  return true;
                })()""";

        /** What uPlot has been given for them, all at one time: {@code data} is its own, documented name for that. */
        private static final String DRAWN = """
                window.charts.flatMap(chart => chart.series.slice(1).map((line, i) => ({
                  line: { chart: chart.root.parentElement.id, label: line.label }, times: chart.data[0], values: chart.data[i + 1],
                })))""";
    }

    /** The page from its form for the token on, so that a chart can be looked at that is not yet drawn. */
    private Browser openKeepingCharts() throws Exception {
        Browser page = Browser.open(broker.origin());
        page.evaluate(Line.KEEP);
        page.fill("#token-field", AdministeredBroker.TOKEN);
        page.click("#token-form button");
        awaitText(page, "#broker", "Connected");
        return page;
    }

    /** Each line of the charts is what the broker has kept, of the same samples. */
    private void assertDrawnAsKept(Browser page) throws Exception {
        Config kept = PageMoment.json(broker.get("/api/v1/history?seconds=300"));
        List<? extends Config> drawn =
                PageMoment.json("{\"drawn\":" + page.evaluate(Line.DRAWN) + "}").getConfigList("drawn");
        assertThat(drawn)
                .extracting(each -> each.getConfig("line").root().unwrapped())
                .containsExactlyElementsOf(Line.ALL.stream()
                        .map(line -> Map.<String, Object>of("chart", line.chart, "label", line.label))
                        .toList());
        for (int i = 0; i < drawn.size(); i++) {
            assertThat(drawn.get(i).getDoubleList("times")).isEqualTo(kept.getDoubleList("times"));
            List<Double> values = numbers(drawn.get(i).getList("values"));
            assertThat(values)
                    .as(Line.ALL.get(i).figure)
                    .isEqualTo(numbers(kept.getConfig("series").getList(Line.ALL.get(i).figure)))
                    .anyMatch(value -> value != null && value > 0);
        }
    }

    /** Null for what wasn't known then. */
    private static List<Double> numbers(ConfigList values) {
        return values.unwrapped().stream()
                .map(value -> value == null ? null : ((Number) value).doubleValue())
                .toList();
    }

    @Test
    void drawsChartsOfWhatTheBrokerHasKeptAndDisconnectsASlowClient() throws Exception {
        try (Browser page = openKeepingCharts();
                PageLoad load = new PageLoad(broker.port())) {
            awaitText(page, "#slow", PageLoad.SLOW);
            awaitText(page, "#drops", "queue_full");
            await().untilAsserted(() -> assertThat(page.evaluate("document.querySelectorAll('.chart canvas').length"))
                    .isEqualTo("4"));
            await().untilAsserted(() -> assertDrawnAsKept(page)); // both within a second

            page.click("#slow a");
            await().untilAsserted( // messages that are all alike
                            () -> assertThat(
                                            page.evaluate("document.querySelectorAll('#client-queue tbody tr').length"))
                                    .isEqualTo("50"));
            go(page, "overview");

            page.click("#slow button");
            awaitText(page, "#confirm-question", PageLoad.SLOW);
            page.press("Escape");
            assertThat(page.text("#outcome")).isEmpty();
            assertThat(page.evaluate("document.activeElement.textContent")).isEqualTo("Disconnect");
            page.click("#slow button");
            page.click("#confirm-yes");

            awaitText(page, "#outcome", "was disconnected");
            load.awaitSlowClosed();
            assertThat(page.complaints()).isEmpty();
        }
    }

    // ---- messages

    @Test
    @RequiresTool({"mosquitto_pub", "mosquitto_sub"})
    void publishesToOthersAndShowsWhatTheyPublish() throws Exception {
        String port = Integer.toString(broker.port());
        try (Browser page = open()) {
            go(page, "messages");
            page.fill("#publish-topic", "from/page");
            page.fill("#publish-payload", "grüße");
            page.click("#publish-retain");
            page.click("#publish-form button");
            awaitText(page, "#outcome", "Published to “from/page”");
            assertThat(run("mosquitto_sub", "-p", port, "-t", "from/#", "-C", "1", "-v"))
                    .containsExactly("from/page grüße");

            page.fill("#subscribe-filter", "to/page");
            page.click("#subscribe-form button");
            awaitText(page, "#outcome", "Subscribed to “to/page”");
            run("mosquitto_pub", "-p", port, "-t", "to/page", "-m", "back", "-q", "1");

            awaitText(page, "#received", "to/page");
            awaitText(page, "#received", "back");
            assertThat(page.complaints()).isEmpty();
            assertThat(page.requests())
                    .allMatch(url -> url.startsWith(broker.origin() + "/") || url.equals(broker.webSocket()));
        }
    }

    private static List<String> run(String... command) throws Exception {
        Child.Ended ended = Child.run(new ProcessBuilder(command));
        assertThat(ended.code()).as("%s", ended).isZero();
        return ended.out();
    }

    @Test
    void keepsTheLast200MessagesAndNoneWhileItIsPaused() throws Exception {
        try (WireClient publisher = login("publisher");
                Browser page = open()) {
            go(page, "messages");
            page.fill("#subscribe-filter", "many");
            page.click("#subscribe-form button");
            awaitText(page, "#outcome", "Subscribed");
            for (int i = 0; i < 250; i++) {
                publisher.send(Packets.publish("many", "message " + i));
            }
            awaitText(page, "#received li", "message 249");
            assertThat(page.evaluate("document.getElementById('received').children.length"))
                    .isEqualTo("200");

            page.click("#received-pause");
            publisher.published("many", "while it was paused", 0);
            page.fill("#publish-topic", "another");
            page.click("#publish-form button");
            awaitText(page, "#outcome", "acknowledged"); // and so what the broker had sent before has come
            page.click("#received-pause");
            publisher.published("many", "afterwards", 0);

            awaitText(page, "#received li", "afterwards");
            assertThat(page.text("#received")).doesNotContain("while it was paused");
        }
    }

    @Test
    void canBeUsedWithTheKeyboardAlone() throws Exception {
        try (WireClient reader = login("reader").subscribed("#", 0);
                Browser page = open()) {
            tabTo(page, "#views a[href='#messages']");
            page.press("Enter");
            await().untilAsserted(() -> assertThat(page.evaluate("document.activeElement.id"))
                    .isEqualTo("messages-title")); // the view has come
            page.evaluate("document.querySelector('.skip').focus()");
            page.press("Enter");
            assertThat(page.evaluate("document.activeElement.id")).isEqualTo("content");
            assertThat(page.evaluate("location.hash")).isEqualTo("#messages");
            tabTo(page, "#publish-topic");
            page.type("typed/topic");
            page.press("Tab");
            page.type("typed payload");
            tabTo(page, "#publish-form button");
            page.press("Enter");

            reader.expectPublish("typed/topic", "typed payload", 0);
            awaitText(page, "#outcome", "Published to “typed/topic”: acknowledged");
        }
    }

    /** What has the focus is seen to have it. */
    private static void tabTo(Browser page, String selector) throws Exception {
        for (int tabs = 0; tabs < TABS_MAX; tabs++) {
            page.press("Tab");
            assertThat(page.evaluate("document.querySelector(':focus') === null"
                            + " || getComputedStyle(document.activeElement).outlineStyle !== 'none'"))
                    .isEqualTo("true");
            if (page.evaluate("document.activeElement.matches(\"" + selector + "\")")
                    .equals("true")) {
                return;
            }
        }
        throw new AssertionError("not reached with " + TABS_MAX + " tabs: " + selector);
    }

    // ---- what an administrator does

    @Test
    void pagesThroughClientsAndEndsTheSessionOfOne() throws Exception {
        List<WireClient> clients = IntStream.range(0, 51)
                .mapToObj(i -> login("client-%02d".formatted(i)))
                .toList();
        try (Browser page = open()) {
            go(page, "clients");
            awaitText(page, "#client-list", "client-00");
            assertThat(page.text("#client-list")).contains("client-49").doesNotContain("client-50");
            page.click("#client-list button:text('Next')");
            await().untilAsserted(() -> assertThat(page.text("#client-list tbody"))
                    .contains("client-50")
                    .doesNotContain("client-49"));
            page.click("#client-list button:text('Previous')");
            awaitText(page, "#client-list", "client-00");

            page.fill("#client-field", "client-07");
            page.press("Enter");
            awaitText(page, "#client-facts", "127.0.0.1:");
            page.click("text='End the session'");
            page.click("#confirm-yes");

            awaitText(page, "#outcome", "was ended");
            clients.get(7).expectDisconnect(ReasonCode.ADMINISTRATIVE_ACTION);
            assertThat(page.complaints()).isEmpty();
        } finally {
            clients.forEach(WireClient::close);
        }
    }

    // ---- what goes wrong

    @Test
    void showsHostileTextAsText() throws Exception {
        try (WireClient hostile = login(HOSTILE)
                        .subscribed("other/" + HOSTILE, 1)
                        .subscribed("$share/" + HOSTILE + "/group/" + HOSTILE, 1);
                Browser page = open()) {
            go(page, "messages");
            page.fill("#subscribe-filter", HOSTILE);
            page.click("#subscribe-form button");
            awaitText(page, "#subscriptions", HOSTILE);
            hostile.published(Packets.publish(HOSTILE, HOSTILE).retain(), 1);

            awaitText(page, "#received b", HOSTILE);
            awaitText(page, "#received pre", HOSTILE);
            go(page, "topics");
            awaitText(page, "#retained-list pre", HOSTILE);
            awaitText(page, "#retained-list td", HOSTILE);
            awaitText(page, "#groups-list td", "$share/" + HOSTILE + "/group/" + HOSTILE);
            awaitText(page, "#groups-list td li a", HOSTILE);
            page.fill("#subscribers-topic", "group/" + HOSTILE);
            page.press("Enter");
            awaitText(page, "#subscribers-list td li a", HOSTILE);
            go(page, "clients");
            awaitText(page, "#client-list td a", HOSTILE);
            page.click("#client-list tr:first-child td a");
            awaitText(page, "#client-title", HOSTILE);
            awaitText(page, "#client-subscriptions tbody", "other/" + HOSTILE);
            page.click("#client-actions button:text('Trace')");
            page.click("#trace-start");
            awaitText(page, "#trace-state", "is on");
            hostile.published(HOSTILE, HOSTILE, 1);
            awaitText(page, "#trace-lines li:last-child", HOSTILE);

            assertThat(page.evaluate("document.querySelectorAll('img:not([src=\"icon.svg\"])').length"))
                    .isEqualTo("0");
            assertThat(page.evaluate("String(window.hacked)")).isEqualTo("undefined");
            assertThat(page.complaints()).isEmpty();
        }
    }

    @Test
    void asksForTheTokenAndForAnotherIfItIsWrong() throws Exception {
        try (Browser page = Browser.open(broker.origin() + "/#token=somebody-elses-token")) {
            awaitText(page, "#token-reason", "doesn't accept this token");
            assertThat(page.evaluate("location.href")).doesNotContain("token");
            assertThat(page.evaluate("document.activeElement.id")).isEqualTo("token-field");
            assertThat(page.evaluate("document.querySelectorAll('[data-view]:not([hidden])').length"))
                    .isEqualTo("0");

            page.type(AdministeredBroker.TOKEN);
            page.press("Enter");

            awaitText(page, "#broker", "Connected");
            assertThat(page.evaluate("document.getElementById('overview').hidden"))
                    .isEqualTo("false");
            assertThat(page.complaints()).isNotEmpty().allMatch(line -> line.contains("401"));
        }
    }

    @Test
    void comesBackWhenTheBrokerDoes() throws Exception {
        try (Browser page = open()) {
            go(page, "messages");
            page.fill("#subscribe-filter", "later");
            page.click("#subscribe-form button");
            awaitText(page, "#outcome", "Subscribed");
            go(page, "traces");
            page.fill("#trace-filter", "later");
            page.press("Enter");
            awaitText(page, "#trace-state", "A trace of filter “later” is on.");

            broker.stop();
            awaitText(page, "#broker", "Reconnecting");
            awaitText(page, "#mqtt-state", "is lost");
            awaitText(page, "#trace-state", "No trace is on.");
            broker.startAgain();

            awaitText(page, "#broker", "Connected");
            awaitText(page, "#mqtt-state", "Connected");
            try (WireClient publisher = login("publisher")) {
                await().untilAsserted(
                                () -> { // its subscription is made again behind its CONNACK
                                    publisher.published("later", "again", 0);
                                    assertThat(page.text("#received")).contains("again");
                                });
            }
        }
    }

    // ---- how it looks

    /** A view, and what is in it when it is complete. */
    private record View(String address, String selector, String text) {
        static final String CLIENT = "a-client-with-a-name-that-has-no-place-to-be-broken-" + "x".repeat(60);

        static final List<View> ALL = List.of(
                new View("overview", "#drops", "Nothing was dropped"),
                new View("clients", "#client-list", CLIENT),
                new View("client=" + CLIENT, "#client-subscriptions", "other/topic"),
                new View("topics", "#groups-list", CLIENT),
                new View("messages", "#received", "some/topic"),
                new View("traces", "#trace-lines", "some/topic"),
                new View("figures", "#figure-list", "dunlin_connections"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"light", "dark"})
    void canBeReadAndUsedByAllOnAPhoneToo(String scheme) throws Exception {
        try (WireClient client = login(View.CLIENT);
                Browser page = open(new Window(360, 740, scheme))) {
            client.subscribed("other/topic", 1).subscribed("$share/group/other/topic", 1);
            go(page, "traces");
            page.fill("#trace-client", View.CLIENT);
            page.press("Enter");
            awaitText(page, "#trace-state", "is on");
            client.published(Packets.publish("some/topic", "x".repeat(1_000)).retain(), 1);
            go(page, "messages");
            page.fill("#subscribe-filter", "#");
            page.click("#subscribe-form button");
            go(page, "topics");
            page.fill("#subscribers-topic", "other/topic");
            page.press("Enter");
            awaitText(page, "#subscribers-list td li", View.CLIENT);
            awaitText(page, "#retained-list td", "some/topic");
            for (View view : View.ALL) {
                go(page, view.address);
                awaitText(page, view.selector, view.text);
                assertUsable(page, view.address);
            }
            go(page, "topics");
            page.click("#retained-list td button");
            assertUsable(page, "a question");
            page.press("Escape");
            go(page, "overview");
            page.click("#reload");
            page.click("#confirm-yes");
            awaitText(page, "#outcome", "read its files again");
            assertUsable(page, "what a reload has done");
        }
    }

    private static void assertUsable(Browser page, String where) throws Exception {
        assertThat(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
                .as(where)
                .isEqualTo("true");
        assertThat(page.audit()).as(where).isEmpty();
    }
}
