package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import org.junit.jupiter.api.Test;

class ObserveTest {

    private static Mqtt5BlockingClient client(String id, int port) {
        return Mqtt5Client.builder()
                .identifier(id)
                .serverHost("127.0.0.1")
                .serverPort(port)
                .buildBlocking();
    }

    @Test
    void printsWhoComesAndGoesAndWhatWasLost() throws Exception {
        try (RunningExample example = new RunningExample(Observe.class)) {
            int port = RunningExample.port(example.line());
            Mqtt5BlockingClient away = client("away", port);
            away.connectWith().cleanStart(true).sessionExpiryInterval(100).send();
            away.subscribeWith().topicFilter("news").send();
            away.disconnect();
            Mqtt5BlockingClient publisher = client("publisher", port);
            publisher.connect();
            for (int i = 0; i < 3; i++) {
                publisher
                        .publishWith()
                        .topic("news")
                        .payload("x".getBytes(UTF_8))
                        .send();
            }
            publisher.disconnect();

            assertThat(example.line()).startsWith("client.connected away: connected from ");
            assertThat(example.line()).startsWith("client.disconnected away: disconnected by its client");
            assertThat(example.line()).startsWith("client.connected publisher: ");
            assertThat(example.line()).startsWith("client.disconnected publisher: ");
            example.press();
            assertThat(example.line()).isEqualTo("away lost 3");
            example.awaitEnd();
        }
    }
}
