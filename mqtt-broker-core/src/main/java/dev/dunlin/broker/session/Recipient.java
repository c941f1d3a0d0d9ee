package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Destination;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.codec.QoS;

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
     *
     * @param entry the publish's entries in the store, as an {@link dev.dunlin.broker.store.EntryId}: this recipient has one
     *     if it {@link #stores} the delivery
     */
    abstract void deliver(KeptMessage message, Target target, long entry, long nowMs);

    /** Whether this delivery must outlive the process if there is a store. Any thread: always the same answer. */
    abstract boolean stores(KeptMessage message, Target target);

    /** Whether the next process makes this delivery, if this one doesn't: it has an entry. Any thread. */
    boolean isKept(KeptMessage message, Target target, long entry) {
        return entry != EntryId.NONE && stores(message, target);
    }

    /** [5.0:MQTT-3.8.4-8], [3.1.1:MQTT-3.8.4-6]: the lower of published and granted. */
    static QoS effectiveQoS(KeptMessage message, Target target) {
        QoS published = message.qos();
        QoS granted = target.qos();
        return published.level() < granted.level() ? published : granted;
    }

    /** From the sid, not from the object: the order of deliveries is then the same in every run of a simulation. */
    @Override
    public final int hash() {
        return (int) ((sid * 0x9E37_79B9_7F4A_7C15L) >>> 32);
    }

    @Override
    public final int loopIndex() {
        return loop.index();
    }
}
