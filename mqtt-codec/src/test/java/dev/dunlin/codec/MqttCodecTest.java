package dev.dunlin.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.codec.MqttDecoder.Peer;
import dev.dunlin.codec.PacketVectors.Vector;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MqttCodecTest {
    static List<Vector> valid() {
        return PacketVectors.valid().stream()
                .filter(v -> v.bytes().length < 1000)
                .toList();
    }

    /** Keeps packets as values, and the first exception. */
    private static final class Sink extends ChannelInboundHandlerAdapter {
        final List<Object> packets = new ArrayList<>();
        final List<Throwable> errors = new ArrayList<>();

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            packets.add(message instanceof Publish publish ? ReceivedPublish.of(publish) : message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            errors.add(cause);
        }
    }

    @ParameterizedTest
    @MethodSource("valid")
    void readsAndWritesEveryPacket(Vector vector) {
        Sink sink = new Sink();
        EmbeddedChannel channel = new EmbeddedChannel(new MqttCodec(vector.peer(), 100_000), sink);
        boolean isConnect = vector.packet() instanceof Connect;
        if (!isConnect) {
            connect(channel, vector.version(), vector.peer());
        }
        sink.packets.clear();
        channel.writeInbound(channel.alloc().buffer().writeBytes(vector.bytes()));
        assertThat(sink.packets).containsExactly(vector.packet());
        if (vector.canonical() && vector.packet() instanceof Packet packet) {
            assertThat(written(channel, packet)).isEqualTo(vector.bytes());
        }
        assertThat(sink.errors).isEmpty();
        assertThat(channel.finishAndReleaseAll()).isFalse();
    }

    @Test
    void writesAPublishWithItsLargePayload() {
        EmbeddedChannel channel = new EmbeddedChannel(new MqttCodec(Peer.CLIENT, 100_000));
        connect(channel, MqttVersion.V5, Peer.CLIENT);
        for (int payloadBytes : new int[] {5, 5_000}) {
            byte[] payload = "x".repeat(payloadBytes).getBytes(StandardCharsets.UTF_8);
            PublishFrame frame = PublishFrame.of("a", Properties.EMPTY, 60, payload, MqttVersion.V5, true);
            byte[] bytes = written(channel, new Packet.OutgoingPublish(frame, true, QoS.EXACTLY_ONCE, true, 9));
            frame.release();
            assertThat(bytes).isEqualTo(Bytes.of("3D {['a'] 0009 {02 0000003C} '" + "x".repeat(payloadBytes) + "'}"));
        }
        assertThat(channel.finishAndReleaseAll()).isFalse();
    }

    @Test
    void reportsAViolationOnceAndDropsTheRest() {
        Sink sink = new Sink();
        EmbeddedChannel channel = new EmbeddedChannel(new MqttCodec(Peer.CLIENT, 100), sink);
        connect(channel, MqttVersion.V3_1_1, Peer.CLIENT);
        sink.packets.clear();
        for (int i = 0; i < 3; i++) {
            channel.writeInbound(channel.alloc().buffer().writeBytes(Bytes.of("C000 C001 00 C000")));
        }
        assertThat(sink.packets).containsExactly(new Packet.Ping());
        assertThat(sink.errors).hasSize(1);
        assertThat(((MalformedPacket) sink.errors.get(0)).reasonCode()).isEqualTo(ReasonCode.MALFORMED_PACKET);
        assertThat(written(channel, new Connack(false, ReasonCode.NOT_AUTHORIZED, Properties.EMPTY)))
                .isEqualTo(Bytes.of("20 02 00 05"));
        channel.finishAndReleaseAll();
    }

    @Test
    void releasesAPartialPacketWhenTheChannelCloses() {
        EmbeddedChannel channel = new EmbeddedChannel(new MqttCodec(Peer.CLIENT, 100_000));
        connect(channel, MqttVersion.V5, Peer.CLIENT);
        ByteBuf partial = channel.alloc().buffer().writeBytes(Bytes.of("30 FF7F 00"));
        channel.writeInbound(partial);
        channel.close();
        assertThat(partial.refCnt()).isZero();
        channel.finishAndReleaseAll();
    }

    @Test
    void passesOtherMessages() {
        EmbeddedChannel channel = new EmbeddedChannel(new MqttCodec(Peer.CLIENT, 100));
        assertThat(channel.writeInbound("up")).isTrue();
        assertThat(channel.<String>readInbound()).isEqualTo("up");
        assertThat(channel.writeOutbound("down")).isTrue();
        assertThat(channel.<String>readOutbound()).isEqualTo("down");
        channel.finishAndReleaseAll();
    }

    @Test
    void failsTheWriteOfWhatCannotBeSent() {
        EmbeddedChannel channel = new EmbeddedChannel(new MqttCodec(Peer.CLIENT, 100));
        assertThatThrownBy(() -> channel.writeOutbound(new Packet.Pingresp()))
                .hasMessageContaining("version is unknown");
        connect(channel, MqttVersion.V3_1_1, Peer.CLIENT);
        PublishFrame frame = PublishFrame.of("a", Properties.EMPTY, -1, new byte[0], MqttVersion.V5, false);
        List<Packet> wrong = List.of(
                new Packet.OutgoingPublish(frame, false, QoS.AT_MOST_ONCE, false, 0),
                new Packet.Auth(ReasonCode.CONTINUE_AUTHENTICATION, Properties.EMPTY),
                new Connack(false, ReasonCode.QUOTA_EXCEEDED, Properties.EMPTY));
        for (Packet packet : wrong) {
            assertThatThrownBy(() -> channel.writeOutbound(packet)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(channel.finishAndReleaseAll()).isFalse();
    }

    @Test
    void talksOverASocket() throws Exception {
        MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try {
            CompletableFuture<List<Object>> answers = new CompletableFuture<>();
            Channel server = new ServerBootstrap()
                    .group(group)
                    .channel(NioServerSocketChannel.class)
                    .childHandler(initializer(Peer.CLIENT, new Echo()))
                    .bind(InetAddress.getLoopbackAddress(), 0)
                    .sync()
                    .channel();
            Channel client = new Bootstrap()
                    .group(group)
                    .channel(NioSocketChannel.class)
                    .handler(initializer(Peer.SERVER, new Talker(answers)))
                    .connect(InetAddress.getLoopbackAddress(), ((InetSocketAddress) server.localAddress()).getPort())
                    .sync()
                    .channel();
            assertThat(answers.get(20, TimeUnit.SECONDS))
                    .containsExactly(
                            new Connack(false, ReasonCode.SUCCESS, Properties.EMPTY),
                            ReceivedPublish.of("large", QoS.AT_LEAST_ONCE, 1, "y".repeat(Talker.PAYLOAD_BYTES)),
                            new Packet.Ack(PacketType.PUBACK, 1, ReasonCode.SUCCESS, Properties.EMPTY));
            client.closeFuture().await(20, TimeUnit.SECONDS);
            server.close().sync();
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    private static ChannelInitializer<Channel> initializer(Peer peer, ChannelInboundHandlerAdapter user) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new MqttCodec(peer, MqttDecoder.PACKET_BYTES_MAX), user);
            }
        };
    }

    /** Answers CONNECT, sends a PUBLISH back and acknowledges it. */
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof Connect) {
                ctx.writeAndFlush(new Connack(false, ReasonCode.SUCCESS, Properties.EMPTY));
            } else if (message instanceof Publish publish) {
                PublishFrame frame = PublishFrame.of(publish, publish.topic(), MqttVersion.V5);
                ctx.write(new Packet.OutgoingPublish(frame, false, publish.qos(), false, publish.packetId()));
                frame.release();
                ctx.writeAndFlush(
                        new Packet.Ack(PacketType.PUBACK, publish.packetId(), ReasonCode.SUCCESS, Properties.EMPTY));
            } else if (message instanceof Packet.Disconnect) {
                ctx.close();
            }
        }
    }

    /** Connects, publishes something large and hangs up after the acknowledgement. */
    private static final class Talker extends ChannelInboundHandlerAdapter {
        static final int PAYLOAD_BYTES = 300_000;

        private final List<Object> got = new ArrayList<>();
        private final CompletableFuture<List<Object>> answers;

        Talker(CompletableFuture<List<Object>> answers) {
            this.answers = answers;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ctx.write(new Connect(MqttVersion.V5, "id", true, 60, Properties.EMPTY, null, null, null));
            byte[] payload = "y".repeat(PAYLOAD_BYTES).getBytes(StandardCharsets.UTF_8);
            PublishFrame frame = PublishFrame.of("large", Properties.EMPTY, -1, payload, MqttVersion.V5, true);
            ctx.writeAndFlush(new Packet.OutgoingPublish(frame, false, QoS.AT_LEAST_ONCE, false, 1));
            frame.release();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            got.add(message instanceof Publish publish ? ReceivedPublish.of(publish) : message);
            if (message instanceof Packet.Ack) {
                ctx.writeAndFlush(new Packet.Disconnect(ReasonCode.SUCCESS, Properties.EMPTY));
                answers.complete(got);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            answers.completeExceptionally(cause);
        }
    }

    /** Lets a CONNECT pass in the direction that fits. */
    private static void connect(EmbeddedChannel channel, MqttVersion version, Peer peer) {
        byte[] connect = PacketVectors.named(version, "CONNECT").bytes();
        if (peer == Peer.CLIENT) {
            channel.writeInbound(channel.alloc().buffer().writeBytes(connect));
            channel.releaseInbound();
        } else {
            Connect packet = (Connect) PacketVectors.named(version, "CONNECT").packet();
            assertThat(written(channel, packet)).isEqualTo(connect);
        }
    }

    private static byte[] written(EmbeddedChannel channel, Packet packet) {
        channel.writeOutbound(packet);
        ByteBuf all = channel.alloc().buffer();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            all.writeBytes(out);
            out.release();
        }
        byte[] bytes = ByteBufUtil.getBytes(all);
        all.release();
        return bytes;
    }
}
