package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connect;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.TestTransport;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients in the process of the broker, over sockets that are none. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class InProcessTest {
    private static final byte[] CONNECT =
            Packets.bytes(MqttVersion.V3_1_1, connect("c").cleanStart());

    private final AtomicReference<ConnectRequest> last = new AtomicReference<>();

    private static Broker nowhere() throws BrokerStartException {
        return Broker.builder().loops(4).start();
    }

    private static Socket open(Broker broker) throws IOException {
        Socket socket = broker.socketFactory().createSocket("localhost", 1883);
        socket.setSoTimeout(10_000);
        return socket;
    }

    // ---- clients that we didn't write

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void servesPahoForMqtt3(int qos) throws Exception {
        byte[] payload = "x".repeat(500_000).getBytes(StandardCharsets.US_ASCII);
        BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
        try (Broker broker = nowhere()) {
            MqttConnectOptions options = new MqttConnectOptions();
            options.setSocketFactory(broker.socketFactory());
            try (MqttClient client = new MqttClient("tcp://localhost", "paho", null)) {
                client.connect(options);
                client.subscribe("t", qos, (topic, message) -> received.add(message.getPayload()));
                client.publish("t", payload, qos, false);
                assertThat(received.poll(10, TimeUnit.SECONDS)).isEqualTo(payload);
                client.disconnect();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void servesPahoForMqtt5(int qos) throws Exception {
        byte[] payload = "x".repeat(500_000).getBytes(StandardCharsets.US_ASCII);
        try (Broker broker = nowhere()) {
            BlockingQueue<String> received = new LinkedBlockingQueue<>();
            broker.local().subscribe("t", message -> received.add(message.topic()));
            MqttConnectionOptions options = new MqttConnectionOptions();
            options.setSocketFactory(broker.socketFactory());
            var client = new org.eclipse.paho.mqttv5.client.MqttClient("tcp://localhost", "paho", null);
            client.connect(options);
            client.publish("t", payload, qos, false);
            assertThat(received.poll(10, TimeUnit.SECONDS)).isEqualTo("t");
            client.disconnect();
            client.close();
        }
    }

    // ---- to the broker they are like others

    @Test
    void theAuthenticatorIsAskedAndToldThatTheyAreHere() throws Exception {
        BrokerBuilder builder = Broker.builder().authenticator(request -> {
            last.set(request);
            return CompletableFuture.completedFuture(AuthResult.accept(Identity.ANONYMOUS));
        });
        try (Broker broker = builder.start();
                Socket socket = open(broker)) {
            socket.getOutputStream().write(CONNECT);
            assertThat(socket.getInputStream().readNBytes(4)).containsExactly(0x20, 2, 0, 0);
            assertThat(last.get().remoteAddress()).hasToString("in-process");
            assertThat(last.get().listener()).isEqualTo("in-process");
        }
        BrokerStartException e = catchThrowableOfType(
                BrokerStartException.class,
                () -> Broker.builder()
                        .listen(Listener.tcp("127.0.0.1", 0).name("in-process"))
                        .start());
        assertThat(e).hasMessageContaining("named in-process");
    }

    @Test
    void theyCountAsConnections() throws Exception {
        try (Broker broker = Broker.builder()
                        .limits(Limits.EMBEDDED.withConnectionsMax(1))
                        .start();
                Socket one = open(broker)) {
            one.getOutputStream().write(CONNECT);
            assertThat(one.getInputStream().readNBytes(4)).hasSize(4);
            try (Socket another = open(broker)) {
                assertThat(another.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    /** Nobody reads while the authenticator thinks: then the writer waits, and the broker holds next to nothing. */
    @Test
    void aClientThatIsTooFastWaits() throws Exception {
        CompletableFuture<AuthResult> answer = new CompletableFuture<>();
        byte[] publishes = Packets.bytes(MqttVersion.V3_1_1, Packets.publish("t", new byte[1_000_000]));
        try (TestBroker broker = TestBroker.start(builder -> builder.authenticator(request -> answer));
                Socket socket = open(broker.broker())) {
            socket.getOutputStream().write(CONNECT);
            Thread writer = new Thread(() -> {
                try {
                    socket.getOutputStream().write(publishes);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            writer.start();
            TestBroker.eventually("it waits", () -> writer.getState() == Thread.State.TIMED_WAITING);
            assertThat(broker.usedBytes()).isLessThan(200_000);
            answer.complete(AuthResult.accept(Identity.ANONYMOUS));
            assertThat(socket.getInputStream().readNBytes(4)).containsExactly(0x20, 2, 0, 0);
            writer.join(10_000);
            assertThat(writer.isAlive()).isFalse();
        }
    }

    @Test
    void manyMeetOnTheirHomeLoops() throws Exception {
        try (TestBroker broker = TestBroker.start(builder -> builder.loops(4))) {
            int number = TestTransport.IN_PROCESS.portOf(broker.broker(), "");
            WireClient subscriber = WireClient.connect(number, MqttVersion.V5, TestTransport.IN_PROCESS)
                    .login("subscriber")
                    .subscribed("t", 1);
            for (int i = 0; i < 50; i++) {
                try (WireClient publisher = WireClient.connect(number, MqttVersion.V5, TestTransport.IN_PROCESS)
                        .login("p" + i)) {
                    publisher.published("t", "m" + i, 1);
                    subscriber.take("t", "m" + i, 1);
                }
            }
            TestBroker.eventually("all publishers are gone", () -> broker.openConnections() == 1);
            subscriber.close();
        }
    }

    /** Its loop gets no turn any more in which it could say goodbye; a message waits for this client, which takes nothing. */
    @Test
    void isCutOffWithALoopThatIsBusyToTheEnd() throws Exception {
        UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true);
        Broker broker = Broker.builder().loops(1).allocator(buffers).start();
        EventLoop loop = broker.core().loop(0).eventLoop();
        try (Socket socket = open(broker)) {
            socket.getOutputStream().write(CONNECT);
            socket.getOutputStream().write(Packets.bytes(MqttVersion.V3_1_1, Packets.subscribe(1, "t", 0)));
            assertThat(socket.getInputStream().readNBytes(9)).hasSize(9);
            broker.local()
                    .publish(Message.of("t", new byte[500_000]))
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
            CountDownLatch busy = new CountDownLatch(1);
            loop.execute(() -> awaitUninterruptibly(busy));
            CompletionStage<Void> closed = broker.closeAsync(Duration.ZERO);
            TestBroker.eventually("it is ending", loop::isShuttingDown);
            busy.countDown();
            closed.toCompletableFuture().get(10, TimeUnit.SECONDS);
            assertThat(socket.getInputStream().readAllBytes()).hasSizeLessThan(500_000);
        }
        assertThat(buffers.metric().usedDirectMemory()).isZero();
        assertThat(buffers.metric().usedHeapMemory()).isZero();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // ---- as sockets

    @Test
    void aReadWaitsAsLongAsItMay() throws Exception {
        try (Broker broker = nowhere();
                Socket socket = open(broker)) {
            socket.setSoTimeout(20);
            assertThat(socket.getSoTimeout()).isEqualTo(20);
            assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        }
    }

    @Test
    void aReadThatWaitsEndsWhenTheSocketIsClosed() throws Exception {
        try (Broker broker = nowhere();
                Socket socket = open(broker)) {
            CompletableFuture<Throwable> failure = CompletableFuture.supplyAsync(() -> {
                try {
                    socket.getInputStream().read();
                    return null;
                } catch (IOException e) {
                    return e;
                }
            });
            socket.close();
            assertThat(failure.get(10, TimeUnit.SECONDS)).isInstanceOf(SocketException.class);
            assertThat(socket.isClosed()).isTrue();
        }
    }

    @Test
    void theEndOfTheBrokerIsTheEndOfTheStream() throws Exception {
        Broker broker = nowhere();
        try (Socket socket = open(broker)) {
            socket.getOutputStream().write(CONNECT);
            assertThat(socket.getInputStream().readNBytes(4)).hasSize(4);
            broker.close();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            assertThatThrownBy(() -> socket.getOutputStream().write(1)).isInstanceOf(SocketException.class);
        }
        assertThatThrownBy(() -> open(broker)).isInstanceOf(ConnectException.class);
    }

    /** What libraries do with sockets, of whatever meaning. */
    @Test
    void behavesLikeASocketOtherwise() throws Exception {
        try (Broker broker = nowhere();
                Socket socket = broker.socketFactory().createSocket()) {
            assertThat(socket.isConnected()).isFalse();
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1883), 1_000);
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            assertThat(socket.getTcpNoDelay()).isTrue();
            assertThat(socket.getKeepAlive()).isTrue();
            assertThat(socket.getReuseAddress()).isFalse();
            assertThat(socket.getSoLinger()).isEqualTo(-1);
            assertThat(socket.getReceiveBufferSize()).isPositive();
            assertThat(socket.isConnected()).isTrue();
            assertThat(socket.getPort()).isEqualTo(1883);
            assertThat(socket.getLocalAddress().isLoopbackAddress()).isTrue();
            socket.getOutputStream().write(CONNECT);
            TestBroker.eventually("CONNACK is there", () -> available(socket) == 4);
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).containsExactly(0x20, 2, 0, 0);
        }
    }

    private static int available(Socket socket) {
        try {
            return socket.getInputStream().available();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
