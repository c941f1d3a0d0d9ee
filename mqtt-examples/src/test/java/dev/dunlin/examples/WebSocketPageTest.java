package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.interop.NodeModules;
import dev.dunlin.codec.testkit.RequiresTool;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@RequiresTool({"chromium", "npm"})
class WebSocketPageTest {
    private static final int PATIENCE_SECONDS = 30;

    @TempDir
    private Path profile;

    @Test
    void aPageAndAClientTalk() throws Exception {
        Path library = NodeModules.installed("mqttjs", "clients.js").resolve("node_modules/mqtt/dist");
        try (RunningExample example = new RunningExample(WebSocketPage.class, library.toString());
                MqttClient other = new MqttClient(
                        "tcp://127.0.0.1:" + RunningExample.port(example.line()), "other", new MemoryPersistence())) {
            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            other.connect();
            other.subscribe("chat/#", 1, (topic, message) -> heard.add(topic + " " + message));
            String url = example.line().replace("open ", "");
            try (Browser browser = new Browser(profile, url)) {
                browser.await("state.textContent === 'connected'");
                browser.run("text.value = 'hello from the page'; send.click()");
                assertThat(heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS))
                        .isEqualTo("chat/browser hello from the page");
                browser.await("messages.innerText === 'chat/browser: hello from the page'");

                other.publish("chat/other", "<b onclick=x>hello</b>".getBytes(UTF_8), 1, false);
                browser.await("messages.lastChild.innerText === 'chat/other: <b onclick=x>hello</b>'");
            }
            assertThat(status(url + "../etc/passwd")).isEqualTo(404);
            other.disconnect();
            example.end();
        }
    }

    private static int status(String url) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }
}
