package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.net.Acceptor;
import dev.dunlin.broker.net.PipelineProbe;
import dev.dunlin.broker.session.Session;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.Detour;
import dev.dunlin.broker.testkit.TestStore;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * A broker under test, listening on a port of its own, with two loops unless a test says otherwise. Buffers come from an
 * allocator that knows exactly what is in use: when a test is over, nothing may be.
 */
final class TestBroker implements AutoCloseable {
    private static final Duration WAIT = Duration.ofSeconds(10);

    /** Many tests leave something unacknowledged: no need to wait for that. */
    private static final Duration AT_THE_END = Duration.ofMillis(1);

    private final TestStore store = new TestStore();
    private final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true);
    private final Broker broker;

    /** Keeps the clients from being collected as garbage, which would close their sockets in the middle of a test. */
    private final List<WireClient> clients = new ArrayList<>();

    private TestBroker(UnaryOperator<BrokerBuilder> configuration) {
        BrokerBuilder builder = store.builder().loops(2).allocator(buffers);
        try {
            broker = configuration.apply(builder).start();
        } catch (BrokerStartException e) {
            throw new AssertionError("the broker under test does not start", e);
        }
    }

    /** Whether all test brokers have a store. */
    static boolean isStored() {
        return TestStore.isOn();
    }

    /** A broker as it comes. */
    static TestBroker start() {
        return start(builder -> builder);
    }

    /** A broker with other limits: from the start, or, if a property says so, since it runs. Both must be the same to clients. */
    static TestBroker start(Limits limits) {
        if (!Boolean.getBoolean("dunlin.test.limits.changed")) {
            return start(builder -> builder.limits(limits));
        }
        TestBroker broker = start();
        LiveBroker.change(broker, before -> limits);
        return broker;
    }

    static TestBroker start(UnaryOperator<BrokerBuilder> configuration) {
        return new TestBroker(configuration);
    }

    Broker broker() {
        return broker;
    }

    LocalClient local() {
        return broker.local();
    }

    int port() {
        return Detour.to(TestTransport.chosen().portOf(broker, "tcp"));
    }

    /** Connections that the broker has open, logged in or not. */
    int openConnections() {
        return broker.inProcess().openConnections()
                + broker.localSessions().openConnections()
                + broker.acceptors().values().stream()
                        .mapToInt(Acceptor::openConnections)
                        .sum();
    }

    /** Connections that are over, but whose sockets are still to be closed. */
    int endingConnections() {
        return broker.acceptors().values().stream()
                .mapToInt(PipelineProbe::ending)
                .sum();
    }

    /** The inside of the listener of that name. */
    Acceptor acceptor(String listener) {
        return broker.acceptors().entrySet().stream()
                .filter(entry -> entry.getKey().name().equals(listener))
                .map(Map.Entry::getValue)
                .findAny()
                .orElseThrow();
    }

    // ---- clients

    /** A connection on which nothing was sent yet. */
    WireClient open(MqttVersion version) {
        WireClient client = WireClient.connect(port(), version);
        clients.add(client);
        return client;
    }

    /** A 5.0 client, connected with Clean Start 1. */
    WireClient client(String clientId) {
        return client(MqttVersion.V5, clientId);
    }

    /** A client, connected with Clean Start 1. */
    WireClient client(MqttVersion version, String clientId) {
        return open(version).login(clientId);
    }

    /** A connection on which this was sent; CONNACK is still to come. */
    WireClient send(MqttVersion version, ConnectPacket connect) {
        return open(version).send(connect);
    }

    /** A client id whose home is this loop. */
    String idOn(int loop, String prefix) {
        int number = 0;
        while (broker.core().home(prefix + number).index() != loop) {
            number++;
        }
        return prefix + number;
    }

    // ---- inside

    SessionLoop loop(int index) {
        return broker.core().loop(index);
    }

    SessionLoop home(String clientId) {
        return broker.core().home(clientId);
    }

    /** Runs on a loop, behind what was handed to it before; returns when it is done. */
    static void run(SessionLoop loop, Runnable task) {
        call(loop, () -> {
            task.run();
            return true;
        });
    }

    /** What a loop answers. */
    static <T> T call(SessionLoop loop, Supplier<T> question) {
        return CompletableFuture.supplyAsync(question, loop::execute)
                .orTimeout(WAIT.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /** Whether there is a session of this client, connected or not. */
    boolean hasSession(String clientId) {
        SessionLoop home = home(clientId);
        return call(home, () -> home.sessions().of(clientId) != null);
    }

    /** How many sessions there are, connected or not. */
    int sessions() {
        int sum = 0;
        for (int i = 0; i < broker.core().loopCount(); i++) {
            SessionLoop loop = loop(i);
            sum += call(loop, () -> loop.sessions().size());
        }
        return sum;
    }

    /** What the session of a client answers. */
    <T> T ask(String clientId, Function<Session, T> question) {
        SessionLoop home = home(clientId);
        return call(home, () -> question.apply(home.sessions().of(clientId)));
    }

    /**
     * Returns when all loops have finished, and flushed, what they had; what one hands to another included, and the end of
     * connections that are closed, which comes as a task and waits for the end of its turn.
     */
    void settle() {
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < broker.core().loopCount(); i++) {
                SessionLoop loop = loop(i);
                CompletableFuture<Void> done = new CompletableFuture<>();
                loop.eventLoop().execute(() -> loop.runLater(() -> loop.execute(() -> done.complete(null))));
                done.orTimeout(WAIT.toSeconds(), TimeUnit.SECONDS).join();
            }
        }
    }

    /** Returns when all that the loops had to store is written, and what has waited for that is sent. */
    void awaitStore() {
        settle();
        Store written = broker.core().store();
        if (written != null) {
            eventually("all is written", () -> written.durable() >= written.lastTicket());
            settle();
        }
    }

    /** Deliveries that ended for this reason, once all loops have finished what they had. */
    long dropped(DropReason reason) {
        settle();
        return broker.dropped(reason);
    }

    /** Waits until this holds: for what happens behind the back of every client. */
    static void eventually(String what, Supplier<Boolean> condition) {
        await(what).atMost(WAIT).pollInterval(Duration.ofMillis(5)).until(condition::get);
    }

    /** Bytes in buffers that are in use now. */
    long usedBytes() {
        return buffers.metric().usedDirectMemory() + buffers.metric().usedHeapMemory();
    }

    @Override
    public void close() {
        broker.close(AT_THE_END);
        clients.forEach(WireClient::close);
        store.close();
        assertThat(buffers.metric().usedDirectMemory())
                .as("bytes of direct buffers that nobody released")
                .isZero();
        assertThat(buffers.metric().usedHeapMemory())
                .as("bytes of heap buffers that nobody released")
                .isZero();
    }

    /** A clock that stands still until it is moved; timers go on in real time. */
    static final class ManualTime implements TimeSource {
        private final AtomicLong nowMs = new AtomicLong(1_000_000);

        void advance(Duration by) {
            nowMs.addAndGet(by.toMillis());
        }

        @Override
        public long monotonicMs() {
            return nowMs.get();
        }

        @Override
        public long wallMs() {
            return nowMs.get();
        }
    }
}
