package dev.dunlin.broker.session;

import java.util.concurrent.CompletionStage;

/** A subscription within the process: one of its own, or a member of a shared group. */
public interface LocalConsumer {

    /** Ends it; any thread. The handler finishes the message that it has; what is queued ends with it, or goes back to the group. */
    void unsubscribe();

    /** Completes when its handler is done with all that came before this call, or it has ended; any thread. */
    CompletionStage<Void> settled();

    /** The bounds of its loop are others. Its loop only. */
    default void limitsChanged() {
        // one that asks for them each time has nothing to do
    }

    /** The broker is closed: gives up what is queued. Its loop only. */
    void brokerClosed();
}
