package dev.dunlin.broker.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.net.SimulatedClient.Delivered;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttDecoder.Peer;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.Subscribe;
import dev.dunlin.codec.SubscriptionRequest;
import dev.dunlin.codec.WillMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One input to a whole broker, in one thread on virtual time. Its first byte is the seed; then come steps: a byte says what
 * is done by whom, and for what is sent the next one says how many of the following bytes.
 *
 * <p>Four clients do it: one whose CONNECT is in the input too, and three that are connected. Beside them is one that keeps
 * the rules. Whatever the input is, that one is served, the broker logs no fault, sends nothing malformed, comes to rest,
 * and keeps no buffer.
 */
final class InboundScript {
    private static final int CLIENTS = 4;
    private static final int SHORT_WAIT_SECONDS = 1;
    private static final int LONG_WAIT_SECONDS = 100;

    /** Small, so that an input can reach them. */
    private static final Limits LIMITS = Limits.EMBEDDED
            .withQueueMessagesMax(8)
            .withReceiveMaximum(4)
            .withSubscriptionsPerSessionMax(8)
            .withRetainedMessagesMax(8)
            .withOutputBytesMax(4096)
            .withTopicLevelsMax(8);

    private final ByteBuffer input;
    private final List<String> findings = new ArrayList<>();
    private final UnpooledByteBufAllocator buffers = new UnpooledByteBufAllocator(true);
    private final @Nullable Client[] clients = new Client[CLIENTS];
    private Simulation simulation;

    private InboundScript(byte[] input) {
        this.input = ByteBuffer.wrap(input);
    }

    /** What the first client would say if this were all that it says; for the seeds of a search. */
    static byte[] of(int client, byte[] bytes) {
        ByteBuffer script = ByteBuffer.allocate(1 + bytes.length + 2 * (bytes.length / 255 + 1));
        script.put((byte) bytes.length);
        for (int from = 0; from < bytes.length; from += 255) {
            int length = Math.min(255, bytes.length - from);
            script.put((byte) client).put((byte) length).put(bytes, from, length);
        }
        return Arrays.copyOf(script.array(), script.position());
    }

    /** Runs an input; throws AssertionError if the broker doesn't stand it. */
    static void run(byte[] input) {
        PrintStream stderr = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        InboundScript script = new InboundScript(input);
        try {
            script.run();
        } finally {
            System.setErr(stderr);
        }
        assertThat(script.findings).isEmpty();
        assertThat(log.toString(StandardCharsets.UTF_8)).doesNotContain(" ERROR ");
        assertThat(script.buffers.metric().usedDirectMemory())
                .as("direct bytes")
                .isZero();
        assertThat(script.buffers.metric().usedHeapMemory()).as("heap bytes").isZero();
    }

    private void run() {
        long seed = input.hasRemaining() ? input.get() : 0;
        try (Simulation all = new Simulation(seed, 2, LIMITS, null, buffers)) {
            simulation = all;
            // no input can hit on this name
            String name = "bystander-" + Integer.toHexString(Arrays.hashCode(input.array())) + "-" + input.limit();
            SimulatedClient bystander = all.open();
            bystander.send(new Connect(MqttVersion.V5, name, true, 0, Properties.EMPTY, null, null, null));
            bystander.send(subscribe(name, QoS.AT_LEAST_ONCE));
            while (input.hasRemaining()) {
                step(input.get());
            }
            all.settle();
            while (bystander.next() != null) {
                // CONNACK, SUBACK
            }
            bystander.send(publish(name));
            assertThat(bystander.next()).isInstanceOf(Delivered.class);
            assertThat(bystander.next()).isInstanceOf(Packet.Ack.class);
        }
    }

    private void step(byte what) {
        int who = what & (CLIENTS - 1);
        switch (what >> 2 & 7) {
            case 6 -> simulation.advance(Duration.ofSeconds(who == 0 ? LONG_WAIT_SECONDS : SHORT_WAIT_SECONDS));
            case 7 -> {
                client(who).channel.close();
                simulation.settle();
            }
            default -> {
                send(client(who));
                if ((what & 0x20) == 0) { // else what comes next arrives together with it
                    simulation.settle();
                }
            }
        }
    }

    private void send(Client client) {
        int length = input.hasRemaining() ? input.get() & 0xFF : 0;
        byte[] bytes = new byte[Math.min(length, input.remaining())];
        input.get(bytes);
        client.channel.writeAndFlush(Unpooled.wrappedBuffer(bytes));
    }

    /** This client, connected again if its connection is gone. */
    private Client client(int who) {
        Client client = clients[who];
        if (client == null || !client.channel.isActive()) {
            client = connect(who);
            clients[who] = client;
        }
        return client;
    }

    private Client connect(int who) {
        MqttVersion version = who == 0 ? null : who == 2 ? MqttVersion.V3_1_1 : MqttVersion.V5;
        Client client = new Client(version);
        client.channel = simulation.open(client);
        if (version == null) {
            return client;
        }
        Properties.Builder properties = Properties.builder();
        if (who == 1) {
            properties.add(Property.SESSION_EXPIRY_INTERVAL, 60).add(Property.RECEIVE_MAXIMUM, 3);
            properties.add(Property.TOPIC_ALIAS_MAXIMUM, 2);
        } else if (who == 3) {
            properties.add(Property.MAXIMUM_PACKET_SIZE, 40);
        }
        WillMessage will = new WillMessage("a/will", new byte[1], QoS.EXACTLY_ONCE, true, Properties.EMPTY);
        ByteBuf out = Unpooled.buffer();
        MqttEncoder.connect(
                out, new Connect(version, "client" + who, who == 3, 30, properties.build(), will, null, null));
        MqttEncoder.subscribe(out, version, subscribe(who == 2 ? "a/+" : "#", QoS.EXACTLY_ONCE));
        client.channel.writeAndFlush(out);
        simulation.settle();
        return client;
    }

    private static Subscribe subscribe(String filter, QoS qos) {
        return new Subscribe(0xFFFF, Properties.EMPTY, List.of(new SubscriptionRequest(filter, qos, false, false, 0)));
    }

    private static Packet publish(String topic) {
        PublishFrame frame = PublishFrame.of(topic, Properties.EMPTY, -1, new byte[1], MqttVersion.V5, true);
        return new Packet.OutgoingPublish(frame, false, QoS.AT_LEAST_ONCE, false, 1);
    }

    /** One connection; what comes back must be well-formed. */
    private final class Client extends ChannelInboundHandlerAdapter {
        private final @Nullable MqttDecoder decoder;
        private Channel channel;

        Client(@Nullable MqttVersion version) {
            if (version == null) {
                decoder = null; // its CONNECT isn't ours: nobody knows what it spoke
            } else {
                decoder = new MqttDecoder(Peer.SERVER, Client::take, MqttDecoder.PACKET_BYTES_MAX);
                decoder.version(version);
            }
        }

        private static boolean take(PacketType type, MqttDecoder packet) throws MalformedPacket {
            return true;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object received) {
            if (decoder == null) {
                ((ByteBuf) received).release();
                return;
            }
            try {
                decoder.decode((ByteBuf) received);
            } catch (MalformedPacket e) {
                findings.add("the broker sent what is malformed: " + e.getMessage());
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (decoder != null) {
                decoder.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            findings.add(cause.toString());
        }
    }
}
