package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import java.util.concurrent.CountDownLatch;

/** Stands for a session: counts what is delivered to it. Of one loop, but for {@link #await}. */
final class CountingRecipient extends Recipient {
    private long delivered;
    private long awaited = Long.MAX_VALUE;
    private CountDownLatch arrived = new CountDownLatch(0);

    CountingRecipient(long sid, SessionLoop loop) {
        super(sid, loop);
    }

    /** Counts {@code latch} down when that much more has been delivered. */
    void await(long more, CountDownLatch latch) {
        arrived = latch;
        awaited = delivered + more;
    }

    /** The same without a message. */
    void deliver() {
        if (++delivered == awaited) {
            awaited = Long.MAX_VALUE;
            arrived.countDown();
        }
    }

    @Override
    void deliver(KeptMessage message, Target target, long entry, long nowMs) {
        deliver();
    }

    @Override
    boolean stores(KeptMessage message, Target target) {
        return false;
    }

    @Override
    public boolean isPersistent() {
        return false;
    }
}
