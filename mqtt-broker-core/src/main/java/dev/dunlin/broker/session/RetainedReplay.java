package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Cursor;
import dev.dunlin.broker.routing.RetainedIndex;
import dev.dunlin.broker.routing.Target;
import dev.dunlin.broker.store.StoredSubscription;
import dev.dunlin.codec.QoS;

/**
 * Sends the retained messages that match a new subscription, at the pace of its session: a cursor that stays where it is
 * until the connection and the window take more. Loop only.
 *
 * <p>It reads the present value when it gets there, and skips values whose ticket is above the counter that was read
 * after the filter had been added: their live copy follows, so that the subscriber never ends on an older value.
 */
final class RetainedReplay {

    /** Who takes the messages. */
    interface Receiver {
        /** Sends or queues a retained message. Borrows it. */
        void retained(KeptMessage message, Target target, long nowMs);
    }

    /** Topics that one step looks at: many that don't match may stand between two that do. */
    private static final int TOPICS_PER_STEP = 64;

    private final RetainedIndex<KeptMessage> index;
    private final String filter;
    private final Cursor<KeptMessage> cursor;
    private final Target target;
    private final long lastTicket;
    private String afterTopic = "";

    RetainedReplay(RetainedIndex<KeptMessage> index, String filter, Target target, long lastTicket) {
        this(index, filter, target, lastTicket, index.cursor(filter));
    }

    private RetainedReplay(
            RetainedIndex<KeptMessage> index,
            String filter,
            Target target,
            long lastTicket,
            Cursor<KeptMessage> cursor) {
        this.index = index;
        this.filter = filter;
        this.cursor = cursor;
        this.target = target;
        this.lastTicket = lastTicket;
    }

    /** Goes on where the replay of an earlier process has stopped. */
    static RetainedReplay from(
            StoredSubscription.Replay place, RetainedIndex<KeptMessage> index, String filter, Target target) {
        Cursor<KeptMessage> cursor =
                place.afterTopic().isEmpty() ? index.cursor(filter) : index.cursor(filter, place.afterTopic());
        RetainedReplay replay = new RetainedReplay(index, filter, target, place.lastTicket(), cursor);
        replay.afterTopic = place.afterTopic();
        return replay;
    }

    /** The filter of the subscription. */
    String filter() {
        return filter;
    }

    /** How far it has come, for the store. */
    StoredSubscription.Replay place() {
        return new StoredSubscription.Replay(lastTicket, afterTopic);
    }

    /** Takes one step; true if it has found a message. */
    boolean next() {
        return cursor.next(TOPICS_PER_STEP);
    }

    boolean isDone() {
        return cursor.isAtEnd();
    }

    boolean isAtMostOnce() {
        return target.qos() == QoS.AT_MOST_ONCE;
    }

    /** Sends the message that {@link #next} has found, unless its live copy follows or it has expired. */
    void sendTo(Receiver receiver, long nowMs) {
        String topic = cursor.topic();
        afterTopic = topic;
        KeptMessage message = cursor.value();
        long ticket = cursor.ticket();
        while (!message.tryRetain()) { // replaced while we looked, its last reference gone
            Cursor<KeptMessage> again = index.cursor(topic);
            if (!again.next()) {
                return;
            }
            message = again.value();
            ticket = again.ticket();
        }
        try {
            if (message.isExpired(nowMs)) {
                if (index.expire(topic, message)) {
                    message.release();
                }
            } else if (ticket <= lastTicket) {
                receiver.retained(message, target, nowMs);
            }
        } finally {
            message.release();
        }
    }
}
