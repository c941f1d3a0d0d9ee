package dev.dunlin.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.Listener;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.server.ReloadReport;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/** A broker in memory on ports of its own, administered. Whatever is answered has to be as {@code openapi.json} says. */
final class Administered implements AutoCloseable {
    static final String TOKEN = "correct-horse-battery";
    private static final int PATIENCE_MS = 10_000;
    private static final OpenApi OPEN_API = new OpenApi();

    private final Broker broker;
    private final AdminHttp admin;
    /** Keeps them from being collected as garbage, which would close their sockets in the middle of a test. */
    private final List<WireClient> clients = new ArrayList<>();

    private final HttpClient http = HttpClient.newHttpClient();
    private CompletionStage<ReloadReport> reloaded =
            CompletableFuture.completedFuture(new ReloadReport(List.of("the passwords"), List.of(), List.of()));

    private Administered(AdminSettings settings, UnaryOperator<BrokerBuilder> configuration) throws Exception {
        admin = AdminHttp.bind(settings);
        broker = configuration
                .apply(Broker.builder()
                        .loops(2)
                        .listen(Listener.tcp("127.0.0.1", 0))
                        .listen(Listener.webSocket("127.0.0.1", 0)
                                .webSocketOrigins(admin.origins().toArray(String[]::new))))
                .start();
        admin.start(broker, new ServerTraits("1.2.3", "memory", "none", () -> reloaded));
    }

    static Administered start() throws Exception {
        return start(settings(TOKEN));
    }

    static Administered start(AdminSettings settings) throws Exception {
        return start(settings, builder -> builder);
    }

    static Administered start(AdminSettings settings, UnaryOperator<BrokerBuilder> configuration) throws Exception {
        return new Administered(settings, configuration);
    }

    static AdminSettings settings(String token) {
        return new AdminSettings("127.0.0.1", 0, List.of("broker.example.org"), token, null, false, false);
    }

    Broker broker() {
        return broker;
    }

    AdminHttp admin() {
        return admin;
    }

    void reloads(CompletionStage<ReloadReport> outcome) {
        reloaded = outcome;
    }

    /** A client of 5.0 that is connected. */
    WireClient client(String id) {
        return open().login(id);
    }

    /** One whose session outlives its connection. */
    WireClient persistent(String id) {
        WireClient client = open();
        client.send(Packets.connect(id).sessionExpiry(100));
        client.expect(Packets.connack());
        return client;
    }

    private WireClient open() {
        WireClient client = WireClient.connect(broker.port("tcp"), MqttVersion.V5);
        clients.add(client);
        return client;
    }

    // ---- HTTP

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + admin.port() + path);
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path))
                .timeout(Duration.ofMillis(PATIENCE_MS))
                .header("Authorization", "Bearer " + TOKEN);
    }

    HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (!request.method().equals("HEAD")) {
            String type = response.headers().firstValue("Content-Type").orElse("");
            assertThat(OPEN_API.faults(
                            request.method(), request.uri().getRawPath(), response.statusCode(), type, response.body()))
                    .as("%s %s: %s", request.method(), request.uri(), response.body())
                    .isEmpty();
        }
        return response;
    }

    <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler) throws Exception {
        return http.send(request, handler);
    }

    /** The answer to this, which is none but 200. */
    Map<String, Object> get(String path) throws Exception {
        return good(send(request(path).build()));
    }

    Map<String, Object> post(String path, String body) throws Exception {
        return good(send(posting(path, body)));
    }

    Map<String, Object> delete(String path) throws Exception {
        return good(send(request(path).DELETE().build()));
    }

    HttpRequest posting(String path, String body) {
        return request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private static Map<String, Object> good(HttpResponse<String> response) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return OpenApi.parsed(response.body());
    }

    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> items(Map<String, Object> page) {
        return (List<Map<String, Object>>) page.get("items");
    }

    /** A socket on which nothing was said yet. */
    Socket socket() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), admin.port());
        socket.setSoTimeout(PATIENCE_MS);
        return socket;
    }

    /** All that is answered to these bytes, until the connection ends. */
    String raw(String request) throws IOException {
        try (Socket socket = socket()) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Override
    public void close() {
        admin.stopping();
        broker.close();
        admin.close();
    }
}
