package dev.dunlin.benchmarks;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.MessageHandler;
import dev.dunlin.codec.QoS;
import java.io.IOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * What does a message cost from the local client to a handler, against one over loopback: from one client of the program's own
 * to another, as a host without the local client would do it; and from socket to socket?
 *
 * <pre>
 * java -jar mqtt-benchmarks/target/benchmarks.jar LocalPublishBenchmark -f 3 -wi 3 -i 5 -prof dev.dunlin.benchmarks.Footprint
 * </pre>
 *
 * Varies: the QoS; the way; many under way, or one at a time, which is the time from the call to the acknowledged arrival.
 * One publisher, one subscriber, 64 bytes of payload, in memory. The clients are HiveMQ's, for MQTT 5.0. The sockets are the plainest there can be: encoded frames, read
 * and counted by their length, of which the packet id is all that is looked at.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LocalPublishBenchmark {
    static final int BATCH = 5_000;
    private static final String LOCAL_TOPIC = "fleet/7/device-701/local";
    private static final String CLIENT_TOPIC = "fleet/7/device-701/clnt0";
    private static final String SOCKET_TOPIC = "fleet/7/device-701/tcp00";

    /** Of the publish and the subscription. */
    @Param({"0", "1"})
    int qos;

    private final Semaphore arrived = new Semaphore(0);
    private final Semaphore acknowledged = new Semaphore(0);
    private Mqtt5AsyncClient clientPublisher;
    private Mqtt5AsyncClient clientSubscriber;
    private Mqtt5Publish publish;
    private Broker broker;
    private PlainPeer publisher;
    private PlainPeer subscriber;
    private Message message;

    /** Starts the broker and connects both sockets. */
    @Setup
    public void connect() throws BrokerStartException, IOException {
        broker = Broker.builder()
                .tcp(0)
                .limits(Limits.EMBEDDED
                        .withLocalPublishesMax(2 * BATCH)
                        .withLocalQueueMessagesMax(2 * BATCH)
                        .withQueueMessagesMax(4 * BATCH)
                        .withOutputBytesMax(8 << 20))
                .start();
        byte[] payload = new byte[Samples.PAYLOAD_BYTES];
        message = Message.builder(LOCAL_TOPIC)
                .wrapPayload(payload)
                .qos(QoS.of(qos))
                .build();
        broker.local().subscribe(LOCAL_TOPIC, QoS.of(qos), MessageHandler.of(each -> arrived.release()));
        int port = broker.port("tcp");
        subscriber = new PlainPeer(port, "subscriber", SOCKET_TOPIC, QoS.of(qos), payload.length);
        subscriber.subscribe();
        subscriber.receive(arrived);
        publisher = new PlainPeer(port, "publisher", SOCKET_TOPIC, QoS.of(qos), payload.length);
        publisher.acknowledgements(acknowledged);
        connectClients(port, payload);
    }

    private void connectClients(int port, byte[] payload) {
        MqttQos as = MqttQos.fromCode(qos);
        publish = Mqtt5Publish.builder()
                .topic(CLIENT_TOPIC)
                .payload(payload)
                .qos(as)
                .build();
        clientPublisher = client(port);
        clientSubscriber = client(port);
        clientPublisher.connect().join();
        clientSubscriber.connect().join();
        clientSubscriber
                .subscribeWith()
                .topicFilter(CLIENT_TOPIC)
                .qos(as)
                .callback(each -> arrived.release())
                .send()
                .join();
    }

    private static Mqtt5AsyncClient client(int port) {
        return Mqtt5Client.builder().serverHost("127.0.0.1").serverPort(port).buildAsync();
    }

    /** Ends both and the broker. */
    @TearDown
    public void close() throws IOException {
        publisher.close();
        subscriber.close();
        clientPublisher.disconnect().join();
        clientSubscriber.disconnect().join();
        broker.close();
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void localPipelined() throws InterruptedException {
        for (int i = 0; i < BATCH; i++) {
            broker.local().publish(message).thenAccept(published -> acknowledged.release());
        }
        arrived.acquire(BATCH);
        acknowledged.acquire(BATCH);
    }

    @Benchmark
    public void localOneAtATime() throws InterruptedException {
        broker.local().publish(message).thenAccept(published -> acknowledged.release());
        arrived.acquire();
        acknowledged.acquire();
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void clientPipelined() throws InterruptedException {
        for (int i = 0; i < BATCH; i++) {
            clientPublisher.publish(publish).thenAccept(published -> acknowledged.release());
        }
        arrived.acquire(BATCH);
        acknowledged.acquire(BATCH);
    }

    @Benchmark
    public void clientOneAtATime() throws InterruptedException {
        clientPublisher.publish(publish).thenAccept(published -> acknowledged.release());
        arrived.acquire();
        acknowledged.acquire();
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void tcpPipelined() throws IOException, InterruptedException {
        publisher.publish(BATCH);
        await(BATCH);
    }

    @Benchmark
    public void tcpOneAtATime() throws IOException, InterruptedException {
        publisher.publish(1);
        await(1);
    }

    private void await(int messages) throws InterruptedException {
        arrived.acquire(messages);
        if (qos > 0) {
            acknowledged.acquire(messages);
        }
    }
}
