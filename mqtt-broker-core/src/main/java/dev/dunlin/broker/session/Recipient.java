package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Destination;
import dev.dunlin.broker.routing.Target;

/**
 * A destination inside this broker: a client's session or a local subscription. Every {@link Destination} in the
 * subscription tree is one.
 */
abstract class Recipient implements Destination {
    /** Identity over all times: never given to another recipient of this broker. */
    final long sid;

    final SessionLoop loop;

    Recipient(long sid, SessionLoop loop) {
        this.sid = sid;
        this.loop = loop;
    }

    /**
     * Takes in one delivery: sends, queues or drops it, and accounts for it. This recipient's loop only. Borrows the
     * message.
     */
    abstract void deliver(KeptMessage message, Target target, long nowMs);

    @Override
    public final int loopIndex() {
        return loop.index();
    }
}
