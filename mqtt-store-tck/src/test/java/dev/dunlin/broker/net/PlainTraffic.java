package dev.dunlin.broker.net;

import dev.dunlin.broker.net.SimulatedClient.Delivered;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.store.Store;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet.Ack;
import dev.dunlin.codec.Packet.OutgoingPublish;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.store.tck.ModelStore;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** What any broker does, even one with a planted bug: a few clients, QoS 1, nothing that goes wrong. */
public final class PlainTraffic {
    private static final int AT_A_TIME = 3;

    private PlainTraffic() {}

    /**
     * Publishes to a subscriber on another loop, on a store.
     *
     * @return how many of the messages came and were acknowledged to their publisher
     */
    public static int arrived(int messages) {
        ExecutorService readers = Executors.newSingleThreadExecutor();
        ModelStore contents = new ModelStore();
        Simulation.Stored stored =
                time -> Store.open(contents, Durability.POWER, Limits.EMBEDDED, time, "plain", readers);
        try (Simulation simulation = new Simulation(1, 2, Limits.EMBEDDED, stored)) {
            SimulatedClient subscriber = connected(simulation, simulation.idAt(1, "subscriber"));
            SubscriptionRequest all = new SubscriptionRequest("#", QoS.AT_LEAST_ONCE, false, false, 0);
            subscriber.send(new Subscribe(1, Properties.EMPTY, List.of(all)));
            subscriber.next();
            SimulatedClient publisher = connected(simulation, simulation.idAt(0, "publisher"));
            Set<String> arrived = new HashSet<>();
            int acknowledged = 0;
            for (int sent = 0; sent < messages; ) {
                for (int i = 0; i < AT_A_TIME; i++) {
                    publisher.sendOnly(publish(sent++));
                }
                simulation.settle();
                for (Object packet = subscriber.next(); packet != null; packet = subscriber.next()) {
                    Delivered delivered = (Delivered) packet;
                    arrived.add(delivered.payload());
                    subscriber.send(ack(delivered.packetId()));
                }
                while (publisher.next() != null) {
                    acknowledged++;
                }
            }
            return Math.min(arrived.size(), acknowledged);
        }
    }

    private static SimulatedClient connected(Simulation simulation, String id) {
        Properties expiry = Properties.builder()
                .add(Property.SESSION_EXPIRY_INTERVAL, 86_400)
                .build();
        SimulatedClient client = simulation.open();
        client.send(new Connect(MqttVersion.V5, id, false, 0, expiry, null, null, null));
        client.next();
        return client;
    }

    private static OutgoingPublish publish(int number) {
        byte[] payload = String.valueOf(number).getBytes(StandardCharsets.UTF_8);
        PublishFrame frame = PublishFrame.of("a/b", Properties.EMPTY, -1, payload, MqttVersion.V5, true);
        return new OutgoingPublish(frame, false, QoS.AT_LEAST_ONCE, false, 1 + number % 60_000);
    }

    private static Ack ack(int packetId) {
        return new Ack(PacketType.PUBACK, packetId, ReasonCode.SUCCESS, Properties.EMPTY);
    }
}
