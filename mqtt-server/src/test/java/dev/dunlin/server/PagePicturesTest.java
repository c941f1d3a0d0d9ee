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
    private static final List<String> VIEWS = List.of("overview", "clients", "retained", "messages", "figures");
    private static final Duration SEEN = Duration.ofSeconds(15);
    private static final int RETAINED = 8;

    private Path folder;

    @Test
    void ofABrokerWithNothingToDo() throws Exception {
        folder = Files.createDirectories(Path.of("target", "pictures", "empty"));
        try (AdministeredBroker broker = AdministeredBroker.start()) {
            shootAll(broker);
        }
    }

    @Test
    void ofABrokerAtWork() throws Exception {
        folder = Files.createDirectories(Path.of("target", "pictures", "busy"));
        try (AdministeredBroker broker =
                        AdministeredBroker.start("--limit", "slowConsumerMs=200", "--limit", "queueMessagesMax=5000");
                PageLoad load = new PageLoad(broker.port());
                WireClient lamp =
                        WireClient.connect(broker.port(), MqttVersion.V5).login("lamp-in-the-hall")) {
            for (int i = 1; i <= RETAINED; i++) {
                lamp.published(
                        Packets.publish("house/room-" + i + "/light", "{\"on\": true, \"watts\": 7}")
                                .retain(),
                        1);
            }
            lamp.subscribed("house/+/switch", 1).subscribed("house/all", 2);
            Browser page = Browser.open(broker.page());
            await().atMost(SEEN.plusSeconds(30))
                    .until(() -> page.evaluate(
                                    "document.getElementById('chart-rates').querySelector('canvas') !== null && performance.now() > "
                                            + SEEN.toMillis())
                            .equals("true"));
            page.close();
            shootAll(broker);
        }
    }

    private void shootAll(AdministeredBroker broker) throws Exception {
        for (String scheme : List.of("light", "dark")) {
            shoot(broker, "desktop", new Window(1280, 900, scheme));
            shoot(broker, "phone", new Window(360, 740, scheme));
        }
    }

    private void shoot(AdministeredBroker broker, String size, Window window) throws Exception {
        try (Browser page = Browser.open(broker.page(), window)) {
            await().until(() -> page.text("#broker").equals("Connected")
                    && page.evaluate("document.querySelectorAll('.chart canvas').length")
                            .equals("4"));
            for (String view : VIEWS) {
                page.evaluate("location.hash = '#" + view + "'");
                await().until(() -> page.evaluate("document.getElementById('" + view + "').hidden")
                        .equals("false"));
                if (view.equals("messages")) {
                    fillMessages(page);
                }
                page.shoot(folder.resolve(size + "-" + window.scheme() + "-" + view + ".png"));
            }
            assertThat(page.complaints()).isEmpty();
        }
    }

    private void fillMessages(Browser page) throws Exception {
        if (folder.endsWith("busy")) {
            page.fill("#subscribe-filter", "house/#");
            page.click("#subscribe-form button");
            await().until(() -> page.text("#received").contains("room-1"));
        }
    }
}
