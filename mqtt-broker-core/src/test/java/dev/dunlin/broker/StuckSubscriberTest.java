package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Besieged.State;
import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.QoS;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Publishers at a fixed rate, and two of five subscribers that read nothing: memory is flat, the others get everything in
 * order, and what the two lost is accounted for. The others' latency is printed beside that of a run without the two, never
 * held against anything.
 *
 * <p>{@code -Ddunlin.stuck.seconds} and {@code -Ddunlin.stuck.rate} (messages per second) make it longer and faster:
 * docs/testing.md. Publishers don't get ahead of the slowest of the quick subscribers by more than {@link #AHEAD_BYTES_MAX}, so
 * that a machine that can't hold the rate shows it in the rate that is reached.
 */
@Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Isolated("what lives on the heap is counted, and time")
final class StuckSubscriberTest {
    private static final int SECONDS = Integer.getInteger("dunlin.stuck.seconds", 5);
    private static final int RATE = Integer.getInteger("dunlin.stuck.rate", 50_000);

    /** Half of it with QoS 0, half with QoS 1. */
    private static final int PUBLISHERS = 2;

    private static final List<QoS> QUICK = List.of(QoS.AT_MOST_ONCE, QoS.AT_LEAST_ONCE, QoS.AT_LEAST_ONCE);

    /** Of payload: less than what makes the broker drop messages for a quick one. */
    private static final int AHEAD_BYTES_MAX = 128 << 10;

    private static final int OUTPUT_BYTES_MAX = 256 << 10;
    private static final int PAYLOAD_BYTES = 64;

    /** For what is to be full soon. */
    private static final int FILLING_BYTES = 4 << 10;

    private static final int TICK_MS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final double HEAP_GROWTH_MAX = 0.05;

    /** Small ones, so that they are full soon and memory has to be flat from then on. */
    private static final Limits LIMITS = Limits.EMBEDDED
            .withInflightMessagesMax(1_000)
            .withQueueMessagesMax(2_000)
            .withOutputBytesMax(OUTPUT_BYTES_MAX)
            .withSlowConsumerMs(500);

    private static EventLoopGroup clients;

    @BeforeAll
    static void startClients() {
        clients = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    }

    @AfterAll
    static void stopClients() {
        clients.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    @Test
    void stuckSubscribersHurtNobody() throws Exception {
        try (TestBroker broker = TestBroker.start(LIMITS)) {
            Traffic traffic = new Traffic(broker, new Latencies());
            traffic.run(1); // what is slow at first is slow now
            traffic.latencies.clear();
            traffic.run(Math.max(1, SECONDS / 2));
            print("without a stuck subscriber", traffic);
            traffic.finish();
        }
        try (TestBroker broker = TestBroker.start(LIMITS)) {
            Traffic traffic = new Traffic(broker, new Latencies());
            Subscriber stuckQos0 = new Subscriber(broker, "stuck-0", QoS.AT_MOST_ONCE, false, null);
            Subscriber stuckQos1 = new Subscriber(broker, "stuck-1", QoS.AT_LEAST_ONCE, true, null);
            stuckQos0.client.stopReading();
            stuckQos1.client.stopReading();
            fill(broker, traffic);
            traffic.latencies.clear();

            State before = State.of(broker);
            traffic.run(SECONDS);
            State after = State.of(broker);
            print("with two", traffic);
            assertFlat(before, after);
            assertThat(broker.broker().slowConsumers()).isEqualTo(2);

            Map<String, Map<DropReason, Long>> lost = lost(broker);
            int queued = SessionProbe.queued(broker.broker().core(), "stuck-1");
            assertThat(queued).isEqualTo(LIMITS.queueMessagesMax());
            assertThat(lost).containsOnlyKeys("stuck-0", "stuck-1");
            assertThat(lost.get("stuck-0")).containsOnlyKeys(DropReason.SLOW_CONSUMER_QOS_0);
            assertThat(lost.get("stuck-1")).containsOnlyKeys(DropReason.SLOW_CONSUMER_QOS_0, DropReason.QUEUE_FULL);
            for (DropReason reason : lost.get("stuck-1").keySet()) { // and nobody lost anything else
                long sum = lost.values().stream()
                        .mapToLong(of -> of.getOrDefault(reason, 0L))
                        .sum();
                assertThat(broker.dropped(reason)).isEqualTo(sum);
            }
            assertBalanced(traffic, stuckQos0, lost.get("stuck-0"));
            assertBalanced(traffic, stuckQos1, lost.get("stuck-1"));
            traffic.finish();
        }
    }

    /** Until nothing of the two's grows any more: what comes is dropped, of both QoS. */
    private static void fill(TestBroker broker, Traffic traffic) throws Exception {
        long deadlineNs = System.nanoTime() + PATIENCE.toNanos();
        traffic.payloadBytes = FILLING_BYTES;
        while (!isFull(lost(broker))) {
            assertThat(System.nanoTime()).as("time until both are full").isLessThan(deadlineNs);
            traffic.run(1);
        }
        traffic.payloadBytes = PAYLOAD_BYTES;
    }

    private static boolean isFull(Map<String, Map<DropReason, Long>> lost) {
        return lost.containsKey("stuck-0")
                && lost.getOrDefault("stuck-1", Map.of()).size() == 2;
    }

    private static Map<String, Map<DropReason, Long>> lost(TestBroker broker) {
        return broker.broker().droppedByClient().toCompletableFuture().join();
    }

    private static void assertFlat(State before, State after) {
        assertThat(after.bufferBytes())
                .as("bytes in buffers, %s before, %s after", before, after)
                .isLessThanOrEqualTo(before.bufferBytes() + OUTPUT_BYTES_MAX); // the system may have taken some of it
        assertThat((double) after.heapBytes())
                .as("bytes on the heap, %s before", before)
                .isLessThan(before.heapBytes() * (1 + HEAP_GROWTH_MAX));
    }

    /** It reads again: what it gets is what it was sent and what was queued, and the rest was dropped. */
    private static void assertBalanced(Traffic traffic, Subscriber stuck, Map<DropReason, Long> lost) {
        long dropped = lost.values().stream().mapToLong(Long::longValue).sum();
        stuck.client.startReading();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(stuck.received.get() + dropped)
                        .as("received and dropped of %s", stuck.id)
                        .isEqualTo(traffic.sent()));
        assertThat(stuck.failure).isNull();
    }

