package dev.dunlin.broker.crash;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.testkit.PublishPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A broker whose disk, a small one in memory, fills up: nothing acknowledged is lost, and it goes on by itself. */
@EachEngine
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FullDiskTest {
    private static final int MIB = 1 << 20;
    private static final int VOLUME_MIB = 400;
    private static final int BALLAST_MIB = 200;
    private static final Duration SILENCE = Duration.ofSeconds(3);
    private static final Duration WAIT = Duration.ofSeconds(60);

    @TempDir
    private Path folder;

    private Path volume;
    private final List<Integer> acknowledged = new ArrayList<>();
    private int next;

    @BeforeEach
    void mount() throws Exception {
        volume = Files.createDirectory(folder.resolve("volume"));
        if (!"root".equals(System.getProperty("user.name"))
                || run("mount", "-t", "tmpfs", "-o", "size=" + VOLUME_MIB + "m", "tmpfs", volume.toString()) != 0) {
            Assumptions.abort("only root may mount a small disk");
        }
    }

    @AfterEach
    void unmount() throws Exception {
        if (Files.exists(volume.resolve("store"))) {
            assertThat(openFiles()).as("files that the store has left open").isEmpty();
            assertThat(run("umount", volume.toString())).isZero();
        }
    }

    /** Files of the volume that this process has open; each of them keeps it from being unmounted. */
    private List<String> openFiles() throws IOException {
        List<String> open = new ArrayList<>();
        try (Stream<Path> numbers = Files.list(Path.of("/proc/self/fd"))) {
            for (Path number : numbers.filter(Files::isSymbolicLink).toList()) {
                open.add(Files.readSymbolicLink(number).toString());
            }
        }
        open.addAll(Files.readAllLines(Path.of("/proc/self/maps")));
        open.removeIf(file -> !file.contains(volume.toString()));
        return open;
    }

    private Broker start() throws Exception {
        return Broker.builder()
                .tcp(0)
                .loops(2)
                .limits(Limits.EMBEDDED.withQueueBytesMax(Long.MAX_VALUE))
                .storage(EngineUnderTest.here().at(volume.resolve("store")))
                .start();
    }

    @Test
    void losesNothingThatWasAcknowledgedAndGoesOnWhenThereIsRoom() throws Exception {
        Path ballast = fill(volume.resolve("ballast"), BALLAST_MIB);
        Path rest = volume.resolve("rest");
        try (Broker broker = start();
                WireClient watcher = client(broker).login("watcher").subscribed("qos0", 0);
                WireClient publisher = client(broker).login("publisher");
                WireClient probe = client(broker).login("probe")) {
            try (WireClient away = client(broker)) {
                away.send(connect("away").sessionExpiry(10_000)).expect(connack());
                away.subscribed("t", 1);
            }
            boolean held = !publishUntilRefused(publisher);
            assertRefuses(broker, probe, watcher);
            fill(rest, VOLUME_MIB);
            assertRefuses(broker, probe, watcher);

            Files.delete(ballast);
            Files.delete(rest);
            await("durable work goes on").atMost(WAIT).until(() -> answerTo(probe, 16) == ReasonCode.SUCCESS);
            if (held) {
                note(next, (Packet.Ack) publisher.receive());
            }
        }
        assertThat(acknowledged).hasSizeGreaterThan(50);
        try (Broker broker = start();
                WireClient away = client(broker)) {
            away.send(connect("away").sessionExpiry(10_000)).expect(connack().sessionPresent());
            List<Integer> came = new ArrayList<>();
            while (!came.containsAll(acknowledged)) {
                ReceivedPublish message = (ReceivedPublish) away.receive();
                came.add(ByteBuffer.wrap(message.payload()).getInt());
                away.acknowledge(message);
            }
            assertThat(came).doesNotHaveDuplicates();
        }
    }

    /** Returns false if the last one was neither acknowledged nor refused: its write failed, and its answer is held. */
    private boolean publishUntilRefused(WireClient publisher) {
        while (true) {
            publisher.send(message(++next, MIB).qos(1, 1));
            Object came = pollFor(publisher);
            if (came == null) {
                return false;
            }
            if (!note(next, (Packet.Ack) came)) {
                return true;
            }
        }
    }

    private static @Nullable Object pollFor(WireClient client) {
        Object[] came = new Object[1];
        try {
            await().atMost(SILENCE).pollInterval(Duration.ofMillis(2)).until(() -> (came[0] = client.poll()) != null);
        } catch (ConditionTimeoutException silent) { // which is an answer here
            return null;
        }
        return came[0];
    }

    /** Nothing durable is taken, and the client is told why; what needs no store goes on. */
    private void assertRefuses(Broker broker, WireClient probe, WireClient watcher) {
        await("new work is refused").atMost(WAIT).until(() -> answerTo(probe, MIB) == ReasonCode.QUOTA_EXCEEDED);
        probe.send(publish("qos0", "goes on"));
        watcher.expectPublish("qos0", "goes on", 0);
        try (WireClient another = client(broker)) {
            another.send(connect("new").sessionExpiry(100));
            another.expectRefusal(ReasonCode.QUOTA_EXCEEDED);
        }
        try (WireClient clean = client(broker)) {
            clean.login("clean").ping();
        }
    }

    private ReasonCode answerTo(WireClient from, int bytes) {
        from.send(message(++next, bytes).qos(1, 1));
        Packet.Ack ack = (Packet.Ack) from.receive();
        note(next, ack);
        return ack.reason();
    }

    /** Notes what was acknowledged, and holds that a refusal says why. */
    private boolean note(int number, Packet.Ack ack) {
        if (ack.reason() == ReasonCode.SUCCESS) {
            acknowledged.add(number);
            return true;
        }
        assertThat(ack.reason()).isEqualTo(ReasonCode.QUOTA_EXCEEDED);
        assertThat(ack.properties().string(Property.REASON_STRING)).contains("store");
        return false;
    }

    private static PublishPacket message(int number, int bytes) {
        byte[] payload = new byte[bytes];
        new Random(number).nextBytes(payload); // which no engine makes smaller
        return publish("t", ByteBuffer.wrap(payload).putInt(number).array());
    }

    private static WireClient client(Broker broker) {
        return WireClient.connect(broker.port("tcp"), MqttVersion.V5);
    }

    /** A file of this size, or of as much as fits. */
    private static Path fill(Path file, int mebibytes) throws IOException {
        byte[] block = new byte[MIB / 16];
        try (OutputStream out = Files.newOutputStream(file)) {
            for (int i = 0; i < 16 * mebibytes; i++) {
                out.write(block);
            }
        } catch (IOException full) {
            assertThat(full).hasMessageContaining("No space");
        }
        return file;
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return process.exitValue();
    }
}
