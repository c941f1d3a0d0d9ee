package dev.dunlin.broker.interop;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What a client has received and its test not yet asked for. Any thread. */
final class Inbox {
    /** The longest that a client may take for anything. */
    static final int PATIENCE_SECONDS = 20;

    private final BlockingQueue<TestMessage> messages = new LinkedBlockingQueue<>();

    void add(TestMessage message) {
        messages.add(message);
    }

    TestMessage take() throws InterruptedException {
        TestMessage next = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no message within " + PATIENCE_SECONDS + " s");
        }
        return next;
    }
}
