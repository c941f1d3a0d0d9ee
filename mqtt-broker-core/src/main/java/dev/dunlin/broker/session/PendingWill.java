package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Limits;
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
 * @param testator whose it is: what that client may publish is looked up when the will is published
 */
record PendingWill(WillMessage message, MqttVersion version, long delaySeconds, Testator testator) {
    /** It has been held against the bounds of its listener when it came: of those of a publish none is left. */
    static final Limits LIMITS = Limits.EMBEDDED
            .withTopicLevelsMax(Topics.LEVELS_MAX)
            .withTopicBytesMax(Topics.BYTES_MAX)
            .withPayloadBytesMax(Limits.PROTOCOL_PACKET_BYTES_MAX);

    private static final int ENCODED_BYTES = 256;

    static @Nullable PendingWill of(Opening opening) {
        ClientInfo client = opening.client();
        return of(opening.connect(), new Testator(client.identity(), client.listener()));
    }

    private static @Nullable PendingWill of(Connect connect, Testator testator) {
        WillMessage will = connect.will();
        return will == null
                ? null
                : new PendingWill(
                        will, connect.version(), will.properties().integer(Property.WILL_DELAY_INTERVAL, 0), testator);
    }

    /** Its client, of whom nobody knows any more where it was. */
    ClientInfo client(String clientId) {
        return new ClientInfo(clientId, testator.identity(), version, UnknownAddress.THE_ONLY, testator.listener());
    }

    /** As it is stored: a CONNECT packet, with the testator in the place of the password. */
    byte[] encoded(String clientId) {
        ByteBuf packet = Unpooled.buffer(ENCODED_BYTES);
        MqttEncoder.connect(
                packet, new Connect(version, clientId, true, 0, Properties.EMPTY, message, "", testator.encoded()));
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
        return of(connect, Testator.decode(connect.password()));
    }
}
