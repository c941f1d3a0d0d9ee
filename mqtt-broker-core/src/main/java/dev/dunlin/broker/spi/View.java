package dev.dunlin.broker.spi;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A consistent snapshot of a store: everything written before {@link StorageEngine#view} returned, nothing written after.
 * Used by one thread at a time; several views may be open, each on its own thread, beside the writing one. Must be closed,
 * by any thread, before the engine is.
 */
public interface View extends AutoCloseable {

    /** Takes one entry of a scan. */
    @FunctionalInterface
    interface Visitor {
        /**
         * Takes an entry.
         *
         * @param key borrowed: valid during the call
         * @param value borrowed: valid during the call
         * @return whether the scan goes on
         */
        boolean entry(ByteBuffer key, ByteBuffer value) throws StoreException;
    }

    /**
     * The value of a key, or null. What remains in the buffer is the value; it is the caller's, on the heap or, if it is
     * large, direct.
     */
    @Nullable
    ByteBuffer get(Space space, byte[] key) throws StoreException;

    /** The values of several keys, in their order; null for those that aren't there. As {@link #get} for each. */
    List<@Nullable ByteBuffer> getAll(Space space, List<byte[]> keys) throws StoreException;

    /**
     * Walks through the entries of a range in ascending order of their keys, until the visitor has enough.
     *
     * @param from the first key
     * @param to the key behind the last one; null for the end of the space
     */
    void scan(Space space, byte[] from, byte @Nullable [] to, Visitor visitor) throws StoreException;

    /** Gives back what the snapshot holds. Idempotent. */
    @Override
    void close();
}
