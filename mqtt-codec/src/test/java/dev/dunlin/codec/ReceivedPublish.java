package dev.dunlin.codec;

import java.nio.charset.StandardCharsets;

/**
 * What a {@link Publish} said, as a value that outlives it.
 *
 * @param payload one character for each byte
 */
public record ReceivedPublish(
        String topic,
        QoS qos,
        boolean dup,
        boolean retain,
        int packetId,
        int topicAlias,
        long expirySeconds,
        Properties properties,
        String payload) {

    /** Copies a view. */
    public static ReceivedPublish of(Publish publish) {
        return new ReceivedPublish(
                publish.topic(),
                publish.qos(),
                publish.dup(),
                publish.retain(),
                publish.packetId(),
                publish.topicAlias(),
                publish.messageExpirySeconds(),
                publish.properties().copy(),
                publish.payload().toString(StandardCharsets.ISO_8859_1));
    }

    /** A plain one. */
    public static ReceivedPublish of(String topic, QoS qos, int packetId, String payload) {
        return new ReceivedPublish(topic, qos, false, false, packetId, 0, -1, Properties.EMPTY, payload);
    }

    /** The same with other flags. */
    public ReceivedPublish with(boolean dup, boolean retain) {
        return new ReceivedPublish(topic, qos, dup, retain, packetId, topicAlias, expirySeconds, properties, payload);
    }

    /** The same with properties, and with the two of them that have accessors of their own. */
    public ReceivedPublish with(Properties properties) {
        return new ReceivedPublish(
                topic,
                qos,
                dup,
                retain,
                packetId,
                (int) properties.integer(Property.TOPIC_ALIAS, 0),
                properties.integer(Property.MESSAGE_EXPIRY_INTERVAL, -1),
                properties,
                payload);
    }
}
