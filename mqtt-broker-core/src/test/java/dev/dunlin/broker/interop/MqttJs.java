package dev.dunlin.broker.interop;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The MQTT.js clients of all tests of this JVM, in one Node process, because it takes a while to start. Any thread. */
final class MqttJs {
    private static MqttJs running;

    private final Map<String, Consumer<Form>> receivers = new ConcurrentHashMap<>();
    private final NodeScript node;
    private int lastClient;

    private MqttJs() throws IOException, InterruptedException {
        node = NodeScript.start(
                "mqttjs",
                "clients.js",
                message -> receivers.get(message.get("client")).accept(message));
    }

    /** The one of this JVM, which is started if it doesn't run. */
    static synchronized MqttJs running() throws IOException, InterruptedException {
        if (running == null || !running.node.isAlive()) {
            running = new MqttJs();
        }
        return running;
    }

    /** A name for a client whose messages go to this receiver, on a thread that isn't to be held up. */
    synchronized String newClient(Consumer<Form> receiver) {
        String client = Integer.toString(++lastClient);
        receivers.put(client, receiver);
        return client;
    }

    /** Has the script do something; returns its answer. */
    Form call(Form command) throws Exception {
        return node.call(command);
    }
}