    private static void print(String what, Traffic traffic) {
        System.out.printf(
                "%s: %,d messages per second of %,d, latency p50 %,d us, p99 %,d us, of %,d deliveries%n",
                what,
                traffic.reachedPerSecond,
                RATE,
                traffic.latencies.percentileUs(50),
                traffic.latencies.percentileUs(99),
                traffic.latencies.count());
    }

    /** Publishers, and subscribers that keep up. On one thread, apart from the test's. */
    private static final class Traffic {
        final Latencies latencies;
        final List<Subscriber> quick = new ArrayList<>();
        private final List<Publisher> publishers = new ArrayList<>();
        long reachedPerSecond;
        volatile int payloadBytes = PAYLOAD_BYTES;

        Traffic(TestBroker broker, Latencies latencies) {
            this.latencies = latencies;
            for (int i = 0; i < QUICK.size(); i++) {
                quick.add(new Subscriber(broker, "quick-" + i, QUICK.get(i), false, latencies));
            }
            for (int i = 0; i < PUBLISHERS; i++) {
                publishers.add(new Publisher(broker, i, i % 2 == 0 ? QoS.AT_MOST_ONCE : QoS.AT_LEAST_ONCE, this));
            }
        }

        /** Publishes for some seconds; returns when the quick ones have everything, in order. */
        void run(int seconds) throws Exception {
            long before = sent();
            long beganNs = System.nanoTime();
            List<Future<?>> running = new ArrayList<>();
            for (Publisher each : publishers) {
                running.add(each.start(seconds));
            }
            for (Future<?> each : running) {
                each.get(PATIENCE.toSeconds() + seconds, TimeUnit.SECONDS);
            }
            long sent = sent();
            await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).untilAsserted(() -> {
                for (Subscriber each : quick) {
                    assertThat(each.failure).isNull();
                    assertThat(each.received.get()).as(each.id).isEqualTo(sent);
                }
                assertThat(publishers).allMatch(each -> each.unacknowledged.get() == 0);
            });
            reachedPerSecond = (sent - before) * 1_000_000_000 / (System.nanoTime() - beganNs);
        }

        long sent() {
            return publishers.stream().mapToLong(each -> each.sent.get()).sum();
        }

        long slowest() {
            return quick.stream().mapToLong(each -> each.received.get()).min().orElseThrow();
        }

