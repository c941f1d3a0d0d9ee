package dev.dunlin.broker;

import static dev.dunlin.broker.TestBroker.eventually;
import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.publish;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.TestBroker.ManualTime;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.TraceOptions;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A trace shows what goes over the wire, and ends as it was told to. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TraceTest {
    private final ManualTime time = new ManualTime(); // 00:16:40.000

    @AutoClose
    private final TestBroker broker = TestBroker.start(builder -> builder.time(time));

    private final List<String> lines = new CopyOnWriteArrayList<>();

    private static <T> T get(CompletionStage<T> stage) {
        return stage.toCompletableFuture().orTimeout(10, TimeUnit.SECONDS).join();
    }

    private Trace trace(TraceOptions options) {
        return get(broker.broker().admin().trace(options, (String line) -> lines.add(line)));
    }

    /** What came between the first and the last line, without the time. */
    private List<String> ended(Trace trace) {
        broker.settle();
        trace.close();
        get(trace.closed());
        assertThat(lines.get(0)).startsWith("# trace of ");
        assertThat(lines.get(lines.size() - 1)).isEqualTo("# ends: it was closed");
        List<String> between = lines.subList(1, lines.size() - 1);
        assertThat(between).allMatch(line -> line.startsWith("00:16:40.000 "));
        return between.stream().map(line -> line.substring(13)).toList();
    }

    @Test
    void showsEveryPacketOfAClientFromItsConnectOnAndOverReconnects() {
        Trace trace = trace(TraceOptions.ofClient("c"));
        WireClient c = broker.send(
                MqttVersion.V5,
                connect("c")
                        .sessionExpiry(100)
                        .keepAlive(7)
                        .userName("alice")
                        .password("secret")
                        .will(publish("will", "gone").qos(1).retain()));
        c.expect(connack());
        c.subscribed("t", 1);
        broker.client("publisher").published("t", "{\"t\":21.5}", 1);
        c.send(puback(c.expectPublish("t", "{\"t\":21.5}", 1).packetId()));
        c.ping();
        c.leave();
        WireClient again = broker.send(MqttVersion.V3_1_1, connect("c").cleanStart());
        again.expect(connack());
        again.published("x", "y", 0);
        assertThat(ended(trace))
                .containsExactly(
                        "c > CONNECT version=V5 clean=0 keepalive=7 expiry=100s user=alice password=(not shown) will=will"
                                + " will-qos=1 will-retain=1 4 bytes",
                        "c < CONNACK session-present=0 SUCCESS",
                        "c > SUBSCRIBE id=60001 t qos=1",
                        "c < SUBACK id=60001 GRANTED_QOS_1",
                        "c < PUBLISH qos=1 id=1 retain=0 topic=t 10 bytes {\"t\":21.5}",
                        "c > PUBACK id=1 SUCCESS",
                        "c > PINGREQ",
                        "c < PINGRESP",
                        "c > DISCONNECT SUCCESS",
                        "c - closed: DISCONNECT SUCCESS",
                        "c > CONNECT version=V3_1_1 clean=1 keepalive=0",
                        "c < CONNACK session-present=0 SUCCESS",
                        "c > PUBLISH qos=0 retain=0 topic=x 1 bytes y",
                        "c > PINGREQ",
                        "c < PINGRESP");
        assertThat(lines).noneMatch(line -> line.contains("secret"));
    }

    @Test
    void beginsInTheMiddleOfAConnectionAndLeavesNothingBehind() {
        WireClient c = broker.client("c").subscribed("t", 0);
        for (int round = 0; round < 2; round++) {
            lines.clear();
            Trace trace = trace(TraceOptions.ofClient("c").withPayloadCharsMax(3));
            broker.client("publisher").published("t", "päyload", 0);
            c.expectPublish("t", "päyload", 0);
            assertThat(ended(trace)).containsExactly("c < PUBLISH qos=0 retain=0 topic=t 8 bytes päy…");
            c.ping();
        }
        broker.settle(); // each loop is told, in its turn
        assertThat(broker.loop(0).traffic().traces()).isNull();
    }

    @Test
    void showsThePublishesOfAllClientsThatATopicFilterMatches() {
        WireClient c = broker.client("c").subscribed("#", 0);
        WireClient publisher = broker.client("publisher");
        Trace trace = trace(TraceOptions.ofTopic("a/+").withPayloadCharsMax(0));
        publisher.published("a/b", "p", 0).published("a", "p", 0).published("a/c", "pp", 0);
        c.expectPublish("a/b", "p", 0);
        c.expectPublish("a", "p", 0);
        c.expectPublish("a/c", "pp", 0);
        assertThat(ended(trace))
                .containsExactlyInAnyOrder(
                        "publisher > PUBLISH qos=0 retain=0 topic=a/b 1 bytes",
                        "publisher > PUBLISH qos=0 retain=0 topic=a/c 2 bytes",
                        "c < PUBLISH qos=0 retain=0 topic=a/b 1 bytes",
                        "c < PUBLISH qos=0 retain=0 topic=a/c 2 bytes");
    }

    @Test
    void aClientAndATopicFilterMeanBoth() {
        WireClient c = broker.client("c").subscribed("#", 0);
        Trace trace = trace(TraceOptions.ofClient("c").withTopic("a"));
        broker.client("publisher").published("a", "p", 0).published("b", "p", 0);
        c.expectPublish("a", "p", 0);
        c.expectPublish("b", "p", 0);
        c.ping();
        assertThat(ended(trace)).containsExactly("c < PUBLISH qos=0 retain=0 topic=a 1 bytes p");
    }

    @Test
    void knowsTheTopicsOfAliasesThatWereSetBefore() {
        WireClient c = broker.send(MqttVersion.V5, connect("c").with(Property.TOPIC_ALIAS_MAXIMUM, 10));
        c.expect(connack());
        c.subscribed("#", 0);
        WireClient publisher = broker.client("publisher");
        publisher.published(publish("long/topic", "1").with(Property.TOPIC_ALIAS, 3), 0);
        assertThat(c.receive()).isNotNull();
        Trace trace = trace(TraceOptions.ofTopic("long/+"));
        publisher.published(publish("", "2").with(Property.TOPIC_ALIAS, 3), 0);
        assertThat(c.receive()).isNotNull();
        assertThat(ended(trace))
                .containsExactly(
                        "publisher > PUBLISH qos=0 retain=0 alias=3 topic=long/topic 1 bytes 2",
                        "c < PUBLISH qos=0 retain=0 alias=1 topic=long/topic 1 bytes 2");
    }

    @Test
    void showsLargePayloadsWithTheirBeginning() {
        String large = "x".repeat(200_000);
        WireClient c = broker.client("c").acceptsAtMost(1 << 20).subscribed("t", 1);
        Trace trace = trace(TraceOptions.ofClient("c").withPayloadCharsMax(2));
        broker.client("publisher").published("t", large, 1);
        c.take("t", large, 1);
        c.ping();
        assertThat(ended(trace))
                .startsWith("c < PUBLISH qos=1 id=1 retain=0 topic=t 200000 bytes xx…", "c > PUBACK id=1 SUCCESS");
    }

    @Test
    void showsWhyAClientIsRefusedOrEnded() {
        Trace trace = trace(TraceOptions.ofClient("c"));
        WireClient refused = broker.send(MqttVersion.V5, connect("c").authentication("unheard-of", "data"));
        refused.expectRefusal(ReasonCode.BAD_AUTHENTICATION_METHOD);
        WireClient c = broker.client(MqttVersion.V5, "c");
        c.send(publish("t", "p").with(Property.TOPIC_ALIAS, 1_000));
        c.expectDisconnect(ReasonCode.TOPIC_ALIAS_INVALID);
        eventually("both are gone", () -> broker.openConnections() == 0);
        assertThat(ended(trace))
                .containsExactly(
                        "c > CONNECT version=V5 clean=0 keepalive=0",
                        "c < CONNACK session-present=0 BAD_AUTHENTICATION_METHOD this authentication method is not supported",
                        "c - closed: this authentication method is not supported",
                        "c > CONNECT version=V5 clean=1 keepalive=0",
                        "c < CONNACK session-present=0 SUCCESS",
                        "c > PUBLISH qos=0 retain=0 alias=1000 topic=t 1 bytes p",
                        "c < DISCONNECT TOPIC_ALIAS_INVALID topic alias 1000 is above the maximum of 32",
                        "c - closed: topic alias 1000 is above the maximum of 32");
    }

    @Test
    void showsNothingThatIsNotPrintable() {
        Trace trace = trace(TraceOptions.ofClient("c"));
        WireClient c = broker.client("c");
        c.send(publish("t", new byte[] {'a', 0, '\n', (byte) 0xFF, 'b'}));
        c.published("t", "\u202Eevil\u2028", 0);
        assertThat(ended(trace))
                .contains(
                        "c > PUBLISH qos=0 retain=0 topic=t 5 bytes a???b",
                        "c > PUBLISH qos=0 retain=0 topic=t 10 bytes ?evil?");
    }

    @Test
    void cutsALineWhereItMustEnd() {
        Trace trace = trace(TraceOptions.ofClient("c"));
        broker.client("c").published("t".repeat(5_000), "p", 0);
        assertThat(ended(trace))
                .anySatisfy(line -> assertThat(line).hasSize(2_048 - 13).endsWith("tt…"));
    }

    @Test
    void cutsNoPairInTwoAndItsFileGoesOn(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("trace.txt");
        Trace trace = get(
                broker.broker().admin().trace(new TraceOptions("", "+", 1_000, 1_000, Duration.ofHours(1), 100), file));
        WireClient c = broker.client("c");
        c.published("😀".repeat(2_000), "p", 0)
                .published("x" + "😀".repeat(2_000), "p", 0)
                .published("last", "p", 0);
        broker.settle();
        trace.close();
        get(trace.closed());
        List<String> written = Files.readAllLines(file, StandardCharsets.UTF_8);
        assertThat(written).hasSize(5).element(3).asString().contains("topic=last");
        assertThat(written.subList(1, 3)).allMatch(line -> line.endsWith("😀…"));
    }

    @Test
    void knowsTopicsAsAWholeBehindAMountPoint() {
        Features mounted = Features.ALL.withMountPoint("plant/");
        try (TestBroker another = TestBroker.start(builder -> builder.time(time)
                .listen(TestTransport.chosen().listener().name("own").features(mounted)))) {
            Trace trace = get(
                    another.broker().admin().trace(TraceOptions.ofTopic("plant/+"), (String line) -> lines.add(line)));
            WireClient c = WireClient.connect(another.broker().port("own"), MqttVersion.V5)
                    .login("c")
                    .subscribed("a", 0);
            c.send(publish("a", "p"));
            c.expectPublish("a", "p", 0);
            another.settle();
            trace.close();
            get(trace.closed());
            c.close();
        }
        assertThat(lines.subList(1, lines.size() - 1))
                .containsExactly(
                        "00:16:40.000 c > PUBLISH qos=0 retain=0 topic=plant/a 1 bytes p",
                        "00:16:40.000 c < PUBLISH qos=0 retain=0 topic=plant/a 1 bytes p");
    }

    // ---- the end

    @Test
    void endsAfterSoManyLines() {
        Trace trace = trace(TraceOptions.ofClient("c").withLinesMax(3));
        WireClient c = broker.client("c");
        c.ping().ping();
        get(trace.closed());
        assertThat(lines).hasSize(4);
        assertThat(lines.get(3)).isEqualTo("# ends: 3 lines");
        assertThat(trace.lines()).isEqualTo(3);
        c.ping();
        broker.settle();
        assertThat(broker.loop(0).traffic().traces()).isNull();
        assertThat(lines).hasSize(4);
    }

    @Test
    void endsAfterSoLong() {
        Trace trace = trace(TraceOptions.ofClient("c").withDurationMax(Duration.ofMillis(50)));
        get(trace.closed());
        assertThat(lines).hasSize(2);
        assertThat(lines.get(1)).isEqualTo("# ends: 50 ms");
    }

    @Test
    void endsWithTheBroker() {
        Trace trace = trace(TraceOptions.ofClient("c"));
        broker.broker().close(Duration.ofSeconds(5));
        assertThat(trace.closed().toCompletableFuture()).isCompleted();
        assertThat(lines.get(lines.size() - 1)).isEqualTo("# ends: the broker is closed");
    }

    @Test
    void saysHowManyLinesWereLost() throws InterruptedException {
        CountDownLatch taken = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Trace trace =
                get(broker.broker().admin().trace(TraceOptions.ofClient("c").withWaitingLinesMax(2), (String line) -> {
                    lines.add(line);
                    taken.countDown();
                    awaitOrFail(go);
                }));
        assertThat(taken.await(10, TimeUnit.SECONDS)).isTrue();
        WireClient c = broker.client("c"); // two lines
        c.ping().ping(); // four too many
        broker.settle();
        assertThat(trace.lost()).isEqualTo(4);
        go.countDown();
        assertThat(ended(trace, "# 4 lines lost about here"))
                .startsWith("c > CONNECT version=V5 clean=1 keepalive=0", "c < CONNACK session-present=0 SUCCESS");
    }

    private List<String> ended(Trace trace, String note) {
        broker.settle();
        trace.close();
        get(trace.closed());
        assertThat(lines).contains(note);
        return lines.stream()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.substring(13))
                .toList();
    }

    private static void awaitOrFail(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void endsIfItsLinesAreNotTakenAndDisturbsNobody() {
        Trace trace = get(broker.broker().admin().trace(TraceOptions.ofClient("c"), (String line) -> {
            if (!line.startsWith("#")) {
                throw new AssertionError("on purpose");
            }
        }));
        WireClient c = broker.client("c");
        assertThatThrownBy(() -> get(trace.closed()))
                .isInstanceOf(CompletionException.class)
                .hasRootCauseMessage("on purpose");
        c.ping();
        assertThat(trace.isClosed()).isTrue();
    }

    @Test
    void writesAFile(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("trace.txt");
        Trace trace = get(broker.broker().admin().trace(TraceOptions.ofClient("c"), file));
        broker.client("c");
        broker.settle();
        trace.close();
        get(trace.closed());
        assertThat(Files.readAllLines(file, StandardCharsets.UTF_8))
                .hasSize(4)
                .element(2)
                .isEqualTo("00:16:40.000 c < CONNACK session-present=0 SUCCESS");
        assertThatThrownBy(() -> get(broker.broker().admin().trace(TraceOptions.ofClient("c"), folder)))
                .hasCauseInstanceOf(IOException.class);
    }

    @Test
    void appendsToText() {
        StringBuilder text = new StringBuilder();
        Trace trace = get(broker.broker().admin().trace(TraceOptions.ofClient("c"), text));
        trace.close();
        get(trace.closed());
        assertThat(text).hasLineCount(2).endsWith("# ends: it was closed\n");
    }

    @Test
    void onlySoManyMayBeOnAtATime(@TempDir Path folder) throws IOException {
        List<Trace> traces = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            traces.add(trace(TraceOptions.ofClient("c")));
        }
        assertThatThrownBy(() -> trace(TraceOptions.ofClient("c"))).hasCauseInstanceOf(RejectedException.class);
        Path file = Files.writeString(folder.resolve("old.txt"), "of yesterday");
        assertThatThrownBy(() -> get(broker.broker().admin().trace(TraceOptions.ofClient("c"), file)))
                .hasCauseInstanceOf(RejectedException.class);
        assertThat(file).hasContent("of yesterday");
        traces.forEach(Trace::close);
        traces.forEach(trace -> get(trace.closed()));
        trace(TraceOptions.ofClient("c")).close();
    }

    @Test
    void refusesWhatMakesNoTrace() {
        assertThatThrownBy(() -> new TraceOptions("", "", 1, 1, Duration.ofSeconds(1), 1))
                .isInstanceOf(IllegalArgumentException.class);
        TraceOptions options = TraceOptions.ofClient("c");
        assertThatThrownBy(() -> options.withLinesMax(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withWaitingLinesMax(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withPayloadCharsMax(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withDurationMax(Duration.ZERO)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> trace(options.withTopic("a/#/b"))).isInstanceOf(IllegalArgumentException.class);
    }
}
