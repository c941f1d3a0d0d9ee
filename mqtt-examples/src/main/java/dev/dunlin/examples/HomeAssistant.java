package dev.dunlin.examples;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.LocalSession;
import dev.dunlin.broker.LocalSessionOptions;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.rocksdb.RocksDb;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletionException;

/**
 * A broker for Home Assistant's discovery, which lives by retained messages: a device says once, below {@code homeassistant/},
 * what it is; then its state; and whether it is there, which its will takes back. All of it is in the store of the folder in
 * the first argument, so that after a restart, also after {@code kill -9}, who subscribes anew sees every device at once, without
 * one of them having to say it again.
 *
 * <p>It prints the devices that it knows, and has one itself: a thermometer, which shows what a device does. Its session outlives
 * the connection for a minute and its will waits for ten seconds: a restart isn't an absence for anybody, but a device that
 * doesn't come back is told as offline, also if it was lost together with the broker. Enter ends it.
 */
public final class HomeAssistant {
    private static final String THERMOMETER = "home/boiler/";
    private static final int SESSION_SECONDS = 60;
    private static final int WILL_DELAY_SECONDS = 10;

    private final Set<String> known = new HashSet<>();

    private HomeAssistant() {}

    public static void main(String[] args) throws Exception {
        Path dir = Path.of(args[0]);
        try (Broker broker = Broker.builder().tcp(0).storage(RocksDb.at(dir)).start();
                LocalSession device = thermometer(broker)) {
            broker.local().subscribe("homeassistant/+/+/config", new HomeAssistant()::tell);
            say(device, "homeassistant/sensor/boiler/config", """
                    {"name": "Boiler", "unique_id": "boiler", "device_class": "temperature", "unit_of_measurement": "°C",
                     "state_topic": "home/boiler/temperature", "availability_topic": "home/boiler/availability"}""");
            say(device, THERMOMETER + "temperature", "61.5");
            say(device, THERMOMETER + "availability", "online");
            System.out.println("clients connect to port " + broker.port("tcp"));
            System.in.read();
        }
    }

    /** Connects the thermometer as any client would, with what the broker says if it is lost. */
    private static LocalSession thermometer(Broker broker) {
        LocalSessionOptions options = LocalSessionOptions.of("boiler")
                .resuming(SESSION_SECONDS, MessageHandler.of(nothing -> {})) // it subscribes to nothing
                .withWill(retained(THERMOMETER + "availability", "offline"), WILL_DELAY_SECONDS);
        return broker.local().connect(options).toCompletableFuture().join();
    }

    /**
     * Returns when it is safe.
     *
     * @throws CompletionException if it was refused
     */
    private static void say(LocalSession device, String topic, String payload) {
        device.publish(retained(topic, payload)).toCompletableFuture().join();
    }

    private static Message retained(String topic, String payload) {
        return Message.builder(topic)
                .payload(payload)
                .qos(QoS.AT_LEAST_ONCE)
                .retain(true)
                .build();
    }

    /** One message after the other. An empty one takes a device back. */
    private void tell(Message config) {
        String[] levels = config.topic().split("/", -1);
        String device = levels[1] + " " + levels[2];
        boolean there = config.payload().hasRemaining();
        if (there ? known.add(device) : known.remove(device)) {
            System.out.println((there ? "known: " : "removed: ") + device);
        }
    }
}
