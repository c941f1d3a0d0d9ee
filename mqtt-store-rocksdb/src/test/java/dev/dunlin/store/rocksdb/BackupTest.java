package dev.dunlin.store.rocksdb;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.pubrec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.StoreBackup;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.QoS;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Backups of a running broker whose store is on a disk: under load, again and again, and to other volumes. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class BackupTest {
    private static final int PUBLISHERS = 3;
    private static final int BACKUPS = 4;
    private static final int EACH_AT_LEAST = 100;

    @TempDir
    private Path temp;

    private static Broker start(Path store) throws Exception {
        return Broker.builder()
                .tcp(0)
                .loops(2)
                .limits(Limits.EMBEDDED.withQueueBytesMax(Long.MAX_VALUE).withQueueMessagesMax(Integer.MAX_VALUE))
                .storage(RocksDb.at(store))
                .start();
    }

    private static StoreBackup backup(Broker broker, Path folder) throws InterruptedException, StoreException {
        try {
            return broker.backup(folder).toCompletableFuture().get(1, TimeUnit.MINUTES);
        } catch (ExecutionException e) {
            throw (StoreException) e.getCause();
        } catch (TimeoutException e) {
            throw new AssertionError("a backup takes too long", e);
        }
    }

    private static WireClient persistent(Broker broker, String id, boolean present) {
        WireClient client = WireClient.connect(broker.port("tcp"), MqttVersion.V5);
        client.send(connect(id).sessionExpiry(10_000));
        client.expect(present ? connack().sessionPresent() : connack());
        return client;
    }

    // ---- under load

    /** Publishes, every second message at QoS 2, each when the one before has been acknowledged. */
    private static final class Load extends Thread {
        private final WireClient client;
        private final int number;
        private volatile boolean ending;
        private volatile int acknowledged;
        private final AtomicLong longestNs = new AtomicLong();

        Load(Broker broker, int number) {
            this.number = number;
            client = persistent(broker, "publisher" + number, false);
        }

        @Override
        public void run() {
            while (!ending) {
                int next = acknowledged + 1;
                long startNs = System.nanoTime();
                client.published("load/" + number, Integer.toString(next), 1 + next % 2);
                acknowledged = next;
                longestNs.accumulateAndGet(System.nanoTime() - startNs, Math::max);
            }
        }

        void end() throws InterruptedException {
            ending = true;
            join();
            client.close();
        }
    }

    @Test
    void underLoadNothingAcknowledgedIsMissingInAnyCopyOrInTheOriginal() throws Exception {
        Path store = temp.resolve("store");
        List<Load> loads = new ArrayList<>();
        List<List<Integer>> before = new ArrayList<>();
        try (Broker broker = start(store)) {
            try (WireClient away = persistent(broker, "away", false)) {
                away.subscribed("load/+", 2);
            }
            for (int i = 0; i < PUBLISHERS; i++) {
                loads.add(new Load(broker, i));
            }
            loads.forEach(Thread::start);
            for (int i = 0; i < BACKUPS; i++) {
                int atLeast = (i + 1) * EACH_AT_LEAST;
                await().atMost(Duration.ofMinutes(1))
                        .until(() -> loads.stream().allMatch(load -> load.acknowledged >= atLeast));
                before.add(acknowledged(loads));
                backup(broker, temp.resolve("copy" + i));
            }
            for (Load load : loads) {
                load.end();
            }
            assertHolds(broker, acknowledged(loads), acknowledged(loads));
        }
        List<Integer> last = acknowledged(loads);
        for (int i = 0; i < BACKUPS; i++) {
            try (Broker copy = start(temp.resolve("copy" + i))) {
                persistent(copy, "publisher0", true).close();
                assertHolds(copy, before.get(i), last);
            }
        }
        System.out.printf(
                "%d backups beside %s messages, the slowest acknowledgement came after %d ms%n",
                BACKUPS,
                last,
                TimeUnit.NANOSECONDS.toMillis(loads.stream()
                        .mapToLong(load -> load.longestNs.get())
                        .max()
                        .orElseThrow()));
    }

    private static List<Integer> acknowledged(List<Load> loads) {
        return loads.stream().map(load -> load.acknowledged).toList();
    }

    /** The absent session gets of each publisher at least, and at most, so many messages; each once, none left out. */
    private static void assertHolds(Broker broker, List<Integer> atLeast, List<Integer> atMost) {
        List<List<Integer>> came = new ArrayList<>();
        for (int i = 0; i < PUBLISHERS; i++) {
            came.add(new ArrayList<>());
        }
        try (WireClient away = persistent(broker, "away", true);
                WireClient last = persistent(broker, "last", false)) {
            last.published("load/last", "", 2);
            for (ReceivedPublish message = next(away); !message.topic().equals("load/last"); message = next(away)) {
                came.get(message.topic().charAt(5) - '0').add(Integer.parseInt(message.text()));
            }
        }
        for (int i = 0; i < PUBLISHERS; i++) {
            List<Integer> messages = came.get(i);
            assertThat(new HashSet<>(messages)).as("each once").hasSameSizeAs(messages);
            assertThat(messages).as("none left out").hasSize(Collections.max(messages));
            assertThat(messages.size()).isBetween(atLeast.get(i), atMost.get(i) + 1);
        }
    }

    /** The next message, which is acknowledged, as is the release of those before. */
    private static ReceivedPublish next(WireClient client) {
        Object packet = client.receive();
        while (packet instanceof Packet.Ack release) {
            client.send(pubcomp(release.packetId()));
            packet = client.receive();
        }
        ReceivedPublish message = (ReceivedPublish) packet;
        int id = message.packetId();
        client.send(message.qos() == QoS.EXACTLY_ONCE ? pubrec(id) : puback(id));
        return message;
    }

    // ---- other volumes

    @Test
    void aFullVolumeIsToldAndAnotherOneGetsTheWholeCopy() throws Exception {
        Path volume = Files.createDirectory(temp.resolve("volume"));
        try (Broker broker = start(temp.resolve("store"));
                SmallDisk disk = SmallDisk.mount(volume, 12);
                WireClient publisher = persistent(broker, "publisher", false)) {
            byte[] payload = new byte[1 << 20];
            new Random(1).nextBytes(payload); // which no compression makes smaller
            for (int i = 0; i < 20; i++) {
                publisher.published(publish("large/" + i, payload).retain(), 1);
            }
            StoreException full = Stores.failure(Kind.FULL, () -> backup(broker, volume.resolve("copy")));
            assertThat(full).hasMessageStartingWith("The backup to " + volume);
            assertThat(Stores.failure(Kind.IO, () -> backup(broker, volume)))
                    .hasMessage("the folder " + volume + " is a volume of its own: name a folder in it for the backup");
            assertThat(volume).isEmptyDirectory();
            assertNoCheckpointIn(temp.resolve("store"));
            publisher.published(publish("large/0", payload).retain(), 2);

            disk.resize(200);
            StoreBackup copy = backup(broker, volume.resolve("copy"));
            assertThat(copy.bytes()).isGreaterThan(20L << 20);
            assertNoCheckpointIn(temp.resolve("store"));
            try (Broker second = start(copy.folder());
                    WireClient reader = persistent(second, "reader", false)) {
                reader.subscribed("large/+", 1);
                for (int i = 0; i < 20; i++) {
                    ReceivedPublish message = (ReceivedPublish) reader.receive();
                    assertThat(message.payload()).isEqualTo(payload);
                    reader.acknowledge(message);
                }
            }
        }
    }

    private static void assertNoCheckpointIn(Path store) throws Exception {
        try (Stream<Path> files = Files.list(store)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.startsWith(".checkpoint"));
        }
    }

    /** A disk in memory. */
    private record SmallDisk(Path at) implements AutoCloseable {
        static SmallDisk mount(Path at, int mib) throws Exception {
            boolean mounted = "root".equals(System.getProperty("user.name"))
                    && run("mount", "-t", "tmpfs", "-o", "size=" + mib + "m", "tmpfs", at.toString()) == 0;
            Assumptions.assumeTrue(mounted, "only root may mount a small disk");
            return new SmallDisk(at);
        }

        void resize(int mib) throws Exception {
            assertThat(run("mount", "-o", "remount,size=" + mib + "m", at.toString()))
                    .isZero();
        }

        @Override
        public void close() throws Exception {
            assertThat(run("umount", at.toString())).isZero();
        }

        private static int run(String... command) throws Exception {
            return new ProcessBuilder(command).inheritIO().start().waitFor();
        }
    }
}
