package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.testkit.TestStore;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Brokers that come and go within one JVM. */
final class LifecycleTest {
    private static final int CYCLES = TestStore.isOn() ? 20 : 100;
    private static final int PAGE_BYTES = 8 << 10;
    private static final int CHUNK_ORDER = 9;
    private static final byte[] SMALL = new byte[100];
    private static final byte[] LARGE = new byte[100 << 10];
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Threads of the JDK and of Netty that live as long as they like. */
    private static final List<String> SHARED_THREADS =
            List.of("globalEventExecutor", "CompletableFutureDelayScheduler", "process reaper", "awaitility");

    /** With one arena of each kind: then the pool keeps at most one empty chunk of each. */
    private final PooledByteBufAllocator pool = new PooledByteBufAllocator(
            true,
            1,
            1,
            PAGE_BYTES,
            CHUNK_ORDER,
            PooledByteBufAllocator.defaultSmallCacheSize(),
            PooledByteBufAllocator.defaultNormalCacheSize(),
            true);

    private static EventLoopGroup clients;

    @BeforeAll
    static void startClients() {
        clients = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        clients.submit(() -> {}).syncUninterruptibly();
    }

    @AfterAll
    static void stopClients() {
        clients.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    @Test
    void leavesNothingBehindInManyLives() throws Exception {
        Set<String> threadsBefore = threadNames();
        List<WeakReference<Object>> remains = new ArrayList<>();
        for (int i = 0; i < CYCLES; i++) {
            for (Object each : live()) {
                remains.add(new WeakReference<>(each));
            }
        }
        await().atMost(PATIENCE).untilAsserted(() -> {
            System.gc();
            assertThat(remains).filteredOn(each -> each.get() != null).isEmpty();
        });
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(threadNames()).isSubsetOf(threadsBefore));
        assertThat(pool.pinnedDirectMemory()).isZero();
        assertThat(pool.pinnedHeapMemory()).isZero();
        // Nothing is pinned: what is left are empty chunks that the pool keeps, one per list it was in.
        assertThat(pool.metric().usedDirectMemory()).isLessThanOrEqualTo(4 * (PAGE_BYTES << CHUNK_ORDER));
        assertThat(pool.metric().usedHeapMemory()).isLessThanOrEqualTo(4 * (PAGE_BYTES << CHUNK_ORDER));
    }

    /** One life of a broker that is closed in the middle of everything. Returns what must not outlive it. */
    private List<Object> live() throws Exception {
        try (TestStore store = new TestStore();
                Broker broker = store.builder().loops(2).allocator(pool).start()) {
            useLocally(broker);
            int port = broker.port("tcp");
            LeanClient publisher = open(port, "publisher", false);
            LeanClient.open(clients, port, LeanClient.connect(MqttVersion.V5, "another", false), message -> {});
            publisher.publish("kept/small", SMALL, QoS.AT_LEAST_ONCE, true).join();
            publisher.publish("kept/large", LARGE, QoS.AT_LEAST_ONCE, true).join();
            queueForSleeper(port, publisher);
            LeanClient deaf = floodDeafClient(broker, publisher);
            LeanClient half = open(port, "half", false);
            half.send(Unpooled.wrappedBuffer(new byte[] {0x30, (byte) 0x80, (byte) 0xA0, 0x06, 0, 1, 'a'}, SMALL));
            half.send(Unpooled.wrappedBuffer(LARGE, 0, LARGE.length / 2)); // of 102,400 bytes

            Core core = broker.core();
            List<Object> all = new ArrayList<>(List.of(broker, core, SessionProbe.threadMark(core)));
            for (String clientId : List.of("publisher", "sleeper", "deaf", "half")) {
                all.add(SessionProbe.session(core, clientId));
            }
            for (String clientId : List.of("publisher", "deaf", "half")) {
                all.add(SessionProbe.link(core, clientId));
            }
            assertThat(pool.pinnedDirectMemory()).isPositive();
            broker.close(Duration.ofMillis(20)); // the deaf one would take what is queued for ever
            assertThat(publisher.ended().get(20, TimeUnit.SECONDS)).isEqualTo(ReasonCode.SERVER_SHUTTING_DOWN);
            deaf.cutOff();
            return all;
        }
    }

    private static void useLocally(Broker broker) {
        Queue<String> received = new ConcurrentLinkedQueue<>();
        LocalSubscription subscription =
                broker.local().subscribe("local/+", message -> received.add(message.payloadText()));
        broker.local()
                .publish(Message.of("local/a", "hi"))
                .toCompletableFuture()
                .join();
        await().atMost(PATIENCE).until(() -> received.contains("hi"));
        subscription.close();
        broker.local().subscribe("kept/#", message -> {}); // never closed
    }

    private static void queueForSleeper(int port, LeanClient publisher) {
        LeanClient sleeper = open(port, "sleeper", true);
        sleeper.subscribe("sleep/#", QoS.EXACTLY_ONCE);
        sleeper.disconnect();
        publisher.publish("sleep/small", SMALL, QoS.AT_LEAST_ONCE, false).join();
        publisher.publish("sleep/large", LARGE, QoS.EXACTLY_ONCE, false).join();
    }

