package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.datatypes.Mqtt5UserProperties;
import com.hivemq.client.mqtt.mqtt5.datatypes.Mqtt5UserProperty;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5SimpleAuth;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5Connect;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5ConnectRestrictions;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAck;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5WillPublish;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5RetainHandling;
import dev.dunlin.codec.QoS;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** hivemq-mqtt-client, MQTT 5.0. It uses the topic aliases that a broker offers. */
final class HivemqMqtt5Client implements TestClient {
    private final Inbox inbox = new Inbox();
    private final Mqtt5AsyncClient client;
    private final Mqtt5ConnAck connack;

    HivemqMqtt5Client(Setup setup) throws Exception {
        client = HivemqAddress.set(Mqtt5Client.builder(), setup).buildAsync();
        client.publishes(MqttGlobalPublishFilter.ALL, message -> inbox.add(received(message)));
        connack = client.connect(connect(setup)).get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        for (TestSubscription subscription : setup.subscriptions()) {
            client.subscribeWith()
                    .topicFilter(subscription.filter())
                    .qos(qos(subscription.maximum()))
                    .noLocal(subscription.noLocal())
                    .retainAsPublished(subscription.retainAsPublished())
                    .retainHandling(Mqtt5RetainHandling.values()[subscription.retainHandling()])
                    .send()
                    .get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static Mqtt5Connect connect(Setup setup) {
        return Mqtt5Connect.builder()
                .cleanStart(!setup.persistent())
                .sessionExpiryInterval(setup.sessionExpirySeconds())
                .keepAlive(setup.keepAliveSeconds())
                .restrictions(Mqtt5ConnectRestrictions.builder()
                        .topicAliasMaximum(setup.usesAliases() ? Setup.ALIASES : 0)
                        .build())
                .simpleAuth(login(setup.login()))
                .willPublish(will(setup))
                .build();
    }

    private static @Nullable Mqtt5SimpleAuth login(Setup.@Nullable Login login) {
        return login == null
                ? null
                : Mqtt5SimpleAuth.builder()
                        .username(login.userName())
                        .password(login.password().getBytes(StandardCharsets.UTF_8))
                        .build();
    }

    private static @Nullable Mqtt5WillPublish will(Setup setup) {
        TestMessage will = setup.will();
        return will == null
                ? null
                : sent(will)
                        .asWill()
                        .extendAsWill()
                        .delayInterval(setup.willDelaySeconds())
                        .build();
    }

    private static Mqtt5Publish sent(TestMessage message) {
        MessageProperties properties = message.properties();
        var sent = Mqtt5Publish.builder()
                .topic(message.topic())
                .payload(message.payload().getBytes(StandardCharsets.UTF_8))
                .qos(qos(message.qos()))
                .retain(message.retain())
                .userProperties(Mqtt5UserProperties.of(properties.user().stream()
                        .map(pair -> Mqtt5UserProperty.of(pair.getKey(), pair.getValue()))
                        .toList()));
        if (properties.expirySeconds() > 0) {
            sent = sent.messageExpiryInterval(properties.expirySeconds());
        }
        if (!properties.contentType().isEmpty()) {
            sent = sent.contentType(properties.contentType());
        }
        if (!properties.responseTopic().isEmpty()) {
            sent = sent.responseTopic(properties.responseTopic());
        }
        if (!properties.correlation().isEmpty()) {
            sent = sent.correlationData(properties.correlation().getBytes(StandardCharsets.UTF_8));
        }
        return sent.build();
    }

    private static TestMessage received(Mqtt5Publish message) {
        List<Map.Entry<String, String>> user = message.getUserProperties().asList().stream()
                .map(pair ->
                        Map.entry(pair.getName().toString(), pair.getValue().toString()))
                .toList();
        return new TestMessage(
                message.getTopic().toString(),
                new String(message.getPayloadAsBytes(), StandardCharsets.UTF_8),
                QoS.of(message.getQos().getCode()),
                message.isRetain(),
                new MessageProperties(
                        message.getContentType().map(Object::toString).orElse(""),
                        message.getResponseTopic().map(Object::toString).orElse(""),
                        message.getCorrelationData()
                                .map(HivemqMqtt5Client::text)
                                .orElse(""),
                        user,
                        message.getMessageExpiryInterval().orElse(0),
                        0));
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }

    private static MqttQos qos(QoS qos) {
        return MqttQos.values()[qos.level()];
    }

    @Override
    public Optional<Boolean> sessionPresent() {
        return Optional.of(connack.isSessionPresent());
    }

    @Override
    public Optional<String> assignedClientId() {
        return connack.getAssignedClientIdentifier().map(Object::toString);
    }

    @Override
    public void publish(TestMessage message) throws Exception {
        Mqtt5PublishResult result = client.publish(sent(message)).get(Inbox.PATIENCE_SECONDS, TimeUnit.SECONDS);
        assertThat(result.getError()).isEmpty();
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
