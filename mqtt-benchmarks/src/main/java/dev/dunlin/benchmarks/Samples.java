package dev.dunlin.benchmarks;

import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.function.BiConsumer;

/** The packets that are measured, and what a benchmark calls a segment: many of them in one buffer, as a read brings them. */
final class Samples {
    /** Packets in a segment. */
    static final int PACKETS = 100;

    static final int PAYLOAD_BYTES = 64;
    static final long EXPIRY_SECONDS = 60;
    static final String CONTENT_TYPE = "application/json";
    static final String USER_NAME = "trace";
    static final String USER_VALUE = "4bf92f3577b34da6";

    private static final int SEGMENT_BYTES = 64 << 10;

    private Samples() {}

    /** The frame of a publish, as a broker keeps it. */
    static PublishFrame frame(PacketKind kind, int number) {
        Properties properties = kind.hasProperties()
                ? Properties.builder()
                        .add(Property.PAYLOAD_FORMAT_INDICATOR, 1)
                        .add(Property.CONTENT_TYPE, CONTENT_TYPE)
                        .userProperty(USER_NAME, kind.trace(number))
                        .build()
                : Properties.EMPTY;
        long expirySeconds = kind.hasProperties() ? EXPIRY_SECONDS : -1;
        boolean withPacketId = kind.qos != QoS.AT_MOST_ONCE;
        return PublishFrame.of(
                kind.topic(number), properties, expirySeconds, new byte[PAYLOAD_BYTES], kind.version, withPacketId);
    }

    /** A segment of this kind; the caller's. */
    static ByteBuf segment(PacketKind kind) {
        return segment((out, number) -> {
            if (kind == PacketKind.PUBACK) {
                MqttEncoder.ack(out, kind.version, PacketType.PUBACK, number + 1, ReasonCode.SUCCESS, Properties.EMPTY);
            } else {
                MqttEncoder.publish(out, frame(kind, number), false, kind.qos, false, number + 1, EXPIRY_SECONDS);
            }
        });
    }

    private static ByteBuf segment(BiConsumer<ByteBuf, Integer> packet) {
        ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer(SEGMENT_BYTES);
        for (int i = 0; i < PACKETS; i++) {
            packet.accept(out, i);
        }
        return out;
    }

    /** The CONNECT that tells a decoder its version; the caller's. */
    static ByteBuf connect(MqttVersion version) {
        ByteBuf out = PooledByteBufAllocator.DEFAULT.directBuffer();
        MqttEncoder.connect(out, connectPacket(version, "benchmark"));
        return out;
    }

    static Connect connectPacket(MqttVersion version, String clientId) {
        return new Connect(version, clientId, true, 0, Properties.EMPTY, null, null, null);
    }
}
