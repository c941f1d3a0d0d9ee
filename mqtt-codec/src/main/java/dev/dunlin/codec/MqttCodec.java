package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import org.jspecify.annotations.Nullable;

/**
 * MQTT for a Netty pipeline: {@link ByteBuf}s in and out on the side of the network, {@link Packet}s on the other. One per
 * channel, not sharable.
 *
 * <p>Inbound, each packet is fired with {@code channelRead}; a {@link Publish} is a view that is valid during that call only.
 * The first violation goes to {@code exceptionCaught} as a {@link MalformedPacket}, once; then everything received is
 * dropped: answer and close. Outbound, packets are encoded, for the version of the CONNECT that passed in either direction;
 * other messages pass. A packet that can't be encoded fails its promise.
 */
public final class MqttCodec extends ChannelDuplexHandler {
    private final MqttDecoder decoder;
    private @Nullable ChannelHandlerContext context;

    /**
     * A codec for one channel.
     *
     * @param peer who is at the other end: {@code CLIENT} in a server
     * @param maxPacketBytes the largest packet accepted, 2 to {@link MqttDecoder#PACKET_BYTES_MAX}
     */
    public MqttCodec(MqttDecoder.Peer peer, int maxPacketBytes) {
        this.decoder = new MqttDecoder(peer, this::fire, maxPacketBytes);
    }

    /** The version; null before a CONNECT has passed. */
    public @Nullable MqttVersion version() {
        return decoder.version();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        decoder.close();
        context = null;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf in)) {
            ctx.fireChannelRead(message);
            return;
        }
        try {
            decoder.decode(in);
        } catch (MalformedPacket e) {
            decoder.close(); // what still comes is released without another word
            ctx.fireExceptionCaught(e);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        decoder.close();
        ctx.fireChannelInactive();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (!(message instanceof Packet packet)) {
            ctx.write(message, promise);
            return;
        }
        ByteBuf out = ctx.alloc().buffer(64);
        try {
            encode(out, packet);
        } catch (RuntimeException e) {
            out.release();
            promise.setFailure(e);
            return;
        }
        ByteBuf large = packet instanceof Packet.OutgoingPublish publish
                ? publish.frame().largePayload()
                : null;
        if (large == null) {
            ctx.write(out, promise);
        } else {
            ByteBuf payload = large.retainedDuplicate();
            ctx.write(out);
            ctx.write(payload, promise);
        }
    }

    private boolean fire(PacketType type, MqttDecoder in) {
        ChannelHandlerContext ctx = context;
        if (ctx != null) {
            ctx.fireChannelRead(received(type, in));
        }
        return true;
    }

    private static Packet received(PacketType type, MqttDecoder in) {
        return switch (type) {
            case CONNECT -> in.connect();
            case CONNACK -> in.connack();
            case PUBLISH -> in.publish();
            case PUBACK, PUBREC, PUBREL, PUBCOMP ->
                new Packet.Ack(type, in.packetId(), in.reasonCode(), in.properties());
            case SUBSCRIBE -> in.subscribe();
            case SUBACK -> in.suback();
            case UNSUBSCRIBE -> in.unsubscribe();
            case UNSUBACK -> in.unsuback();
            case PINGREQ -> new Packet.Ping();
            case PINGRESP -> new Packet.Pingresp();
            case DISCONNECT -> new Packet.Disconnect(in.reasonCode(), in.properties());
            case AUTH -> new Packet.Auth(in.reasonCode(), in.properties());
        };
    }

    private void encode(ByteBuf out, Packet packet) {
        if (packet instanceof Connect connect) {
            decoder.version(connect.version());
            MqttEncoder.connect(out, connect);
            return;
        }
        MqttVersion version = decoder.version();
        if (version == null) {
            throw new IllegalStateException("No CONNECT yet: the version is unknown");
        }
        if (packet instanceof Packet.OutgoingPublish p) {
            encode(out, p, version);
        } else if (packet instanceof Packet.Ack p) {
            MqttEncoder.ack(out, version, p.type(), p.packetId(), p.reason(), p.properties());
        } else if (packet instanceof Connack p) {
            MqttEncoder.connack(out, version, p);
        } else if (packet instanceof Subscribe p) {
            MqttEncoder.subscribe(out, version, p);
        } else if (packet instanceof Suback p) {
            MqttEncoder.suback(out, version, p);
        } else if (packet instanceof Unsubscribe p) {
            MqttEncoder.unsubscribe(out, version, p);
        } else if (packet instanceof Unsuback p) {
            MqttEncoder.unsuback(out, version, p);
        } else if (packet instanceof Packet.Ping) {
            MqttEncoder.pingreq(out);
        } else if (packet instanceof Packet.Pingresp) {
            MqttEncoder.pingresp(out);
        } else if (packet instanceof Packet.Disconnect p) {
            MqttEncoder.disconnect(out, version, p.reason(), p.properties());
        } else if (packet instanceof Packet.Auth p && version == MqttVersion.V5) {
            MqttEncoder.auth(out, p.reason(), p.properties());
        } else {
            throw new IllegalArgumentException(packet + " can't be sent to " + version);
        }
    }

    private static void encode(ByteBuf out, Packet.OutgoingPublish p, MqttVersion version) {
        PublishFrame frame = p.frame();
        if ((frame.version() == MqttVersion.V5) != (version == MqttVersion.V5)) {
            throw new IllegalArgumentException("A frame for " + frame.version() + " can't be sent to " + version);
        }
        MqttEncoder.publish(out, frame, p.dup(), p.qos(), p.retain(), p.packetId(), frame.expirySeconds());
    }
}
