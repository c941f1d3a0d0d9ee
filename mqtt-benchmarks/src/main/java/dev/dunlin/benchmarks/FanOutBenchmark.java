package dev.dunlin.benchmarks;

import dev.dunlin.broker.net.SocketTransport;
import dev.dunlin.broker.session.Allowance;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.InboundPublishes;
import dev.dunlin.broker.session.Interceptors;
import dev.dunlin.broker.session.Link;
import dev.dunlin.broker.session.OpenSession;
import dev.dunlin.broker.session.Opening;
import dev.dunlin.broker.session.Outbound;
import dev.dunlin.broker.session.PauseReason;
import dev.dunlin.broker.session.Rights;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Features;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.OnFailure;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.spi.Verdict;
import dev.dunlin.codec.Connack;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalAddress;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
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
 * What does a delivery cost the broker, from the publisher's bytes to those of the subscribers, without the sockets?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar FanOutBenchmark</pre>
 *
 * Varies: the number of subscribers of a message, and whether they live on the loop of its publisher or on another. The
 * score is time per delivery: a call is always 10,000 of them, that is 10,000 messages to one subscriber or one message to
 * 10,000. It holds everything between two sockets (decode, route, hand over, deliver, encode, one flush per connection and
 * turn), with real sessions and running loops; only the channels are none, they count bytes. QoS 0 and 64 bytes of payload,
 * in segments of at most 64 KiB.
 *
 * <p>What an interceptor costs that passes every publish and delivery: {@code -p intercepted=false,true}. Without one, the
 * score beside that of a commit before there were any.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(FanOutBenchmark.DELIVERIES)
public class FanOutBenchmark {
    static final int DELIVERIES = 10_000;

    private static final String TOPIC = "fleet/7/device-701/status";
    private static final int SEGMENT_BYTES = 64 << 10;
    private static final Duration CLOSE = Duration.ofSeconds(10);

    /** Of each message: a divisor of the deliveries. */
    @Param({"1", "100", "10000"})
    int subscribers;

    /** Whether the subscribers live on another loop than the publisher. */
    @Param({"false", "true"})
    boolean across;

    /** Whether an interceptor is asked about each publish and each delivery. */
    @Param({"false"})
    boolean intercepted;

    private final Core core = new Core(Limits.EMBEDDED, TimeSource.system(), new Random(1), 2, null);
    private final SocketTransport transport = new SocketTransport("fan-out", core);
    private final SessionLoop home = core.loop(0);
    private final Sink network = new Sink();
    private ByteBuf[] segments = {};
    private MqttDecoder decoder;
    private int packetBytes;

    /** Connects everybody. */
    @Setup
    public void connect() throws MalformedPacket {
        if (intercepted) {
            core.interceptors(new Interceptors(List.of(new Passing()), 1_000, OnFailure.REJECT), "local");
        }
        InboundPublishes publishes = open(home, "publisher").publishes();
        decoder = new MqttDecoder(MqttDecoder.Peer.CLIENT, (type, packet) -> accept(type, packet, publishes), 1 << 20);
        decoder.decode(Samples.connect(MqttVersion.V3_1_1));
        SessionLoop there = core.loop(across ? 1 : 0);
        for (int i = 0; i < subscribers; i++) {
            subscribe(open(there, "subscriber-" + i + "-"), there);
        }
        if (DELIVERIES % subscribers != 0) {
            throw new IllegalArgumentException(subscribers + " subscribers don't divide " + DELIVERIES);
        }
        publish(DELIVERIES / subscribers);
    }

    private static boolean accept(PacketType type, MqttDecoder packet, InboundPublishes publishes)
            throws MalformedPacket {
        if (type == PacketType.PUBLISH) {
            publishes.accept(packet.publish());
        }
        return true;
    }

