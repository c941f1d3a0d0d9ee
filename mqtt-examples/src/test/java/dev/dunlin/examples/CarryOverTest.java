package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.datatypes.Mqtt5UserProperties;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishBuilder;
import dev.dunlin.codec.testkit.RequiresTool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a real Mosquitto, with users and rules. That the server then runs by its configuration shows MosquittoMoveTest. */
@RequiresTool({"mosquitto", "mosquitto_passwd"})
class CarryOverTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MANY = 1_500;

    @TempDir
    private Path dir;

    private int port;
    private Process mosquitto;

    @BeforeEach
    void choosePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
    }

    private void startMosquitto(String... more) throws Exception {
        Path passwords = Files.createFile(dir.resolve("passwords"));
        for (String user : List.of("admin", "guest")) {
            assertThat(new ProcessBuilder("mosquitto_passwd", "-b", passwords.toString(), user, "pw of " + user)
                            .start()
                            .waitFor())
                    .isZero();
        }
        Path access = Files.write(dir.resolve("access"), List.of("user admin", "topic #"));
        List<String> lines = new ArrayList<>(List.of(
                "listener " + port + " 127.0.0.1",
                "user root",
                "allow_anonymous false",
                "password_file " + passwords,
                "acl_file " + access));
        lines.addAll(List.of(more));
        Path configuration = Files.write(dir.resolve("mosquitto.conf"), lines);
        mosquitto = new ProcessBuilder("mosquitto", "-c", configuration.toString())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("mosquitto.log").toFile())
                .start();
        await().atMost(PATIENCE).until(() -> {
            assertThat(mosquitto.isAlive()).isTrue();
            return answers();
        });
    }

    private boolean answers() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    @AfterEach
    void stopMosquitto() throws InterruptedException {
        mosquitto.destroy();
        assertThat(mosquitto.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whatIsRetainedIsThereAfterwardsAsItWas() throws Exception {
        startMosquitto("max_queued_messages 0");
        Mqtt5BlockingClient admin = client(port, "admin");
        admin.publish(retained("home/door", "open", MqttQos.AT_MOST_ONCE).build());
        admin.publish(retained("home/window", "closed", MqttQos.EXACTLY_ONCE)
                .contentType("text/plain")
                .responseTopic("answers")
                .correlationData("7".getBytes(UTF_8))
                .messageExpiryInterval(1_000)
                .userProperties()
                .add("since", "noon")
                .applyUserProperties()
                .build());
        admin.publish(retained("gone", "soon", MqttQos.AT_LEAST_ONCE).build());
        admin.publish(retained("gone", "", MqttQos.AT_LEAST_ONCE).build());
        publishMany(admin);
        admin.disconnect();

        assertThat(carryOver("admin")).isEqualTo("carried over " + (MANY + 2) + " retained messages");

        Path store = dir.resolve("store");
        try (RunningExample example = new RunningExample(EmbedDurable.class, store.toString())) {
            Map<String, Mqtt5Publish> there = all(RunningExample.port(example.line()), MANY + 2);
            Mqtt5Publish door = there.get("home/door");
            assertThat(new String(door.getPayloadAsBytes(), UTF_8)).isEqualTo("open");
            assertThat(door.getQos()).isEqualTo(MqttQos.AT_MOST_ONCE);
            Mqtt5Publish window = there.get("home/window");
            assertThat(window.isRetain()).isTrue();
            assertThat(window.getQos()).isEqualTo(MqttQos.EXACTLY_ONCE);
            assertThat(window.getContentType().orElseThrow()).hasToString("text/plain");
            assertThat(window.getResponseTopic().orElseThrow()).hasToString("answers");
            assertThat(window.getCorrelationData()).contains(ByteBuffer.wrap("7".getBytes(UTF_8)));
            assertThat(window.getMessageExpiryInterval().orElseThrow()).isBetween(900L, 1_000L);
            assertThat(window.getUserProperties())
                    .isEqualTo(
                            Mqtt5UserProperties.builder().add("since", "noon").build());
            assertThat(there).containsKey("many/" + (MANY - 1)).hasSize(MANY + 2);
            example.end();
        }
    }

    private static void publishMany(Mqtt5BlockingClient client) {
        List<CompletableFuture<?>> many = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            many.add(client.toAsync()
                    .publish(retained("many/" + i, "x", MqttQos.AT_LEAST_ONCE).build()));
        }
        many.forEach(CompletableFuture::join);
    }

    @Test
    void saysSoIfMosquittoDropsSome() throws Exception {
        startMosquitto();
        Mqtt5BlockingClient admin = client(port, "admin");
        publishMany(admin);
        admin.disconnect();
        assertThat(carryOver("admin"))
                .contains("IllegalStateException")
                .containsPattern("max_queued_messages (is )?too low");
    }

    @Test
    void saysSoToAUserThatMayNotSeeEverything() throws Exception {
        startMosquitto();
        assertThat(carryOver("guest")).contains("IllegalStateException").contains("may this user");
    }

    /** The first line that it prints. */
    private String carryOver(String user) throws Exception {
        Map<String, String> variables = Map.of("MQTT_USER", user, "MQTT_PASSWORD", "pw of " + user);
        String store = dir.resolve("store").toString();
        try (RunningExample example =
                new RunningExample(variables, CarryOver.class, "127.0.0.1", Integer.toString(port), store)) {
            String said = example.line();
            if (said.startsWith("carried")) {
                example.awaitEnd();
            }
            return said;
        }
    }

    private static Mqtt5BlockingClient client(int port, String user) {
        Mqtt5BlockingClient client = Mqtt5Client.builder()
                .identifier("test")
                .serverHost("127.0.0.1")
                .serverPort(port)
                .simpleAuth()
                .username(user)
                .password(("pw of " + user).getBytes(UTF_8))
                .applySimpleAuth()
                .buildBlocking();
        client.connect();
        return client;
    }

    private static Map<String, Mqtt5Publish> all(int port, int count) {
        Mqtt5BlockingClient client = client(port, "anybody");
        Map<String, Mqtt5Publish> all = new ConcurrentHashMap<>();
        client.toAsync()
                .subscribeWith()
                .topicFilter("#")
                .callback(message -> all.put(message.getTopic().toString(), message))
                .send()
                .join();
        await().atMost(PATIENCE).until(() -> all.size() >= count);
        client.disconnect();
        return all;
    }

    private static Mqtt5PublishBuilder.Complete retained(String topic, String payload, MqttQos qos) {
        return Mqtt5Publish.builder()
                .topic(topic)
                .payload(payload.getBytes(UTF_8))
                .qos(qos)
                .retain(true);
    }
}
