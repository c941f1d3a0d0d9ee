package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HomeAssistantTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String LAMP = "homeassistant/light/lamp/config";
    private static final String LAMP_CONFIG = "{\"state_topic\": \"home/lamp/state\"}";

    @TempDir
    private Path dir;

    @Test
    void whoSubscribesAnewAfterACrashSeesAllDevices() throws Exception {
        try (RunningExample example = new RunningExample(HomeAssistant.class, dir.toString())) {
            Mqtt5BlockingClient lamp = client("lamp", portAfter(example, "known: sensor boiler"));
            lamp.connectWith()
                    .cleanStart(false)
                    .sessionExpiryInterval(3_600)
                    .willPublish(retained("home/lamp/availability", "offline")
                            .asWill()
                            .extendAsWill()
                            .delayInterval(1)
                            .build())
                    .send();
            lamp.publish(retained(LAMP, LAMP_CONFIG));
            lamp.publish(retained("home/lamp/state", "ON"));
            lamp.publish(retained("home/lamp/availability", "online"));
            assertThat(example.line()).isEqualTo("known: light lamp");
            example.kill();
        }
        try (RunningExample example = new RunningExample(HomeAssistant.class, dir.toString())) {
            int port = portAfter(example, "known: light lamp", "known: sensor boiler");
            Map<String, String> seen = new ConcurrentSkipListMap<>();
            Mqtt5BlockingClient assistant = subscribed(port, seen);
            // The lamp hasn't come back: its will was in the store, too.
            await().atMost(PATIENCE).until(() -> "offline".equals(seen.get("home/lamp/availability")));
            assertThat(seen)
                    .containsEntry(LAMP, LAMP_CONFIG)
                    .containsEntry("home/lamp/state", "ON")
                    .containsEntry("home/boiler/temperature", "61.5")
                    .containsEntry("home/boiler/availability", "online")
                    .containsKey("homeassistant/sensor/boiler/config")
                    .hasSize(6);

            Mqtt5BlockingClient lamp = client("lamp", port);
            lamp.connectWith().cleanStart(false).sessionExpiryInterval(3_600).send();
            lamp.publish(retained("home/lamp/availability", "online"));
            await().atMost(PATIENCE).until(() -> "online".equals(seen.get("home/lamp/availability")));
            lamp.publish(retained(LAMP, ""));
            assertThat(example.line()).isEqualTo("removed: light lamp");
            lamp.disconnect();
            assistant.disconnect();
            example.end();
        }
    }

    /** The port, when these lines and the one with it have come, in any order. */
    private static int portAfter(RunningExample example, String... lines) throws Exception {
        Map<String, String> come = new ConcurrentSkipListMap<>();
        for (int i = 0; i <= lines.length; i++) {
            String line = example.line();
            come.put(line.startsWith("known") ? line : "port", line);
        }
        assertThat(come).containsKeys(lines);
        return RunningExample.port(come.get("port"));
    }

    private static Mqtt5BlockingClient client(String id, int port) {
        return Mqtt5Client.builder()
                .identifier(id)
                .serverHost("127.0.0.1")
                .serverPort(port)
                .buildBlocking();
    }

    private static Mqtt5BlockingClient subscribed(int port, Map<String, String> seen) {
        Mqtt5BlockingClient assistant = client("assistant", port);
        assistant.connect();
        assistant
                .toAsync()
                .subscribeWith()
                .topicFilter("#")
                .callback(message ->
                        seen.put(message.getTopic().toString(), new String(message.getPayloadAsBytes(), UTF_8)))
                .send()
                .join();
        return assistant;
    }

    private static Mqtt5Publish retained(String topic, String payload) {
        return Mqtt5Publish.builder()
                .topic(topic)
                .payload(payload.getBytes(UTF_8))
                .qos(MqttQos.AT_LEAST_ONCE)
                .retain(true)
                .build();
    }
}
