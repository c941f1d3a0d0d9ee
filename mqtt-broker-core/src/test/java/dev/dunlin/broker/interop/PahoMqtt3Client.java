package dev.dunlin.broker.interop;

import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.testkit.TestCertificate;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.client.mqttv3.IMqttDeliveryToken;
import org.eclipse.paho.client.mqttv3.MqttCallback;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;

/** Eclipse Paho, MQTT 3.1 or 3.1.1. */
final class PahoMqtt3Client implements TestClient {
    /** Held while one connects over WebSocket: all of Paho's WebSocket handshakes share an encoder, and spoil each other's keys. */
    private static final Object CONNECTING = new Object();

    private static final int INFLIGHT_MAX = 1_000;

    private final Inbox inbox = new Inbox();
    private final MqttVersion version;
    private final MqttClient client;
    private final boolean sessionPresent;

    PahoMqtt3Client(MqttVersion version, Setup setup) throws MqttException {
        this.version = version;
        client = new MqttClient(setup.uri("tcp", "ssl"), setup.clientId(), new MemoryPersistence());
        client.setTimeToWait(TimeUnit.SECONDS.toMillis(Inbox.PATIENCE_SECONDS));
        client.setCallback(new ToInbox());
        sessionPresent = setup.isWebSocket() ? connectAlone(setup) : connect(setup);
        for (TestSubscription subscription : setup.subscriptions()) {
            client.subscribe(subscription.filter(), subscription.maximum().level());
        }
    }

    private boolean connectAlone(Setup setup) throws MqttException {
        synchronized (CONNECTING) {
            return connect(setup);
        }
    }

    private boolean connect(Setup setup) throws MqttException {
        return client.connectWithResult(options(setup)).getSessionPresent();
    }

    private MqttConnectOptions options(Setup setup) {
        MqttConnectOptions options = new MqttConnectOptions();
        options.setMqttVersion(version.level());
        options.setCleanSession(!setup.persistent());
        options.setKeepAliveInterval(setup.keepAliveSeconds());
        options.setMaxInflight(INFLIGHT_MAX); // it counts what was acknowledged until another thread has looked at it
        if (setup.isTls()) {
            options.setSocketFactory(TestCertificate.shared().trusting().getSocketFactory());
        }
        Setup.Login login = setup.login();
        if (login != null) {
            options.setUserName(login.userName());
            options.setPassword(login.password().toCharArray());
        }
        TestMessage will = setup.will();
        if (will != null) {
            options.setWill(will.topic(), sent(will).getPayload(), will.qos().level(), will.retain());
        }
        return options;
    }

    private static MqttMessage sent(TestMessage message) {
        MqttMessage sent = new MqttMessage(message.payload().getBytes(StandardCharsets.UTF_8));
        sent.setQos(message.qos().level());
        sent.setRetained(message.retain());
        return sent;
    }

    /** A 3.1 CONNACK has no Session Present. */
    @Override
    public Optional<Boolean> sessionPresent() {
        return version == MqttVersion.V3_1 ? Optional.empty() : Optional.of(sessionPresent);
    }

    @Override
    public void publish(TestMessage message) throws MqttException {
        client.publish(message.topic(), sent(message));
    }

    @Override
    public Inbox inbox() {
        return inbox;
    }

    @Override
    public void close() throws MqttException {
        try {
            client.disconnect();
        } catch (MqttException e) {
            if (client.isConnected()) { // else it was lost: there is no connection to leave
                throw e;
            }
        }
        client.close();
    }

    private final class ToInbox implements MqttCallback {

        @Override
        public void messageArrived(String topic, MqttMessage message) {
            inbox.add(new TestMessage(
                    topic,
                    new String(message.getPayload(), StandardCharsets.UTF_8),
                    QoS.of(message.getQos()),
                    message.isRetained(),
                    MessageProperties.NONE));
        }

        @Override
        public void connectionLost(Throwable cause) {}

        @Override
        public void deliveryComplete(IMqttDeliveryToken token) {}
    }
}
