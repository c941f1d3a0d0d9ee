package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A broker in a JVM of its own, with listeners for TCP and WebSocket, and its admin HTTP. Can be started again where it was. */
final class AdministeredBroker implements AutoCloseable {
    static final String TOKEN = "0123456789abcdef-token-of-tests";

    private final HttpClient http = HttpClient.newBuilder()
            .sslContext(TestCertificate.shared().trusting())
            .build();
    private final List<String> options;
    private final @Nullable Path file;
    private final Path tokenFile;
    private Child process;
    private URI tcp;
    private URI webSocket;
    private URI admin;

    private AdministeredBroker(List<String> options, @Nullable Path file) throws IOException {
        this.options = options;
        this.file = file;
        tokenFile = Files.writeString(Files.createTempFile("token", null), TOKEN + "\n");
    }

    static AdministeredBroker start(String... options) throws Exception {
        return started(new AdministeredBroker(List.of(options), null));
    }

    /** One whose listeners are in a configuration file: first TCP, then WebSocket. */
    static AdministeredBroker configured(Path file) throws Exception {
        return started(new AdministeredBroker(List.of(), file));
    }

    private static AdministeredBroker started(AdministeredBroker broker) throws Exception {
        broker.start(0, 0, 0);
        return broker;
    }

    private void start(int port, int webSocketPort, int adminPort) throws Exception {
        List<String> all = new ArrayList<>(options);
        all.addAll(
                file == null
                        ? List.of("--port", "" + port, "--ws-port", "" + webSocketPort)
                        : List.of("--config", file.toString(), "--port", port + "," + webSocketPort));
        all.addAll(List.of("--admin-port", "" + adminPort, "--admin-token-file", tokenFile.toString()));
        all.addAll(List.of("--store", "memory"));
        process = Child.start(Child.broker(all.toArray(String[]::new)));
        tcp = uri();
        webSocket = uri();
        admin = uri();
    }

    /** The address at the end of a line. */
    private URI uri() throws Exception {
        String line = process.readLine();
        assertThat(line).as("a line of the start").isNotNull();
        return URI.create(line.substring(line.lastIndexOf(' ') + 1));
    }

    /** It ends; nothing is left but its addresses. */
    void stop() throws Exception {
        try (Child running = process) {
            assertThat(running.terminate().end()).isEqualTo(new Child.Ended(0, List.of(), List.of()));
        }
    }

    void startAgain() throws Exception {
        start(tcp.getPort(), webSocket.getPort(), admin.getPort());
    }

    int port() {
        return tcp.getPort();
    }

    String webSocket() {
        return webSocket.toString();
    }

    /** Without a path. */
    String origin() {
        return admin.getScheme() + "://" + admin.getAuthority();
    }

    /** The page, with the token. */
    String page() {
        return origin() + "/#token=" + TOKEN;
    }

    /** What a path of the admin HTTP answers, with the token. */
    String get(String path) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(origin() + path))
                .header("Authorization", "Bearer " + TOKEN)
                .build();
        var answer = http.send(request, BodyHandlers.ofString());
        assertThat(answer.statusCode()).as("%s: %s", path, answer.body()).isEqualTo(200);
        return answer.body();
    }

    @Override
    public void close() throws Exception {
        process.close();
        Files.delete(tokenFile);
    }
}
