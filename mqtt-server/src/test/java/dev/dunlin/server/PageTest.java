package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Browser.Window;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

    /** What is the same in the page and in the answers around it: of one look of the broker at itself. */
    private record Moment(Config shown, Config overview, String metrics) {
        /** All of the page at one time: no script of its runs in between. */
        private static final String SHOWN = """
                ({
                  time: document.getElementById('sampled').dateTime,
                  tiles: [...document.querySelectorAll('[data-figure]')].map(e => ({ name: e.dataset.figure, text: e.textContent })),
                  rows: [...document.querySelectorAll('#figure-list tbody tr')].map(
                    row => ({ name: row.cells[0].textContent, value: row.cells[2].textContent })),
                })""";

        static Moment of(Browser page, AdministeredBroker broker) {
            return await().until(
                            () -> {
                                Config before = json(broker.get("/api/v1/overview"));
                                Config shown = json(page.evaluate(SHOWN));
                                String metrics = broker.get("/metrics");
                                Config after = json(broker.get("/api/v1/overview"));
                                boolean same = List.of(before, after).stream()
                                        .allMatch(each -> each.getString("time").equals(shown.getString("time")));
                                return same ? new Moment(shown, after, metrics) : null;
                            },
                            moment -> moment != null);
        }

        private static Config json(String text) {
            return ConfigFactory.parseString(text, ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
        }

        /** Those that are known now, by their names with labels. */
        Map<String, Double> rows() {
            return shown.getConfigList("rows").stream()
                    .filter(row -> !row.getString("value").isEmpty())
                    .collect(Collectors.toMap(
                            row -> row.getString("name"), row -> Double.valueOf(row.getString("value"))));
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
    }

    @Test
    void showsTheFiguresOfMetricsUnderLoad() throws Exception {
        try (Browser page = open();
                PageLoad load = new PageLoad(broker.port())) {
            go(page, "figures");
            await().untilAsserted(() -> assertThat(dropsAndSlowClients()).allMatch(value -> value > 0));
            awaitText(page, "#figure-list", "dunlin_connections");

            Moment moment = Moment.of(page, broker);

            Map<String, Double> lines = new HashMap<>(moment.lines());
            assertThat(lines.remove("dunlin_sample_timestamp_seconds")).isEqualTo(moment.seconds());
            assertThat(moment.rows()).isEqualTo(lines);
            assertThat(moment.rows()).hasSizeGreaterThan(50).containsEntry("dunlin_connections", 2.0);
            assertThat(moment.tiles())
                    .isNotEmpty()
                    .allSatisfy((name, text) ->
                            assertThat(text).as(name).isEqualTo(moment.texts().get(name)));
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

    @Test
    void drawsChartsAndDisconnectsASlowClient() throws Exception {
        try (Browser page = open();
                PageLoad load = new PageLoad(broker.port())) {
            awaitText(page, "#slow", PageLoad.SLOW);
            awaitText(page, "#drops", "queue_full");
            await().untilAsserted(() -> assertThat(page.evaluate("document.querySelectorAll('.chart canvas').length"))
                    .isEqualTo("4"));

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

    @Test
    void connectsWithAPasswordAndSaysWhyNotWithoutOne(@TempDir Path temp) throws Exception {
        Path passwords = temp.resolve("passwords");
        assertThat(Child.run(Child.broker("passwd", "-c", "-b", passwords.toString(), "ann", "secret"))
                        .code())
                .isZero();
        try (AdministeredBroker strict = AdministeredBroker.start("--password-file", passwords.toString());
                Browser page = Browser.open(strict.page())) {
            awaitText(page, "#broker", "Connected");
            go(page, "messages");
            page.fill("#publish-topic", "a");
            page.click("#publish-form button");
            awaitText(page, "#outcome", "Can't connect");
            awaitText(page, "#mqtt-state", "Bad User Name or Password");

            page.fill("#mqtt-user", "ann");
            page.fill("#mqtt-password", "secret");
            page.click("#connect-form button[type=submit]");

            awaitText(page, "#mqtt-state", "Connected to " + strict.webSocket());
        }
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

    @Test
    void deletesARetainedMessageWhenThatIsConfirmed() throws Exception {
        try (WireClient client = login("publisher");
                Browser page = open()) {
            client.published(Packets.publish("to/stay", "1").retain(), 1);
            client.published(Packets.publish("to/go", "2").retain(), 1);
            go(page, "retained");
            awaitText(page, "#retained-list", "to/go");

            page.click("#retained-list tr:has-text('to/go') button");
            page.click("#confirm-yes");

            awaitText(page, "#outcome", "“to/go” was deleted");
            await().untilAsserted(() -> assertThat(page.text("#retained-list tbody"))
                    .contains("to/stay")
                    .doesNotContain("to/go"));
            client.subscribed("to/#", 1);
            client.expect(Packets.publish("to/stay", "1").qos(1).retain());
        }
    }

    // ---- what goes wrong

    @Test
    void showsHostileTextAsText() throws Exception {
        try (WireClient hostile = login(HOSTILE).subscribed("other/" + HOSTILE, 1);
                Browser page = open()) {
            go(page, "messages");
            page.fill("#subscribe-filter", HOSTILE);
            page.click("#subscribe-form button");
            awaitText(page, "#subscriptions", HOSTILE);
            hostile.published(Packets.publish(HOSTILE, HOSTILE).retain(), 1);

            awaitText(page, "#received b", HOSTILE);
            awaitText(page, "#received pre", HOSTILE);
            go(page, "retained");
            awaitText(page, "#retained-list pre", HOSTILE);
            awaitText(page, "#retained-list td", HOSTILE);
            go(page, "clients");
            awaitText(page, "#client-list td a", HOSTILE);
            page.click("#client-list tr:first-child td a");
            awaitText(page, "#client-title", HOSTILE);
            awaitText(page, "#client-subscriptions td", "other/" + HOSTILE);

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

            broker.stop();
            awaitText(page, "#broker", "Reconnecting");
            awaitText(page, "#mqtt-state", "is lost");
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
                new View("retained", "#retained-list", "some/topic"),
                new View("messages", "#received", "some/topic"),
                new View("figures", "#figure-list", "dunlin_connections"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"light", "dark"})
    void canBeReadAndUsedByAllOnAPhoneToo(String scheme) throws Exception {
        try (WireClient client = login(View.CLIENT);
                Browser page = open(new Window(360, 740, scheme))) {
            client.subscribed("other/topic", 1)
                    .published(Packets.publish("some/topic", "x".repeat(1_000)).retain(), 1);
            go(page, "messages");
            page.fill("#subscribe-filter", "#");
            page.click("#subscribe-form button");
            for (View view : View.ALL) {
                go(page, view.address);
                awaitText(page, view.selector, view.text);
                assertUsable(page, view.address);
            }
            go(page, "retained");
            page.click("#retained-list td button");
            assertUsable(page, "a question");
        }
    }

    private static void assertUsable(Browser page, String where) throws Exception {
        assertThat(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
                .as(where)
                .isEqualTo("true");
        assertThat(page.audit()).as(where).isEmpty();
    }
}
