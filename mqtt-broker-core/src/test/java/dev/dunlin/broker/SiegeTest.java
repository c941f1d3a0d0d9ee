package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.testkit.LiveHeap;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** What an attack leaves is found. */
@Isolated("what lives on the heap is counted")
final class SiegeTest {
    private static final Duration SHORT = Duration.ofMillis(1_500);

    private final List<Object> left = new ArrayList<>();

    private void assertFinds(String what, String payload) {
        try (Siege siege = new Siege(Besieged.here(TestBroker.start())).patience(SHORT)) {
            assertThatThrownBy(() -> siege.survives(() -> attack(siege, what, payload)))
                    .isInstanceOf(ConditionTimeoutException.class)
                    .hasMessageContaining(what);
        }
    }

    private void attack(Siege siege, String what, String payload) {
        if (what.equals("bytes on the heap")) {
            left.add(new byte[(int) (LiveHeap.now().bytes() / 10)]);
            return;
        }
        WireClient client = siege.connect(MqttVersion.V5);
        client.send(connect("left").sessionExpiry(what.equals("sessions") ? 100 : 0));
        client.expect(connack());
        for (int i = 0; i < 500 && !payload.isEmpty(); i++) {
            client.published(publish("left/" + i, payload).retain(), 1);
        }
        if (what.equals("connections")) {
            left.add(client);
        } else {
            client.leave();
        }
    }

    @Test
    void findsWhatAnAttackLeaves() {
        assertFinds("connections", "");
        assertFinds("sessions", "");
        assertFinds("bytes in buffers", "x".repeat(2_000));
        assertFinds("growth of our own objects", "x");
        assertFinds("bytes on the heap", "");
    }
}
