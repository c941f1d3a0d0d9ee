package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Besieged.State;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A broker, clients that were there before, and an attack: during it and afterwards they are served, somebody new gets in, and
 * in the end nothing of it is left. What an attack leaves by right, such as a retained message, the attack itself takes away.
 */
final class Siege implements AutoCloseable {
    /** Enough to have some on each loop. */
    private static final int CLIENTS = 6;

    private static final int EVERYDAY = 1_100;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final double HEAP_GROWTH_MAX = 0.05;

    /** What our own objects may grow by. */
    private static final long OWN_GROWTH_MAX = 32 << 10;

    private final Besieged broker;
    private final List<WireClient> before = new ArrayList<>();
    private Duration patience = PATIENCE;

    /** Anything that peers can do. */
    interface Attack {
        void run() throws Exception;
    }

    /** Takes the broker: it is closed with this. */
    Siege(Besieged broker) {
        this.broker = broker;
        for (int i = 0; i < CLIENTS; i++) {
            WireClient client = connect(MqttVersion.values()[i % MqttVersion.values().length]);
            before.add(client.login("before-" + i).subscribed("siege/" + i, 1).subscribed("$share/siege/all", 1));
        }
    }

    /** From now on it waits only so long until nothing of an attack is left: for the test of this class. */
    Siege patience(Duration shorter) {
        patience = shorter;
        return this;
    }

    /** Under attack by this, the broker goes on, and afterwards it is as before. */
    void survives(Attack attack) throws Exception {
        serves();
        State baseline = atRest();
        attack.run();
        serves();
        goesOn();
        await().atMost(patience).pollDelay(Duration.ZERO).untilAsserted(() -> assertAsBefore(baseline, broker.state()));
    }

    /** Everyday life, after which what was needed for something large is given back. */
    private void goesOn() {
        for (WireClient client : before) {
            for (int i = 0; i < EVERYDAY; i++) {
                client.send(publish("siege/nobody/" + i % 2, "p"));
            }
            client.ping();
        }
    }

    private State atRest() {
        State[] last = {broker.state()};
        await().atMost(PATIENCE).until(() -> {
            State former = last[0];
            last[0] = broker.state();
            return last[0].connections() == CLIENTS
                    && last[0].ending() == 0
                    && last[0].sessions() == CLIENTS
                    && former.bufferBytes() == last[0].bufferBytes();
        });
        return last[0];
    }

    private static void assertAsBefore(State baseline, State now) {
        assertThat(now.connections()).as("connections").isEqualTo(baseline.connections());
        assertThat(now.ending()).as("sockets that are not closed").isZero();
        assertThat(now.sessions()).as("sessions").isEqualTo(baseline.sessions());
        assertThat(now.bufferBytes()).as("bytes in buffers").isEqualTo(baseline.bufferBytes());
        assertThat(now.ownBytes() - baseline.ownBytes())
                .as("growth of our own objects, %s before, %s now", baseline, now)
                .isLessThan(OWN_GROWTH_MAX);
        assertThat((double) now.heapBytes())
                .as("bytes on the heap, %s before", baseline)
                .isLessThan(baseline.heapBytes() * (1 + HEAP_GROWTH_MAX));
    }

    /** What the broker holds now. */
    State state() {
        return broker.state();
    }

    /** Bytes in buffers at most, awaited: what has just been sent may still be on its way. */
    void holdsAtMost(long bufferBytes) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.state().bufferBytes()).isLessThanOrEqualTo(bufferBytes));
    }

    /** Waits until it has so many connections beside those that were there before. */
    void awaitAttackers(int connections) {
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(broker.state().connections()).isEqualTo(CLIENTS + connections));
    }

    /** A message of QoS 1 from each of those that were there before to the next; and somebody new does the same. */
    void serves() {
        for (int i = 0; i < CLIENTS; i++) {
            int next = (i + 1) % CLIENTS;
            before.get(i).published("siege/" + next, "from " + i, 1);
            before.get(next).take("siege/" + next, "from " + i, 1);
        }
        try (WireClient another = connect(MqttVersion.V5).login("new").subscribed("siege/new", 1)) {
            another.send(publish("siege/new", "hi").qos(1, 1));
            another.receive();
            another.receive();
            another.leave();
        }
    }

    /** A connection over plain TCP on which nothing was sent yet; the caller closes it. */
    WireClient connect(MqttVersion version) {
        return WireClient.connect(broker.port("tcp"), version, TestTransport.TCP);
    }

    /** A peer without manners, connected with the listener of that name; the caller closes it. */
    Intruder intruder(String listener) {
        return Intruder.at(broker.port(listener));
    }

    int port(String listener) {
        return broker.port(listener);
    }

    @Override
    public void close() {
        before.forEach(WireClient::close);
        broker.close();
    }
}
