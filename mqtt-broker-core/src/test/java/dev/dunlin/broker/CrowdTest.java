package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Ten clients that each publish to all and subscribe to all, with windows of one and budgets so tiny that everybody waits for
 * everybody all the time: every delivery arrives, once where it is to arrive once, in the order of each publisher.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class CrowdTest {
    private static final int CLIENTS = 10;
    private static final int MESSAGES = 40;

    private static final Limits TINY = Limits.EMBEDDED
            .withMailboxBytesMax(1_024)
            .withTurnDeliveriesMax(2)
            .withInflightMessagesMax(1)
            .withReceiveMaximum(1);

    @ParameterizedTest
    @CsvSource({"1,1", "1,2", "2,1", "2,2", "4,1", "4,2"})
    void doesNotStandStillWithWindowsOfOne(int loops, int qos) {
        try (TestBroker broker =
                TestBroker.start(builder -> builder.loops(loops).limits(TINY))) {
            crowd(broker, qos, false);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,0", "2,0", "2,1", "2,2"})
    void doesNotStandStillWhenEverybodySendsAtOnce(int loops, int qos) {
        Limits limits = TINY.withReceiveMaximum(MESSAGES);
        try (TestBroker broker =
                TestBroker.start(builder -> builder.loops(loops).limits(limits))) {
            crowd(broker, qos, true);
        }
    }

    @Test
    void boundsTheQueuesOfThoseWhoDoNotAcknowledge() {
        int queue = 5;
        Limits limits = TINY.withReceiveMaximum(MESSAGES).withQueueMessagesMax(queue);
        try (TestBroker broker = TestBroker.start(limits)) {
            List<Member> members = connectAll(broker, 1);
            WireClient outsider = broker.client("outsider").subscribed("all", 0);
            members.get(0).client.send(members.get(0).all(1));
            for (int i = 0; i < MESSAGES; i++) {
                outsider.receive();
            }
            // Each has one under way; the publisher's own bound doesn't hold while it is paused.
            assertThat(broker.dropped(DropReason.QUEUE_FULL))
                    .isBetween((CLIENTS - 1L) * (MESSAGES - 1 - queue), CLIENTS * (MESSAGES - 1L - queue));
        }
    }

    private static void crowd(TestBroker broker, int qos, boolean atOnce) {
        List<Member> members = connectAll(broker, qos);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<CompletableFuture<Void>> runs = new ArrayList<>();
            for (Member member : members) {
                runs.add(CompletableFuture.runAsync(() -> member.run(qos, atOnce), threads));
            }
            runs.forEach(CompletableFuture::join);
        } finally {
            threads.shutdown();
        }
        for (DropReason reason : DropReason.values()) {
            assertThat(broker.dropped(reason)).as("%s", reason).isZero();
        }
    }

    private static List<Member> connectAll(TestBroker broker, int qos) {
        List<Member> members = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            MqttVersion version = MqttVersion.values()[i % 3];
            WireClient client =
                    broker.send(version, connect("c" + i).cleanStart().receiveMaximum(1));
            client.expect(connack());
            members.add(new Member(i, client.subscribed("all", qos)));
        }
        return members;
    }

    /** One client of the crowd; answers whatever comes while it publishes. */
    private static final class Member {
        private final int number;
        private final WireClient client;
        private final Map<String, Integer> nextOf = new HashMap<>();
        private int published;
        private int acknowledged;
        private int received;

        Member(int number, WireClient client) {
            this.number = number;
            this.client = client;
        }

        void run(int qos, boolean atOnce) {
            if (atOnce) {
                client.send(all(qos));
                published = MESSAGES;
            } else {
                publishNext(qos);
            }
            while (received < CLIENTS * MESSAGES || (qos > 0 && acknowledged < MESSAGES)) {
                handle(client.receive(), qos, atOnce);
            }
        }

        Sendable[] all(int qos) {
            Sendable[] all = new Sendable[MESSAGES];
            for (int i = 0; i < MESSAGES; i++) {
                all[i] = message(i, qos);
            }
            return all;
        }

        private Sendable message(int i, int qos) {
            return publish("all", number + " " + i + " " + "x".repeat(100)).qos(qos, qos == 0 ? 0 : i + 1);
        }

        private void publishNext(int qos) {
            if (published < MESSAGES) {
                client.send(message(published++, qos));
            }
        }

        private void handle(Object packet, int qos, boolean atOnce) {
            if (packet instanceof ReceivedPublish publish) {
                take(publish);
                return;
            }
            Packet.Ack ack = (Packet.Ack) packet;
            switch (ack.type()) {
                case PUBREC -> client.send(pubrel(ack.packetId()));
                case PUBREL -> client.send(pubcomp(ack.packetId()));
                default -> {
                    assertThat(ack.type()).isEqualTo(qos == 1 ? PacketType.PUBACK : PacketType.PUBCOMP);
                    acknowledged++;
                    if (!atOnce) {
                        publishNext(qos);
                    }
                }
            }
        }

        private void take(ReceivedPublish publish) {
            String[] words = publish.text().split(" ", 3);
            assertThat(Integer.parseInt(words[1])).as("%s", publish).isEqualTo(nextOf.getOrDefault(words[0], 0));
            nextOf.merge(words[0], 1, Integer::sum);
            received++;
            switch (publish.qos()) {
                case AT_MOST_ONCE -> {}
                case AT_LEAST_ONCE -> client.send(puback(publish.packetId()));
                case EXACTLY_ONCE -> client.send(pubrec(publish.packetId()));
            }
        }
    }
}
