package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Target;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The QoS 1 and 2 messages of a session that wait for its connection or for room in its window, in the order in which
 * they were handed to its loop. Owns a reference to each. Loop only.
 */
final class MessageQueue {
    // Two queues in step instead of one of pairs: queueing makes no object.
    private final ArrayDeque<KeptMessage> messages = new ArrayDeque<>(0);
    private final ArrayDeque<Target> targets = new ArrayDeque<>(0);
    private long bytes;

    boolean isEmpty() {
        return messages.isEmpty();
    }

    int size() {
        return messages.size();
    }

    /** About what the queue occupies, in bytes. */
    long bytes() {
        return bytes;
    }

    /** Appends a message, with a reference of its own. */
    void add(KeptMessage message, Target target) {
        messages.add(message);
        targets.add(target);
        bytes += message.footprintBytes();
    }

    /** The oldest message, borrowed; null if there is none. */
    @Nullable
    KeptMessage peek() {
        return messages.peek();
    }

    /** What the oldest message is delivered for. There must be one. */
    Target peekTarget() {
        return targets.element();
    }

    /** Takes the oldest message out; its reference is the caller's. There must be one. */
    KeptMessage remove() {
        KeptMessage message = messages.remove();
        targets.remove();
        bytes -= message.footprintBytes();
        return message;
    }
}
