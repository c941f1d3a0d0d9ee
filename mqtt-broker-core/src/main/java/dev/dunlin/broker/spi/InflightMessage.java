package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;
import org.jspecify.annotations.Nullable;

/**
 * An exchange of QoS 1 or 2 that isn't complete. For how long, nobody notes.
 *
 * @param packetId 1 to 65,535
 * @param state what it waits for
 * @param topic the whole topic; null once the receiver has the message, and of what the client publishes
 * @param qos of the exchange
 * @param payloadBytes of its payload; 0 if there is no topic
 */
public record InflightMessage(
        int packetId, State state, @Nullable String topic, QoS qos, long payloadBytes) {

    /** What an exchange waits for. */
    public enum State {
        /** The client's PUBACK. */
        PUBACK,
        /** The client's PUBREC. */
        PUBREC,
        /** The client's PUBCOMP: it has the message. */
        PUBCOMP,
        /** The client's PUBREL: it has published the message, and the broker has it. */
        PUBREL
    }
}
