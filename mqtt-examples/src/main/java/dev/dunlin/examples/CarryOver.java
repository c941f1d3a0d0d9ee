package dev.dunlin.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.datatypes.MqttUtf8String;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientBuilder;
import com.hivemq.client.mqtt.mqtt5.datatypes.Mqtt5UserProperty;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PayloadFormatIndicator;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.rocksdb.RocksDb;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Carries the retained messages of another broker, such as Mosquitto, into a store of Dunlin's: subscribes there to all topics,
 * and publishes what is retained into a broker that has this store and no port. For a move from Mosquitto, whose
 * configuration Dunlin then takes:
 *
 * <pre>{@code
 * echo max_queued_messages 0 >> /etc/mosquitto/mosquitto.conf; systemctl reload mosquitto    # for more than 1,000 messages
 * java -cp ... dev.dunlin.examples.CarryOver 127.0.0.1 1883 /var/lib/mosquitto/dunlin
 * systemctl stop mosquitto
 * ./dunlin --mosquitto-conf /etc/mosquitto/mosquitto.conf
 * }</pre>
 *
 * The folder is {@code dunlin} in the {@code persistence_location}. A user and its password are taken from the variables
 * MQTT_USER and MQTT_PASSWORD; it must be allowed to read everything, and to write and read below {@code carry-over/}. What is
 * retained afterwards isn't carried over: it can be run again before Mosquitto stops, but what has been removed there
 * meanwhile stays. Sessions, and what is queued in them, can't be had in this way.
 */
public final class CarryOver {
    private static final int SILENCE_SECONDS = 10;

    /** How many are published before it waits until they are safe. */
    private static final int BATCH = 500;

    private final Broker into;
    private final List<CompletableFuture<?>> underWay = new ArrayList<>();
    private int carried;

    private CarryOver(Broker into) {
        this.into = into;
    }

    public static void main(String[] args) throws Exception {
        Mqtt5BlockingClient from = client(args[0], Integer.parseInt(args[1]));
        try (Broker into =
                Broker.builder().storage(RocksDb.at(Path.of(args[2]))).start()) {
            from.connect();
            try {
                CarryOver carryOver = new CarryOver(into);
                carryOver.takeAll(from);
                System.out.println("carried over " + carryOver.carried + " retained messages");
            } finally {
                from.disconnect();
            }
        }
    }

    private static Mqtt5BlockingClient client(String host, int port) {
        Mqtt5ClientBuilder client = Mqtt5Client.builder()
                .identifier("carry-over-" + UUID.randomUUID())
                .serverHost(host)
                .serverPort(port);
        String user = System.getenv("MQTT_USER");
        String password = System.getenv("MQTT_PASSWORD");
        if (user != null && password != null) {
            client.simpleAuth()
                    .username(user)
                    .password(password.getBytes(UTF_8))
                    .applySimpleAuth();
        }
        return client.buildBlocking();
    }

    /**
     * Takes everything with its QoS. Of that, Mosquitto drops silently what is above its bounds for a client, but not of QoS 0:
     * so we know which topics there have to be.
     */
    private void takeAll(Mqtt5BlockingClient from) throws InterruptedException {
        Set<String> missing = new HashSet<>();
        try (Mqtt5BlockingClient.Mqtt5Publishes messages = from.publishes(MqttGlobalPublishFilter.ALL)) {
            forEachRetained(from, MqttQos.AT_MOST_ONCE, messages, message -> missing.add(topic(message)));
            forEachRetained(from, MqttQos.EXACTLY_ONCE, messages, message -> {
                take(message);
                missing.remove(topic(message));
            });
        }
        awaitSafe();
        if (!missing.isEmpty()) {
            throw new IllegalStateException(missing.size() + " of " + (missing.size() + carried)
                    + " messages haven't come: they were removed just now, or max_queued_messages is too low");
        }
    }

    /** What is retained comes first, then our own mark behind it. */
    private static void forEachRetained(
            Mqtt5BlockingClient from,
            MqttQos qos,
            Mqtt5BlockingClient.Mqtt5Publishes messages,
            Consumer<Mqtt5Publish> consumer)
            throws InterruptedException {
        String mark = "carry-over/" + UUID.randomUUID();
        from.subscribeWith().topicFilter("#").qos(qos).send();
        from.publishWith().topic(mark).qos(qos).send();
        while (true) {
            Mqtt5Publish message = messages.receive(SILENCE_SECONDS, TimeUnit.SECONDS)
                    .orElseThrow(() -> new IllegalStateException("nothing comes any more, but " + mark
                            + " has not come: may this user write and read it, or is max_queued_messages too low?"));
            if (topic(message).equals(mark)) {
                return;
            }
            if (message.isRetain()) { // others are published just now
                consumer.accept(message);
            }
        }
    }

    private static String topic(Mqtt5Publish message) {
        return message.getTopic().toString();
    }

    private void take(Mqtt5Publish message) {
        CompletionStage<?> safe = into.local().publish(copy(message));
        underWay.add(safe.toCompletableFuture());
        carried++;
        if (underWay.size() == BATCH) {
            awaitSafe();
        }
    }

    private void awaitSafe() {
        underWay.forEach(CompletableFuture::join);
        underWay.clear();
    }

    private static Message copy(Mqtt5Publish from) {
        Message.Builder copy = Message.builder(topic(from))
                .payload(from.getPayloadAsBytes())
                .qos(QoS.of(from.getQos().getCode()))
                .retain(true)
                .utf8(from.getPayloadFormatIndicator()
                        .filter(Mqtt5PayloadFormatIndicator.UTF_8::equals)
                        .isPresent())
                .contentType(from.getContentType().map(MqttUtf8String::toString).orElse(null))
                .responseTopic(from.getResponseTopic().map(Object::toString).orElse(null))
                .correlationData(from.getCorrelationData().orElse(null));
        from.getMessageExpiryInterval().ifPresent(copy::expirySeconds);
        for (Mqtt5UserProperty property : from.getUserProperties().asList()) {
            copy.userProperty(property.getName().toString(), property.getValue().toString());
        }
        return copy.build();
    }
}
