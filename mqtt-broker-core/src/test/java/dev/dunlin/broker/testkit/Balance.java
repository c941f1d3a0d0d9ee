package dev.dunlin.broker.testkit;

import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.Traffic;
import dev.dunlin.broker.spi.DropReason;

/**
 * Where the deliveries of a broker are that have begun since its start. While it is at rest each of them is in one of these
 * places, but for those that a closed broker has left in its store and those in the queues of local subscriptions.
 *
 * @param begun to the targets of publishes, of retained messages, and of an earlier process
 * @param made sent with QoS 0, acknowledged, or given to a handler
 * @param withheld from who has published the message
 * @param waiting in queues and windows
 * @param dropped for a reason; without refused publishes, which had no targets, and without what a handler has failed on
 */
public record Balance(long begun, long made, long withheld, long waiting, long dropped) {

    /** As of now. */
    public static Balance of(Core core) {
        Traffic now = core.traffic();
        long dropped = 0;
        for (DropReason reason : DropReason.values()) {
            boolean ends = reason != DropReason.REFUSED && reason != DropReason.LOCAL_HANDLER_FAILED;
            dropped += ends ? core.dropped(reason) : 0;
        }
        long waiting = now.queuedMessages() + now.inflightMessages();
        return new Balance(now.begun(), now.made(), now.withheldFromPublishers(), waiting, dropped);
    }

    /** Deliveries of which nobody knows what has become; below 0 if more have ended than begun. */
    public long missing() {
        return begun - made - withheld - waiting - dropped;
    }
}
