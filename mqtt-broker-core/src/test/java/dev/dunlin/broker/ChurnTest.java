package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.disconnect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static dev.dunlin.broker.testkit.Packets.pubrel;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static dev.dunlin.broker.testkit.Packets.unsubscribe;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that do anything at any time: few client ids, so that they take each other over all the time, payloads on both
 * sides of every threshold, tiny limits, lost connections. In the end no buffer is left, no client was told of an internal
 * error, and the broker still works. The seed is in the failure.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ChurnTest {
    private static final int THREADS = 4;
    private static final int LIVES = 60;
    private static final int STEPS_MAX = 25;
    private static final int[] PAYLOADS = {0, 10, 1_000, 1_025, 5_000, 70_000};

    @ParameterizedTest
    @EnumSource(OverflowPolicy.class)
    void leavesNothingBehind(OverflowPolicy policy) {
        Limits limits = Limits.EMBEDDED
                .withQueueMessagesMax(20)
                .withQueueBytesMax(100_000)
                .withQueueOverflow(policy)
                .withInflightMessagesMax(5)
                .withMailboxBytesMax(50_000)
                .withTurnDeliveriesMax(7)
                .withOutputBytesMax(100_000)
                .withRetainedMessagesMax(5)
                .withSessionExpiryMaxSeconds(1);
        long seed = System.nanoTime();
        TestBroker broker = TestBroker.start(builder -> builder.loops(3).limits(limits));
        broker.local().subscribe("t/#", message -> {});
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<CompletableFuture<Void>> runs = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                Random random = new Random(seed + t);
                runs.add(CompletableFuture.runAsync(() -> live(broker, random), threads));
            }
            runs.forEach(CompletableFuture::join);
            broker.client("after all")
                    .subscribed("x", 1)
                    .published("t/1", "p", 2)
                    .leave();
            TestBroker.eventually("no connection is left", () -> broker.openConnections() == 0);
            TestBroker.eventually("no session is left", () -> broker.sessions() == 0);
            broker.close();
        } catch (RuntimeException | AssertionError e) {
            throw new AssertionError("with seed " + seed, e);
        } finally {
            threads.shutdown();
        }
    }

    private static void live(TestBroker broker, Random random) {
        for (int life = 0; life < LIVES; life++) {
            MqttVersion version = MqttVersion.values()[random.nextInt(3)];
            try (WireClient c = WireClient.connect(broker.port(), version)) {
                c.send(randomConnect(random));
                int steps = random.nextInt(STEPS_MAX);
                for (int step = 0; step < steps && c.isOpen(); step++) {
                    step(c, random);
                }
                if (random.nextBoolean()) {
                    c.trySend(disconnect());
                }
            }
        }
    }

    private static ConnectPacket randomConnect(Random random) {
        ConnectPacket connect = connect("c" + random.nextInt(6));
        if (random.nextBoolean()) {
            connect.sessionExpiry(random.nextInt(3));
        }
        if (random.nextInt(4) == 0) {
            connect.cleanStart();
        }
        if (random.nextInt(4) == 0) {
            connect.receiveMaximum(1 + random.nextInt(3));
        }
        if (random.nextInt(6) == 0) {
            connect.maximumPacketSize(2_000);
        }
        if (random.nextBoolean()) {
            connect.will(randomPublish(random).qos(random.nextInt(3)));
        }
        return connect;
    }

    private static PublishPacket randomPublish(Random random) {
        byte[] payload = new byte[PAYLOADS[random.nextInt(PAYLOADS.length)] % 65_536];
        PublishPacket publish = publish("t/" + random.nextInt(8), payload);
        if (random.nextInt(3) == 0) {
            publish.retain();
        }
        if (random.nextInt(4) == 0) {
            publish.expiry(random.nextInt(2));
        }
        return publish;
    }

    private static void step(WireClient c, Random random) {
        int id = 1 + random.nextInt(10);
        switch (random.nextInt(10)) {
            case 0 -> c.trySend(subscribe(id, "t/" + random.nextInt(8), random.nextInt(3)));
            case 1 -> c.trySend(subscribe(id, "t/#", random.nextInt(3)));
            case 2 -> c.trySend(unsubscribe(id, "t/#"));
            case 3 -> c.trySend(pubrel(id));
            case 4 -> c.trySend(puback(id), pubrec(id), pubcomp(id));
            case 5, 6 -> readSome(c, random);
            default -> {
                int qos = random.nextInt(3);
                c.trySend(randomPublish(random).qos(qos, qos == 0 ? 0 : id));
            }
        }
    }

    /** Reads what is there, and acknowledges most of it. */
    private static void readSome(WireClient c, Random random) {
        for (Object came = c.poll(); came != null; came = c.poll()) {
            if (came instanceof Packet.Disconnect gone) {
                assertThat(gone.reason()).isNotEqualTo(ReasonCode.IMPLEMENTATION_SPECIFIC_ERROR);
            } else if (came instanceof ReceivedPublish publish && publish.qos() != QoS.AT_MOST_ONCE) {
                int id = publish.packetId();
                ReasonCode reason = random.nextInt(5) == 0 ? ReasonCode.QUOTA_EXCEEDED : ReasonCode.SUCCESS;
                if (random.nextInt(4) > 0) {
                    c.trySend(
                            publish.qos() == QoS.AT_LEAST_ONCE
                                    ? puback(id).reason(reason)
                                    : pubrec(id).reason(reason));
                }
            }
        }
    }
}
