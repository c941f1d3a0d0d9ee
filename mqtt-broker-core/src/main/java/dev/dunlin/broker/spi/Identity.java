package dev.dunlin.broker.spi;

/**
 * Who a client was authenticated as.
 *
 * @param name the user name; empty for an anonymous client
 */
public record Identity(String name) {
    /** The identity of a client that was let in without authentication. */
    public static final Identity ANONYMOUS = new Identity("");
}
