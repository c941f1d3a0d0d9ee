package dev.dunlin.broker.spi;

import dev.dunlin.codec.ReasonCode;

/** The broker refused a publish of the local client; nothing of it has happened. */
public final class RejectedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ReasonCode reason;

    /** A refusal for this reason, an error. */
    public RejectedException(ReasonCode reason) {
        super("refused: " + reason, null, false, false);
        this.reason = reason;
    }

    /** Why, as a PUBACK would say it. */
    public ReasonCode reason() {
        return reason;
    }
}
