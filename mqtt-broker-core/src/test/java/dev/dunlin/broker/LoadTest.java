package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.testkit.TestStore;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.QoS;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Many connections over real sockets at once. They stand in a ring, speak all versions in turn, and each sends its
 * messages to the next {@link #PEERS} in turn: everyone hears from that many, on its own loop and on others.
 */
final class LoadTest {
    private static final int CONNECTIONS = 200;
    private static final int MESSAGES = 1_000;
    private static final int PEERS = 4;
    private static final int WINDOW = 50;
    private static final int PAYLOAD_BYTES = 64;
    private static final int PATIENCE_SECONDS = 120;

    private static EventLoopGroup clients;

    @BeforeAll
    static void startClients() {
        clients = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    }

    @AfterAll
    static void stopClients() {
        clients.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @EnumSource(names = {"AT_LEAST_ONCE", "EXACTLY_ONCE"})
    void losesAndDoublesNothingAndKeepsTheOrder(QoS qos) throws Exception {
        try (TestStore store = new TestStore();
                Broker broker = store.builder().start()) {
            List<Member> ring = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                ring.add(new Member(broker.port("tcp"), i, qos));
            }
            ring.forEach(Member::begin);
            for (Member member : ring) {
                member.allSent.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                member.allReceived.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            ring.forEach(member -> member.client.disconnect());
            ring.forEach(member -> assertThat(member.received).isEqualTo(MESSAGES));
            for (DropReason reason : DropReason.values()) {
                assertThat(broker.dropped(reason)).as(reason.name()).isZero();
            }
        }
    }

    /** One connection: sends message {@code k} to the member {@code 1 + k % PEERS} places further. */
    private static final class Member {
        final CompletableFuture<Void> allSent = new CompletableFuture<>();
        final CompletableFuture<Void> allReceived = new CompletableFuture<>();
        final LeanClient client;
        private final int index;
        private final QoS qos;
        private int sent;
        private int acknowledged;

        /** The next message expected of the member that is {@code 1 + i} places before. */
        private final int[] next = new int[PEERS];

        private int received;

        Member(int port, int index, QoS qos) {
            this.index = index;
            this.qos = qos;
            for (int i = 0; i < PEERS; i++) {
                next[i] = i;
            }
            MqttVersion version = MqttVersion.values()[index % MqttVersion.values().length];
            client = LeanClient.open(
                    clients, port, LeanClient.connect(version, "member-" + index, false), this::receive);
            client.connack();
            client.subscribe("load/" + index, qos);
        }

        void begin() {
            client.run(() -> {
                for (int i = 0; i < WINDOW; i++) {
                    sendNext();
                }
            });
        }

        private void sendNext() {
            int number = sent++;
            int peer = (index + 1 + number % PEERS) % CONNECTIONS;
            byte[] payload = ByteBuffer.allocate(PAYLOAD_BYTES)
                    .putInt(index)
                    .putInt(number)
                    .array();
            client.publish("load/" + peer, payload, qos, false).thenRun(this::acknowledged);
        }

        private void acknowledged() {
            if (++acknowledged == MESSAGES) {
                allSent.complete(null);
            } else if (sent < MESSAGES) {
                sendNext();
            }
        }

        private void receive(Publish message) {
            int publisher = message.payload().getInt(0);
            int number = message.payload().getInt(4);
            int place = Math.floorMod(index - publisher - 1, CONNECTIONS);
            if (place >= PEERS || number != next[place] || message.qos() != qos) {
                allReceived.completeExceptionally(
                        new AssertionError(index + " received " + message + ", number " + number + " of " + publisher));
                return;
            }
            next[place] += PEERS;
            if (++received == MESSAGES) {
                allReceived.complete(null);
            }
        }
    }
}
