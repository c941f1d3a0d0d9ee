package dev.dunlin.broker.simulation;

import dev.dunlin.codec.QoS;
import org.jspecify.annotations.Nullable;

/** Something that a client publishes, and what is known of its way into the broker. */
final class Message {
    static final long NEVER = Long.MAX_VALUE;

    /** No place in the order of its publisher. */
    static final long UNORDERED = -1;

    final int id;
    final String publisher;
    final String topic;
    final QoS qos;
    final boolean retain;

    /** A retained message without payload: it removes the one that is retained, and can't be told from others when it arrives. */
    final boolean clears;

    /** Seconds; 0 if it doesn't expire. */
    final int expirySeconds;

    /** Its place among what its publisher sends. */
    long order = UNORDERED;

    /** Between these two moments the broker has routed it, if at all. */
    long sentAt = NEVER;

    long routedBy = NEVER;

    /** The connection that has sent it last is over since then: later it isn't routed any more, if it wasn't before. */
    long sentUntil = NEVER;

    long sentMs;

    /** How often the wall clock had been set when it was sent first. */
    int jumps;

    long acknowledgedMs = NEVER;

    /** How often the broker may have taken it for a new message. */
    int sends;

    /** How often the broker had crashed when it was sent last. */
    int sentRestarts;

    /** Whether it was sent before an unclean end of the broker, and again behind it: the broker may have had it since the first. */
    boolean overCrash;

    /** Which session of its publisher it was sent in first; as in {@link Session#identity}. */
    int identity;

    /** How often it may have come to another session of its publisher, which doesn't know its packet id. */
    int strangers;

    /** Sent more than once: so nobody knows which of them has had which effect. */
    boolean repeated;

    boolean refused;

    /** For whom an administrator has dropped it; null if for nobody. */
    @Nullable
    String purgedFor;

    boolean will;

    Message(int id, String publisher, String topic, QoS qos, boolean retain, boolean clears, int expirySeconds) {
        this.id = id;
        this.publisher = publisher;
        this.topic = topic;
        this.qos = qos;
        this.retain = retain;
        this.clears = clears;
        this.expirySeconds = expirySeconds;
    }

    boolean isAcknowledged() {
        return routedBy != NEVER;
    }

    boolean mayHaveExpired(long nowMs, int clockJumps) {
        return expirySeconds > 0 && (jumps != clockJumps || nowMs >= sentMs + expirySeconds * 1000L);
    }

    @Override
    public String toString() {
        return "#" + id + " of " + publisher + " on " + topic + " QoS " + qos.level() + (retain ? " retained" : "")
                + (will ? " (will)" : "");
    }
}
