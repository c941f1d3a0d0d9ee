package dev.dunlin.broker.store;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The one queue of changes, in which a position is a ticket: a producer claims the next one, stamps its change with it and
 * fills it. The consumer takes the changes in the order of their tickets and never passes a position that is claimed and not
 * filled yet, so the order in the log is the order of the tickets.
 *
 * <p>Positions lie in a chain of arrays that grows at its end and is forgotten at its head, as in JCTools' queues with
 * claimed positions. A producer looks its array up from the last one that any producer used, or from the consumer's, which
 * can't be behind a claimed position. Any thread claims and fills; one thread takes.
 */
final class ChangeQueue {
    private static final int CHUNK = 1024;

    private final AtomicLong next;
    private volatile Chunk head;
    private volatile Chunk recent;
    private long taking;

    /** An empty queue whose first ticket is {@code first}. */
    ChangeQueue(long first) {
        next = new AtomicLong(first);
        head = new Chunk(first);
        recent = head;
        taking = first;
    }

    /** Claims the next ticket. The caller fills it at once, whatever happens: everybody behind waits for it. */
    long claim() {
        return next.getAndIncrement();
    }

    /** The last ticket that was claimed. */
    long lastClaimed() {
        return next.get() - 1;
    }

    /** Puts a change into its position. */
    void fill(long ticket, Change change) {
        Chunk chunk = recent;
        if (chunk.first > ticket) {
            chunk = head;
        }
        while (ticket >= chunk.first + CHUNK) {
            chunk = chunk.following();
        }
        chunk.slots.set((int) (ticket - chunk.first), change);
        if (chunk.first > recent.first) {
            recent = chunk; // a race may set it back: it is where a search begins, no more
        }
    }

    /** Takes the change with the next ticket; null if it isn't filled. One thread. */
    @Nullable
    Change take() {
        Chunk chunk = head;
        int slot = (int) (taking - chunk.first);
        Change change = chunk.slots.get(slot);
        if (change == null) {
            return null;
        }
        taking++;
        if (slot == CHUNK - 1) {
            head = chunk.following();
            if (recent == chunk) {
                recent = head;
            }
        } else {
            chunk.slots.lazySet(slot, null);
        }
        return change;
    }

    /** The ticket of the last change that was taken. One thread. */
    long lastTaken() {
        return taking - 1;
    }

    /** Whether {@link #take} would find nothing. One thread. */
    boolean isEmpty() {
        Chunk chunk = head;
        return chunk.slots.get((int) (taking - chunk.first)) == null;
    }

    private static final class Chunk {
        final long first;
        final AtomicReferenceArray<@Nullable Change> slots = new AtomicReferenceArray<>(CHUNK);
        private final AtomicReference<@Nullable Chunk> following = new AtomicReference<>();

        Chunk(long first) {
            this.first = first;
        }

        Chunk following() {
            Chunk chunk = following.get();
            if (chunk != null) {
                return chunk;
            }
            Chunk made = new Chunk(first + CHUNK);
            Chunk other = following.compareAndExchange(null, made);
            return other == null ? made : other;
        }
    }
}
