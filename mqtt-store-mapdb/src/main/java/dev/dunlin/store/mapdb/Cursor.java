package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Walks through entries in ascending order of their keys, which are compared as unsigned bytes. It stands at its first
 * entry when it is made, or at the end if there is none. Used by one thread at a time.
 */
interface Cursor {
    /** The value of a key that was removed. No other value is empty. */
    byte[] TOMBSTONE = {};

    /** The key of the entry at which it stands, not to be changed; null at the end. */
    byte @Nullable [] key();

    /** The value of that entry, not to be changed. Not to be asked for at the end. */
    byte[] value();

    /** Moves on to the next entry, or to the end. Not to be called at the end. */
    void advance() throws StoreException;

    /** Whether a value says that its key was removed. */
    static boolean isTombstone(byte[] value) {
        return value.length == 0;
    }
}
