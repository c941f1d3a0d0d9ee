package dev.dunlin.broker.spi;

/**
 * Is told what happens in a broker: see {@link BrokerEvent}, and {@link dev.dunlin.broker.BrokerBuilder#observe}.
 *
 * <p>All observers of a broker are called on one thread of its own, named after it ({@code dunlin-events}): one event after the
 * other, each to all observers in the order in which they were given. So an observer may block, and then the other observers
 * wait, but never the broker: what its queue can't hold meanwhile is counted, not kept, see {@link BrokerEvent.EventsLost}. What
 * an observer throws is logged and hurts nobody else. It must not call {@code Broker.close()}, which would wait for it;
 * {@code closeAsync} it may.
 */
@FunctionalInterface
public interface BrokerObserver {

    /** Something has happened. On the broker's thread for events; late by as much as is queued. */
    void on(BrokerEvent event);
}
