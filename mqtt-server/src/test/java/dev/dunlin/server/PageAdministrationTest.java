package dev.dunlin.server;

import static dev.dunlin.server.PageTest.awaitText;
import static dev.dunlin.server.PageTest.go;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.RequiresTool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin page for who looks for something: who gets a message, what a client says, and what a reload does. */
@RequiresTool({"chromium", "node", "npm"})
final class PageAdministrationTest {
    private static final String LISTENERS = "listeners = [{ port = 0 }, { port = 0, websocket-path = /mqtt }]\n";

    @TempDir
    private static Path folder;

    private static Path configuration;
    private static AdministeredBroker broker;

    @BeforeAll
    static void startBroker() throws Exception {
        configuration = Files.writeString(folder.resolve("dunlin.conf"), LISTENERS);
        broker = AdministeredBroker.configured(configuration);
    }

    @AfterAll
    static void stopBroker() throws Exception {
        broker.close();
    }

    private static WireClient login(String clientId) {
        return WireClient.connect(broker.port(), MqttVersion.V5).login(clientId);
    }

    private static Browser open() throws Exception {
        Browser page = Browser.open(broker.page());
        awaitText(page, "#broker", "Connected");
        return page;
    }

    // ---- topics

    @Test
    void showsWhoWouldGetAMessageAndTheMembersOfSharedGroups() throws Exception {
        try (WireClient reader = login("reader").subscribed("plant/+/alarm", 1);
                WireClient one = login("worker-1").subscribed("$share/team/plant/#", 1);
                WireClient two = login("worker-2").subscribed("$share/team/plant/#", 2);
                Browser page = open()) {
            go(page, "topics");
            awaitText(page, "#groups-list td", "$share/team/plant/#");
            assertThat(page.text("#groups-list td:last-child")).contains("worker-1", "worker-2");

            page.fill("#subscribers-topic", "plant/7/alarm");
            page.press("Enter");
            await().untilAsserted(() -> assertThat(page.text("#subscribers-list tbody"))
                    .contains("reader", "$share/team/plant/#", "worker-1", "worker-2"));

            page.fill("#subscribers-topic", "plant/7");
            page.press("Enter");
            await().untilAsserted(() -> assertThat(page.text("#subscribers-list tbody"))
                    .contains("$share/team/plant/#")
                    .doesNotContain("reader"));

            page.fill("#subscribers-topic", "elsewhere");
            page.press("Enter");
            await().until(() -> isSeen(page, "#subscribers-list .empty"));
            two.close();
            await().untilAsserted(() -> {
                page.click("#groups-list button:text('Refresh')");
                assertThat(page.text("#groups-list td:last-child"))
                        .contains("worker-1")
                        .doesNotContain("worker-2");
            });
            assertThat(page.complaints()).isEmpty();

            page.fill("#subscribers-topic", "plant/7/alarm");
            page.press("Enter");
            awaitText(page, "#subscribers-list tbody", "reader");
            page.fill("#subscribers-topic", "plant/#"); // no topic: nothing of the one before is left
            page.press("Enter");
            awaitText(page, "#outcome", "plant/#");
            assertThat(page.text("#subscribers-list tbody")).isEmpty();
        }
    }

    /** Such as those of the process that the broker is in: they have no names of their own. */
    @Test
    void hasARowForEachOfTwoSubscribersThatLookTheSame() throws Exception {
        try (Browser page = open()) {
            page.evaluate("""
                    (() => {
                      const real = window.fetch;
                      const local = { kind: 'LOCAL', name: 'audit', qos: 1, noLocal: false, subscriptionIds: [], group: [] };
                      window.fetch = (where, ...rest) => where.startsWith('/api/v1/subscribers')
                        ? Promise.resolve(new Response(JSON.stringify({ items: [local, local], next: null })))
                        : real(where, ...rest);
                      return true;
                    })()""");
            go(page, "topics");
            page.fill("#subscribers-topic", "plant/7");
            page.press("Enter");
            awaitText(page, "#subscribers-list tbody", "audit");
            assertThat(page.evaluate("document.querySelectorAll('#subscribers-list tbody tr').length"))
                    .isEqualTo("2");
        }
    }

    private static boolean isSeen(Browser page, String selector) throws Exception {
        return page.evaluate("document.querySelector(\"" + selector + "\").checkVisibility()")
                .equals("true");
    }

