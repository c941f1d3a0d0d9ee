package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.publish;
import static dev.dunlin.broker.testkit.Packets.raw;
import static dev.dunlin.broker.testkit.Packets.subscribe;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import dev.dunlin.broker.BrokerStartException.Kind;
import dev.dunlin.broker.net.PipelineProbe;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.testkit.EachVersion;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.testkit.Statement;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Starting and ending: what a broker listens on, what it refuses to start with, and how it says goodbye. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ListenerTest {

    private static BrokerStartException refused(BrokerBuilder builder) {
        return catchThrowableOfType(
                BrokerStartException.class, () -> builder.start().close());
    }

    private static List<String> threadsOf(String broker) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith(broker))
                .toList();
    }

    // ---- listening

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sendsSmallPacketsAtOnceUnlessToldOtherwise(boolean atOnce) {
        try (TestBroker broker = TestBroker.start(builder ->
                builder.tcpNoDelay(atOnce).listen(Listener.tcp("127.0.0.1", 0).name("plain")))) {
            WireClient.connect(broker.broker().port("plain"), MqttVersion.V5, TestTransport.TCP)
                    .login("c");
            assertThat(PipelineProbe.tcpNoDelay(broker.acceptor("plain"))).containsExactly(atOnce);
        }
    }

    @Test
    void listensOnEveryListenerUnderItsName() throws BrokerStartException {
        BrokerBuilder builder = Broker.builder()
                .tcp(0)
                .listen(Listener.tcp("127.0.0.1", 0).name("second"))
                .listen(Listener.tcp("localhost", 0).name("third"));
        try (Broker broker = builder.start()) {
            assertThat(broker.listeners()).extracting(ListenerAddress::name).containsExactly("tcp", "second", "third");
            assertThat(broker.listeners()).extracting(ListenerAddress::port).doesNotContain(0);
            assertThat(broker.port("second"))
                    .isNotEqualTo(broker.port("tcp"))
                    .isEqualTo(broker.listeners().get(1).port());
            WireClient first =
                    WireClient.connect(broker.port("tcp"), MqttVersion.V5).login("first");
            WireClient second = WireClient.connect(broker.port("second"), MqttVersion.V3_1_1)
                    .login("second")
                    .subscribed("t", 0);
            first.published("t", "p", 0);
            second.expectPublish("t", "p", 0);
            assertThatThrownBy(() -> broker.port("fourth")).isInstanceOf(IllegalArgumentException.class);
            first.close();
            second.close();
        }
    }

    @Test
    void twoBrokersRunSideBySide() {
        try (TestBroker one = TestBroker.start();
                TestBroker two = TestBroker.start()) {
            WireClient there = two.client("c").subscribed("t", 0);
            one.client("c").published("t", "p", 1);
            there.expectNothing();
        }
    }

    @Test
    void mayBeStartedAgainOnTheSamePort() {
        int port;
        try (TestBroker first = TestBroker.start()) {
            port = first.port();
            first.client("c").ping();
        }
        try (TestBroker second = TestBroker.start(
                builder -> builder.listen(Listener.tcp("127.0.0.1", port).name("same")))) {
            WireClient.connect(port, MqttVersion.V5).login("c").leave();
        }
    }

    // ---- refusals

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    void refusesAListenerForOtherMachinesWithoutAnAuthenticator(String host) throws BrokerStartException {
        BrokerStartException e = refused(Broker.builder().listen(Listener.tcp(host, 0)));
        assertThat(e.kind()).isEqualTo(Kind.CONFIG);
        assertThat(e).hasMessageContaining(host).hasMessageContaining("authenticator");

        Broker.builder().listen(Listener.tcp(host, 0)).allowAnonymous().start().close();
        Broker.builder()
                .listen(Listener.tcp(host, 0))
                .authenticator(Authenticator.users(Map.of()))
                .start()
                .close();
    }

    @Test
    void refusesAnAuthenticatorTogetherWithAnonymousClients() {
        BrokerStartException e =
                refused(Broker.builder().tcp(0).allowAnonymous().authenticator(Authenticator.anonymous()));
        assertThat(e.kind()).isEqualTo(Kind.CONFIG);
    }

    @Test
    void refusesTwoListenersOfOneName() {
        BrokerStartException e = refused(Broker.builder().tcp(0).tcp(0));
        assertThat(e.kind()).isEqualTo(Kind.CONFIG);
        assertThat(e).hasMessageContaining("named tcp");
    }

    @Test
    void refusesABusyPortInOneClearSentenceAndLeavesNothing() throws IOException {
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = busy.getLocalPort();
            BrokerStartException e = refused(Broker.builder()
                    .name("refused")
                    .loops(4)
                    .tcp(0)
                    .listen(Listener.tcp("127.0.0.1", port).name("busy")));
            assertThat(e.kind()).isEqualTo(Kind.PORT);
            assertThat(e).hasMessage("can't listen on 127.0.0.1 port " + port + ": Address already in use");
            TestBroker.eventually(
                    "no thread is left", () -> threadsOf("refused").isEmpty());
        }
    }

    @Test
    void refusesAHostThatIsNotOfThisMachine() {
        BrokerStartException e =
                refused(Broker.builder().allowAnonymous().listen(Listener.tcp("192.0.2.1", 0))); // TEST-NET-1
        assertThat(e.kind()).isEqualTo(Kind.PORT);
        assertThat(e).hasMessageStartingWith("can't listen on 192.0.2.1 port 0: ");
        e = refused(Broker.builder().allowAnonymous().listen(Listener.tcp("no such host", 0)));
        assertThat(e.kind()).isEqualTo(Kind.PORT);
        assertThat(e).hasMessage("can't listen on no such host port 0: unknown host");
    }

    @Test
    void checksTheValuesOfItsConfiguration() {
        assertThatThrownBy(() -> Listener.tcp("127.0.0.1", 65_536)).hasMessageContaining("65536");
        assertThatThrownBy(() -> Listener.tcp("127.0.0.1", -1)).hasMessageContaining("-1");
        assertThatThrownBy(() -> Listener.tcp("", 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Listener.tcp("h", 0).name("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Broker.builder().loops(0)).hasMessageContaining("0");
        assertThatThrownBy(() -> Broker.builder().loops(1_025)).hasMessageContaining("1025");
    }

    @Test
    void refusesToRunOnAnotherNettyThan42() {
        assertThat(warningsOf(Map.of())).isEmpty();
        assertThat(warningsOf(Map.of("netty-common", "4.2.18.Final", "netty-transport", "4.2.17.Final")))
                .singleElement(STRING)
                .contains("mixes", "netty-common=4.2.18.Final", "netty-transport=4.2.17.Final", "netty-bom");
        assertThat(warningsOf(Map.of("netty-common", "4.2.18.Final", "netty-codec-mqtt", "4.1.130.Final"))) // not ours
                .singleElement(STRING)
                .contains("netty-codec-mqtt=4.1.130.Final");
        for (String other : List.of("4.1.130.Final", "4.20.0.Final", "5.0.0.Alpha1")) {
            BrokerStartException e = catchThrowableOfType(
                    BrokerStartException.class,
                    () -> NettyVersions.check(Map.of("netty-common", "4.2.18.Final", "netty-transport", other)));
            assertThat(e.kind()).isEqualTo(Kind.CONFIG);
            assertThat(e).hasMessageContaining(other).hasMessageContaining("netty-bom");
        }
    }

    /** The lines that a start logs with these artifacts on the class path. */
    private static List<String> warningsOf(Map<String, String> versions) {
        PrintStream before = System.err;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        System.setErr(new PrintStream(written, true, UTF_8));
        try {
            NettyVersions.check(versions);
        } catch (BrokerStartException e) {
            throw new AssertionError(e);
        } finally {
            System.setErr(before);
        }
        return written.toString(UTF_8).lines().toList();
    }

    // ---- closing

    @EachVersion
    @Statement("5.0:MQTT-3.14.2-2")
    void tellsItsClientsThatItShutsDown(MqttVersion version) {
        try (TestBroker broker = TestBroker.start()) {
            List<WireClient> clients = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                clients.add(broker.client(version, "c" + i));
            }
            WireClient silent = broker.open(version);
            WireClient half = broker.open(version).send(raw(0x10, 20, 0, 4));
            broker.broker().close();
            for (WireClient c : clients) {
                c.expectDisconnect(ReasonCode.SERVER_SHUTTING_DOWN);
            }
            silent.expectClosed();
            half.expectClosed();
        }
    }

    @Test
    void closesQuicklyAndLeavesNoThread() {
        TestBroker broker = TestBroker.start(builder -> builder.name("closes").loops(4));
        broker.local().subscribe("#", message -> {});
        broker.client("c").published("t", "p", 1);
        assertThat(threadsOf("closes")).isNotEmpty();
        long startNs = System.nanoTime();
        broker.close();
        assertThat(Duration.ofNanos(System.nanoTime() - startNs)).isLessThan(Duration.ofSeconds(1));
        // threads for handlers end by themselves when they are idle
        TestBroker.eventually("no loop is left", () -> threadsOf("closes-loop").isEmpty());
        TestBroker.eventually("no handler is left", () -> threadsOf("closes").isEmpty());
    }

    @Test
    void mayBeClosedWhileClientsConnect() {
        for (int round = 0; round < 20; round++) {
            TestBroker broker = TestBroker.start(builder -> builder.loops(4));
            List<WireClient> clients = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                clients.add(broker.open(MqttVersion.V5));
            }
            for (int i = 0; i < 100; i++) { // most of them are on their way to their home loop when it ends
                clients.get(i).send(connect("c" + i), subscribe(1, "t", 1), publish("t", new byte[100]));
            }
            broker.close(); // which looks for buffers that are left
        }
    }

    @Test
    void mayBeClosedTwiceAndFromSeveralThreads() {
        TestBroker broker = TestBroker.start();
        CompletableFuture<Void> one = CompletableFuture.runAsync(broker.broker()::close);
        CompletableFuture<Void> two =
                broker.broker().closeAsync(Duration.ofSeconds(1)).toCompletableFuture();
        one.join();
        two.join();
        broker.close();
    }

    @Test
    void refusesToBeClosedFromItsOwnLoop() {
        AtomicReference<TestBroker> self = new AtomicReference<>();
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Authenticator closes = request -> {
            try {
                self.get().broker().close();
            } catch (IllegalStateException e) {
                thrown.set(e);
            }
            return CompletableFuture.completedFuture(AuthResult.accept(Identity.ANONYMOUS));
        };
        try (TestBroker broker = TestBroker.start(builder -> builder.authenticator(closes))) {
            self.set(broker);
            broker.send(MqttVersion.V5, connect("c")).expect(connack());
            assertThat(thrown.get()).hasMessageContaining("closeAsync");
            broker.client("another").ping();
        }
    }

    @Test
    void acceptsNobodyWhileItCloses() {
        TestBroker broker = TestBroker.start();
        int port = broker.port();
        broker.close();
        assertThatThrownBy(() -> WireClient.connect(port, MqttVersion.V5)).hasMessageContaining("can't connect");
    }
}
