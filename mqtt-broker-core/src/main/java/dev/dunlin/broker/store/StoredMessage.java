package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A message as it is stored: the PUBLISH packet that its publisher would have sent without topic alias, with a packet id of 1
 * where there is one, so the codec reads and writes it.
 *
 * <pre>
 * 0         1         2             10                12
 * +---------+---------+-------------+-----------------+-----------+----------------+
 * | version | MQTT    | publishing  | bytes of the    | publisher | PUBLISH packet |
 * | 1       | 3 4 5   | time, ms    | publisher's id  |           | to the end     |
 * +---------+---------+-------------+-----------------+-----------+----------------+
 * </pre>
 *
 * The expiry in the packet is the original one and counts from the publishing time, which is wall time.
 *
 * @param packet owned by whoever read it
 */
public record StoredMessage(MqttVersion version, long publishedAtMs, String publisher, ByteBuf packet) {
    private static final int VERSION = 1;

    /** Stages the message that the queue entries of the same change refer to: the last operation of the change. */
    public static void writeShared(ChangeWriter to, Kept message, long publishedAtMs) {
        to.put(Space.MESSAGE).ticket().value();
        finish(to, message, publishedAtMs);
    }

    /** Ends a value with a message, whatever its size. */
    static void finish(ChangeWriter to, Kept message, long publishedAtMs) {
        write(to, message, publishedAtMs);
        ByteBuf payload = message.frame().largePayload();
        if (payload == null) {
            to.endChecked();
        } else {
            to.endWithPayload(payload);
        }
    }

    /** Appends a message to a value, but for a payload that lies beside its frame. */
    static void write(ChangeWriter to, Kept message, long publishedAtMs) {
        PublishFrame frame = message.frame();
        to.u8(VERSION).u8(level(frame.version())).u64(publishedAtMs).string(message.publisher());
        boolean qos0 = message.qos() == QoS.AT_MOST_ONCE;
        MqttEncoder.publish(
                to.buffer(), frame, false, message.qos(), message.retainFlag(), qos0 ? 0 : 1, frame.expirySeconds());
    }

    /** A message to be stored, as the session room keeps it. */
    public interface Kept {
        /** Its encoding, with a packet id unless it is QoS 0. Borrowed. */
        PublishFrame frame();

        /** The QoS that it was published with. */
        QoS qos();

        /** RETAIN as it was published. */
        boolean retainFlag();

        /** The client identifier of who published it. */
        String publisher();
    }

    /** Reads a message to the end of the buffer. */
    static StoredMessage read(ByteBuffer value) throws StoreException {
        int version = value.get();
        if (version != VERSION) {
            throw new StoreException(Kind.VERSION, "a stored message has version " + version);
        }
        // the level of the encoding that the packet has
        MqttVersion mqtt = value.get() == 5 ? MqttVersion.V5 : MqttVersion.V3_1_1;
        long publishedAtMs = value.getLong();
        byte[] publisher = new byte[Short.toUnsignedInt(value.getShort())];
        value.get(publisher);
        return new StoredMessage(
                mqtt,
                publishedAtMs,
                new String(publisher, StandardCharsets.UTF_8),
                Unpooled.wrappedBuffer(value.slice()));
    }

    /** Takes the packet as the codec reads it. */
    @FunctionalInterface
    public interface Reader<T> {
        /** Takes the publish, which is borrowed. */
        T read(Publish publish);
    }

    /** Decodes the packet. */
    public <T> T decode(Reader<T> reader) throws StoreException {
        Decoding<T> decoding = new Decoding<>(reader);
        MqttDecoder decoder = new MqttDecoder(MqttDecoder.Peer.SERVER, decoding::packet, MqttDecoder.PACKET_BYTES_MAX);
        decoder.version(version);
        try {
            decoder.decode(packet.retainedDuplicate());
        } catch (MalformedPacket e) {
            throw new StoreException(Kind.CORRUPT, "a stored message is damaged: " + e.getMessage());
        } finally {
            decoder.close();
        }
        if (decoding.result == null) {
            throw new StoreException(Kind.CORRUPT, "a stored message is cut off");
        }
        return decoding.result;
    }

    private static int level(MqttVersion version) {
        return version == MqttVersion.V5 ? 5 : 4; // two encodings, whichever the publisher spoke
    }

    private static final class Decoding<T> {
        private final Reader<T> reader;

        @Nullable
        T result;

        Decoding(Reader<T> reader) {
            this.reader = reader;
        }

        boolean packet(PacketType type, MqttDecoder packet) {
            result = reader.read(packet.publish());
            return true;
        }
    }
}
