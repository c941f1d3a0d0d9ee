package dev.dunlin.broker.interop;

import dev.dunlin.codec.QoS;
import dev.dunlin.codec.testkit.TestCertificate;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.MqttSubscription;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.jspecify.annotations.Nullable;

/** Eclipse Paho, MQTT 5.0. It uses the topic aliases that a broker offers. */
final class PahoMqtt5Client implements TestClient {
    /** Held while one connects over WebSocket: all of Paho's WebSocket handshakes share an encoder, and spoil each other's keys. */
    private static final Object CONNECTING = new Object();

    private static final Logger CLIENT_LOG = Logger.getLogger("org.eclipse.paho.mqttv5"); // kept: loggers are weak
    private static final long PATIENCE_MS = TimeUnit.SECONDS.toMillis(Inbox.PATIENCE_SECONDS);

    static {
        CLIENT_LOG.setLevel(Level.WARNING);
    }

    private final Inbox inbox = new Inbox();
    private final MqttAsyncClient client;
    private final boolean sessionPresent;
    private final Optional<String> assignedClientId;

    PahoMqtt5Client(Setup setup) throws MqttException {
        client = new MqttAsyncClient(setup.uri("tcp", "ssl"), setup.clientId(), new MemoryPersistence());
        client.setCallback(new ToInbox());
        IMqttToken connected = setup.isWebSocket() ? connectAlone(setup) : connect(setup);
        sessionPresent = connected.getSessionPresent();
        assignedClientId = Optional.ofNullable(connected.getResponseProperties().getAssignedClientIdentifier());
        for (TestSubscription subscription : setup.subscriptions()) {
            subscribe(subscription);
        }
    }

    private IMqttToken connectAlone(Setup setup) throws MqttException {
        synchronized (CONNECTING) {
            return connect(setup);
        }
    }

    private IMqttToken connect(Setup setup) throws MqttException {
        IMqttToken connected = client.connect(options(setup));
        connected.waitForCompletion(PATIENCE_MS);
        return connected;
    }

    private static MqttConnectionOptions options(Setup setup) {
        MqttConnectionOptions options = new MqttConnectionOptions();
        options.setCleanStart(!setup.persistent());
        options.setSessionExpiryInterval(setup.sessionExpirySeconds());
        options.setKeepAliveInterval(setup.keepAliveSeconds());
        options.setTopicAliasMaximum(setup.usesAliases() ? Setup.ALIASES : 0);
        if (setup.isTls()) {
            options.setSocketFactory(TestCertificate.shared().trusting().getSocketFactory());
        }
        Setup.Login login = setup.login();
        if (login != null) {
            options.setUserName(login.userName());
            options.setPassword(login.password().getBytes(StandardCharsets.UTF_8));
        }
        TestMessage will = setup.will();
        if (will != null) {
            options.setWill(will.topic(), sent(will));
            MqttProperties properties = properties(will.properties());
            properties.setWillDelayInterval(setup.willDelaySeconds());
            options.setWillMessageProperties(properties);
        }
        return options;
    }

    private void subscribe(TestSubscription wanted) throws MqttException {
        MqttSubscription subscription =
                new MqttSubscription(wanted.filter(), wanted.maximum().level());
        subscription.setNoLocal(wanted.noLocal());
        subscription.setRetainAsPublished(wanted.retainAsPublished());
        subscription.setRetainHandling(wanted.retainHandling());
        MqttProperties properties = new MqttProperties();
        if (wanted.identifier() > 0) {
            properties.setSubscriptionIdentifier(wanted.identifier());
        }
        client.subscribe(new MqttSubscription[] {subscription}, null, null, properties)
                .waitForCompletion(PATIENCE_MS);
    }

    private static MqttMessage sent(TestMessage message) {
        MqttMessage sent = new MqttMessage(message.payload().getBytes(StandardCharsets.UTF_8));
        sent.setQos(message.qos().level());
        sent.setRetained(message.retain());
        sent.setProperties(properties(message.properties()));
        return sent;
    }

    private static MqttProperties properties(MessageProperties of) {
        MqttProperties properties = new MqttProperties();
        if (!of.contentType().isEmpty()) {
            properties.setContentType(of.contentType());
        }
        if (!of.responseTopic().isEmpty()) {
            properties.setResponseTopic(of.responseTopic());
        }
        if (!of.correlation().isEmpty()) {
            properties.setCorrelationData(of.correlation().getBytes(StandardCharsets.UTF_8));
        }
        if (of.expirySeconds() > 0) {
            properties.setMessageExpiryInterval(of.expirySeconds());
        }
        properties.setUserProperties(of.user().stream()
                .map(pair -> new UserProperty(pair.getKey(), pair.getValue()))
                .toList());
        return properties;
    }

    private static MessageProperties received(MqttProperties properties) {
        byte[] correlation = properties.getCorrelationData();
        Long expirySeconds = properties.getMessageExpiryInterval();
        List<Integer> identifiers = properties.getSubscriptionIdentifiers();
        return new MessageProperties(
                orEmpty(properties.getContentType()),
                orEmpty(properties.getResponseTopic()),
                correlation == null ? "" : new String(correlation, StandardCharsets.UTF_8),
                properties.getUserProperties().stream()
                        .map(pair -> Map.entry(pair.getKey(), pair.getValue()))
                        .toList(),
                expirySeconds == null ? 0 : expirySeconds,
                identifiers.isEmpty() ? 0 : identifiers.get(0));
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    @Override
    public Optional<Boolean> sessionPresent() {
        return Optional.of(sessionPresent);
    }

    @Override
    public Optional<String> assignedClientId() {
        return assignedClientId;
    }

    @Override
    public void publish(TestMessage message) throws MqttException {
        client.publish(message.topic(), sent(message)).waitForCompletion(PATIENCE_MS);
    }

    @Override
    public Inbox inbox() {
        return inbox;
    }

    @Override
    public void close() throws MqttException {
        try {
            client.disconnect().waitForCompletion(PATIENCE_MS);
        } catch (MqttException e) {
            if (client.isConnected()) { // else it was lost: there is no connection to leave
                throw e;
            }
        }
        client.close();
    }

    private final class ToInbox implements MqttCallback {
        private final Map<Integer, String> topics = new HashMap<>();

        /** Release 1.2.5 takes the empty topic for one, and leaves topic aliases to its user. */
        private String resolved(String topic, @Nullable Integer alias) {
            if (alias != null && !topic.isEmpty()) {
                topics.put(alias, topic);
            }
            return topic.isEmpty() ? topics.get(alias) : topic;
        }

        @Override
        public void messageArrived(String topic, MqttMessage message) {
            inbox.add(new TestMessage(
                    resolved(topic, message.getProperties().getTopicAlias()),
                    new String(message.getPayload(), StandardCharsets.UTF_8),
                    QoS.of(message.getQos()),
                    message.isRetained(),
                    received(message.getProperties())));
        }

        @Override
        public void disconnected(MqttDisconnectResponse response) {}

        @Override
        public void mqttErrorOccurred(MqttException exception) {}

        @Override
        public void deliveryComplete(IMqttToken token) {}

        @Override
        public void connectComplete(boolean reconnect, String serverUri) {}

        @Override
        public void authPacketArrived(int reasonCode, MqttProperties properties) {}
    }
}
