package dev.dunlin.broker.crash;

import java.util.BitSet;

/** What a subscriber has got of one stream, and the rules for what may come next. */
final class Inbox {
    final MessageStream stream;
    final BitSet received = new BitSet();
    private final String owner;
    private int previous = -1;
    private boolean wentBack;

    Inbox(String owner, MessageStream stream) {
        this.owner = owner;
        this.stream = stream;
    }

    /** A new connection to a broker that was killed meanwhile. */
    void reconnected() {
        previous = -1;
        wentBack = false;
    }

    /** A message has come. Of a QoS 2 exchange that is sent again only the first time counts. */
    void receive(int number, boolean dup) {
        boolean again = received.get(number);
        if (stream.qos == 2 && again) {
            throw wrong(number, "arrives twice");
        }
        if (!again && received.length() > number) {
            throw wrong(number, "arrives for the first time behind " + (received.length() - 1));
        }
        if (again && !dup && !stream.mayBeSentTwice(number)) {
            throw wrong(number, "arrives again without DUP, and was not sent twice");
        }
        if (number <= previous) { // once: where what the publisher sends again begins
            if (wentBack || !stream.mayBeSentTwice(number)) {
                throw wrong(number, "arrives behind " + previous);
            }
            wentBack = true;
        }
        previous = number;
        received.set(number);
    }

    private Violation wrong(int number, String what) {
        return new Violation(owner + ", " + stream + ": " + number + " " + what);
    }

    /** Whether everything is here that was acknowledged to the publisher. */
    boolean isComplete() {
        return missing().isEmpty();
    }

    /** What was acknowledged to the publisher and isn't here. */
    BitSet missing() {
        BitSet missing = (BitSet) stream.acknowledged.clone();
        missing.andNot(received);
        return missing;
    }
}
