package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishBuilder;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RequestResponseTest {
    private static final int PATIENCE_SECONDS = 20;

    @Test
    void answersWhereAndAsTheRequestSays() throws Exception {
        try (RunningExample example = new RunningExample(RequestResponse.class)) {
            Mqtt5BlockingClient client = Mqtt5Client.builder()
                    .identifier("asker")
                    .serverHost("127.0.0.1")
                    .serverPort(RunningExample.port(example.line()))
                    .buildBlocking();
            assertThat(example.line()).isEqualTo("the answer is HELLO");
            client.connect();
            client.subscribeWith()
                    .topicFilter("answers/asker")
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .send();
            try (Mqtt5BlockingClient.Mqtt5Publishes answers = client.publishes(MqttGlobalPublishFilter.ALL)) {
                client.publish(request("not answered").build());
                for (String each : new String[] {"first", "second"}) {
                    client.publish(request(each)
                            .responseTopic("answers/asker")
                            .correlationData(each.getBytes(UTF_8))
                            .build());
                    Mqtt5Publish answer =
                            answers.receive(PATIENCE_SECONDS, TimeUnit.SECONDS).orElseThrow();
                    assertThat(new String(answer.getPayloadAsBytes(), UTF_8)).isEqualTo(each.toUpperCase(Locale.ROOT));
                    assertThat(answer.getCorrelationData()).contains(ByteBuffer.wrap(each.getBytes(UTF_8)));
                    assertThat(answer.getQos()).isEqualTo(MqttQos.AT_LEAST_ONCE);
                }
            }
            client.disconnect();
            example.end();
        }
    }

    private static Mqtt5PublishBuilder.Complete request(String text) {
        return Mqtt5Publish.builder()
                .topic("upper")
                .payload(text.getBytes(UTF_8))
                .qos(MqttQos.AT_LEAST_ONCE);
    }
}
