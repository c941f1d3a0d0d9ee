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
        CLIENT("its client"),
        /** The broker: for what the client has done, a limit, a takeover or an administrator. */
        BROKER("the broker"),
        /** Nobody said anything: the connection was lost, or closed without DISCONNECT. */
        NETWORK("the network");

        private final String words;

        By(String words) {
            this.words = words;
        }

        /** As an event says it. */
        String words() {
            return words;
        }
    }
}
