package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5Connect;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAck;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult;
import dev.dunlin.codec.QoS;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** hivemq-mqtt-client, MQTT 5.0. */
final class HivemqMqtt5Client implements TestClient {
    private final Inbox inbox = new Inbox();
    private final Mqtt5AsyncClient client;
    private final Mqtt5ConnAck connack;

    HivemqMqtt5Client(Setup setup) throws Exception {
        client = Mqtt5Client.builder()
                .identifier(setup.clientId())
                .serverHost("127.0.0.1")
                .serverPort(setup.port())
                .buildAsync();
        client.publishes(MqttGlobalPublishFilter.ALL, message -> inbox.add(received(message)));
        connack = client.connect(connect(setup)).get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        for (String filter : setup.filters()) {
            client.subscribeWith()
                    .topicFilter(filter)
                    .qos(qos(setup.subscribedQoS()))
                    .send()
                    .get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static Mqtt5Connect connect(Setup setup) {
        return Mqtt5Connect.builder()
                .cleanStart(!setup.persistent())
                .sessionExpiryInterval(setup.persistent() ? Setup.SESSION_EXPIRY_SECONDS : 0)
                .willPublish(setup.will() == null ? null : sent(setup.will()))
                .build();
    }

    private static Mqtt5Publish sent(TestMessage message) {
        return Mqtt5Publish.builder()
                .topic(message.topic())
                .payload(message.payload().getBytes(StandardCharsets.UTF_8))
                .qos(qos(message.qos()))
                .retain(message.retain())
                .build();
    }

    private static TestMessage received(Mqtt5Publish message) {
        return new TestMessage(
                message.getTopic().toString(),
                new String(message.getPayloadAsBytes(), StandardCharsets.UTF_8),
                QoS.of(message.getQos().getCode()),
                message.isRetain());
    }

    private static MqttQos qos(QoS qos) {
        return MqttQos.values()[qos.level()];
    }

    @Override
    public Optional<Boolean> sessionPresent() {
        return Optional.of(connack.isSessionPresent());
    }

    @Override
    public void publish(TestMessage message) throws Exception {
        Mqtt5PublishResult result = client.publish(sent(message)).get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(result.getError()).isEmpty();
    }

    @Override
    public TestMessage receive() throws InterruptedException {
        return inbox.take();
    }

    @Override
    public void close() throws Exception {
        client.disconnect()
                .exceptionally(lost -> null) // no connection to leave
                .get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
