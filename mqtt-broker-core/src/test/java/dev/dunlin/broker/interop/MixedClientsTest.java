package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.testkit.TestStore;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.testkit.RequiresTool;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** All libraries and protocol versions at one broker. */
@RequiresTool({"mosquitto_pub", "mosquitto_sub", "stdbuf"})
final class MixedClientsTest {
    private static final List<Connector> KINDS = List.of(
            HivemqMqtt3Client::new,
            HivemqMqtt5Client::new,
            setup -> new PahoMqtt3Client(MqttVersion.V3_1, setup),
            setup -> new PahoMqtt3Client(MqttVersion.V3_1_1, setup),
            PahoMqtt5Client::new,
            setup -> new MosquittoClient(MqttVersion.V3_1, setup),
            setup -> new MosquittoClient(MqttVersion.V3_1_1, setup),
            setup -> new MosquittoClient(MqttVersion.V5, setup));

    @ParameterizedTest
    @EnumSource
    void everybodyHearsEverybody(QoS qos) throws Exception {
        List<TestClient> clients = new ArrayList<>();
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start();
                AutoCloseable leave = () -> close(clients)) {
            for (Connector kind : KINDS) {
                String clientId = "client-" + clients.size();
                clients.add(kind.connect(Setup.of(broker.port("tcp"), clientId).subscribing(qos, "mixed/+")));
            }
            List<TestMessage> sent = new ArrayList<>();
            for (TestClient client : clients) {
                TestMessage message = new TestMessage("mixed/" + sent.size(), "hello", qos);
                client.publish(message);
                sent.add(message);
            }
            for (TestClient client : clients) {
                List<TestMessage> received = new ArrayList<>();
                while (received.size() < sent.size()) {
                    received.add(client.receive());
                }
                assertThat(received).containsExactlyInAnyOrderElementsOf(sent);
            }
        }
    }

    private static void close(List<TestClient> clients) throws Exception {
        for (TestClient client : clients) {
            client.close();
        }
    }

    private interface Connector {
        TestClient connect(Setup setup) throws Exception;
    }
}
