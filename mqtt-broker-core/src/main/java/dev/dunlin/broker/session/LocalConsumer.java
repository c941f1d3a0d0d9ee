package dev.dunlin.broker.session;

/** A subscription within the process: one of its own, or a member of a shared group. */
public interface LocalConsumer {

    /** Ends it; any thread. The handler finishes the message that it has; what is queued ends with it, or goes back to the group. */
    void unsubscribe();

    /** The broker is closed: gives up what is queued. Its loop only. */
    void brokerClosed();
}
