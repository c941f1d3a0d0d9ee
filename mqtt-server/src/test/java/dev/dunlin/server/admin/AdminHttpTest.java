package dev.dunlin.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may ask, how it is refused, and what a badly meant request can't do. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AdminHttpTest {
    @AutoClose
    private final Administered server;

    AdminHttpTest() throws Exception {
        server = Administered.start();
    }

    private int status(HttpRequest.Builder request) throws Exception {
        return server.send(request.build()).statusCode();
    }

    private HttpRequest.Builder withoutToken(String path) {
        return HttpRequest.newBuilder(server.uri(path));
    }

    /** By hand, with a Host of choice. */
    private String asked(String line, String... headers) throws IOException {
        return server.raw(line + "\r\n" + String.join("\r\n", headers) + "\r\nConnection: close\r\n\r\n");
    }

    // ---- who may ask

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/overview", "/metrics", "/api/v1/no-such", "/api", "/api/"})
    void needsTheToken(String path) throws Exception {
        HttpResponse<String> none = server.send(withoutToken(path).build());
        assertThat(none.statusCode()).isEqualTo(401);
        assertThat(none.headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
        for (String wrong :
                List.of("Bearer", "Bearer ", "Bearer x", "Basic " + Administered.TOKEN, Administered.TOKEN)) {
            assertThat(status(withoutToken(path).header("Authorization", wrong)))
                    .as(wrong)
                    .isEqualTo(401);
        }
        assertThat(status(withoutToken(path)
                        .header("Authorization", "Bearer " + Administered.TOKEN)
                        .header("Authorization", "Bearer " + Administered.TOKEN)))
                .as("twice")
                .isEqualTo(401);
        assertThat(status(withoutToken(path).header("Authorization", "bearer  " + Administered.TOKEN)))
                .isNotEqualTo(401);
    }

    @Test
    void healthAndDescriptionAreFree() throws Exception {
        for (String path : List.of("/health/live", "/health/ready", "/openapi.json")) {
            assertThat(status(withoutToken(path))).as(path).isEqualTo(200);
        }
    }

    @Test
    void metricsMayBeFree() throws Exception {
        AdminSettings free = new AdminSettings("127.0.0.1", 0, List.of(), Administered.TOKEN, null, true, false);
        try (Administered open = Administered.start(free)) {
            assertThat(open.send(HttpRequest.newBuilder(open.uri("/metrics")).build())
                            .statusCode())
                    .isEqualTo(200);
            assertThat(open.send(HttpRequest.newBuilder(open.uri("/api/v1/overview"))
                                    .build())
                            .statusCode())
                    .isEqualTo(401);
        }
    }

    @Test
    void makesATokenOfItsOwnAtEachStart() throws Exception {
        try (Administered one = Administered.start(AdminSettings.onLoopback(0));
                Administered other = Administered.start(AdminSettings.onLoopback(0))) {
            assertThat(one.admin().uri()).matches("http://127\\.0\\.0\\.1:[0-9]+/#token=[A-Za-z0-9_-]{22}");
            String token = one.admin().uri().replaceFirst(".*=", "");
            HttpRequest request = HttpRequest.newBuilder(one.uri("/api/v1/overview"))
                    .header("Authorization", "Bearer " + token)
                    .build();
            assertThat(one.send(request).statusCode()).isEqualTo(200);
            assertThat(other.admin().uri()).doesNotContain(token);
        }
        assertThat(server.admin().uri()).as("a token of the user's").matches("http://127\\.0\\.0\\.1:[0-9]+/");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            127.0.0.1                | 200
            127.0.0.1:18083          | 200
            10.1.2.3:80              | 200
            [::1]:18083              | 200
            LocalHost:1              | 200
            Broker.Example.org       | 200
            evil.org                 | 421
            127.0.0.1.evil.org       | 421
            localhost.evil.org:18083 | 421
            [evil.org]               | 421
            @localhost               | 421
            """)
    void isAskedByItsOwnNamesOnly(String host, int status) throws Exception {
        assertThat(asked("GET /health/live HTTP/1.1", "Host: " + host)).startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void isAskedByOneNameAtATime() throws Exception {
        assertThat(asked("GET /health/live HTTP/1.1", "Host: localhost", "Host: localhost"))
                .startsWith("HTTP/1.1 421 ");
        assertThat(asked("GET /health/live HTTP/1.1", "X: y")).startsWith("HTTP/1.1 421 ");
        assertThat(asked("GET /health/live HTTP/1.0", "X: y")).startsWith("HTTP/1.1 200 ");
        assertThat(asked("GET /health/ready HTTP/1.0", "Host: evil.org")).startsWith("HTTP/1.1 421 ");
        assertThat(asked("GET /openapi.json HTTP/1.0", "X: y")).startsWith("HTTP/1.1 421 ");
    }

    // ---- what an answer has

    @Test
    void everyAnswerSaysWhatABrowserMayDoWithIt() throws Exception {
        for (String path : List.of("/", "/health/live", "/api/v1/overview", "/api/v1/no-such", "/metrics")) {
            var headers = server.send(server.request(path).build(), HttpResponse.BodyHandlers.discarding())
                    .headers();
            assertThat(headers.firstValue("Content-Security-Policy").orElseThrow())
                    .startsWith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                            + "connect-src 'self' ws://127.0.0.1:"
                            + server.broker().port("ws") + "; ")
                    .endsWith("frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
            assertThat(headers.firstValue("X-Content-Type-Options")).hasValue("nosniff");
            assertThat(headers.firstValue("Referrer-Policy")).hasValue("no-referrer");
            assertThat(headers.firstValue("Cache-Control")).hasValue(path.startsWith("/api") ? "no-store" : "no-cache");
            assertThat(headers.map().keySet()).noneMatch(name -> name.startsWith("access-control"));
        }
    }

    @Test
    void headHasNoBody() throws Exception {
        HttpRequest head = server.request("/api/v1/overview")
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build();
        HttpResponse<String> response = server.send(head);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body()).isEmpty();
        HttpRequest stream = server.request("/api/v1/stream")
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build();
        for (int i = 0; i <= Streams.STREAMS_MAX; i++) {
            assertThat(server.send(stream).statusCode())
                    .as("none takes a place")
                    .isEqualTo(200);
        }
    }

    @Test
    void otherMethodsAreNamed() throws Exception {
        HttpResponse<String> response = server.send(
                server.request("/api/v1/retained")
                        .PUT(HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).hasValue("DELETE, GET, HEAD");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/x",
                "/health",
                "/api/v1",
                "/api/v1/clients/",
                "/api/v1/clients//queue",
                "/../etc/passwd",
                "/openapi.json/",
                "/files.txt"
            })
    void thereIsNothingElse(String path) throws Exception {
        assertThat(server.send(server.request(path).build()).statusCode()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/v1/clients?max=0",
                "/api/v1/clients?max=1001",
                "/api/v1/clients?max=x",
                "/api/v1/clients?max=",
                "/api/v1/clients?limit=1",
                "/api/v1/clients?max=1&max=2",
                "/api/v1/clients?slow=yes",
                "/api/v1/clients?after=%ff",
                "/api/v1/history?seconds=601",
                "/api/v1/subscribers",
                "/api/v1/subscribers?topic=a/%23",
                "/api/v1/retained?filter=a/%23/b",
                "/api/v1/retained?payloadBytesMax=65537",
                "/api/v1/clients/%c3%28"
            })
    void refusesParametersThatCannotBe(String path) throws Exception {
        assertThat(server.send(server.request(path).build()).statusCode()).isEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "[]",
                "{\"topic\":\"t\"",
                "{\"topic\":\"t\",\"x\":1}",
                "{\"topic\":1}",
                "{}",
                "{\"topic\":\"a/#\"}",
                "{\"topic\":\"t\",\"qos\":3}",
                "{\"topic\":\"t\",\"qos\":\"1\"}",
                "{\"topic\":\"t\",\"retain\":1}",
                "{\"topic\":\"t\",\"payload\":\"a\",\"payloadBase64\":\"YQ==\"}",
                "{\"topic\":\"t\",\"payloadBase64\":\"!\"}",
                "{\"topic\":\"t\",\"userProperties\":{\"a\":1}}",
                "{\"topic\":\"$SYS/x\"}",
                "{\"topic\":\"t\",\"expirySeconds\":-1}"
            })
    void refusesBodiesThatCannotBe(String body) throws Exception {
        assertThat(server.send(server.posting("/api/v1/publish", body)).statusCode())
                .isEqualTo(400);
    }

    @Test
    void refusesABodyOfAThousandBrackets() throws Exception {
        String deep = "{\"topic\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}";
        assertThat(server.send(server.posting("/api/v1/publish", deep)).statusCode())
                .isEqualTo(400);
    }

    @Test
    void refusesBodiesOfAnotherTypeAndTooLargeOnes() throws Exception {
        HttpRequest text = server.request("/api/v1/publish")
                .header("Content-Type", "text/plain")
                .POST(HttpRequest.BodyPublishers.ofString("{\"topic\":\"t\"}"))
                .build();
        assertThat(server.send(text).statusCode()).isEqualTo(415);
        String large = "{\"topic\":\"t\",\"payload\":\"" + "x".repeat(Publishing.PAYLOAD_BYTES_MAX + 1) + "\"}";
        assertThat(server.send(server.posting("/api/v1/publish", large)).statusCode())
                .isEqualTo(413);
        String most = "{\"topic\":\"t\",\"payload\":\"" + "x".repeat(Publishing.PAYLOAD_BYTES_MAX) + "\"}";
        assertThat(server.send(server.posting("/api/v1/publish", most)).statusCode())
                .isEqualTo(200);
    }

    /** The server closes before it has read all of it: what matters is that it doesn't keep it. */
    @Test
    void readsNoMoreOfABodyThanItTakes() throws Exception {
        try (Socket socket = server.socket()) {
            socket.getOutputStream()
                    .write(("POST /api/v1/publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                    + "Authorization: Bearer " + Administered.TOKEN
                                    + "\r\nTransfer-Encoding: chunked\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            byte[] chunk = ("100000\r\n" + " ".repeat(1 << 20) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 64; i++) {
                            socket.getOutputStream().write(chunk);
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
        server.get("/api/v1/overview");
    }

    // ---- those that take long

    @Test
    void othersAreServedBesideManyThatSayNothing() throws Exception {
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Socket socket = server.socket();
            silent.add(socket);
            socket.getOutputStream().write("GET /health/live HTTP/1.1\r\nHos".getBytes(StandardCharsets.US_ASCII));
        }
        server.get("/health/live");
        server.get("/api/v1/overview");
        for (Socket socket : silent) { // nobody was cut off for it
            socket.getOutputStream().write("t: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().read()).isEqualTo('H');
        }
        for (Socket socket : silent) {
            socket.close();
        }
    }

    @Test
    void whoHasNoTokenTakesNoPlaceOfThoseWhoHaveIt() throws Exception {
        List<Socket> open = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Socket socket = server.socket();
            open.add(socket);
            socket.getOutputStream()
                    .write("POST /api/v1/publish HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 401");
        }
        server.get("/api/v1/overview"); // while the server waits for their bodies
        for (Socket socket : open) {
            socket.close();
        }
    }

    /** More than the system keeps of an answer for somebody who reads nothing of it. */
    @Test
    void whoReadsNoAnswerIsCutOff() throws Exception {
        String payload = Base64.getEncoder().encodeToString(new byte[65_536]);
        for (int i = 0; i < 16; i++) {
            server.post(
                    "/api/v1/publish",
                    "{\"topic\":\"t/" + i + "\",\"retain\":true,\"payloadBase64\":\"" + payload + "\"}");
        }
        List<Closeable> open = new ArrayList<>();
        HttpRequest stream = server.request("/api/v1/stream").build();
        for (int i = 0; i < Streams.STREAMS_MAX; i++) {
            open.add(server.send(stream, HttpResponse.BodyHandlers.ofInputStream())
                    .body());
        }
        for (int i = 0; i < 16; i++) {
            Socket greedy = server.socket();
            open.add(greedy);
            greedy.getOutputStream()
                    .write(
                            ("GET /api/v1/retained?payloadBytesMax=65536 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                                            + Administered.TOKEN + "\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
        }
        await().until(() -> status(server.request("/api/v1/overview")) == 503);
        assertThat(status(withoutToken("/health/ready"))).isEqualTo(200);
        assertThat(status(withoutToken("/openapi.json"))).isEqualTo(200);
        await().atMost(Duration.ofSeconds(30)).until(() -> status(server.request("/api/v1/overview")) == 200);
        for (Closeable each : open) {
            each.close();
        }
    }

    /** As the server of the JDK is told to: it looks each second. */
    @Test
    void whoNeverEndsARequestIsCutOff() throws Exception {
        try (Socket socket = server.socket()) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream().write("GET /health/live HTTP/1.1\r\nHos".getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().read()).isNegative();
        }
    }

    @Test
    void streamsAreFew() throws Exception {
        HttpRequest stream = server.request("/api/v1/stream").build();
        List<InputStream> open = new ArrayList<>();
        for (int i = 0; i < Streams.STREAMS_MAX; i++) {
            HttpResponse<InputStream> response = server.send(stream, HttpResponse.BodyHandlers.ofInputStream());
            assertThat(response.statusCode()).isEqualTo(200);
            open.add(response.body());
        }
        assertThat(server.send(stream).statusCode()).isEqualTo(503);
        server.get("/api/v1/overview");
        open.get(0).close();
        await().until(() -> {
            HttpResponse<InputStream> again = server.send(stream, HttpResponse.BodyHandlers.ofInputStream());
            open.add(again.body());
            return again.statusCode() == 200;
        });
        for (InputStream each : open) {
            each.close();
        }
    }

    // ---- reload, and the end

    @Test
    void saysWhatCameOfAReload() throws Exception {
        assertThat(server.post("/api/v1/reload", ""))
                .containsEntry("reloaded", List.of("the passwords"))
                .containsEntry("needRestart", List.of());
        server.reloads(CompletableFuture.completedFuture(new ReloadReport(List.of(), List.of("a", "b"), List.of())));
        assertThat(server.post("/api/v1/reload", "")).containsEntry("needRestart", List.of("a", "b"));
        server.reloads(CompletableFuture.completedFuture(
                new ReloadReport(List.of("the rules"), List.of("a"), List.of("no", "why"))));
        HttpResponse<String> failed = server.send(server.posting("/api/v1/reload", ""));
        assertThat(failed.statusCode()).isEqualTo(400);
        assertThat(OpenApi.parsed(failed.body()))
                .containsEntry("detail", "no; why")
                .containsEntry("reloaded", List.of("the rules"))
                .containsEntry("needRestart", List.of("a"))
                .containsEntry("failed", List.of("no", "why"));
        server.reloads(CompletableFuture.failedFuture(new IllegalStateException("a bug")));
        assertThat(server.send(server.posting("/api/v1/reload", "")).statusCode())
                .isEqualTo(500);
        server.get("/api/v1/overview");
    }

    @Test
    void saysThatItStopsAndEndsStreams() throws Exception {
        HttpResponse<InputStream> stream =
                server.send(server.request("/api/v1/stream").build(), HttpResponse.BodyHandlers.ofInputStream());
        server.admin().stopping();
        HttpResponse<String> ready = server.send(withoutToken("/health/ready").build());
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body()).isEqualTo("{\"status\":\"stopping\"}\n");
        assertThat(status(withoutToken("/health/live"))).isEqualTo(200);
        assertThat(status(server.request("/api/v1/overview"))).isEqualTo(503);
        assertThat(stream.body().readAllBytes()).isNotEmpty(); // and comes to its end
    }

    @Test
    void saysThatItStarts() throws Exception {
        AdminHttp bound = AdminHttp.bind(Administered.settings(Administered.TOKEN));
        String at = "http://127.0.0.1:" + bound.port();
        for (String path : List.of("/health/ready", "/api/v1/overview", "/metrics", "/", "/health/x")) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(at + path)).build();
            HttpResponse<String> answer = server.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(path).isEqualTo(503);
            assertThat(answer.body()).contains("start");
        }
        HttpRequest live =
                HttpRequest.newBuilder(URI.create(at + "/health/live")).build();
        assertThat(server.send(live).statusCode()).isEqualTo(200);
        bound.start(
                server.broker(),
                new ServerTraits(
                        "1",
                        "memory",
                        "none",
                        () -> CompletableFuture.failedFuture(new IllegalStateException("never asked"))));
        HttpRequest ready =
                HttpRequest.newBuilder(URI.create(at + "/health/ready")).build();
        assertThat(server.send(ready).statusCode()).isEqualTo(200);
        bound.close();
    }

    @Test
    void namesTheOriginsOfItsPage() throws Exception {
        AdminSettings settings =
                new AdminSettings("0.0.0.0", 0, List.of("Broker.example.org"), Administered.TOKEN, null, false, true);
        AdminHttp everywhere = AdminHttp.bind(settings);
        assertThat(everywhere.origins())
                .contains("http://localhost:" + everywhere.port(), "http://broker.example.org:" + everywhere.port())
                .noneMatch(origin -> origin.contains("0.0.0.0"));
        everywhere.close();
        AdminHttp one = AdminHttp.bind(new AdminSettings("127.0.0.2", 0, List.of(), null, null, false, false));
        assertThat(one.origins()).contains("http://127.0.0.2:" + one.port());
        one.close();
    }

    @Test
    void closesTwiceAndWithoutAStart() throws Exception {
        AdminHttp bound = AdminHttp.bind(Administered.settings(null));
        assertThatThrownBy(() -> AdminHttp.bind(
                        new AdminSettings("127.0.0.1", bound.port(), List.of(), null, null, false, false)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("127.0.0.1:" + bound.port());
        bound.close();
        bound.close();
    }

    // ---- settings

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            127.0.0.1 | -                | false | false | -
            ::1       | -                | false | false | -
            0.0.0.0   | -                | true  | true  | a token of your own
            0.0.0.0   | 0123456789abcdef | false | false | TLS is needed
            0.0.0.0   | 0123456789abcdef | true  | false | -
            ::        | 0123456789abcdef | false | true  | -
            127.0.0.1 | short            | false | false | 5 characters
            127.0.0.1 | 0123456789 abcdef | false | false | other characters
            no.such.invalid | -          | false | false | not an address
            """)
    void refusesToBeOpenToOthersByAccident(String host, String token, boolean tls, boolean plainText, String fault) {
        var identity = tls ? new AdminSettings.Identity(Path.of("c"), Path.of("k")) : null;
        String found = new AdminSettings(host, 0, List.of(), token, identity, false, plainText).fault();
        if (fault == null) {
            assertThat(found).isNull();
        } else {
            assertThat(found).contains(fault);
        }
    }
}
