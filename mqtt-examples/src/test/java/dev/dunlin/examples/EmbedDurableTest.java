package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.eclipse.paho.client.mqttv3.IMqttDeliveryToken;
import org.eclipse.paho.client.mqttv3.MqttCallback;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EmbedDurableTest {
    private static final int PATIENCE_SECONDS = 20;

    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(classes = {EmbedDurable.class, EmbedPureJava.class})
    void keepsAMessageForAClientThatIsAwayOverARestart(Class<?> program) throws Exception {
        try (RunningExample example = new RunningExample(program, dir.toString())) {
            int port = RunningExample.port(example.line());
            MqttClient sleeper = connected(port, "sleeper", false, new LinkedBlockingQueue<>());
            sleeper.subscribe("news", 1);
            leave(sleeper);
            MqttClient publisher = connected(port, "publisher", true, new LinkedBlockingQueue<>());
            publisher.publish("news", "while you slept".getBytes(UTF_8), 1, false);
            leave(publisher);
            example.end();
        }
        BlockingQueue<String> received = new LinkedBlockingQueue<>();
        try (RunningExample example = new RunningExample(program, dir.toString())) {
            MqttClient sleeper = connected(RunningExample.port(example.line()), "sleeper", false, received);
            assertThat(received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS)).isEqualTo("while you slept");
            leave(sleeper);
            example.end();
        }
    }

    private static MqttClient connected(int port, String id, boolean clean, BlockingQueue<String> received)
            throws MqttException {
        MqttClient client = new MqttClient("tcp://127.0.0.1:" + port, id, new MemoryPersistence());
        client.setCallback(new MqttCallback() {
            @Override
            public void messageArrived(String topic, MqttMessage message) {
                received.add(new String(message.getPayload(), UTF_8));
            }

            @Override
            public void connectionLost(Throwable cause) {}

            @Override
            public void deliveryComplete(IMqttDeliveryToken token) {}
        });
        MqttConnectOptions options = new MqttConnectOptions();
        options.setCleanSession(clean);
        client.connect(options);
        return client;
    }

    private static void leave(MqttClient client) throws MqttException {
        client.disconnect();
        client.close();
    }
}
