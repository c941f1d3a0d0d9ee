package dev.dunlin.codec;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The will of a CONNECT [3.1.1 section 3.1.2.5, 5.0 section 3.1.2.5]. The payload is not copied: leave the array alone.
 *
 * @param topic a topic name without wildcards
 * @param payload up to 65,535 bytes
 * @param properties empty in MQTT 3.x
 */
@SuppressWarnings("ArrayRecordComponent") // equals, hashCode and toString mind the array
public record WillMessage(String topic, byte[] payload, QoS qos, boolean retain, Properties properties) {
    /** Refuses a bad topic or too long a payload with an IllegalArgumentException. */
    public WillMessage {
        Text.requireTopicName(topic);
        Text.requireLength(payload.length);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof WillMessage that
                && topic.equals(that.topic)
                && Arrays.equals(payload, that.payload)
                && qos == that.qos
                && retain == that.retain
                && properties.equals(that.properties);
    }

    @Override
    public int hashCode() {
        return 31 * topic.hashCode() + Arrays.hashCode(payload);
    }

    @Override
    public String toString() {
        return "WillMessage[topic=" + topic + ", payload=" + payload.length + " bytes, qos=" + qos + ", retain="
                + retain + ", properties=" + properties + "]";
    }
}
