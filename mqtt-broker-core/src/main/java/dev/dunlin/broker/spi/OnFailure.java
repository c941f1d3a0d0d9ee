package dev.dunlin.broker.spi;

/** What becomes of something when an {@link Interceptor} that is asked about it fails. */
public enum OnFailure {
    /**
     * It is refused as by {@link Verdict#reject} with UNSPECIFIED_ERROR. The connection of a 3.1 or 3.1.1 client that waits for an
     * acknowledgement, which can say nothing but yes, is closed without one: it sends again what it isn't sure of.
     */
    REJECT,
    /** The interceptor counts as one that has passed it; the next one is asked. */
    PASS,
    /** As {@link Verdict#disconnect} with UNSPECIFIED_ERROR. */
    DISCONNECT
}
