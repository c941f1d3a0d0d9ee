package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import dev.dunlin.junit.DunlinExtension;
import dev.dunlin.junit.Recorder;
import dev.dunlin.store.mapdb.MapDb;
import java.time.Duration;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * An example of a test with a broker of its own, by {@link DunlinExtension}: what the device says, what it hears, what others are
 * told when it is lost, and what is left after a restart. Nothing here sleeps: two minutes pass by the broker's own clock.
 */
class ThermostatTest {
    @RegisterExtension
    final DunlinExtension dunlin = new DunlinExtension().stored(MapDb::at).withVirtualClock();

    /** What is tested; yours is in the program. */
    private static final class Thermostat implements AutoCloseable {
        private final MqttClient client;
        private final String room;

        Thermostat(String uri, String room) throws MqttException {
            this.room = room;
            client = new MqttClient(uri, "thermostat-" + room, new MemoryPersistence());
        }

        void start() throws MqttException {
            MqttConnectOptions options = new MqttConnectOptions();
            options.setKeepAliveInterval(60);
            options.setWill("status/" + room, "missing".getBytes(UTF_8), 1, true);
            client.connect(options);
            client.subscribe("target/" + room, 1, this::heat);
            say("status/", "online");
        }

        private void heat(String topic, MqttMessage target) {
            // Not from within a callback of Paho's: publish() would wait for it.
            new Thread(() -> say("heating/", "to " + target)).start();
        }

        private void say(String what, String payload) {
            try {
                client.publish(what + room, payload.getBytes(UTF_8), 1, true);
            } catch (MqttException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() throws MqttException {
            client.disconnectForcibly(100, 100);
            client.close();
        }
    }

    @Test
    void heatsToWhatItIsTold() throws MqttException {
        Recorder heating = dunlin.record("heating/#");
        try (Thermostat thermostat = new Thermostat(dunlin.uri(), "hall")) {
            thermostat.start();

            dunlin.local().publish(Message.of("target/hall", "21"));

            Message said = heating.next();
            assertThat(said.topic()).isEqualTo("heating/hall");
            assertThat(said.payloadText()).isEqualTo("to 21");
            assertThat(said.qos()).isEqualTo(QoS.AT_LEAST_ONCE);
            heating.assertNoMore();
        }
    }

    @Test
    void isReportedMissingAfterTwoMinutes() throws MqttException {
        Recorder status = dunlin.record("status/#");
        try (Thermostat thermostat = new Thermostat(dunlin.uri(), "hall")) {
            thermostat.start();
            assertThat(status.next().payloadText()).isEqualTo("online");

            dunlin.advance(Duration.ofMinutes(2));

            assertThat(status.next().payloadText()).isEqualTo("missing");
            status.assertNoMore();
        }
    }

    @Test
    void itsStatusIsThereAfterARestart() throws MqttException {
        try (Thermostat thermostat = new Thermostat(dunlin.uri(), "hall")) {
            thermostat.start();
        }
        dunlin.restart();

        Message status = dunlin.record("status/hall").next();
        assertThat(status.retain()).isTrue();
    }
}