    /** Sends so much to a client that doesn't read that the transport's buffers and the window are full. */
    private static LeanClient floodDeafClient(Broker broker, LeanClient publisher) {
        LeanClient deaf = open(broker.port("tcp"), "deaf", false);
        deaf.subscribe("flood", QoS.AT_LEAST_ONCE);
        deaf.stopReading();
        while (SessionProbe.queued(broker.core(), "deaf") == 0) {
            publisher.publish("flood", LARGE, QoS.AT_LEAST_ONCE, false).join();
        }
        return deaf;
    }

    @Test
    void brokersSideBySideDoNotSeeEachOther() throws Exception {
        Queue<String> heard = new ConcurrentLinkedQueue<>();
        try (TestStore storeOfOne = new TestStore();
                TestStore storeOfTwo = new TestStore();
                Broker one = storeOfOne.builder().name("one").start();
                Broker two = storeOfTwo.builder().name("two").start()) {
            LeanClient atOne = open(one.port("tcp"), "twin", true, message -> heard.add("client of one"));
            LeanClient atTwo = open(two.port("tcp"), "twin", true, message -> heard.add("client of two"));
            assertThat(atTwo.connack().sessionPresent()).isFalse();
            one.local().subscribe("#", message -> heard.add("one"));
            two.local().subscribe("#", message -> heard.add("two"));
            atOne.subscribe("#", QoS.AT_LEAST_ONCE);
            atTwo.subscribe("#", QoS.AT_LEAST_ONCE);

            atOne.publish("kept", SMALL, QoS.AT_LEAST_ONCE, true).join();
            await().atMost(PATIENCE).until(() -> heard.size() == 2);
            assertThat(heard).containsExactlyInAnyOrder("client of one", "one");
            heard.clear();
            two.local().subscribe("kept", message -> heard.add("retained in two"));
            two.local().publish(Message.of("other", "hi"));
            await().atMost(PATIENCE).until(() -> heard.size() == 2);
            assertThat(heard).containsExactlyInAnyOrder("client of two", "two");

            one.close();
            assertThat(atOne.ended().get(20, TimeUnit.SECONDS)).isEqualTo(ReasonCode.SERVER_SHUTTING_DOWN);
            atTwo.publish("still/there", SMALL, QoS.EXACTLY_ONCE, false).join();
            await().atMost(PATIENCE).until(() -> heard.size() == 4);
        }
    }

    @Test
    void aFailedStartLeavesNothingBehind() throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (TestStore store = new TestStore();
                ServerSocket other = new ServerSocket(0, 1, loopback)) {
            int free;
            try (ServerSocket probe = new ServerSocket(0, 1, loopback)) {
                free = probe.getLocalPort();
            }
            BrokerBuilder builder = store.builder()
                    .name("stillborn")
                    .listen(Listener.tcp("127.0.0.1", free).name("first"))
                    .listen(Listener.tcp("127.0.0.1", other.getLocalPort()).name("second"));
            assertThatThrownBy(builder::start)
                    .isInstanceOf(BrokerStartException.class)
                    .hasMessageContaining("can't listen on 127.0.0.1 port " + other.getLocalPort());
            await().atMost(PATIENCE)
                    .until(() -> threadNames().stream().noneMatch(name -> name.startsWith("stillborn")));
            new ServerSocket(free, 1, loopback).close();
        }
    }

    /** A clock that rings lives longer than a broker, and would keep it. */
    @Test
    void leavesNothingWithItsClock() throws Exception {
        Set<Runnable> alarms = ConcurrentHashMap.newKeySet();
        TimeSource clock = new TimeSource() {
            @Override
            public long monotonicMs() {
                return 0;
            }

            @Override
            public long wallMs() {
                return 0;
            }

            @Override
            public Runnable alarm(long delayMs, Runnable ring) {
                alarms.add(ring);
                return () -> alarms.remove(ring);
            }
        };
        try (TestStore store = new TestStore();
                Broker broker = store.builder().time(clock).allocator(pool).start()) {
            LeanClient sleeper = open(broker.port("tcp"), "sleeper", true);
            sleeper.disconnect();
            open(broker.port("tcp"), "awake", false);
            await().atMost(PATIENCE).until(() -> !alarms.isEmpty());
        }
        assertThat(alarms).isEmpty();
    }

    private static LeanClient open(int port, String clientId, boolean persistent) {
        return open(port, clientId, persistent, message -> {});
    }

    private static LeanClient open(int port, String clientId, boolean persistent, Consumer<Publish> inbox) {
        LeanClient client =
                LeanClient.open(clients, port, LeanClient.connect(MqttVersion.V5, clientId, persistent), inbox);
        client.connack();
        return client;
    }

    private static Set<String> threadNames() {
        Set<String> names = new TreeSet<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (SHARED_THREADS.stream().noneMatch(thread.getName()::startsWith)) {
                names.add(thread.getName());
            }
        }
        return names;
    }
}
