package dev.dunlin.broker;

import dev.dunlin.broker.session.LocalConsumer;
import java.util.concurrent.CompletionStage;

/** A subscription of the {@link LocalClient}. Any thread. */
public final class LocalSubscription implements AutoCloseable {
    private final String filter;
    private final LocalConsumer consumer;

    LocalSubscription(String filter, LocalConsumer consumer) {
        this.filter = filter;
        this.consumer = consumer;
    }

    /** The topic filter. */
    public String filter() {
        return filter;
    }

    /**
     * Completes when its handler is done with all that had come to it before this call, or it has ended: for tests above all. A
     * handler that never is done never lets it. On an event loop or a handler's thread: what depends on it must not block.
     */
    public CompletionStage<Void> settled() {
        return consumer.settled();
    }

    /**
     * Ends the subscription. The handler finishes the message that it has. What is queued for it is dropped, or goes back to
     * the group if the subscription is a shared one.
     */
    @Override
    public void close() {
        consumer.unsubscribe();
    }
}
