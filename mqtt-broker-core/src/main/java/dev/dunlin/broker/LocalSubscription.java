package dev.dunlin.broker;

import dev.dunlin.broker.session.LocalSubscriber;
import java.util.concurrent.CompletionStage;

/** A subscription of the {@link LocalClient}. Any thread. */
public final class LocalSubscription implements AutoCloseable {
    private final String filter;
    private final LocalSubscriber subscriber;

    LocalSubscription(String filter, LocalSubscriber subscriber) {
        this.filter = filter;
        this.subscriber = subscriber;
    }

    /** The topic filter. */
    public String filter() {
        return filter;
    }

    /**
     * Completes when its handler is done with all that had come to it before this call, or it has ended: for tests above all. A
     * handler that never is done never lets it. On an event loop: what depends on it must not block.
     */
    public CompletionStage<Void> settled() {
        return subscriber.settled();
    }

    /** Ends the subscription. The handler finishes the message that it has; what is queued for it is dropped. */
    @Override
    public void close() {
        subscriber.unsubscribe();
    }
}
