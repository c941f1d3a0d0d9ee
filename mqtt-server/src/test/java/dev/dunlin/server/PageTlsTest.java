package dev.dunlin.server;

import static dev.dunlin.server.PageTest.awaitText;
import static dev.dunlin.server.PageTest.go;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.testkit.RequiresTool;
import dev.dunlin.codec.testkit.TestCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The admin page over TLS: all of it by https, and what it publishes and is sent by wss. */
@RequiresTool({"chromium", "node", "npm"})
final class PageTlsTest {
    private static Path configuration(Path folder) throws Exception {
        TestCertificate own = TestCertificate.shared();
        return Files.writeString(folder.resolve("dunlin.conf"), """
                listeners = [
                  { port = 0 }
                  { port = 0, websocket-path = /mqtt, tls { chain = "%1$s", key = "%2$s" } }
                ]
                admin.tls { cert = "%1$s", key = "%2$s" }
                """.formatted(own.chain(), own.key()));
    }

    @Test
    void showsFiguresPublishesAndSubscribesOverTlsAlone(@TempDir Path folder) throws Exception {
        try (AdministeredBroker broker = AdministeredBroker.configured(configuration(folder));
                WireClient other = WireClient.connect(broker.port(), MqttVersion.V5)
                        .login("other")
                        .subscribed("from/page", 1);
                Browser page = Browser.open(broker.page())) {
            assertThat(broker.origin()).startsWith("https://");
            assertThat(broker.webSocket()).startsWith("wss://");
            awaitText(page, "#broker", "Connected");
            go(page, "figures");
            awaitText(page, "#figure-list", "dunlin_connections");
            PageMoment.of(page, broker).assertShownAsInMetrics();

            go(page, "messages");
            page.fill("#subscribe-filter", "to/page");
            page.click("#subscribe-form button");
            awaitText(page, "#outcome", "Subscribed to “to/page”");
            other.published("to/page", "over TLS", 1);
            awaitText(page, "#received pre", "over TLS");
            page.fill("#publish-topic", "from/page");
            page.fill("#publish-payload", "so is this");
            page.click("#publish-form button");
            awaitText(page, "#outcome", "Published to “from/page”: acknowledged.");
            other.expectPublish("from/page", "so is this", 1);

            awaitText(page, "#mqtt-state", "Connected to " + broker.webSocket());
            assertThat(page.complaints()).isEmpty();
            assertThat(page.requests())
                    .contains(broker.origin() + "/", broker.webSocket())
                    .allMatch(url -> url.startsWith(broker.origin() + "/") || url.equals(broker.webSocket()));
        }
    }
}
