package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.net.SimulatedClient.Delivered;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Packet.OutgoingPublish;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.codec.testkit.Statement;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What happens in the middle of a turn: the transport calls back out of a write, a timer fires behind unfinished work. */
class TurnTest {

    @Test
    void nothingReachesASessionOfAnotherLoopBeforeItsTurn() { // though one thread runs both, and Netty calls it theirs
        try (Simulation simulation = new Simulation(1, 2, Limits.EMBEDDED)) {
            SimulatedClient publisher = connected(simulation, simulation.idAt(0, "publisher"), 0);
            SimulatedClient subscriber = connected(simulation, simulation.idAt(1, "subscriber"), 0);
            subscriber.send(subscribe("t", QoS.AT_MOST_ONCE, false));
            received(subscriber);
            SessionLoop home = simulation.core.loop(1);
            long flushes = home.flushes();
            publisher.sendOnly(publish("t", "x", QoS.AT_MOST_ONCE, false, 0));

            for (int i = 0; i < 10; i++) {
                simulation.turn(0);
            }
            assertThat(home.flushes()).as("it lies in the mailbox").isEqualTo(flushes);

            simulation.turn(1);
            assertThat(home.flushes()).isEqualTo(flushes + 1);
            simulation.settle();
            assertThat(received(subscriber)).hasSize(1);
        }
    }

    @Test
    void aFlushThatMakesRoomLosesAndReordersNothing() {
        int messages = 300;
        try (Simulation simulation = new Simulation(1, 2, Limits.EMBEDDED.withOutputBytesMax(32 << 10))) {
            SimulatedClient publisher = connected(simulation, "publisher", 0);
            for (int i = 0; i < messages; i++) {
                publisher.send(publish("r/" + (1000 + i), "x".repeat(1000), QoS.AT_LEAST_ONCE, true, i + 1));
            }
            SimulatedClient subscriber = connected(simulation, "subscriber", 0);

            subscriber.send(subscribe("r/#", QoS.AT_LEAST_ONCE, false));

            List<Integer> packetIds = new ArrayList<>();
            for (Object packet : received(subscriber)) {
                if (packet instanceof Delivered delivered) {
                    packetIds.add(delivered.packetId());
                }
            }
            assertThat(packetIds)
                    .isEqualTo(IntStream.rangeClosed(1, messages).boxed().toList());
        }
    }

    @Test
    void aWriteThatFindsItsClientGoneLeaksNothing() { // the leak detector is the judge
        try (Simulation simulation = new Simulation(1, 2, Limits.EMBEDDED)) {
            SimulatedClient publisher = connected(simulation, simulation.idAt(0, "publisher"), 0);
            SimulatedClient subscriber = connected(simulation, simulation.idAt(1, "subscriber"), 0);
            subscriber.send(subscribe("t", QoS.AT_MOST_ONCE, false));
            Packet[] many = new Packet[200]; // several batches in one turn
            for (int i = 0; i < many.length; i++) {
                many[i] = publish("t", "x".repeat(1000), QoS.AT_MOST_ONCE, false, 0);
            }
            publisher.sendOnly(many);
            for (int i = 0; i < 10; i++) {
                simulation.turn(0);
            }
            subscriber.cutOnly();

            simulation.turn(1);
            simulation.settle();

            assertThat(simulation.core.loop(1).sessions().size()).isZero();
            assertThat(simulation.acceptor.openConnections()).isEqualTo(1);
        }
    }

