package dev.dunlin.junit;

import dev.dunlin.broker.LocalClient;
import dev.dunlin.broker.LocalSubscription;
import dev.dunlin.broker.spi.Message;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;

/**
 * Records what is published to topics that a filter matches, retained messages included, in the order of arrival. Assertions
 * wait until they hold, and fail with all that has come. It goes on over a {@link DunlinExtension#restart}, and ends with the
 * broker. Any thread.
 */
public final class Recorder implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int SHOWN_MAX = 20;
    private static final int TEXT_MAX = 60;

    private final DunlinExtension dunlin;
    private final String filter;
    private final List<Message> messages = new ArrayList<>();
    private Duration timeout = TIMEOUT;
    private int taken;
    private @Nullable LocalSubscription subscription;

    Recorder(DunlinExtension dunlin, String filter) {
        this.dunlin = dunlin;
        this.filter = filter;
    }

    void subscribe(LocalClient local) {
        LocalSubscription made = local.subscribe(filter, this::add);
        synchronized (this) {
            subscription = made;
        }
    }

    private synchronized void add(Message message) {
        messages.add(message);
        notifyAll();
    }

    /** Completes when all that had come to it before is recorded. */
    CompletableFuture<Void> settled() {
        LocalSubscription present = subscription();
        return present == null
                ? CompletableFuture.completedFuture(null)
                : present.settled().toCompletableFuture();
    }

    private synchronized @Nullable LocalSubscription subscription() {
        return subscription;
    }

    /** The topic filter. */
    public String filter() {
        return filter;
    }

    /**
     * Waits so long at most from now on; default 10 seconds, of the system's clock also if the broker has another.
     *
     * @throws IllegalArgumentException if it isn't positive
     */
    public synchronized Recorder timeout(Duration atMost) {
        if (atMost.isNegative() || atMost.isZero()) {
            throw new IllegalArgumentException("a timeout is positive, not " + atMost);
        }
        timeout = atMost;
        return this;
    }

    /** All that has come so far, or since {@link #clear}. */
    public synchronized List<Message> messages() {
        return List.copyOf(messages);
    }

    /** The payloads of {@link #messages}, as text. */
    public List<String> texts() {
        return messages().stream().map(Message::payloadText).toList();
    }

    /**
     * Waits until so many messages in all have come, and returns them.
     *
     * @throws AssertionError if there are fewer in time
     */
    public synchronized List<Message> await(int count) {
        awaitUntil(() -> messages.size() >= count, () -> count + " messages");
        return List.copyOf(messages);
    }

    /**
     * Waits until one has come for which this holds, and returns the first.
     *
     * @param what says of it what it is, for the failure: "a message with QoS 1"
     * @throws AssertionError if there is none in time
     */
    public synchronized Message await(String what, Predicate<? super Message> which) {
        awaitUntil(() -> messages.stream().anyMatch(which), () -> what);
        return messages.stream().filter(which).findFirst().orElseThrow();
    }

    /**
     * Takes the first that this method hasn't returned yet; waits for it.
     *
     * @throws AssertionError if none comes in time
     */
    public synchronized Message next() {
        awaitUntil(() -> messages.size() > taken, () -> "one message more than " + taken);
        return messages.get(taken++);
    }

    /**
     * Asserts that {@link #next} has returned all: of what the broker has acknowledged, or was published locally, before this
     * call, nothing more is to come.
     *
     * @throws AssertionError if there is more
     */
    public void assertNoMore() {
        dunlin.settle();
        synchronized (this) {
            if (messages.size() > taken) {
                throw failure("no message more than " + taken);
            }
        }
    }

    /** Forgets what has come so far. */
    public synchronized void clear() {
        messages.clear();
        taken = 0;
    }

    /** Records no more; what it has stays. */
    @Override
    public void close() {
        dunlin.forget(this);
    }

    /** Gets nothing more, until it subscribes again. */
    void unsubscribe() {
        LocalSubscription present = subscription();
        if (present != null) {
            present.close();
        }
        synchronized (this) {
            subscription = null;
        }
    }

    private synchronized void awaitUntil(Supplier<Boolean> condition, Supplier<String> what) {
        long end = System.nanoTime() + timeout.toNanos();
        while (!condition.get()) {
            long leftMs = (end - System.nanoTime()) / 1_000_000;
            if (leftMs <= 0) {
                throw failure(what.get() + " within " + timeout.toMillis() + " ms");
            }
            try {
                wait(leftMs);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw failure(what.get() + " before the test was interrupted");
            }
        }
    }

    private synchronized AssertionFailedError failure(String expected) {
        StringBuilder text = new StringBuilder("on " + filter + " expected " + expected + ", but there came "
                + messages.size() + (messages.isEmpty() ? "" : ":"));
        int first = Math.max(0, messages.size() - SHOWN_MAX);
        if (first > 0) {
            text.append("\n  (").append(first).append(" earlier ones)");
        }
        messages.subList(first, messages.size())
                .forEach(message -> text.append("\n  ").append(line(message)));
        return new AssertionFailedError(text.toString());
    }

    private static String line(Message message) {
        int bytes = message.payload().remaining();
        byte[] head = new byte[Math.min(bytes, TEXT_MAX)];
        message.payload().get(head);
        String text = new String(head, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", ".");
        return message.topic() + " qos=" + message.qos().level() + (message.retain() ? " retain" : "") + " \"" + text
                + (bytes > TEXT_MAX ? "…\" (" + bytes + " bytes)" : "\"");
    }
}
