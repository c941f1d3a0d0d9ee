package dev.dunlin.broker;

import org.jspecify.annotations.Nullable;

/** A broker could not be started; nothing of it is left behind. The message is one sentence for a person. */
public final class BrokerStartException extends Exception {
    private static final long serialVersionUID = 1;

    /** What was in the way. */
    public enum Kind {
        /** A listener's address can't be bound: in use, not permitted, or not of this machine. */
        PORT,
        /** The store is open already, in this or another process. */
        STORE_LOCKED,
        /** The store is damaged; nothing was changed. */
        STORE_CORRUPT,
        /** The store was written by a newer version, or isn't one. */
        STORE_VERSION,
        /** The store can't be read or written: permissions, space, the disk. */
        STORE_FAILED,
        /** The configuration contradicts itself, isn't safe, or doesn't fit the class path. */
        CONFIG
    }

    private final Kind kind;

    BrokerStartException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** What was in the way. */
    public Kind kind() {
        return kind;
    }
}
