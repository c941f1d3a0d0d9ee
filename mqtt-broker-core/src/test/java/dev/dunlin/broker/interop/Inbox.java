package dev.dunlin.broker.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What a client has received and its test not yet asked for. Any thread. */
final class Inbox {
    /** The longest that a client may take for anything. */
    static final int PATIENCE_SECONDS = Boolean.getBoolean("dunlin.long") ? 180 : 20;

    private final BlockingQueue<TestMessage> messages = new LinkedBlockingQueue<>();

    void add(TestMessage message) {
        messages.add(message);
    }

    int size() {
        return messages.size();
    }

    TestMessage take() throws InterruptedException {
        TestMessage next = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no message within " + PATIENCE_SECONDS + " s");
        }
        return next;
    }

    /** The next messages, which are waited for. */
    List<TestMessage> take(int count) throws InterruptedException {
        List<TestMessage> taken = new ArrayList<>();
        while (taken.size() < count) {
            taken.add(take());
        }
        return taken;
    }
}
