package dev.dunlin.broker.net;

import dev.dunlin.codec.MqttCodec;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.QoS;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;

/** A client of a {@link Simulation}: sends packets and notes what comes back. */
final class SimulatedClient extends ChannelInitializer<Channel> {

    /** A PUBLISH that came. */
    record Delivered(String topic, String payload, QoS qos, boolean dup, boolean retain, int packetId) {}

    private final Simulation simulation;
    private final Queue<Object> received = new ArrayDeque<>();
    private final MqttCodec codec = new MqttCodec(MqttDecoder.Peer.SERVER, MqttDecoder.PACKET_BYTES_MAX);
    private Channel channel;

    SimulatedClient(Simulation simulation) {
        this.simulation = simulation;
    }

    @Override
    protected void initChannel(Channel made) {
        made.pipeline().addLast(codec, new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object packet) {
                received.add(packet instanceof Publish publish ? copy(publish) : packet);
            }
        });
    }

    private static Delivered copy(Publish p) {
        String payload = p.payload().toString(StandardCharsets.UTF_8);
        return new Delivered(p.topic(), payload, p.qos(), p.dup(), p.retain(), p.packetId());
    }

    void opened(Channel open) {
        channel = open;
    }

    /** Sends packets, in one go, and lets the broker work them off. */
    SimulatedClient send(Packet... packets) {
        sendOnly(packets);
        simulation.settle();
        return this;
    }

    /** Sends packets, in one go; the broker has no turn yet. */
    void sendOnly(Packet... packets) {
        for (Packet packet : packets) {
            channel.write(packet);
        }
        channel.flush();
    }

    /** The next packet that came; null if there is none. */
    Object next() {
        return received.poll();
    }

    boolean isOpen() {
        return channel.isActive();
    }

    /** Cuts the connection without a DISCONNECT, and lets the broker notice. */
    void cut() {
        cutOnly();
        simulation.settle();
    }

    /** Cuts the connection without a DISCONNECT; the broker has no turn yet. */
    void cutOnly() {
        channel.close();
    }
}
