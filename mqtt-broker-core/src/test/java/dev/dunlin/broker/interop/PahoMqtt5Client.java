package dev.dunlin.broker.interop;

import dev.dunlin.codec.QoS;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/** Eclipse Paho, MQTT 5.0. */
final class PahoMqtt5Client implements TestClient {
    private static final Logger CLIENT_LOG = Logger.getLogger("org.eclipse.paho.mqttv5"); // kept: loggers are weak

    static {
        CLIENT_LOG.setLevel(Level.WARNING);
    }

    private final Inbox inbox = new Inbox();
    private final MqttClient client;
    private final boolean sessionPresent;

    PahoMqtt5Client(Setup setup) throws MqttException {
        client = new MqttClient("tcp://127.0.0.1:" + setup.port(), setup.clientId(), new MemoryPersistence());
        client.setTimeToWait(TimeUnit.SECONDS.toMillis(Inbox.PATIENCE_SECONDS));
        client.setCallback(new ToInbox());
        sessionPresent = client.connectWithResult(options(setup)).getSessionPresent();
        for (String filter : setup.filters()) {
            client.subscribe(filter, setup.subscribedQoS().level());
        }
    }

    private static MqttConnectionOptions options(Setup setup) {
        MqttConnectionOptions options = new MqttConnectionOptions();
        options.setCleanStart(!setup.persistent());
        options.setSessionExpiryInterval(setup.persistent() ? (long) Setup.SESSION_EXPIRY_SECONDS : 0L);
        TestMessage will = setup.will();
        if (will != null) {
            options.setWill(will.topic(), sent(will));
        }
        return options;
    }

    private static MqttMessage sent(TestMessage message) {
        MqttMessage sent = new MqttMessage(message.payload().getBytes(StandardCharsets.UTF_8));
        sent.setQos(message.qos().level());
        sent.setRetained(message.retain());
        return sent;
    }

    @Override
    public Optional<Boolean> sessionPresent() {
        return Optional.of(sessionPresent);
    }

    @Override
    public void publish(TestMessage message) throws MqttException {
        client.publish(message.topic(), sent(message));
    }

    @Override
    public TestMessage receive() throws InterruptedException {
        return inbox.take();
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
                    message.isRetained()));
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
