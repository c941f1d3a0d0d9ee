package dev.dunlin.broker.spi;

import dev.dunlin.codec.ReasonCode;

/**
 * A refusal with a reason: of a publish of the local client, of which nothing has happened; or, from an {@link Authorizer}, of
 * a client.
 */
public final class RejectedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ReasonCode reason;

    /** A refusal for this reason, an error. */
    public RejectedException(ReasonCode reason) {
        super("refused: " + reason, null, false, false);
        this.reason = reason;
    }

    /** Why, as a PUBACK would say it, or a CONNACK. */
    public ReasonCode reason() {
        return reason;
    }
}
