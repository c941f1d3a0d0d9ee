package dev.dunlin.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** Chromium without a window, with one page, in which a test runs scripts by the protocol of its developer tools. */
final class Browser implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Pattern PAGE =
            Pattern.compile("\"webSocketDebuggerUrl\": \"(ws://[^\"]+/devtools/page/[^\"]+)\"");

    private final HttpClient http = HttpClient.newHttpClient();
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private final Process process;
    private final WebSocket tools;

    /**
     * Opens a page.
     *
     * @param profile a folder that is its own
     */
    Browser(Path profile, String url) throws Exception {
        ProcessBuilder chromium = new ProcessBuilder(
                        "chromium",
                        "--headless",
                        "--no-sandbox", // as root it has none
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        "--no-first-run",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile,
                        url)
                .redirectErrorStream(true)
                .redirectOutput(profile.resolve("chromium.log").toFile());
        chromium.environment().put("TMPDIR", profile.toString()); // or something of it stays in /tmp when it is killed
        process = chromium.start();
        Path port = profile.resolve("DevToolsActivePort");
        Awaitility.await().atMost(PATIENCE).until(() -> Files.exists(port) && Files.size(port) > 0);
        String list = "http://127.0.0.1:" + Files.readAllLines(port).get(0) + "/json/list";
        String page = Awaitility.await().atMost(PATIENCE).until(() -> page(list), found -> !found.isEmpty());
        tools = http.newWebSocketBuilder()
                .buildAsync(URI.create(page), new Answers())
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    private String page(String list) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(list)).build();
        Matcher page = PAGE.matcher(
                http.send(request, HttpResponse.BodyHandlers.ofString()).body());
        return page.find() ? page.group(1) : "";
    }

    /** Runs a script, in which names are those of the page's own script. Returns what the tools answer. */
    String run(String script) throws InterruptedException {
        String text = script.replace("\\", "\\\\").replace("\"", "\\\"");
        tools.sendText("{\"id\":1,\"method\":\"Runtime.evaluate\",\"params\":{\"expression\":\"" + text + "\"}}", true)
                .join();
        String answer = answers.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        assertThat(answer).as(script).isNotNull();
        return answer;
    }

    /** Waits until this is true in the page. */
    void await(String condition) {
        Awaitility.await(condition).atMost(PATIENCE).until(() -> run(condition).contains("\"value\":true"));
    }

    private final class Answers implements WebSocket.Listener {
        private final StringBuilder parts = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            parts.append(part);
            if (last) {
                answers.add(parts.toString());
                parts.setLength(0);
            }
            socket.request(1);
            return null;
        }
    }

    /** Returns when it has ended and writes no more into its profile. */
    @Override
    public void close() throws IOException {
        tools.abort();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly().onExit().join();
    }
}
