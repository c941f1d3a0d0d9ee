package dev.dunlin.broker.spi;

/** For how long a client that was accepted may stay: until a token expires, say, or its user is removed. */
@FunctionalInterface
public interface Validity {
    /** For as long as it likes. */
    Validity UNLIMITED = nowMs -> true;

    /**
     * Whether it still may. Asked once a second on an event loop; must neither block nor throw. With the first no, the
     * connection ends with 0x87 (not authorized), and its will is published if it still may be.
     *
     * @param nowMs milliseconds since 1970, by the broker's clock
     */
    boolean holds(long nowMs);
}
