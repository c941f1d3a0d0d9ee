package dev.dunlin.broker.store;

import java.util.ArrayDeque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds replies back until the change that they acknowledge is durable. One per loop; loop only.
 *
 * <p>Every CONNACK, SUBACK, UNSUBACK, PUBACK, PUBREC and PUBCOMP passes here with the ticket of the last change that its
 * session has submitted. Replies leave in the order in which they came, so a connection's stay in order: one that could
 * go at once still waits behind another that can't. In memory mode no change has a ticket and the gate stands open.
 */
public final class DurabilityGate {
    /** A watermark that lets everything pass. */
    public static final long OPEN = Long.MAX_VALUE;

    private static final Logger LOG = LoggerFactory.getLogger(DurabilityGate.class);

    private final ArrayDeque<Held> held = new ArrayDeque<>(0);
    private long durable;

    /**
     * A gate.
     *
     * @param durable the ticket up to which changes are durable; {@link #OPEN} without a store
     */
    public DurabilityGate(long durable) {
        this.durable = durable;
    }

    /**
     * Whether a reply may leave now. If not, the caller hands it to {@link #hold}.
     *
     * @param ticket the last change of the reply's session; 0 if it has none
     */
    public boolean passes(long ticket) {
        return ticket <= durable && held.isEmpty();
    }

    /** Keeps a reply until its ticket is durable and everything held before it has left. */
    public void hold(long ticket, Runnable reply) {
        held.add(new Held(ticket, reply));
    }

    /** Moves the watermark to {@code ticket} and lets go what it covers. */
    public void durable(long ticket) {
        durable = ticket;
        while (!held.isEmpty() && held.element().ticket <= durable) {
            leave(held.remove());
        }
    }

    /** A fault with one reply isn't the others'. */
    private static void leave(Held reply) {
        try {
            reply.reply.run();
        } catch (RuntimeException | AssertionError e) {
            LOG.error("a reply that was held back failed", e);
        }
    }

    /** Forgets what is held; nothing of it was promised. */
    public void close() {
        held.clear();
    }

    private record Held(long ticket, Runnable reply) {}
}
