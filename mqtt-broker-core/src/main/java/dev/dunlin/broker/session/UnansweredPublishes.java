package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.DropReason;
import java.util.HashSet;
import java.util.Set;

/**
 * The publishes of one loop that interceptors have been asked about. A connection has one, since it isn't read meanwhile; but
 * those of closed connections wait on, and of these a client can have one after the other. Loop only.
 */
final class UnansweredPublishes {
    private final Core core;
    private final HeldBytes held = new HeldBytes();
    private final Set<InterceptedPublishes.Pending> all = new HashSet<>(0);

    /** Those of closed connections. */
    private final Set<InterceptedPublishes.Pending> orphans = new HashSet<>(0);

    private long orphanBytes;

    UnansweredPublishes(Core core) {
        this.core = core;
    }

    /** What they occupy, for the memory budget. */
    long bytes() {
        return held.get();
    }

    void add(InterceptedPublishes.Pending publish) {
        if (all.add(publish)) {
            held.addMessage(publish.bytes());
        }
    }

    /** It has its answer, or doesn't wait for it any more. */
    void remove(InterceptedPublishes.Pending publish) {
        if (all.remove(publish)) {
            held.addMessage(-publish.bytes());
        }
        if (orphans.remove(publish)) {
            orphanBytes -= publish.bytes();
        }
    }

    /**
     * Whether one may wait on whose connection is closed now: not if those that do are more than a mailbox may hold, nor if memory
     * is short.
     */
    boolean mayWaitOn(InterceptedPublishes.Pending publish) {
        if (core.memory().isOver() || orphanBytes >= core.limits().mailboxBytesMax()) {
            return false;
        }
        if (orphans.add(publish)) {
            orphanBytes += publish.bytes();
        }
        return true;
    }

    /** The end of the loop, and theirs. */
    void dispose() {
        Set.copyOf(all).forEach(publish -> publish.forget(DropReason.BROKER_CLOSED));
    }
}
