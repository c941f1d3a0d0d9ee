package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.dunlin.broker.session.SysTopics;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet.OutgoingPublish;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the broker says of itself, on virtual time. */
class SysTopicsTimeTest {
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private static Simulation begun() {
        Simulation simulation = new Simulation(1, 2, Limits.EMBEDDED);
        SysTopics.begin(simulation.core, INTERVAL.toMillis());
        simulation.settle();
        return simulation;
    }

    private static SimulatedClient subscribed(Simulation simulation, String clientId, String... filters) {
        SimulatedClient client = simulation.open();
        client.send(new Connect(MqttVersion.V5, clientId, true, 0, Properties.EMPTY, null, null, null));
        List<SubscriptionRequest> requests = List.of(filters).stream()
                .map(filter -> new SubscriptionRequest(filter, QoS.EXACTLY_ONCE))
                .toList();
        client.send(new Subscribe(1, Properties.EMPTY, requests));
        return client;
    }

    /** What has come, by topic: the last of each. All of it has QoS 0. */
    private static Map<String, String> received(SimulatedClient client) {
        Map<String, String> received = new HashMap<>();
        for (Object packet = client.next(); packet != null; packet = client.next()) {
            if (packet instanceof SimulatedClient.Delivered publish) {
                assertThat(publish.qos()).isEqualTo(QoS.AT_MOST_ONCE);
                received.put(publish.topic(), publish.payload());
            }
        }
        return received;
    }

    @Test
    void saysWhatHasChangedAtEachInterval() {
        try (Simulation simulation = begun()) {
            SimulatedClient client =
                    subscribed(simulation, "c", "$SYS/broker/uptime", "$SYS/broker/clients/+", "$SYS/broker/version");
            assertThat(received(client))
                    .containsEntry("$SYS/broker/uptime", "0 seconds")
                    .containsEntry("$SYS/broker/clients/connected", "0") // as it was then
                    .containsKey("$SYS/broker/version");
            simulation.advance(INTERVAL.minusMillis(1));
            assertThat(received(client)).isEmpty();
            simulation.advance(Duration.ofMillis(1));
            assertThat(received(client))
                    .isEqualTo(Map.of(
                            "$SYS/broker/uptime",
                            "10 seconds",
                            "$SYS/broker/clients/connected",
                            "1",
                            "$SYS/broker/clients/active",
                            "1",
                            "$SYS/broker/clients/total",
                            "1",
                            "$SYS/broker/clients/maximum",
                            "1"));
            simulation.advance(INTERVAL);
            assertThat(received(client)).isEqualTo(Map.of("$SYS/broker/uptime", "20 seconds"));
            assertThat(received(subscribed(simulation, "late", "$SYS/broker/uptime", "#")))
                    .isEqualTo(Map.of("$SYS/broker/uptime", "20 seconds"));
        }
    }

    @Test
    void averagesTheLoadOverOneFiveAndFifteenMinutes() {
        try (Simulation simulation = begun()) {
            SimulatedClient client = subscribed(simulation, "c", "$SYS/broker/load/publish/received/+");
            for (int second = 0; second < 60; second++) {
                PublishFrame frame = PublishFrame.of("t", Properties.EMPTY, -1, new byte[1], MqttVersion.V5, false);
                client.send(new OutgoingPublish(frame, false, QoS.AT_MOST_ONCE, false, 0));
                simulation.advance(Duration.ofSeconds(1));
            }
            Map<String, String> load = received(client); // 60 a minute, of which so much is remembered
            assertThat(value(load, "1min")).isEqualTo(60 * (1 - Math.exp(-1)), within(1.0));
            assertThat(value(load, "5min")).isEqualTo(60 * (1 - Math.exp(-1 / 5.0)), within(0.5));
            assertThat(value(load, "15min")).isEqualTo(60 * (1 - Math.exp(-1 / 15.0)), within(0.5));
            simulation.advance(Duration.ofHours(10));
            simulation.advance(INTERVAL);
            assertThat(received(client).get("$SYS/broker/load/publish/received/1min"))
                    .isEqualTo("0.00");
        }
    }

    private static double value(Map<String, String> load, String period) {
        String text = load.get("$SYS/broker/load/publish/received/" + period);
        assertThat(text).matches("\\d+\\.\\d\\d");
        return Double.parseDouble(text);
    }
}
