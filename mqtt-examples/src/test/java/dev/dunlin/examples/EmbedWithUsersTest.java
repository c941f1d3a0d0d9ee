package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.auth.Passwords;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttSecurityException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedWithUsersTest {
    private static final int PATIENCE_SECONDS = 20;

    @TempDir
    private Path dir;

    @Test
    void letsUsersDoWhatTheFileSaysAndFollowsItsChanges() throws Exception {
        Path users = Files.write(
                dir.resolve("users"), List.of("ann:" + Passwords.pbkdf2().hash("a secret".getBytes(UTF_8))));
        Path rules = Files.write(dir.resolve("rules"), List.of("user ann", "topic news/#"));
        try (RunningExample example = new RunningExample(EmbedWithUsers.class, users.toString(), rules.toString())) {
            int port = RunningExample.port(example.line());
            assertThatThrownBy(() -> connected(port, "wrong")).isInstanceOf(MqttSecurityException.class);
            MqttClient ann = connected(port, "a secret");
            BlockingQueue<String> received = new LinkedBlockingQueue<>();
            ann.subscribe("#", 1, (topic, message) -> received.add(topic));
            ann.publish("secret/1", "p".getBytes(UTF_8), 1, false);
            ann.publish("news/1", "p".getBytes(UTF_8), 1, false);
            assertThat(received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("news/1");

            Files.write(rules, List.of("user ann", "topic news/#", "topic secret/#"));
            await().atMost(Duration.ofSeconds(PATIENCE_SECONDS)).until(() -> {
                ann.publish("secret/2", "p".getBytes(UTF_8), 1, false);
                return "secret/2".equals(received.poll(100, TimeUnit.MILLISECONDS));
            });
            ann.disconnectForcibly(100, 100);
            ann.close();
            example.end();
        }
    }

    private static MqttClient connected(int port, String password) throws MqttException {
        MqttClient client = new MqttClient("tcp://127.0.0.1:" + port, "c", new MemoryPersistence());
        MqttConnectOptions options = new MqttConnectOptions();
        options.setUserName("ann");
        options.setPassword(password.toCharArray());
        client.connect(options);
        return client;
    }
}
