package dev.dunlin.broker.interop;

import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.testkit.TestCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** MQTT.js, in the Node process that all of them share. */
final class MqttJsClient implements TestClient {
    private final Inbox inbox = new Inbox();
    private final MqttVersion version;
    private final MqttJs node;
    private final String client;
    private final Form connack;

    MqttJsClient(MqttVersion version, Setup setup) throws Exception {
        this.version = version;
        node = MqttJs.running();
        client = node.newClient(message -> inbox.add(received(message)));
        connack = node.call(connect(setup));
        for (TestSubscription subscription : setup.subscriptions()) {
            node.call(command("subscribe")
                    .with("filter", subscription.filter())
                    .with("qos", subscription.maximum().level())
                    .with("identifier", subscription.identifier())
                    .with("noLocal", subscription.noLocal())
                    .with("retainAsPublished", subscription.retainAsPublished())
                    .with("retainHandling", subscription.retainHandling()));
        }
    }

    private Form command(String verb) {
        return Form.EMPTY.with("do", verb).with("client", client);
    }

    private Form connect(Setup setup) throws IOException {
        Form connect = command("connect")
                .with("url", setup.uri("mqtt", "mqtts"))
                .with("version", version.level())
                .with("clientId", setup.clientId())
                .with("clean", !setup.persistent())
                .with("expiry", setup.sessionExpirySeconds())
                .with("keepAlive", setup.keepAliveSeconds());
        if (setup.usesAliases()) {
            connect = connect.with("aliases", Setup.ALIASES);
        }
        if (setup.isTls()) {
            connect =
                    connect.with("ca", Files.readString(TestCertificate.shared().chain()));
        }
        Setup.Login login = setup.login();
        if (login != null) {
            connect = connect.with("userName", login.userName()).with("password", login.password());
        }
        TestMessage will = setup.will();
        return will == null ? connect : add(connect.with("delay", setup.willDelaySeconds()), will);
    }

    private static Form add(Form command, TestMessage message) {
        MessageProperties properties = message.properties();
        Form sent = command.with("topic", message.topic())
                .with("payload", message.payload())
                .with("qos", message.qos().level())
                .with("retain", message.retain())
                .withUnlessEmpty("contentType", properties.contentType())
                .withUnlessEmpty("responseTopic", properties.responseTopic())
                .withUnlessEmpty("correlation", properties.correlation());
        if (properties.expirySeconds() > 0) {
            sent = sent.with("messageExpiry", properties.expirySeconds());
        }
        for (Map.Entry<String, String> pair : properties.user()) {
            sent = sent.with("propertyName", pair.getKey()).with("propertyValue", pair.getValue());
        }
        return sent;
    }

    private static TestMessage received(Form message) {
        List<String> names = message.all("propertyName");
        List<String> values = message.all("propertyValue");
        List<Map.Entry<String, String>> user = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            user.add(Map.entry(names.get(i), values.get(i)));
        }
        return new TestMessage(
                message.get("topic"),
                message.get("payload"),
                QoS.of(Integer.parseInt(message.get("qos"))),
                Boolean.parseBoolean(message.get("retain")),
                new MessageProperties(
                        message.get("contentType", ""),
                        message.get("responseTopic", ""),
                        message.get("correlation", ""),
                        user,
                        Long.parseLong(message.get("messageExpiry", "0")),
                        Integer.parseInt(message.get("identifier", "0"))));
    }

    /** A 3.1 CONNACK has no Session Present. */
    @Override
    public Optional<Boolean> sessionPresent() {
        return version == MqttVersion.V3_1
                ? Optional.empty()
                : Optional.of(Boolean.parseBoolean(connack.get("sessionPresent")));
    }

    @Override
    public Optional<String> assignedClientId() {
        return Optional.of(connack.get("assigned")).filter(id -> !id.isEmpty());
    }

    @Override
    public void publish(TestMessage message) throws Exception {
        node.call(add(command("publish"), message));
    }

    @Override
    public Inbox inbox() {
        return inbox;
    }

    @Override
    public void close() throws Exception {
        node.call(command("close"));
    }
}
