package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What of ours an idle connection occupies: the live objects of our classes after a collection, before and after there were
 * connections. Their clients have none. What Netty and the JDK add, depends on the transport: docs/performance.md.
 */
class IdleFootprintTest {
    private static final int CONNECTIONS = 2_000;

    /** 656 bytes at present, with references of 4 bytes. */
    private static final int BYTES_MAX = 800;

    private static final Pattern ROW =
            Pattern.compile("\\s*\\d+:\\s+(\\d+)\\s+(\\d+)\\s+(dev\\.dunlin\\.[^\\s\\[]+).*");

    /** Of a class, live. */
    private record Objects(long count, long bytes) {}

    /** The client's end: it takes what comes, and keeps nothing. */
    @Sharable
    private static final class Receiver extends ChannelInboundHandlerAdapter {
        private long bytes;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object received) {
            bytes += ((ByteBuf) received).readableBytes();
            ((ByteBuf) received).release();
        }
    }

    private final PooledByteBufAllocator buffers = new PooledByteBufAllocator(true);
    private final Simulation simulation = new Simulation(1, 2, Limits.EMBEDDED, null, buffers);
    private final Receiver receiver = new Receiver();
    private final List<Channel> clients = new ArrayList<>();

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void anIdleConnectionIsSmallAndHoldsNoBuffer(MqttVersion version) {
        connect(version, 100); // what is made once is made now
        Map<String, Objects> before = ours();
        connect(version, CONNECTIONS);
        Map<String, Objects> after = ours();

        assertThat(simulation.acceptor.openConnections()).isEqualTo(CONNECTIONS + 100);
        assertThat(bytes(after) - bytes(before)).as(after.toString()).isBetween(1L, (long) CONNECTIONS * BYTES_MAX);
        assertThat(buffers.pinnedDirectMemory()).as("bytes in buffers").isZero();
        assertThat(buffers.pinnedHeapMemory()).isZero();
        simulation.close();
    }

    /** None of them is needed by a client that only is there. */
    @Test
    void nothingOfTheHandshakeAndNothingUnusedIsKept() {
        connect(MqttVersion.V5, 1); // what is made once is made now
        Map<String, Objects> before = ours(); // constants of other tests among them
        connect(MqttVersion.V5, CONNECTIONS);
        Map<String, Objects> after = ours();

        assertThat(more(before, after, "broker.net.Connection")).isEqualTo(CONNECTIONS);
        for (String unused : List.of(
                "broker.net.Handshake",
                "broker.net.AuthExchange",
                "broker.net.Reauthentication",
                "broker.spi.ConnectRequest",
                "broker.session.Opening",
                "broker.session.InboundPublishes",
                "broker.session.InboundAliases",
                "broker.session.SubscriptionRequests",
                "broker.session.RetainedReplays",
                "broker.session.MessageQueue",
                "broker.session.SessionLoop$Timer",
                "codec.Connect",
                "codec.Publish",
                "codec.PropertyReader")) {
            assertThat(more(before, after, unused)).as(unused).isLessThan(10);
        }
        simulation.close();
    }

    /** A message to each, and their acknowledgements: then there is nothing again. */
    @Test
    void afterTrafficNoBufferIsHeldEither() {
        connect(MqttVersion.V3_1_1, 200);
        for (Channel client : clients) {
            ByteBuf subscribe = Unpooled.buffer();
            SubscriptionRequest all = new SubscriptionRequest("a/#", QoS.AT_MOST_ONCE);
            MqttEncoder.subscribe(subscribe, MqttVersion.V3_1_1, new Subscribe(1, Properties.EMPTY, List.of(all)));
            client.writeAndFlush(subscribe);
        }
        simulation.settle();
        long before = receiver.bytes;
        PublishFrame frame = PublishFrame.of("a/b", Properties.EMPTY, -1, new byte[1_000], MqttVersion.V3_1_1, false);
        ByteBuf publish = Unpooled.buffer();
        MqttEncoder.publish(publish, frame, false, QoS.AT_MOST_ONCE, false, 0, -1);
        frame.release();
        clients.get(0).writeAndFlush(publish);
        simulation.settle();

        assertThat(receiver.bytes - before).isGreaterThan(200 * 1_000L);
        assertThat(buffers.pinnedDirectMemory()).isZero();
        assertThat(buffers.pinnedHeapMemory()).isZero();
        simulation.close();
    }

    /** Many keep-alives are one timer, and a silent crowd ends at once. */
    @Test
    void theSilentAreDisconnectedHoweverManyTheyAre() {
        connect(MqttVersion.V3_1_1, CONNECTIONS);
        simulation.advance(Duration.ofMillis(89_999));
        assertThat(simulation.acceptor.openConnections()).isEqualTo(CONNECTIONS);
        simulation.advance(Duration.ofMillis(251));
        assertThat(simulation.acceptor.openConnections()).isZero();
        simulation.close();
    }

    private void connect(MqttVersion version, int count) {
        for (int i = 0; i < count; i++) {
            Channel client = simulation.open(receiver);
            ByteBuf connect = Unpooled.buffer();
            byte[] password = "a password of 24 letters".getBytes(StandardCharsets.UTF_8);
            String id = "client" + clients.size();
            MqttEncoder.connect(connect, new Connect(version, id, true, 60, Properties.EMPTY, null, "name", password));
            client.writeAndFlush(connect);
            clients.add(client);
        }
        simulation.settle();
    }

    private static long bytes(Map<String, Objects> live) {
        return live.values().stream().mapToLong(Objects::bytes).sum();
    }

    private static long more(Map<String, Objects> before, Map<String, Objects> after, String name) {
        return count(after, name) - count(before, name);
    }

    private static long count(Map<String, Objects> live, String name) {
        return live.getOrDefault("dev.dunlin." + name, new Objects(0, 0)).count;
    }

    /** Our objects that are live, by class; those of the tests and of lambdas among them. */
    private static Map<String, Objects> ours() {
        Map<String, Objects> found = new HashMap<>();
        for (String line : (Iterable<String>) histogram()::iterator) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                Objects objects = new Objects(Long.parseLong(row.group(1)), Long.parseLong(row.group(2)));
                found.merge(row.group(3), objects, (a, b) -> new Objects(a.count + b.count, a.bytes + b.bytes));
            }
        }
        return found;
    }

    private static Stream<String> histogram() {
        try {
            return ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcClassHistogram",
                            new Object[] {new String[0]},
                            new String[] {String[].class.getName()})
                    .toString()
                    .lines();
        } catch (javax.management.JMException e) {
            throw new AssertionError("this JVM counts no objects", e);
        }
    }
}