    @Test
    void aTimerBehindUnfinishedWorkDoesNotOutliveItsCancellation() {
        Limits oneDeliveryPerTurn = Limits.EMBEDDED.withTurnDeliveriesMax(1).withConnectTimeoutMs(1_000_000);
        try (Simulation simulation = new Simulation(1, 1, oneDeliveryPerTurn)) {
            for (int i = 0; i < 40; i++) {
                connected(simulation, "other" + i, 0).send(subscribe("t", QoS.AT_MOST_ONCE, false));
            }
            SimulatedClient first = connected(simulation, "client", 10);
            first.send(subscribe("v", QoS.AT_LEAST_ONCE, false));
            first.cut();
            SimulatedClient again = simulation.open();
            SimulatedClient publisher = connected(simulation, "publisher", 0);
            publisher.sendOnly(publish("t", "x", QoS.AT_MOST_ONCE, false, 0));
            for (int i = 0; i < 5; i++) {
                simulation.round();
            }
            simulation.tick(Duration.ofSeconds(10)); // the session's expiry fires, behind the fan-out
            for (int i = 0; i < 3; i++) {
                simulation.round();
            }

            again.send(connect("client", 10));

            boolean resumed = again.next() instanceof Connack connack && connack.sessionPresent();
            publisher.send(publish("v", "hello", QoS.AT_LEAST_ONCE, false, 1));
            assertThat(simulation.core.loop(0).sessions().of("client")).isNotNull();
            if (resumed) { // either the expiry came first, or the session is whole
                assertThat(again.next()).isInstanceOf(Delivered.class);
            }
        }
    }

    @Test
    void aTurnDeliversToNoMoreThan5120Connections() {
        try (Simulation simulation = new Simulation(1, 1, Limits.EMBEDDED)) {
            for (int i = 0; i < 5_300; i++) {
                connected(simulation, "client" + i, 0).send(subscribe("t", QoS.AT_MOST_ONCE, false));
            }
            SimulatedClient publisher = connected(simulation, "publisher", 0);
            SessionLoop loop = simulation.core.loop(0);
            long begin = loop.flushes();
            publisher.sendOnly(publish("t", "x", QoS.AT_MOST_ONCE, false, 0));
            long largest = 0;
            for (int i = 0; i < 20; i++) {
                long before = loop.flushes();
                simulation.turn(0);
                largest = Math.max(largest, loop.flushes() - before);
            }
            assertThat(largest).isEqualTo(5_120);
            assertThat(loop.flushes() - begin).isEqualTo(5_300);
        }
    }

    @Test
    @Statement("5.0:MQTT-3.8.3-3")
    void noLocalHoldsForRetainedMessagesToo() {
        try (Simulation simulation = new Simulation(1, 2, Limits.EMBEDDED)) {
            SimulatedClient client = connected(simulation, "client", 0);
            client.send(publish("r/own", "v", QoS.AT_MOST_ONCE, true, 0));
            connected(simulation, "other", 0).send(publish("r/other", "v", QoS.AT_MOST_ONCE, true, 0));
            client.send(connect("client", 0)); // a second CONNECT: the next session is a new one
            SimulatedClient again = connected(simulation, "client", 0);

            again.send(subscribe("r/#", QoS.AT_MOST_ONCE, true));

            assertThat(received(again))
                    .filteredOn(packet -> packet instanceof Delivered)
                    .extracting(packet -> ((Delivered) packet).topic())
                    .containsExactly("r/other");
        }
    }

    private static List<Object> received(SimulatedClient client) {
        List<Object> all = new ArrayList<>();
        for (Object packet = client.next(); packet != null; packet = client.next()) {
            all.add(packet);
        }
        return all;
    }

    private static Connect connect(String id, long expirySeconds) {
        Properties properties = Properties.builder()
                .add(Property.SESSION_EXPIRY_INTERVAL, expirySeconds)
                .build();
        return new Connect(MqttVersion.V5, id, false, 0, properties, null, null, null);
    }

    private static SimulatedClient connected(Simulation simulation, String id, long expirySeconds) {
        SimulatedClient client = simulation.open();
        client.send(connect(id, expirySeconds));
        assertThat(client.next()).isInstanceOf(Connack.class);
        return client;
    }

    private static OutgoingPublish publish(String topic, String text, QoS qos, boolean retain, int packetId) {
        PublishFrame frame = PublishFrame.of(
                topic,
                Properties.EMPTY,
                -1,
                text.getBytes(StandardCharsets.UTF_8),
                MqttVersion.V5,
                qos != QoS.AT_MOST_ONCE);
        return new OutgoingPublish(frame, false, qos, retain, packetId);
    }

    private static Subscribe subscribe(String filter, QoS qos, boolean noLocal) {
        return new Subscribe(1, Properties.EMPTY, List.of(new SubscriptionRequest(filter, qos, noLocal, false, 0)));
    }
}
