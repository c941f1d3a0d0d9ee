package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;
import java.nio.ByteBuffer;

/**
 * A retained message.
 *
 * @param topic the whole topic
 * @param qos that it was published with
 * @param payloadBytes of its payload
 * @param expirySeconds until it expires, at least 1; -1 if it never does
 * @param publisher the client identifier of who published it; empty for the broker and the local client
 * @param payload its beginning, of as many bytes as were asked for; read-only
 */
public record RetainedState(
        String topic, QoS qos, int payloadBytes, long expirySeconds, String publisher, ByteBuffer payload) {
    /** A fresh view of it. */
    @Override
    public ByteBuffer payload() {
        return payload.asReadOnlyBuffer();
    }
}
