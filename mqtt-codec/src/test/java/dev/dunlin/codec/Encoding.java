package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Encodes a packet given as a value, a {@link ReceivedPublish} included. */
public final class Encoding {
    private Encoding() {}

    /** The bytes of a packet. */
    public static byte[] encode(MqttVersion version, Object packet) {
        ByteBuf out = Unpooled.buffer();
        try {
            encode(out, version, packet);
            return ByteBufUtil.getBytes(out);
        } finally {
            out.release();
        }
    }

    private static void encode(ByteBuf out, MqttVersion version, Object packet) {
        if (packet instanceof Connect p) {
            MqttEncoder.connect(out, p);
        } else if (packet instanceof Connack p) {
            MqttEncoder.connack(out, version, p);
        } else if (packet instanceof ReceivedPublish p) {
            publish(out, version, p);
        } else if (packet instanceof Packet.Ack p) {
            MqttEncoder.ack(out, version, p.type(), p.packetId(), p.reason(), p.properties());
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
        } else if (packet instanceof Packet.Auth p) {
            MqttEncoder.auth(out, p.reason(), p.properties());
        } else {
            throw new IllegalArgumentException("Not a packet: " + packet);
        }
    }

    private static void publish(ByteBuf out, MqttVersion version, ReceivedPublish p) {
        PublishFrame canonical = PublishFrame.of(
                p.topic(),
                p.properties(),
                p.expirySeconds(),
                p.payload().getBytes(StandardCharsets.ISO_8859_1),
                version,
                p.qos() != QoS.AT_MOST_ONCE);
        PublishFrame frame = canonical.variant(
                version, canonical.hasPacketId(), p.properties().subscriptionIdentifiers());
        publish(out, frame, p);
        canonical.release();
    }

    /** Head and, behind it, a large payload. */
    static void publish(ByteBuf out, PublishFrame frame, ReceivedPublish p) {
        MqttEncoder.publish(out, frame, p.dup(), p.qos(), p.retain(), p.packetId(), p.expirySeconds());
        ByteBuf large = frame.largePayload();
        if (large != null) {
            out.writeBytes(large, large.readerIndex(), large.readableBytes());
        }
    }
}
