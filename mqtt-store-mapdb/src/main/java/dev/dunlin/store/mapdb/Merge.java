package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several layers as one: of each key the newest value. The smallest key is looked for among all cursors at every step: a
 * store has two or three layers, for which a heap would cost more than it saves.
 */
final class Merge implements Cursor {
    private final Cursor[] newestFirst;
    private final boolean skipTombstones;

    /** Of the cursors that stand at the smallest key, the newest; null at the end. */
    private @Nullable Cursor current;

    private byte @Nullable [] key;

    /**
     * A cursor over cursors.
     *
     * @param newestFirst at their first entries; the merge's from now on
     * @param skipTombstones whether keys that were removed are left out; otherwise they are passed on
     */
    Merge(List<? extends Cursor> newestFirst, boolean skipTombstones) throws StoreException {
        this.newestFirst = newestFirst.toArray(new Cursor[0]);
        this.skipTombstones = skipTombstones;
        settle();
    }

    @Override
    public byte @Nullable [] key() {
        return key;
    }

    @Override
    public byte[] value() {
        assert current != null : "at the end";
        return current.value();
    }

    @Override
    public void advance() throws StoreException {
        assert key != null : "at the end";
        pass(key);
        settle();
    }

    private void settle() throws StoreException {
        find();
        while (skipTombstones && key != null && isAtTombstone()) {
            pass(key);
            find();
        }
    }

    private boolean isAtTombstone() {
        return current != null && Cursor.isTombstone(current.value());
    }

    private void find() {
        current = null;
        key = null;
        for (Cursor cursor : newestFirst) {
            byte[] candidate = cursor.key();
            if (candidate != null && (key == null || Arrays.compareUnsigned(candidate, key) < 0)) {
                current = cursor;
                key = candidate;
            }
        }
    }

    /** Moves all that stand at a key behind it. */
    private void pass(byte[] passed) throws StoreException {
        for (Cursor cursor : newestFirst) {
            byte[] candidate = cursor.key();
            if (candidate != null && Arrays.equals(candidate, passed)) {
                cursor.advance();
            }
        }
    }
}
