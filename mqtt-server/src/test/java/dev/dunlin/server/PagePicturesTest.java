package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.server.Browser.Window;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Pictures of each view, to be looked at by a person: see docs/page.md for the command. They are in target/pictures. */
@RequiresTool({"chromium", "node", "npm"})
@EnabledIfSystemProperty(named = "dunlin.pictures", matches = "true")
final class PagePicturesTest {
    private static final List<String> VIEWS = List.of("overview", "clients", "topics", "messages", "traces", "figures");
    private static final List<String> ONE_CLIENT = List.of("client=" + PagePicturesTest.LAMP);
    private static final Duration SEEN = Duration.ofSeconds(15);
    private static final int RETAINED = 8;
    private static final String LAMP = "lamp-in-the-hall";

    private Path folder;

    @Test
    void ofABrokerWithNothingToDo() throws Exception {
        folder = Files.createDirectories(Path.of("target", "pictures", "empty"));
        try (AdministeredBroker broker = AdministeredBroker.start()) {
            shootAll(broker, VIEWS);
            try (WireClient lamp = login(broker, LAMP)) {
                shootAll(broker, ONE_CLIENT);
            }
        }
    }

    @Test
    void ofABrokerAtWork() throws Exception {
        folder = Files.createDirectories(Path.of("target", "pictures", "busy"));
        try (AdministeredBroker broker =
                        AdministeredBroker.start("--limit", "slowConsumerMs=200", "--limit", "queueMessagesMax=5000");
                PageLoad load = new PageLoad(broker.port());
                WireClient lamp = login(broker, LAMP);
                WireClient worker = login(broker, "worker-1")) {
            for (int i = 1; i <= RETAINED; i++) {
                lamp.published(
                        Packets.publish("house/room-" + i + "/light", "{\"on\": true, \"watts\": 7}")
                                .retain(),
                        1);
            }
            lamp.subscribed("house/+/switch", 1).subscribed("house/all", 2).subscribed("$share/workers/house/#", 1);
            worker.subscribed("$share/workers/house/#", 1);
            Browser page = Browser.open(broker.page());
            await().atMost(SEEN.plusSeconds(30))
                    .until(() -> page.evaluate(
                                    "document.getElementById('chart-rates').querySelector('canvas') !== null && performance.now() > "
                                            + SEEN.toMillis())
                            .equals("true"));
            page.close();
            shootAll(broker, VIEWS);
            shootAll(broker, ONE_CLIENT);
        }
    }

    private static WireClient login(AdministeredBroker broker, String clientId) {
        return WireClient.connect(broker.port(), MqttVersion.V5).login(clientId);
    }

    private void shootAll(AdministeredBroker broker, List<String> views) throws Exception {
        for (String scheme : List.of("light", "dark")) {
            shoot(broker, "desktop", new Window(1280, 900, scheme), views);
            shoot(broker, "phone", new Window(360, 740, scheme), views);
        }
    }

    private void shoot(AdministeredBroker broker, String size, Window window, List<String> views) throws Exception {
        try (Browser page = Browser.open(broker.page(), window)) {
            await().until(() -> page.text("#broker").equals("Connected")
                    && page.evaluate("document.querySelectorAll('.chart canvas').length")
                            .equals("4"));
            for (String view : views) {
                page.evaluate("location.hash = '#" + view + "'");
                String name = view.split("=", 2)[0];
                await().until(() -> page.evaluate("document.getElementById('" + name + "').hidden")
                        .equals("false"));
                if (folder.endsWith("busy")) {
                    fill(page, name);
                }
                page.shoot(folder.resolve(size + "-" + window.scheme() + "-" + name + ".png"));
            }
            if (views.equals(VIEWS)) {
                shootReload(page, size + "-" + window.scheme());
            }
            assertThat(page.complaints()).isEmpty();
        }
    }

    /** The question, and the answer. */
    private void shootReload(Browser page, String where) throws Exception {
        page.evaluate("location.hash = '#overview'");
        page.click("#reload");
        page.shoot(folder.resolve(where + "-question.png"));
        page.click("#confirm-yes");
        await().until(() -> page.text("#outcome").contains("read its files again"));
        page.shoot(folder.resolve(where + "-reload.png"));
    }

    /** What somebody does in a view, before there is something in it. */
    private static void fill(Browser page, String view) throws Exception {
        switch (view) {
            case "client" ->
                await().until(() -> page.text("#client-subscriptions").contains("house/all"));
            case "topics" -> {
                page.fill("#subscribers-topic", "house/room-1/switch");
                page.press("Enter");
                await().until(() -> page.text("#subscribers-list").contains("worker-1"));
            }
            case "messages" -> {
                page.fill("#subscribe-filter", "house/#");
                page.click("#subscribe-form button");
                await().until(() -> page.text("#received").contains("room-1"));
            }
            case "traces" -> {
                page.fill("#trace-client", "publisher");
                page.press("Enter");
                await().until(() -> page.evaluate("document.getElementById('trace-lines').children.length > 30")
                        .equals("true"));
                page.evaluate("document.getElementById('trace-stop').click()"); // unless it has had all its lines
            }
            default -> {} // the broker's load fills it
        }
    }
}
