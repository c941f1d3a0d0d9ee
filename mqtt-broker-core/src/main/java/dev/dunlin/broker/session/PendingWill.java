package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.codec.Connect;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttEncoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.WillMessage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * The will of a session, until it is published or removed [5.0:MQTT-3.1.2-7], [3.1.1:MQTT-3.1.2-8].
 *
 * @param delaySeconds the will delay interval [5.0 section 3.1.3.2.2]; 0 below 5.0
 */
record PendingWill(WillMessage message, MqttVersion version, long delaySeconds) {
    private static final int ENCODED_BYTES = 256;

    static @Nullable PendingWill of(Connect connect) {
        WillMessage will = connect.will();
        return will == null
                ? null
                : new PendingWill(will, connect.version(), will.properties().integer(Property.WILL_DELAY_INTERVAL, 0));
    }

    /** As it is stored: a CONNECT packet with nothing else in it. */
    byte[] encoded(String clientId) {
        ByteBuf packet = Unpooled.buffer(ENCODED_BYTES);
        MqttEncoder.connect(packet, new Connect(version, clientId, true, 0, Properties.EMPTY, message, null, null));
        byte[] bytes = new byte[packet.readableBytes()];
        packet.readBytes(bytes);
        return bytes;
    }

    /** Reads what {@link #encoded} has written; null if that is nothing. */
    static @Nullable PendingWill decode(byte[] encoded) throws StoreException {
        if (encoded.length == 0) {
            return null;
        }
        @Nullable Connect[] found = new Connect[1];
        MqttDecoder decoder = new MqttDecoder(
                MqttDecoder.Peer.CLIENT,
                (type, packet) -> {
                    found[0] = packet.connect();
                    return true;
                },
                MqttDecoder.PACKET_BYTES_MAX);
        try {
            decoder.decode(Unpooled.wrappedBuffer(encoded));
        } catch (MalformedPacket e) {
            throw new StoreException(StoreException.Kind.CORRUPT, "a stored will is damaged: " + e.getMessage());
        } finally {
            decoder.close();
        }
        Connect connect = found[0];
        if (connect == null) {
            throw new StoreException(StoreException.Kind.CORRUPT, "a stored will is cut off");
        }
        return of(connect);
    }
}
