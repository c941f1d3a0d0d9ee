package dev.dunlin.broker.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.testkit.RequiresTool;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** All libraries and protocol versions at one broker. */
@RequiresTool({"mosquitto_pub", "mosquitto_sub", "stdbuf", "node", "npm"})
final class MixedClientsTest {
    @ParameterizedTest
    @EnumSource
    void everybodyHearsEverybody(QoS qos) throws Exception {
        List<TestClient> clients = new ArrayList<>();
        try (ScenarioBroker broker = new ScenarioBroker(TestTransport.TCP);
                AutoCloseable leave = () -> close(clients)) {
            for (Variant variant : variants()) {
                String clientId = "client-" + clients.size();
                clients.add(variant.connect(broker.client(clientId).subscribing(qos, "mixed/+")));
            }
            List<TestMessage> sent = new ArrayList<>();
            for (TestClient client : clients) {
                TestMessage message = new TestMessage("mixed/" + sent.size(), "hello", qos);
                client.publish(message);
                sent.add(message);
            }
            for (TestClient client : clients) {
                assertThat(client.inbox().take(sent.size())).containsExactlyInAnyOrderElementsOf(sent);
            }
        }
    }

    private static List<Variant> variants() {
        return Stream.of(Library.values())
                .flatMap(Library::variants)
                .filter(variant -> variant.transport() == TestTransport.TCP)
                .toList();
    }

    private static void close(List<TestClient> clients) throws Exception {
        for (TestClient client : clients) {
            client.close();
        }
    }
}
