package dev.dunlin.broker.interop;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.hivemq.client.mqtt.mqtt3.message.auth.Mqtt3SimpleAuth;
import com.hivemq.client.mqtt.mqtt3.message.connect.Mqtt3Connect;
import com.hivemq.client.mqtt.mqtt3.message.connect.connack.Mqtt3ConnAck;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import dev.dunlin.codec.QoS;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** hivemq-mqtt-client, MQTT 3.1.1. */
final class HivemqMqtt3Client implements TestClient {
    private final Inbox inbox = new Inbox();
    private final Mqtt3AsyncClient client;
    private final Mqtt3ConnAck connack;

    HivemqMqtt3Client(Setup setup) throws Exception {
        client = HivemqAddress.set(Mqtt3Client.builder(), setup).buildAsync();
        client.publishes(MqttGlobalPublishFilter.ALL, message -> inbox.add(received(message)));
        connack = client.connect(connect(setup)).get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        for (TestSubscription subscription : setup.subscriptions()) {
            client.subscribeWith()
                    .topicFilter(subscription.filter())
                    .qos(qos(subscription.maximum()))
                    .send()
                    .get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static Mqtt3Connect connect(Setup setup) {
        return Mqtt3Connect.builder()
                .cleanSession(!setup.persistent())
                .keepAlive(setup.keepAliveSeconds())
                .simpleAuth(login(setup.login()))
                .willPublish(setup.will() == null ? null : sent(setup.will()))
                .build();
    }

    private static @Nullable Mqtt3SimpleAuth login(Setup.@Nullable Login login) {
        return login == null
                ? null
                : Mqtt3SimpleAuth.builder()
                        .username(login.userName())
                        .password(login.password().getBytes(StandardCharsets.UTF_8))
                        .build();
    }

    private static Mqtt3Publish sent(TestMessage message) {
        return Mqtt3Publish.builder()
                .topic(message.topic())
                .payload(message.payload().getBytes(StandardCharsets.UTF_8))
                .qos(qos(message.qos()))
                .retain(message.retain())
                .build();
    }

    private static TestMessage received(Mqtt3Publish message) {
        return new TestMessage(
                message.getTopic().toString(),
                new String(message.getPayloadAsBytes(), StandardCharsets.UTF_8),
                QoS.of(message.getQos().getCode()),
                message.isRetain(),
                MessageProperties.NONE);
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
        client.publish(sent(message)).get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public Inbox inbox() {
        return inbox;
    }

    @Override
    public void close() throws Exception {
        client.disconnect()
                .exceptionally(lost -> null) // no connection to leave
                .get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
