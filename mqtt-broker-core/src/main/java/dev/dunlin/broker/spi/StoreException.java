package dev.dunlin.broker.spi;

import org.jspecify.annotations.Nullable;

/**
 * A storage engine could not do what it was asked. After a failed write or sync the outcome is unknown, unless
 * {@link Traits#failedWriteLeavesNoTrace} says otherwise: all, nothing, but never a part of the batch may be there.
 */
public final class StoreException extends Exception {
    private static final long serialVersionUID = 1;

    /** What was in the way. */
    public enum Kind {
        /** The disk, a quota or a limit of the engine is full. */
        FULL,
        /** The engine can't do it now, but can later: it is being reopened, or has too many views open. */
        BUSY,
        /** Reading, writing or syncing failed. */
        IO,
        /** What is stored is damaged. */
        CORRUPT,
        /** Another process or another engine of this one has the store open. */
        LOCKED,
        /** The store was written by a newer version, or by something else. */
        VERSION
    }

    /** Why. */
    private final Kind kind;

    /**
     * An exception.
     *
     * @param message one sentence for a person, naming the folder or file
     */
    public StoreException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    /** As {@link #StoreException(Kind, String, Throwable)}, without a cause. */
    public StoreException(Kind kind, String message) {
        this(kind, message, null);
    }

    /** What was in the way. */
    public Kind kind() {
        return kind;
    }
}
