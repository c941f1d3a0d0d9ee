package dev.dunlin.broker.spi;

import dev.dunlin.codec.QoS;
import org.jspecify.annotations.Nullable;

/**
 * A message that waits for a session.
 *
 * @param topic the whole topic; null if it is in the store and can't be read at present: not written yet, sent or dropped
 *     meanwhile, or damaged
 * @param qos that it is to be delivered with
 * @param payloadBytes of its payload; 0 if it can't be read
 * @param expirySeconds until it expires; 0 if it has, -1 if it never does
 * @param publisher the client identifier of who published it; empty for the local client, and if it can't be read
 * @param inMemory whether it is there; else only in the store
 */
public record QueuedMessage(
        @Nullable String topic, QoS qos, long payloadBytes, long expirySeconds, String publisher, boolean inMemory) {}
