package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a recording of the JVM holds of a broker; and that one without a recorder, or a recording, does without. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class FlightTest {
    private static final int PATIENCE_SECONDS = 30;

    /** What the broker itself needs of the JDK, and Netty. */
    private static final String WITHOUT_RECORDER = "java.base,java.logging,java.naming,jdk.unsupported";

    @TempDir
    Path temp;

    private static List<RecordedEvent> of(List<RecordedEvent> all, String name) {
        return all.stream()
                .filter(each -> each.getEventType().getName().equals("dunlin." + name))
                .toList();
    }

    /** A client that loses a message, is taken over and leaves, and a loop that takes long. */
    private static void live() {
        try (TestBroker broker = TestBroker.start()) {
            WireClient before = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
            before.expect(connack());
            WireClient c = broker.send(MqttVersion.V5, connect("c").sessionExpiry(100));
            c.expect(connack().sessionPresent());
            c.subscribed("t", 0).leave();
            WireClient publisher = broker.client("publisher").published("t", "p", 0);
            broker.settle();
            TestBroker.run(broker.home("publisher"), FlightTest::takeLong);
            publisher.ping().leave();
        }
    }

    private static void takeLong() {
        try {
            assertThat(new CountDownLatch(1).await(40, TimeUnit.MILLISECONDS)).isFalse();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void recordsConnectionsTakeoversDropsAndSlowTurns() throws IOException {
        List<RecordedEvent> all;
        try (Recording recording = new Recording()) {
            recording.start();
            live();
            recording.stop();
            Path file = temp.resolve("recording.jfr");
            recording.dump(file);
            all = RecordingFile.readAllEvents(file);
        }
        assertThat(of(all, "Connection"))
                .extracting(each ->
                        each.getString("clientId") + " " + each.getString("listener") + " " + each.getString("cause"))
                .containsExactlyInAnyOrder(
                        "c tcp another client connected with this identifier",
                        "c tcp DISCONNECT SUCCESS",
                        "publisher tcp DISCONNECT SUCCESS");
        assertThat(of(all, "Connection"))
                .allMatch(each ->
                        !each.getDuration().isNegative() && each.getDuration().compareTo(Duration.ofSeconds(20)) < 0)
                .allMatch(each -> each.getEventType().getCategoryNames().equals(List.of("Dunlin")));
        assertThat(of(all, "Takeover")).singleElement().satisfies(each -> {
            assertThat(each.getString("clientId")).isEqualTo("c");
            assertThat(each.getString("by")).contains("127.0.0.1");
        });
        assertThat(of(all, "Drop")).singleElement().satisfies(each -> {
            assertThat(each.getString("reason")).isEqualTo("OFFLINE_QOS_0");
            assertThat(each.getString("topic")).isEqualTo("t");
            assertThat(each.getLong("count")).isEqualTo(1);
        });
        assertThat(of(all, "SlowTurn"))
                .isNotEmpty()
                .allMatch(each -> each.getDuration().toMillis() >= 20 && each.getInt("loop") < 2);
        if (TestBroker.isStored()) {
            assertThat(of(all, "Commit"))
                    .isNotEmpty()
                    .allMatch(each -> each.getLong("bytes") > 0 && each.getInt("operations") > 0);
        }
    }

    private List<String> runChild(String... options) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), FlightChild.class.getName()));
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            List<String> lines = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            assertThat(child.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(child.exitValue()).as("%s", lines).isZero();
            return lines;
        } finally {
            child.destroyForcibly();
        }
    }

    @Test
    void aJvmWithoutTheRecorderRunsABroker() throws Exception {
        assertThat(runChild("--limit-modules", WITHOUT_RECORDER)).contains("recorder false, connected true");
    }

    /** Netty opens the recorder's door itself, for events of its own: what counts is that none of ours is loaded. */
    @Test
    void withoutARecordingAndObserversAStartLoadsNothingOfThem() throws Exception {
        List<String> lines = runChild("-Xlog:class+load:stdout");
        assertThat(lines).contains("recorder true, connected true");
        assertThat(lines.stream()
                        .filter(line -> line.contains(" dev.dunlin.broker.events."))
                        .map(line -> line.replaceAll(".* (dev\\.\\S+) .*", "$1")))
                .containsExactly("dev.dunlin.broker.events.Flight");
        assertThat(lines)
                .noneMatch(line -> line.contains("dev.dunlin.broker.spi.BrokerEvent$Connected")
                        || line.contains("dev.dunlin.broker.session.DropLedger"));
    }
}
