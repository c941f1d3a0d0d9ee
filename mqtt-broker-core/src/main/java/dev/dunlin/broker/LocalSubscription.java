package dev.dunlin.broker;

import dev.dunlin.broker.session.LocalSubscriber;

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

    /** Ends the subscription. The handler finishes the message that it has; what is queued for it is dropped. */
    @Override
    public void close() {
        subscriber.unsubscribe();
    }
}
