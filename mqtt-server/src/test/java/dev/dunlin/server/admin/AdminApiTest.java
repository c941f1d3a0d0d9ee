package dev.dunlin.server.admin;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.server.admin.Administered.items;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an administrator sees over HTTP of a broker with clients, and does to it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class AdminApiTest {
    private static final String CLIENTS = "/api/v1/clients";
    private static final String ONE = "/api/v1/client";

    @AutoClose
    private final Administered server;

    AdminApiTest() throws Exception {
        server = Administered.start(
                Administered.settings(Administered.TOKEN),
                builder -> builder.limits(
                        Limits.EMBEDDED.withOutputBytesMax(64 << 10).withSlowConsumerMs(50)));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private int status(String method, String path) throws Exception {
        return server.send(server.request(path)
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build())
                .statusCode();
    }

    /** All pages together. */
    private List<Map<String, Object>> all(String path) throws Exception {
        List<Map<String, Object>> found = new ArrayList<>();
        Object next = "";
        while (next != null) {
            Map<String, Object> page = server.get(path + "max=2&after=" + encoded((String) next));
            found.addAll(items(page));
            next = page.get("next");
        }
        return found;
    }

    // ---- clients

    @Test
    void pagesThroughSessions() throws Exception {
        assertThat(items(server.get(CLIENTS))).isEmpty();
        for (String id : List.of("b", "a", "c", "e", "d")) {
            server.persistent(id);
        }
        server.client("f");
        Map<String, Object> first = server.get(CLIENTS + "?max=2");
        assertThat(first).containsEntry("next", "b");
        List<Map<String, Object>> all = all(CLIENTS + "?");
        assertThat(all).extracting(each -> each.get("clientId")).containsExactly("a", "b", "c", "d", "e", "f");
        assertThat(all.get(0)).containsEntry("connected", true).containsEntry("expirySeconds", 100);
        Map<String, Object> client = OpenApi.object(all.get(0).get("client"));
        assertThat(client)
                .containsEntry("version", "V5")
                .containsEntry("listener", "tcp")
                .containsEntry("user", "");
        assertThat((String) client.get("remoteAddress")).matches("127\\.0\\.0\\.1:[0-9]+");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a/b",
                "%",
                "%2F",
                "ключ ☃ \uD83D\uDE00",
                "..",
                "a b+c&d=e?f#g",
                "<img src=x>",
                "\"\\",
                "{id}",
                ";x=1"
            })
    void knowsEveryClientIdentifier(String id) throws Exception {
        WireClient client = server.persistent(id);
        client.subscribed("t", 1);
        String one = CLIENTS + "/" + encoded(id).replace(".", "%2E");
        assertThat(server.get(one)).containsEntry("clientId", id);
        assertThat(items(server.get(one + "/subscriptions"))).hasSize(1);
        assertThat(items(server.get(CLIENTS + "?after="))).hasSize(1);
        assertThat(server.post(one + "/disconnect", "")).containsEntry("disconnected", true);
        client.expectDisconnect(ReasonCode.ADMINISTRATIVE_ACTION);
        await().until(() -> Boolean.FALSE.equals(server.get(one).get("connected")));
        assertThat(server.get(one).get("expiresAt")).satisfies(at -> Instant.parse((String) at));
        assertThat(server.post(one + "/disconnect", "")).containsEntry("disconnected", false);
        assertThat(server.delete(one)).containsEntry("ended", true);
        assertThat(status("GET", one)).isEqualTo(404);
    }

    /** A browser makes of both something else, if they stand in a path. */
    @ParameterizedTest
    @ValueSource(strings = {".", "..", "a/b", "a b+c&d=e?f#g"})
    void knowsEveryClientIdentifierByAQuery(String id) throws Exception {
        server.persistent(id).subscribed("t", 1);
        String query = "?clientId=" + encoded(id);
        assertThat(server.get(ONE + query)).containsEntry("clientId", id);
        assertThat(items(server.get(ONE + "/subscriptions" + query + "&max=1"))).hasSize(1);
        assertThat(items(server.get(ONE + "/inflight" + query))).isEmpty();
        assertThat(server.post(ONE + "/disconnect" + query, "")).containsEntry("disconnected", true);
        await().until(() -> Boolean.FALSE.equals(server.get(ONE + query).get("connected")));
        server.client("publisher").published("t", "payload", 1);
        await().until(() -> items(server.get(ONE + "/queue" + query)).size() == 1);
        assertThat(server.delete(ONE + "/queue" + query)).containsEntry("dropped", 1);
        assertThat(server.delete(ONE + query)).containsEntry("ended", true);
        assertThat(status("GET", ONE + query)).isEqualTo(404);
        assertThat(status("GET", ONE)).isEqualTo(400);
    }

    @Test
    void saysThatThereIsNoSuchClient() throws Exception {
        for (String path : List.of("", "/subscriptions", "/queue", "/inflight")) {
            assertThat(status("GET", CLIENTS + "/nobody" + path)).as(path).isEqualTo(404);
        }
        assertThat(status("DELETE", CLIENTS + "/nobody")).isEqualTo(404);
        assertThat(status("DELETE", CLIENTS + "/nobody/queue")).isEqualTo(404);
        assertThat(status("POST", CLIENTS + "/nobody/disconnect")).isEqualTo(404);
    }

    @Test
    void showsAQueueAndPurgesIt() throws Exception {
        server.persistent("away").subscribed("t/#", 1).leave();
        await().until(() -> Boolean.FALSE.equals(server.get(CLIENTS + "/away").get("connected")));
        WireClient publisher = server.client("publisher");
        for (int i = 0; i < 5; i++) {
            publisher.published("t/" + i, "payload", 1);
        }
        await().until(() ->
                Integer.valueOf(5).equals(server.get(CLIENTS + "/away").get("queuedMessages")));
        List<Map<String, Object>> queue = all(CLIENTS + "/away/queue?");
        assertThat(queue).extracting(each -> each.get("topic")).containsExactly("t/0", "t/1", "t/2", "t/3", "t/4");
        assertThat(queue.get(0))
                .containsEntry("qos", 1)
                .containsEntry("payloadBytes", 7)
                .containsEntry("publisher", "publisher");
        assertThat(status("GET", CLIENTS + "/away/queue?after=x")).isEqualTo(400);
        assertThat(server.delete(CLIENTS + "/away/queue")).containsEntry("dropped", 5);
        assertThat(server.get(CLIENTS + "/away"))
                .containsEntry("queuedMessages", 0)
                .containsEntry("dropped", Map.of("purged", 5));
    }

    @Test
    void showsWhatIsInFlight() throws Exception {
        WireClient client = server.client("c").subscribed("t", 1);
        server.client("publisher").published("t", "payload", 1);
        ReceivedPublish received = client.expectPublish("t", "payload", 1);
        assertThat(items(server.get(CLIENTS + "/c/inflight")))
                .singleElement()
                .satisfies(each -> assertThat(each)
                        .containsEntry("state", "PUBACK")
                        .containsEntry("topic", "t")
                        .containsEntry("qos", 1));
        client.acknowledge(received);
        await().until(() -> items(server.get(CLIENTS + "/c/inflight")).isEmpty());
        assertThat(status("GET", CLIENTS + "/c/inflight?after=wx")).isEqualTo(400);
    }

    @Test
    void listsSlowClients() throws Exception {
        server.client("slow").subscribed("t", 0);
        WireClient quick = server.client("quick").subscribed("t", 0);
        WireClient publisher = server.client("publisher");
        byte[] large = new byte[256 << 10];
        assertThat(items(server.get(CLIENTS + "?slow=true"))).isEmpty();
        await().atMost(Duration.ofSeconds(60))
                .until(
                        () -> { // what the sockets take may grow
                            publisher.published(publish("t", large), 0);
                            quick.take(publish("t", large));
                            return items(server.get(CLIENTS + "?slow=true")).size() == 1;
                        });
        assertThat(items(server.get(CLIENTS + "?slow=true")).get(0))
                .containsEntry("clientId", "slow")
                .containsEntry("slow", true);
        assertThat(server.get(CLIENTS + "/quick")).containsEntry("slow", false);
    }

    // ---- topics

    @Test
    void saysWhoGetsAPublish() throws Exception {
        server.client("a").subscribed("plant/+/x", 1);
        server.client("m").subscribed("$share/g/plant/#", 2);
        List<Map<String, Object>> found = all("/api/v1/subscribers?topic=" + encoded("plant/1 é/x") + "&");
        assertThat(found).extracting(each -> each.get("kind")).containsExactly("SESSION", "SHARED_GROUP");
        assertThat(found.get(1).get("group").toString()).contains("name=m");
        assertThat(items(server.get("/api/v1/shared-groups")))
                .singleElement()
                .satisfies(each -> assertThat(each)
                        .containsEntry("shareFilter", "$share/g/plant/#")
                        .containsEntry("memberCount", 1));
    }

    @Test
    void publishesAndShowsWhatIsRetained() throws Exception {
        WireClient client = server.client("c").subscribed("a/#", 1);
        assertThat(server.post(
                        "/api/v1/publish",
                        "{\"topic\":\"a/é x\",\"payload\":\"grüße\\u0000\",\"qos\":1,\"retain\":true,"
                                + "\"contentType\":\"text/plain\",\"userProperties\":{\"k.l\":\"v\"}}"))
                .containsEntry("matched", true);
        client.take("a/é x", "grüße\0", 1);
        server.post("/api/v1/publish", "{\"topic\":\"b\",\"payloadBase64\":\"/w==\",\"retain\":true}");
        assertThat(server.post("/api/v1/publish", "{\"topic\":\"nobody\",\"payload\":null}"))
                .containsEntry("matched", false);

        List<Map<String, Object>> retained = all("/api/v1/retained?filter=%23&");
        assertThat(retained).extracting(each -> each.get("topic")).containsExactly("a/é x", "b");
        assertThat(retained.get(0)).containsEntry("qos", 1).containsEntry("payloadBytes", 8);
        byte[] text = "grüße\0".getBytes(StandardCharsets.UTF_8);
        assertThat(retained.get(0).get("payload"))
                .isEqualTo(Map.of(
                        "text", "grüße\0", "base64", Base64.getEncoder().encodeToString(text), "bytes", text.length));
        assertThat(OpenApi.object(retained.get(1).get("payload")))
                .containsEntry("text", null)
                .containsEntry("base64", "/w==");
        assertThat(items(server.get("/api/v1/retained?filter=a/%2B"))).hasSize(1);
        Map<String, Object> cut =
                items(server.get("/api/v1/retained?payloadBytesMax=3")).get(0);
        assertThat(OpenApi.object(cut.get("payload")))
                .as("half of a character isn't shown")
                .containsEntry("text", "gr")
                .containsEntry("bytes", 8);

        for (int i = 0; i < 16; i++) {
            server.post("/api/v1/publish", "{\"topic\":\"many/" + i + "\",\"payload\":\"x\",\"retain\":true}");
        }
        Map<String, Object> page = server.get("/api/v1/retained?payloadBytesMax=65536");
        assertThat(items(page)).as("1 MiB of payloads at most").hasSize(16);
        assertThat(page.get("next")).isNotNull();
        assertThat(items(server.get("/api/v1/retained?payloadBytesMax=32768"))).hasSize(18);
        assertThat(items(server.get("/api/v1/retained"))).hasSize(18);
        for (int i = 0; i < 16; i++) {
            server.delete("/api/v1/retained?topic=many/" + i);
        }
        assertThat(server.delete("/api/v1/retained?topic=a/%C3%A9+x"))
                .as("a blank may be a plus sign")
                .containsEntry("removed", 1);
        assertThat(status("DELETE", "/api/v1/retained?topic=nobody")).isEqualTo(404);
        assertThat(status("DELETE", "/api/v1/retained?topic=%23")).isEqualTo(400);
        assertThat(items(server.get("/api/v1/retained"))).hasSize(1);
    }

    // ---- traces

    @Test
    void tracesAClientUntilItIsEnough() throws Exception {
        HttpResponse<InputStream> trace = server.send(
                server.posting("/api/v1/traces", "{\"clientId\":\"c\",\"lines\":3}"),
                HttpResponse.BodyHandlers.ofInputStream());
        assertThat(trace.statusCode()).isEqualTo(200);
        assertThat(trace.headers().firstValue("Content-Type")).hasValue("text/plain; charset=utf-8");
        server.client("c").published("t", "p", 1);
        List<String> lines = new BufferedReader(new InputStreamReader(trace.body(), StandardCharsets.UTF_8))
                .lines()
                .filter(line -> !line.isEmpty())
                .toList();
        assertThat(lines.get(0)).startsWith("# trace of client c");
        assertThat(lines.get(1)).contains("c > CONNECT");
        assertThat(lines.get(lines.size() - 1)).startsWith("#");
    }

    @Test
    void endsATraceThatNobodyReads() throws Exception {
        for (int i = 0; i < 2 * Streams.STREAMS_MAX; i++) {
            await().until(
                            () -> { // the places of those before come free when they are seen to be gone
                                HttpResponse<InputStream> trace = server.send(
                                        server.posting("/api/v1/traces", "{\"filter\":\"t\"}"),
                                        HttpResponse.BodyHandlers.ofInputStream());
                                trace.body().close();
                                server.post("/api/v1/publish", "{\"topic\":\"t\"}");
                                return trace.statusCode() == 200;
                            });
        }
    }

    @Test
    void refusesATraceOfEverything() throws Exception {
        for (String body :
                List.of("{}", "{\"clientId\":\"\"}", "{\"filter\":\"a/#/b\"}", "{\"clientId\":\"c\",\"lines\":0}")) {
            assertThat(server.send(server.posting("/api/v1/traces", body)).statusCode())
                    .as(body)
                    .isEqualTo(400);
        }
        for (int i = 0; i <= Streams.STREAMS_MAX; i++) { // none of them has kept a place
            assertThat(server.send(server.posting("/api/v1/traces", "{}")).statusCode())
                    .isEqualTo(400);
        }
    }

    @Test
    void isServedWhileTheBrokerIsClosed() throws Exception {
        WireClient old = WireClient.connect(server.broker().port("tcp"), MqttVersion.V3_1_1);
        old.send(connect("old"));
        old.expect(connack());
        assertThat(OpenApi.object(server.get(CLIENTS + "/old").get("client"))).containsEntry("version", "V3_1_1");
        server.broker().close();
        assertThat(status("GET", CLIENTS)).isEqualTo(503);
        server.get("/api/v1/overview");
    }
}
