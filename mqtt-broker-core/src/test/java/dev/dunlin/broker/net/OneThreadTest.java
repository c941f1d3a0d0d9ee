package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.net.SimulatedClient.Delivered;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Packet.Ack;
import dev.dunlin.codec.Packet.Disconnect;
import dev.dunlin.codec.Packet.OutgoingPublish;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Suback;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.codec.WillMessage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The seed of the simulation: a broker with two loops and its clients in one thread, without sockets, on virtual time.
 * Netty's {@code inEventLoop()} is true for every loop here; only {@code SessionLoop.inLoop()} tells them apart.
 */
class OneThreadTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void qos2AcrossLoopsThenTakeoverThenWillAfterAnHour(long seed) {
        try (Simulation simulation = new Simulation(seed, 2, Limits.EMBEDDED)) {
            String publisherId = simulation.idAt(0, "publisher");
            String subscriberId = simulation.idAt(1, "subscriber");
            SimulatedClient subscriber = subscribed(simulation, subscriberId);
            SimulatedClient publisher = connected(simulation, publisherId, willAfterAnHour(), false);

            exactlyOnce(publisher, subscriber, 1, "first");

            SimulatedClient second = connected(simulation, publisherId, willAfterAnHour(), true);
            assertThat(publisher.next())
                    .isInstanceOfSatisfying(
                            Disconnect.class, d -> assertThat(d.reason()).isEqualTo(ReasonCode.SESSION_TAKEN_OVER));
            assertThat(publisher.isOpen()).isFalse();
            exactlyOnce(second, subscriber, 2, "second");

            second.cut();
            simulation.advance(Duration.ofMinutes(59));
            assertThat(subscriber.next()).as("the will has to wait").isNull();
            simulation.advance(Duration.ofMinutes(1));
            assertThat(subscriber.next())
                    .isEqualTo(new Delivered("will/" + publisherId, "gone", QoS.AT_LEAST_ONCE, false, false, 3));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void everyClientMovesToItsHome(long seed) {
        try (Simulation simulation = new Simulation(seed, 3, Limits.EMBEDDED)) {
            for (int i = 0; i < 30; i++) {
                connected(simulation, "client" + i, null, false);
            }
            int sessions = 0;
            for (int i = 0; i < 3; i++) {
                assertThat(simulation.core.loop(i).sessions().size()).isPositive();
                sessions += simulation.core.loop(i).sessions().size();
            }
            assertThat(sessions).isEqualTo(30);
        }
    }

    private static void exactlyOnce(SimulatedClient from, SimulatedClient to, int packetId, String text) {
        PublishFrame frame = PublishFrame.of(
                "a/b", Properties.EMPTY, -1, text.getBytes(StandardCharsets.UTF_8), MqttVersion.V5, true);
        from.send(new OutgoingPublish(frame, false, QoS.EXACTLY_ONCE, false, packetId));
        assertThat(from.next()).isEqualTo(ack(PacketType.PUBREC, packetId));
        from.send(ack(PacketType.PUBREL, packetId));
        assertThat(from.next()).isEqualTo(ack(PacketType.PUBCOMP, packetId));

        assertThat(to.next()).isEqualTo(new Delivered("a/b", text, QoS.EXACTLY_ONCE, false, false, packetId));
        to.send(ack(PacketType.PUBREC, packetId));
        assertThat(to.next()).isEqualTo(ack(PacketType.PUBREL, packetId));
        to.send(ack(PacketType.PUBCOMP, packetId));
        assertThat(to.next()).isNull();
    }

    private static Packet ack(PacketType type, int packetId) {
        return new Ack(type, packetId, ReasonCode.SUCCESS, Properties.EMPTY);
    }

    private static WillMessage willAfterAnHour() {
        Properties delay =
                Properties.builder().add(Property.WILL_DELAY_INTERVAL, 3600).build();
        return new WillMessage("will", "gone".getBytes(StandardCharsets.UTF_8), QoS.AT_LEAST_ONCE, false, delay);
    }

    /** Connects with a session that outlives its connection by a day, and a will on its own topic. */
    private static SimulatedClient connected(
            Simulation simulation, String id, @Nullable WillMessage will, boolean sessionPresent) {
        Properties expiry = Properties.builder()
                .add(Property.SESSION_EXPIRY_INTERVAL, 86_400)
                .build();
        WillMessage own = will == null
                ? null
                : new WillMessage("will/" + id, will.payload(), will.qos(), will.retain(), will.properties());
        SimulatedClient client = simulation.open();
        client.send(new Connect(MqttVersion.V5, id, false, 0, expiry, own, null, null));
        assertThat(client.next()).isInstanceOfSatisfying(Connack.class, connack -> {
            assertThat(connack.reason()).isEqualTo(ReasonCode.SUCCESS);
            assertThat(connack.sessionPresent()).isEqualTo(sessionPresent);
        });
        return client;
    }

    private static SimulatedClient subscribed(Simulation simulation, String id) {
        SimulatedClient client = connected(simulation, id, null, false);
        SubscriptionRequest all = new SubscriptionRequest("#", QoS.EXACTLY_ONCE, false, false, 0);
        client.send(new Subscribe(1, Properties.EMPTY, List.of(all)));
        assertThat(client.next()).isEqualTo(new Suback(1, Properties.EMPTY, List.of(ReasonCode.GRANTED_QOS_2)));
        return client;
    }
}
