package dev.dunlin.broker.spi;

import dev.dunlin.codec.ReasonCode;

/** The answer of an {@link Authenticator}. */
public sealed interface AuthResult {

    /** Lets the client in. */
    record Accepted(Identity identity) implements AuthResult {}

    /**
     * Turns the client away.
     *
     * @param reason the CONNACK reason code, an error; 3.1 and 3.1.1 clients get the return code that it maps to
     * @param text the reason string for 5.0 clients; say nothing that helps an attacker; empty for none
     */
    record Refused(ReasonCode reason, String text) implements AuthResult {
        /**
         * Checks the reason.
         *
         * @throws IllegalArgumentException if the reason is not an error
         */
        public Refused {
            if (!reason.isError()) {
                throw new IllegalArgumentException("a refusal needs an error, not " + reason);
            }
        }
    }

    /** Lets the client in as {@code identity}. */
    static AuthResult accept(Identity identity) {
        return new Accepted(identity);
    }

    /** Turns the client away for {@code reason}, an error, without a reason string. */
    static AuthResult refuse(ReasonCode reason) {
        return new Refused(reason, "");
    }
}
