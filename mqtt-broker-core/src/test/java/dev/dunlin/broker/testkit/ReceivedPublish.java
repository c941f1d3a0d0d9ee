package dev.dunlin.broker.testkit;

import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.Publish;
import dev.dunlin.codec.QoS;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;

/**
 * A PUBLISH as it came.
 *
 * @param packetId 0 for QoS 0
 * @param properties in the order of the packet; empty below 5.0
 */
@SuppressWarnings("ArrayRecordComponent") // never compared as a whole
public record ReceivedPublish(
        String topic, byte[] payload, QoS qos, boolean dup, boolean retain, int packetId, Properties properties) {

    static ReceivedPublish copyOf(Publish publish) {
        return new ReceivedPublish(
                publish.topic(),
                ByteBufUtil.getBytes(publish.payload()),
                publish.qos(),
                publish.dup(),
                publish.retain(),
                publish.packetId(),
                publish.properties().copy());
    }

    /** The payload as text. */
    public String text() {
        return new String(payload, StandardCharsets.UTF_8);
    }

    /** The message expiry interval in seconds; -1 if there is none. */
    public long expirySeconds() {
        return properties.integer(Property.MESSAGE_EXPIRY_INTERVAL, -1);
    }

    @Override
    public String toString() {
        return Packets.describePublish(topic, payload, qos, dup, retain, packetId, properties);
    }
}
