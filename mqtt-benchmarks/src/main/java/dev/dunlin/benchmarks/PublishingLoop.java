package dev.dunlin.benchmarks;

import dev.dunlin.broker.store.ChangeWriter;
import dev.dunlin.broker.store.DurabilityGate;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.Store;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A loop of a broker, reduced to what it does with the store: lets replies go that have become durable, has a change
 * submitted for the next publish of whoever got one, sleeps when there is nothing to do. A change puts an entry and deletes
 * one that was acknowledged before. Methods of one thread at a time, but for {@link #wake}.
 */
final class PublishingLoop {
    private final Store store;
    private final int window;
    private final ChangeWriter writer;
    private final SessionChanges changes;
    private final DurabilityGate gate;
    private final long[] entries;
    private long sent;
    private long acknowledged;
    private volatile @Nullable Thread asleep;

    /**
     * A loop.
     *
     * @param window publishes under way, of all its publishers
     */
    PublishingLoop(Store store, int window) {
        this.store = store;
        this.window = window;
        writer = store.writer();
        changes = new SessionChanges(writer, StoreFixture.SID);
        gate = new DurabilityGate(store.durable());
        entries = new long[window];
    }

    /** Returns when so many more messages are durable. */
    void publish(int messages) {
        long end = sent + messages;
        while (acknowledged < end) {
            gate.durable(store.durable());
            boolean idle = true;
            for (; sent < end && sent - acknowledged < window; sent++) {
                publish();
                idle = false;
            }
            if (idle && acknowledged < end) {
                sleep();
            }
        }
    }

    private void publish() {
        int slot = (int) (sent % window);
        if (entries[slot] != EntryId.NONE) {
            changes.entryGone(entries[slot]);
        }
        long ticket = StoreFixture.enqueue(writer, changes);
        entries[slot] = EntryId.of(ticket, false);
        gate.hold(ticket, () -> acknowledged++);
    }

    private void sleep() {
        asleep = Thread.currentThread(); // said first, then looked again
        while (!gate.isDue(store.durable())) {
            LockSupport.park(this);
        }
        asleep = null;
    }

    /** Something has become durable. The commit thread. */
    void wake() {
        Thread sleeper = asleep;
        if (sleeper != null) {
            LockSupport.unpark(sleeper);
        }
    }
}
