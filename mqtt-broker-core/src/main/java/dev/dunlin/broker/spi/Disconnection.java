package dev.dunlin.broker.spi;

import dev.dunlin.codec.ReasonCode;

/**
 * How a connection has ended.
 *
 * @param by who has ended it
 * @param reason that of DISCONNECT, be it the client's or the broker's, told or not; of a lost connection UNSPECIFIED_ERROR
 * @param text why, in words: the client's reason string, or the broker's; may be empty
 * @param willFollows whether the client has a will that is going to be published, unless it is back before its will delay has
 *     passed, or the will is refused
 */
public record Disconnection(By by, ReasonCode reason, String text, boolean willFollows) {

    /** Who has ended a connection. */
    public enum By {
        /** The client, with DISCONNECT. */
        CLIENT,
        /** The broker. */
        BROKER,
        /** Nobody said anything: it was closed or lost. */
        NETWORK
    }
}
