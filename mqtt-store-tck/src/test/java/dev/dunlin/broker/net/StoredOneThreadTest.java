package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.net.SimulatedClient.Delivered;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.testkit.ThreadlessExecutor;
import dev.dunlin.codec.Connack;
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
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore;
import dev.dunlin.store.tck.FaultyStore.Call;
import dev.dunlin.store.tck.ModelStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Brokers that crash, one after the other on the same store, with their loops, clients and commits in one thread. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class StoredOneThreadTest {
    private static final int MESSAGES = 25;

    private final ModelStore contents = new ModelStore();

    /** What both clients remember; the broker must remember the rest. */
    private final List<String> arrived = new ArrayList<>();

    private final Set<Integer> unreleased = new HashSet<>();
    private int acknowledged;
    private boolean released = true;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void qos2AcrossLoopsComesOnceAndInOrderWhereverTheCrashesAre(long seed) {
        Random random = new Random(seed);
        int lives = 0;
        for (boolean present = false; acknowledged < MESSAGES || arrived.size() < MESSAGES; present = true) {
            assertThat(lives++).as("lives of seed %d", seed).isLessThan(200);
            FaultyStore store = new FaultyStore(contents);
            Simulation simulation = new Simulation(
                    seed,
                    2,
                    Limits.EMBEDDED,
                    time -> Store.open(store, Durability.POWER, Limits.EMBEDDED, time, "simulated", new Direct()));
            try (simulation) {
                live(simulation, random, present);
                store.failAll(Call.OPEN, Kind.CORRUPT);
                store.crash(Crash.POWER);
            }
        }
        assertThat(arrived)
                .as("seed %d", seed)
                .containsExactlyElementsOf(
                        IntStream.range(0, MESSAGES).mapToObj(String::valueOf).toList());
    }

    private void live(Simulation simulation, Random random, boolean present) {
        SimulatedClient subscriber = connected(simulation, simulation.idAt(1, "subscriber"), present);
        if (!present) {
            SubscriptionRequest all = new SubscriptionRequest("#", QoS.EXACTLY_ONCE, false, false, 0);
            subscriber.send(new Subscribe(1, Properties.EMPTY, List.of(all)));
            assertThat(subscriber.next()).isNotNull();
        }
        SimulatedClient publisher = connected(simulation, simulation.idAt(0, "publisher"), present);
        begin(publisher, true);
        for (int rounds = 10 + random.nextInt(60); rounds > 0; rounds--) {
            simulation.round();
            for (Object packet = publisher.next(); packet != null; packet = publisher.next()) {
                publisherGot(publisher, (Ack) packet);
            }
            for (Object packet = subscriber.next(); packet != null; packet = subscriber.next()) {
                subscriberGot(subscriber, packet);
            }
        }
    }

    private static SimulatedClient connected(Simulation simulation, String id, boolean present) {
        Properties expiry = Properties.builder()
                .add(Property.SESSION_EXPIRY_INTERVAL, 86_400)
                .build();
        SimulatedClient client = simulation.open();
        client.send(new Connect(MqttVersion.V5, id, false, 0, expiry, null, null, null));
        assertThat(client.next())
                .isInstanceOfSatisfying(
                        Connack.class,
                        connack -> assertThat(connack.sessionPresent()).isEqualTo(present));
        return client;
    }

    /** Publishes the next message, or goes on with the exchange that is under way. */
    private void begin(SimulatedClient publisher, boolean again) {
        if (!released) {
            publisher.sendOnly(ack(PacketType.PUBREL, packetId()));
        } else if (acknowledged < MESSAGES) {
            PublishFrame frame = PublishFrame.of(
                    "a/b",
                    Properties.EMPTY,
                    -1,
                    String.valueOf(acknowledged).getBytes(StandardCharsets.UTF_8),
                    MqttVersion.V5,
                    true);
            publisher.sendOnly(new OutgoingPublish(frame, again, QoS.EXACTLY_ONCE, false, packetId()));
        }
    }

    private int packetId() {
        return 1 + acknowledged % 3;
    }

    private void publisherGot(SimulatedClient publisher, Ack ack) {
        assertThat(ack.packetId()).isEqualTo(packetId());
        if (ack.type() == PacketType.PUBREC) {
            released = false;
        } else {
            released = true;
            acknowledged++;
        }
        begin(publisher, false);
    }

    private void subscriberGot(SimulatedClient subscriber, Object packet) {
        if (packet instanceof Delivered delivered) {
            if (unreleased.add(delivered.packetId())) {
                arrived.add(delivered.payload());
            }
            subscriber.sendOnly(ack(PacketType.PUBREC, delivered.packetId()));
        } else {
            Ack pubrel = (Ack) packet;
            unreleased.remove(pubrel.packetId());
            subscriber.sendOnly(ack(PacketType.PUBCOMP, pubrel.packetId()));
        }
    }

    private static Ack ack(PacketType type, int packetId) {
        return new Ack(type, packetId, ReasonCode.SUCCESS, Properties.EMPTY);
    }

    /** Does at once what it is handed. */
    private static final class Direct extends ThreadlessExecutor {
        @Override
        public void execute(Runnable task) {
            task.run();
        }
    }
}