    @Test
    void deletesARetainedMessageWhenThatIsConfirmed() throws Exception {
        try (WireClient client = login("publisher");
                Browser page = open()) {
            client.published(Packets.publish("to/stay", "1").retain(), 1);
            client.published(Packets.publish("to/go", "2").retain(), 1);
            go(page, "topics");
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

    // ---- traces

    @Test
    void tracesAClientUntilItIsStopped() throws Exception {
        try (WireClient lamp = login("lamp");
                WireClient switches = login("switch");
                Browser page = open()) {
            go(page, "client=lamp");
            page.click("#client-actions button:text('Trace')");
            awaitTitle(page, "traces-title");
            page.click("#trace-start");
            awaitText(page, "#trace-state", "A trace of client “lamp” is on.");
            go(page, "traces=switch");
            await().until(() -> page.evaluate("document.getElementById('trace-client').value")
                    .equals("switch"));
            switches.published("house/switch", "not of the lamp", 1);
            PageAddressTest.setHidden(page, true);
            lamp.published("house/lamp", "seen", 1);
            await().untilAsserted(() -> assertThat(page.text("#trace-lines"))
                    .contains("# trace of client lamp")
                    .containsPattern("lamp > PUBLISH qos=1 .*topic=house/lamp 4 bytes seen")
                    .contains("lamp < PUBACK")
                    .doesNotContain("switch"));
            assertThat(page.text("#trace-state")).isEqualTo("A trace of client “lamp” is on.");
            PageAddressTest.setHidden(page, false);

            page.click("#trace-stop");
            awaitText(page, "#trace-state", "No trace is on.");
            assertThat(page.evaluate("document.activeElement.id")).isEqualTo("trace-start");
            lamp.published("house/lamp", "too late", 1);
            page.fill("#trace-client", "");
            page.fill("#trace-filter", "house/#");
            page.press("Enter");
            awaitText(page, "#trace-lines", "# trace of");
            awaitText(page, "#trace-state", "A trace of filter “house/#” is on.");
            switches.published("house/switch", "of the filter", 1);
            lamp.published("house/lamp", "so is this", 1);
            await().untilAsserted(() -> assertThat(page.text("#trace-lines"))
                    .containsPattern("switch > PUBLISH .*of the filter")
                    .containsPattern("lamp > PUBLISH .*so is this")
                    .doesNotContain("seen", "too late", "PUBACK"));
            page.click("#trace-stop");
            page.click("#trace-clear");
            assertThat(isSeen(page, "#trace-empty")).isTrue();
            assertThat(page.complaints()).isEmpty();

            page.fill("#trace-filter", "");
            page.press("Enter");
            awaitText(page, "#outcome", "a trace is of a client, of a topic filter, or of both");
            awaitText(page, "#trace-state", "No trace is on.");
        }
    }

    private static void awaitTitle(Browser page, String id) {
        await().untilAsserted(() ->
                assertThat(page.evaluate("document.activeElement.id")).isEqualTo(id));
    }

    @Test
    void keepsTheLast1000LinesOfATrace() throws Exception {
        try (WireClient chatty = login("chatty");
                Browser page = open()) {
            go(page, "traces=chatty");
            page.click("#trace-start");
            awaitText(page, "#trace-state", "A trace of client “chatty” is on.");
            for (int i = 0; i < 1_200; i++) {
                chatty.send(Packets.publish("many", "message " + i));
            }
            awaitText(page, "#trace-lines li:last-child", "message 1199");

            assertThat(page.evaluate("document.getElementById('trace-lines').children.length"))
                    .isEqualTo("1000");
            assertThat(page.text("#trace-lines li:first-child")).contains("message 200");
            assertThat(page.evaluate("(list => list.scrollHeight - list.scrollTop - list.clientHeight < 2)"
                            + "(document.getElementById('trace-lines'))"))
                    .isEqualTo("true");
        }
    }

    // ---- reload

    @Test
    void reloadsWhenThatIsConfirmedAndShowsWhatCameOfIt() throws Exception {
        try (Browser page = open()) {
            Files.writeString(configuration, LISTENERS + "limits.queue-messages-max = 60\ntcp-no-delay = false\n");
            page.click("#reload");
            page.press("Escape");
            reload(page);
            await().until(() -> isSeen(page, "#reload-report"));
            assertThat(page.requests())
                    .filteredOn(url -> url.endsWith("/reload"))
                    .as("of the one that was confirmed")
                    .hasSize(1);
            assertThat(page.text("#reload-done li")).isEqualTo("limits.queue-messages-max");
            assertThat(page.text("#reload-restart li")).contains("tcp-no-delay has changed", "needs a restart");
            assertThat(isSeen(page, "#reload-none")).isFalse();
            assertThat(page.text("#outcome")).isEqualTo("The broker has read its files again.");

            Files.writeString(configuration, LISTENERS + "limits.queue-messages-max = 60\n");
            reload(page);
            await().until(() -> isSeen(page, "#reload-none"));
            assertThat(isSeen(page, "#reload-done")).isFalse();
            assertThat(isSeen(page, "#reload-restart")).isFalse();
            assertThat(page.complaints()).isEmpty();

            Files.writeString(configuration, LISTENERS + "limits.queue-messages-max = many\n");
            reload(page);
            awaitText(page, "#outcome", "can't use all");
            assertThat(page.text("#reload-failed li")).contains("nothing is reloaded", "limits.queue-messages-max");
            assertThat(isSeen(page, "#reload-done")).isFalse();
            assertThat(isSeen(page, "#reload-restart")).isFalse();
            assertThat(isSeen(page, "#reload-none")).isFalse();
        }
    }

    @Test
    void showsWhatCountsAlreadyIfAFileCannotBeUsed(@TempDir Path temp) throws Exception {
        Path rules = Files.writeString(temp.resolve("rules"), "topic readwrite #\n");
        String content = LISTENERS + "security.acl-file = \"" + rules + "\"\n";
        Path file = Files.writeString(temp.resolve("dunlin.conf"), content);
        try (AdministeredBroker other = AdministeredBroker.configured(file);
                Browser page = Browser.open(other.page())) {
            awaitText(page, "#broker", "Connected");
            Files.writeString(rules, "no rule\n");
            Files.writeString(file, content + "limits.queue-messages-max = 60\ntcp-no-delay = false\n");

            reload(page);

            awaitText(page, "#outcome", "can't use all");
            assertThat(page.text("#reload-failed li")).contains("the rules stay as they are");
            assertThat(page.text("#reload-done")).contains("limits.queue-messages-max");
            assertThat(page.text("#reload-restart li")).contains("tcp-no-delay has changed");
            for (String part : List.of("#reload-failed", "#reload-done", "#reload-restart")) {
                assertThat(isSeen(page, part)).as(part).isTrue();
            }
        }
    }

    private static void reload(Browser page) throws Exception {
        page.click("#reload");
        page.click("#confirm-yes");
    }
}
