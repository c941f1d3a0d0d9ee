package dev.dunlin.broker.store;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds replies back until the change that they acknowledge is durable. One per loop; loop only.
 *
 * <p>Every CONNACK, SUBACK, UNSUBACK, PUBACK, PUBREC and PUBCOMP passes here with the ticket of the last change that its
 * session has submitted, and so does a PUBREL or QoS 2 PUBLISH whose state must be durable first. Replies leave in the order
 * of their tickets, those of one ticket in the order in which they came. A session's last ticket never goes back, so the
 * replies of one connection stay in their order, and one that needn't wait never waits for another session's. In memory mode
 * no change has a ticket and the gate stands open.
 */
public final class DurabilityGate {
    /** A watermark that lets everything pass. */
    public static final long OPEN = Long.MAX_VALUE;

    private static final int CAPACITY_MIN = 16;
    private static final Logger LOG = LoggerFactory.getLogger(DurabilityGate.class);

    /** A ring, sorted by ticket: nearly always a new one belongs at its end. */
    private long[] tickets = new long[CAPACITY_MIN];

    private @Nullable Runnable[] replies = new Runnable[CAPACITY_MIN];
    private int first;
    private int size;
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
        // While replies are leaving, one of them may bring about this one: it goes behind those that it belongs behind.
        return ticket <= durable && (size == 0 || tickets[first] > ticket);
    }

    /** Whether a change is durable, whatever is still held: for what is no reply, and has no place among them. */
    public boolean isDurable(long ticket) {
        return ticket <= durable;
    }

    /** Whether nothing is held. */
    public boolean isEmpty() {
        return size == 0;
    }

    /** Whether something is held that may leave when everything up to {@code ticket} is durable. */
    public boolean isDue(long ticket) {
        return size > 0 && tickets[first] <= ticket;
    }

    /** Keeps a reply until its ticket is durable. */
    public void hold(long ticket, Runnable reply) {
        if (size == tickets.length) {
            grow();
        }
        int at = size++;
        for (; at > 0 && tickets[slot(at - 1)] > ticket; at--) {
            tickets[slot(at)] = tickets[slot(at - 1)];
            replies[slot(at)] = replies[slot(at - 1)];
        }
        tickets[slot(at)] = ticket;
        replies[slot(at)] = reply;
    }

    /** Moves the watermark to {@code ticket} and lets go what it covers. */
    public void durable(long ticket) {
        durable = ticket;
        while (size > 0 && tickets[first] <= durable) { // one by one: a reply that leaves may have another one held
            Runnable reply = replies[first];
            replies[first] = null;
            first = slot(1);
            size--;
            leave(Objects.requireNonNull(reply));
        }
    }

    private int slot(int offset) {
        return (first + offset) & (tickets.length - 1);
    }

    private void grow() {
        long[] moreTickets = new long[2 * size];
        @Nullable Runnable[] moreReplies = new Runnable[2 * size];
        for (int i = 0; i < size; i++) {
            moreTickets[i] = tickets[slot(i)];
            moreReplies[i] = replies[slot(i)];
        }
        tickets = moreTickets;
        replies = moreReplies;
        first = 0;
    }

    /** A fault with one reply isn't the others'. */
    private static void leave(Runnable reply) {
        try {
            reply.run();
        } catch (RuntimeException | AssertionError e) {
            LOG.error("a reply that was held back failed", e);
        }
    }

    /** Forgets what is held; nothing of it was promised. */
    public void close() {
        Arrays.fill(replies, null);
        size = 0;
    }
}