    /** Opens a session whose home is this loop; its way out ends in the sink. */
    private OpenSession open(SessionLoop loop, String name) {
        String clientId = name;
        for (int i = 0; core.home(clientId) != loop; i++) {
            clientId = name + i;
        }
        ChannelInboundHandlerAdapter connection = new ChannelInboundHandlerAdapter();
        EmbeddedChannel channel = new EmbeddedChannel(network, connection);
        channel.config().setAllocator(PooledByteBufAllocator.DEFAULT);
        ClientInfo client =
                new ClientInfo(clientId, Identity.ANONYMOUS, MqttVersion.V3_1_1, new LocalAddress(clientId), "local");
        NoLink link = new NoLink(client);
        Outbound out = new Outbound(channel.pipeline().context(connection), link, loop);
        out.negotiated(MqttVersion.V3_1_1, Limits.PROTOCOL_PACKET_BYTES_MAX, false);
        Opening opening = new Opening(
                client,
                Samples.connectPacket(MqttVersion.V3_1_1, clientId),
                link,
                out,
                Allowance.of(Limits.STANDALONE, Features.ALL),
                Rights.ALL);
        CompletableFuture<OpenSession> opened = new CompletableFuture<>();
        loop.execute(() -> loop.sessions().open(opening, session -> {
            Connack connack = new Connack(false, ReasonCode.SUCCESS, Properties.EMPTY);
            session.connack(connack, () -> opened.complete(session));
        }));
        return opened.join();
    }

    private static void subscribe(OpenSession session, SessionLoop loop) {
        CompletableFuture<Void> subscribed = new CompletableFuture<>();
        SubscriptionRequest request = new SubscriptionRequest(TOPIC, QoS.AT_MOST_ONCE);
        loop.execute(() -> {
            try {
                session.subscriptions().subscribe(new Subscribe(1, Properties.EMPTY, List.of(request)));
                subscribed.complete(null);
            } catch (MalformedPacket e) {
                subscribed.completeExceptionally(e);
            }
        });
        subscribed.join();
    }

    private void publish(int messages) {
        PublishFrame frame = PublishFrame.of(
                TOPIC, Properties.EMPTY, -1, new byte[Samples.PAYLOAD_BYTES], MqttVersion.V3_1_1, false);
        packetBytes = frame.packetBytes();
        int perSegment = SEGMENT_BYTES / packetBytes;
        segments = new ByteBuf[(messages + perSegment - 1) / perSegment];
        for (int i = 0; i < segments.length; i++) {
            segments[i] = PooledByteBufAllocator.DEFAULT.directBuffer(SEGMENT_BYTES);
            for (int k = 0; k < perSegment && i * perSegment + k < messages; k++) {
                MqttEncoder.publish(segments[i], frame, false, QoS.AT_MOST_ONCE, false, 0, -1);
            }
        }
    }

    /** Ends the loops and gives everything back. */
    @TearDown
    public void close() {
        transport.close(CLOSE).toCompletableFuture().join();
        core.close();
        decoder.close();
        for (ByteBuf segment : segments) {
            segment.release();
        }
    }

    @Benchmark
    public void deliver() throws InterruptedException {
        CountDownLatch arrived = new CountDownLatch(1);
        core.loop(across ? 1 : 0).execute(() -> network.await((long) DELIVERIES * packetBytes, arrived));
        for (ByteBuf segment : segments) {
            home.execute(() -> decode(segment.retainedDuplicate()));
        }
        arrived.await();
    }

    private void decode(ByteBuf segment) {
        try {
            home.readClock(); // as a connection does
            decoder.decode(segment);
        } catch (MalformedPacket e) {
            throw new IllegalStateException(e);
        }
    }

    /** A connection that is always there. */
    private record NoLink(ClientInfo client) implements Link {
        @Override
        public void pause(PauseReason reason) {}

        @Override
        public void resume(PauseReason reason) {}

        @Override
        public boolean isPausedByUs() {
            return false;
        }

        @Override
        public void disconnect(ReasonCode reason, String text) {
            throw new IllegalStateException(reason + " " + text);
        }

        @Override
        public void redirect(ReasonCode reason, String serverReference) {
            throw new IllegalStateException(reason + " " + serverReference);
        }

        @Override
        public String clientId() {
            throw new IllegalStateException("not asked for");
        }

        @Override
        public int keepAliveSeconds() {
            throw new IllegalStateException("not asked for");
        }

        @Override
        public String listener() {
            return client.listener();
        }
    }

    /** Has these two hooks. */
    private static final class Passing implements Interceptor {
        @Override
        public Verdict<Message> onPublish(ClientInfo from, Message message) {
            return Verdict.pass();
        }

        @Override
        public Verdict<Message> onDeliver(ClientInfo to, Message message) {
            return Verdict.pass();
        }
    }
}
