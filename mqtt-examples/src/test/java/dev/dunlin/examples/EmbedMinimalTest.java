package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Test;

class EmbedMinimalTest {

    @Test
    void hearsItselfAndClients() throws Exception {
        try (RunningExample example = new RunningExample(EmbedMinimal.class)) {
            List<String> both = List.of(example.line(), example.line()); // its own message comes on another thread
            assertThat(both).contains("hi");
            int port = RunningExample.port(both.get(1 - both.indexOf("hi")));

            MqttClient client = new MqttClient("tcp://127.0.0.1:" + port, "guest", new MemoryPersistence());
            client.connect();
            client.publish("greetings/from/a/client", "hello".getBytes(UTF_8), 1, false);
            assertThat(example.line()).isEqualTo("hello");
            client.disconnect();
            client.close();
            example.end();
        }
    }

    @Test
    void isAtMostTwentyLines() throws Exception {
        Path source = Path.of("src", "main", "java", "dev", "dunlin", "examples", "EmbedMinimal.java");
        assertThat(Files.readAllLines(source)).hasSizeLessThanOrEqualTo(20);
    }
}
