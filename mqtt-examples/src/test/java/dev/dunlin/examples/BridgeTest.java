package dev.dunlin.examples;

import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BridgeTest {
    private static final int MESSAGES = 20;

    @Test
    void forwardsToTheOtherBroker() throws Exception {
        try (RunningExample example = new RunningExample(Bridge.class)) {
            int port = RunningExample.port(example.line());
            try (WireClient here = open(port, MqttVersion.V5);
                    WireClient near = open(port, MqttVersion.V5);
                    WireClient there = open(RunningExample.port(example.line()), MqttVersion.V5)) {
                near.login("near").subscribed("#", 2);
                there.login("there").subscribed("#", 2);
                here.login("here").published("out/a", "p", 2);
                near.take("out/a", "p", 2);
                here.published("in/a", "p", 1);
                near.take("in/a", "p", 1);
                there.take("out/a", "p", 2);
                there.expectNothing();
                for (WireClient each : new WireClient[] {here, near, there}) {
                    each.leave();
                }
            }
            example.end();
        }
    }

    private static WireClient open(int port, MqttVersion version) {
        return WireClient.connect(port, version, TestTransport.TCP);
    }

    /** It refuses, stalls, is asked by somebody who is gone before it has answered, and recovers from all of that. */
    private static final class Unsteady implements Bridge.OtherSide {
        private final Set<String> accepted = ConcurrentHashMap.newKeySet();
        private final AtomicInteger asked = new AtomicInteger();
        private volatile CompletableFuture<Void> slow = new CompletableFuture<>();

        @Override
        public CompletionStage<?> accept(Message message) {
            return switch (asked.incrementAndGet() % 7) {
                case 2 -> CompletableFuture.failedFuture(new IllegalStateException("on purpose"));
                case 4 -> new CompletableFuture<Void>(); // until the broker gives it up
                case 6 -> slow.thenRun(() -> accepted.add(message.payloadText()));
                default -> CompletableFuture.runAsync(() -> accepted.add(message.payloadText()));
            };
        }

        boolean isSlowNext() {
            return (asked.get() + 1) % 7 == 6;
        }
    }

    @ParameterizedTest
    @CsvSource({"V3_1_1, 1", "V3_1_1, 2", "V5, 1", "V5, 2"})
    void losesNothingAndAcknowledgesNothingEarly(MqttVersion version, int qos) throws Exception {
        Unsteady otherSide = new Unsteady();
        try (Broker broker = Bridge.to(otherSide, Duration.ofMillis(50)).tcp(0).start();
                WireClient subscriber = open(broker.port("tcp"), MqttVersion.V5)) {
            subscriber.login("subscriber").subscribed("out/#", 1);
            Publisher publisher = new Publisher(broker.port("tcp"), version, qos);
            Set<String> all = new TreeSet<>();
            for (int i = 1; i <= MESSAGES; i++) {
                String payload = String.valueOf(i);
                all.add(payload);
                publisher.publishUntilAcknowledged(i, payload, otherSide);
                assertThat(otherSide.accepted).as("acknowledged").contains(payload);
            }
            assertThat(otherSide.accepted).isEqualTo(all);
            assertThat(otherSide.asked.get()).isGreaterThan(MESSAGES);
            publisher.connection.leave();
            Set<String> delivered = new TreeSet<>();
            while (delivered.size() < MESSAGES) {
                ReceivedPublish came = (ReceivedPublish) subscriber.receive();
                subscriber.acknowledge(came);
                delivered.add(came.text());
            }
            assertThat(delivered).isEqualTo(all);
        }
    }

    /** Publishes until it is acknowledged, as a client library does, and loses its connection now and then. */
    private static final class Publisher {
        private final int port;
        private final MqttVersion version;
        private final int qos;
        private WireClient connection;

        Publisher(int port, MqttVersion version, int qos) {
            this.port = port;
            this.version = version;
            this.qos = qos;
            reconnect();
        }

        private void reconnect() {
            connection = open(port, version);
            connection.send(connect("publisher").sessionExpiry(1_000));
            assertThat(connection.receive().toString()).contains("sessionPresent");
        }

        void publishUntilAcknowledged(int packetId, String payload, Unsteady otherSide) {
            for (int attempt = 0; !isAcknowledged(packetId, payload, attempt, otherSide); attempt++) {
                connection.close();
                reconnect();
            }
        }

        private boolean isAcknowledged(int packetId, String payload, int attempt, Unsteady otherSide) {
            PublishPacket message = Packets.publish("out/t", payload).qos(qos, packetId);
            if (otherSide.isSlowNext()) {
                loseItWhileTheOtherSideThinks(otherSide, attempt == 0 ? message : message.dup());
                return false;
            }
            connection.send(attempt == 0 ? message : message.dup());
            Object came = connection.receiveOrEnd();
            if (!(came instanceof Packet.Ack ack)) {
                return false; // DISCONNECT, or the end
            }
            assertThat(ack.reason().isError()).isFalse();
            assertThat(ack.packetId()).isEqualTo(packetId);
            if (ack.type() == PacketType.PUBREC) {
                connection.send(pubrel(packetId));
                connection.expect(pubcomp(packetId));
            }
            return true;
        }

        private void loseItWhileTheOtherSideThinks(Unsteady otherSide, PublishPacket message) {
            int before = otherSide.asked.get();
            connection.send(message);
            await().atMost(Duration.ofSeconds(10)).until(() -> otherSide.asked.get() > before);
            connection.close();
            otherSide.slow.complete(null);
            otherSide.slow = new CompletableFuture<>();
        }
    }
}