        void finish() {
            quick.forEach(each -> each.client.disconnect());
            publishers.forEach(each -> each.client.disconnect());
        }
    }

    /** Sends a number and the time, so many per second as are due. */
    private static final class Publisher {
        final LeanClient client;
        final AtomicLong sent = new AtomicLong();
        final AtomicLong unacknowledged = new AtomicLong();
        private final int number;
        private final QoS qos;
        private final Traffic traffic;
        private long beganNs;
        private long sentBefore;

        Publisher(TestBroker broker, int number, QoS qos, Traffic traffic) {
            this.number = number;
            this.qos = qos;
            this.traffic = traffic;
            client = LeanClient.open(
                    clients,
                    broker.port(),
                    LeanClient.connect(MqttVersion.V3_1_1, "publisher-" + number, false),
                    message -> {});
            client.connack();
        }

        /** Publishes for some seconds; the future is done at the end of them. */
        Future<?> start(int seconds) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            client.run(() -> {
                beganNs = System.nanoTime();
                sentBefore = sent.get();
                tick(seconds, done);
            });
            return done;
        }

        private void tick(int seconds, CompletableFuture<Void> done) {
            long elapsedNs = System.nanoTime() - beganNs;
            if (elapsedNs >= TimeUnit.SECONDS.toNanos(seconds)) {
                done.complete(null);
                return;
            }
            long due = elapsedNs * (RATE / PUBLISHERS) / 1_000_000_000 - (sent.get() - sentBefore);
            long room = AHEAD_BYTES_MAX / traffic.payloadBytes - (traffic.sent() - traffic.slowest());
            for (long i = Math.min(due, room / PUBLISHERS); i > 0; i--) {
                send();
            }
            client.eventLoop().schedule(() -> client.run(() -> tick(seconds, done)), TICK_MS, TimeUnit.MILLISECONDS);
        }

        private void send() {
            byte[] payload = ByteBuffer.allocate(traffic.payloadBytes)
                    .putInt(number)
                    .putLong(sent.getAndIncrement())
                    .putLong(System.nanoTime())
                    .array();
            unacknowledged.incrementAndGet();
            client.publish("load/" + number, payload, qos, false).thenRun(unacknowledged::decrementAndGet);
        }
    }

    /** Gets all, in the order of each publisher; one that is stuck may miss some. */
    private static final class Subscriber {
        final String id;
        final LeanClient client;
        final AtomicLong received = new AtomicLong();
        volatile AssertionError failure;
        private final Latencies latencies;
        private final long[] last = new long[PUBLISHERS];

        /** @param latencies null for one that is stuck */
        Subscriber(TestBroker broker, String id, QoS qos, boolean persistent, Latencies latencies) {
            this.id = id;
            this.latencies = latencies;
            Arrays.fill(last, -1);
            client = LeanClient.open(
                    clients, broker.port(), LeanClient.connect(MqttVersion.V5, id, persistent), this::receive);
            client.connack();
            client.subscribe("load/#", qos);
        }

        private void receive(Publish message) {
            int publisher = message.payload().getInt(0);
            long number = message.payload().getLong(4);
            boolean right = latencies == null ? number > last[publisher] : number == last[publisher] + 1;
            if (!right && failure == null) {
                failure = new AssertionError(
                        id + " got " + number + " of publisher " + publisher + " behind " + last[publisher]);
            }
            last[publisher] = number;
            received.incrementAndGet();
            if (latencies != null) {
                latencies.add(System.nanoTime() - message.payload().getLong(12));
            }
        }
    }

    /** Counted in steps of a tenth of their size, from a microsecond on. Written by the clients' thread. */
    private static final class Latencies {
        private static final double STEP = Math.log(1.1);
        private final long[] counts = new long[256];

        synchronized void add(long ns) {
            int step = (int) (Math.log(Math.max(1, ns / 1_000.0)) / STEP);
            counts[Math.min(step, counts.length - 1)]++;
        }

        synchronized void clear() {
            Arrays.fill(counts, 0);
        }

        synchronized long count() {
            return Arrays.stream(counts).sum();
        }

        synchronized long percentileUs(int percent) {
            long left = count() * percent / 100;
            int step = 0;
            while (step < counts.length - 1 && left >= counts[step]) {
                left -= counts[step++];
            }
            return Math.round(Math.exp((step + 1) * STEP));
        }
    }
}
