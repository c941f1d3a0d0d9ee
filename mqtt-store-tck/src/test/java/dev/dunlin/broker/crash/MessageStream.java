package dev.dunlin.broker.crash;

import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.PublishPacket;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one publisher to one topic with one QoS, numbered from 0. A message says in its payload which one it is.
 */
final class MessageStream {
    private static final int PADDINGS = 40;
    private static final int LARGE_EVERY = 50;
    private static final int LARGE_BYTES = 3_000;
    private static final int DELETE_EVERY = 101;

    final String topic;
    final int qos;
    final boolean retained;

    /** Accepted by the broker: PUBACK or PUBREC has come. */
    final BitSet acknowledged = new BitSet();

    private int sent;
    private int firstOpenAtKill = Integer.MAX_VALUE;
    private long notBeforeNs = System.nanoTime();

    MessageStream(String topic, int qos, boolean retained) {
        this.topic = topic;
        this.qos = qos;
        this.retained = retained;
    }

    /** The number of the next message, which is being sent now. */
    int next() {
        return sent++;
    }

    /** How many have been sent. */
    int sent() {
        return sent;
    }

    /** Some of these messages are for retaining an empty payload, which removes. */
    boolean isRemoval(int number) {
        return retained && number % DELETE_EVERY == DELETE_EVERY - 1;
    }

    /** The message with this number, always the same. Most are small enough to lie in a queue entry, some aren't. */
    PublishPacket message(int number) {
        PublishPacket packet = Packets.publish(topic, isRemoval(number) ? "" : payload(number));
        return retained ? packet.retain() : packet;
    }

    String payload(int number) {
        int padding = number % LARGE_EVERY == 0 ? LARGE_BYTES : number % PADDINGS * 8;
        return number + " " + "x".repeat(padding);
    }

    /** The number in a payload, which must be as it was sent. */
    int numberIn(String payload) {
        int end = payload.indexOf(' ');
        if (end < 0 || !payload.equals(payload(Integer.parseInt(payload, 0, end, 10)))) {
            throw new Violation(this + ": a payload that was never sent: " + payload);
        }
        int number = Integer.parseInt(payload, 0, end, 10);
        if (number >= sent) {
            throw new Violation(this + ": " + number + " arrives and was never sent");
        }
        if (System.nanoTime() - notBeforeNs < 0) {
            throw new Violation(this + ": " + number + " arrives before its time");
        }
        return number;
    }

    /** For a will: its time doesn't come before this, of {@link System#nanoTime}. */
    void notBefore(long timeNs) {
        notBeforeNs = timeNs;
    }

    /** The broker was killed: what was not acknowledged yet is sent again. */
    void killed() {
        firstOpenAtKill = acknowledged.nextClearBit(0);
    }

    /** Whether the publisher may have sent a message twice. */
    boolean mayBeSentTwice(int number) {
        return number >= firstOpenAtKill;
    }

    /** What is retained must be a value at least as new as the last that was acknowledged. Null: nothing is retained. */
    void checkRetained(@Nullable String payload) {
        int last = acknowledged.length() - 1;
        if (payload != null) {
            int number = numberIn(payload);
            if (number < last) {
                throw new Violation(this + ": " + number + " is retained, and " + last + " was acknowledged");
            }
            return;
        }
        if (mustBeRetained()) {
            throw new Violation(this + ": nothing is retained, and " + last + " was acknowledged");
        }
    }

    /** Whether a value must be retained: one was acknowledged and none that removes it can have come behind. */
    boolean mustBeRetained() {
        int last = acknowledged.length() - 1;
        for (int number = Math.max(last, 0); number < sent; number++) {
            if (isRemoval(number)) {
                return false;
            }
        }
        return last >= 0;
    }

    @Override
    public String toString() {
        return topic + " (QoS " + qos + ")";
    }
}
