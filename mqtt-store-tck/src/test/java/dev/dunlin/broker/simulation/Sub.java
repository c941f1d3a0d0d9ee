package dev.dunlin.broker.simulation;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.codec.QoS;

/** A subscription of a session, between the moments when it may have begun, has begun, may have ended and has ended. */
final class Sub {
    final String filter;
    private final String plain;
    final boolean noLocal;
    final boolean retainAsPublished;

    /** SUBSCRIBE was sent, SUBACK came. */
    long mayFrom;

    long mustFrom = Message.NEVER;

    /** UNSUBSCRIBE was sent, UNSUBACK came. */
    long mustUntil = Message.NEVER;

    long mayUntil = Message.NEVER;

    /** The lowest QoS that it may have at present: another SUBSCRIBE may be under way. */
    QoS qosMin;

    /** The highest. */
    QoS qosMax;

    /** The first SUBSCRIBE that asked for retained messages was sent then. */
    long replayFrom = Message.NEVER;

    /** How many have asked. */
    int replays;

    /** The last one was answered then: what is published later comes as any other message. */
    long replayUntil = Message.NEVER;

    /** How many of them aren't answered. */
    int replaysPending;

    Sub(String filter, QoS qos, boolean noLocal, boolean retainAsPublished) {
        this.filter = filter;
        this.noLocal = noLocal;
        this.retainAsPublished = retainAsPublished;
        qosMin = qos;
        qosMax = qos;
        plain = isShared(filter) ? Topics.filterOfShare(filter) : filter;
    }

    static boolean isShared(String filter) {
        return filter.startsWith("$share/");
    }

    boolean isShared() {
        return isShared(filter);
    }

    boolean matches(String topic) {
        return Topics.matches(plain, topic);
    }

    /** Whether a message that was routed some time in between may have met it. */
    boolean may(Message message) {
        return mayFrom <= Math.min(message.routedBy, message.sentUntil)
                && mayUntil >= message.sentAt
                && matches(message.topic);
    }

    /** Whether it may get what has waited for its group, perhaps since before it began. */
    boolean mayShare(Message message) {
        return isShared() && matches(message.topic);
    }

    /** Whether it must have met it, whenever it was routed in between. */
    boolean must(Message message) {
        return mustFrom <= message.sentAt && mustUntil >= message.routedBy && matches(message.topic);
    }
}
