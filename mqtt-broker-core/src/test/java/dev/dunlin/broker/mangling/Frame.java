package dev.dunlin.broker.mangling;

import dev.dunlin.codec.Encoding;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttDecoder.Peer;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketLog;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** One MQTT packet as bytes, and its meaning where it has one. */
final class Frame {
    private static final int CONNECT = 0x10;
    private static final int LENGTH_BYTES_MAX = 4;

    private Frame() {}

    /**
     * The bytes of the next packet; what there is of it if the stream ends.
     *
     * @return length 0 at the end
     */
    static byte[] read(InputStream in) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int first = in.read();
        if (first < 0) {
            return bytes.toByteArray();
        }
        bytes.write(first);
        int length = 0;
        int next = 0x80;
        for (int i = 0; i < LENGTH_BYTES_MAX && (next & 0x80) != 0; i++) {
            next = in.read();
            if (next < 0) {
                return bytes.toByteArray();
            }
            bytes.write(next);
            length |= (next & 0x7F) << (7 * i);
        }
        bytes.write(in.readNBytes(length));
        return bytes.toByteArray();
    }

    /** The version that a CONNECT is for; null if it is none. */
    static @Nullable MqttVersion version(byte[] frame) {
        if ((frame[0] & 0xF0) != CONNECT) {
            return null;
        }
        for (int i = 2; i + 3 < frame.length; i++) {
            if (frame[i] == 'T' && frame[i + 1] == 'T' && frame[i + 2] < MqttVersion.values().length + 3) {
                return switch (frame[i + 2]) {
                    case 4 -> MqttVersion.V3_1_1;
                    case 5 -> MqttVersion.V5;
                    default -> null;
                };
            }
            if (frame[i] == 'd' && frame[i + 1] == 'p' && frame[i + 2] == 3) {
                return MqttVersion.V3_1;
            }
        }
        return null;
    }

    /** What a packet says; null if it is malformed, incomplete, or of nobody knows which version. */
    static @Nullable Object decode(byte[] frame, Peer sender, @Nullable MqttVersion version) {
        PacketLog log = new PacketLog();
        MqttDecoder decoder = new MqttDecoder(sender, log, MqttDecoder.PACKET_BYTES_MAX);
        try {
            if (version != null && (frame[0] & 0xF0) != CONNECT) {
                decoder.version(version);
            }
            decoder.decode(Unpooled.wrappedBuffer(frame));
        } catch (MalformedPacket e) {
            return null; // tests send such things: they go on as they are
        } finally {
            decoder.close();
        }
        return log.packets.size() == 1 ? log.packets.get(0) : null;
    }

    static byte[] encode(MqttVersion version, Object packet) {
        return packet instanceof byte[] bytes ? bytes : Encoding.encode(version, packet);
    }
}
