package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Passes the entries of a cursor on to a new generation, and behind them its notes: the last group that it contains, and the
 * references among its values, so that it says which files it needs without being read as a whole. The notes lie behind all
 * keys of spaces: first the group, then the references, some thousand to an entry.
 */
final class References implements Cursor {
    private static final int PER_ENTRY = 4_000;
    private static final int GROUP = -1;
    private static final byte[] REFERENCES_KEY = noteKey(0);

    private final Cursor entries;
    private final long lastGroup;
    private final BooleanSupplier cancelled;
    private final List<ValueRef> found = new ArrayList<>();
    /** Index of the next reference to be noted, or {@link #GROUP}. */
    private int next = GROUP;

    /**
     * A cursor that adds the notes.
     *
     * @param cancelled whether to give up, asked at every entry
     */
    References(Cursor entries, long lastGroup, BooleanSupplier cancelled) {
        this.entries = entries;
        this.lastGroup = lastGroup;
        this.cancelled = cancelled;
        note();
    }

    @Override
    public byte @Nullable [] key() {
        byte[] key = entries.key();
        return key != null || next >= found.size() ? key : noteKey(next);
    }

    @Override
    public byte[] value() {
        if (entries.key() != null) {
            return entries.value();
        }
        if (next == GROUP) {
            return ByteBuffer.allocate(Long.BYTES).putLong(lastGroup).array();
        }
        List<ValueRef> part = found.subList(next, Math.min(found.size(), next + PER_ENTRY));
        ByteBuffer value = ByteBuffer.allocate(part.size() * ValueRef.BYTES);
        part.forEach(reference -> reference.encode(value));
        return value.array();
    }

    @Override
    public void advance() throws StoreException {
        if (cancelled.getAsBoolean()) {
            throw new StoreException(Kind.BUSY, "the store is being closed");
        }
        if (entries.key() != null) {
            entries.advance();
            note();
        } else {
            next = next == GROUP ? 0 : next + PER_ENTRY;
        }
    }

    private void note() {
        if (entries.key() != null && Stored.isReference(entries.value())) {
            found.add(Stored.reference(entries.value()));
        }
    }

    /** The references that it has found: all of them when it is at its end. */
    List<ValueRef> found() {
        return found;
    }

    /** The references of a generation; none of an empty one. */
    static List<ValueRef> of(@Nullable Generation generation) throws StoreException {
        List<ValueRef> references = new ArrayList<>();
        if (generation == null) {
            return references;
        }
        for (Cursor notes = generation.cursor(REFERENCES_KEY, null); notes.key() != null; notes.advance()) {
            ByteBuffer value = ByteBuffer.wrap(notes.value());
            for (int at = 0; at < value.limit(); at += ValueRef.BYTES) {
                references.add(ValueRef.decode(value, at));
            }
        }
        return references;
    }

    /** The last group that a generation contains, or -1 if it doesn't say so: then it isn't whole. */
    static long lastGroup(Generation generation) throws StoreException {
        byte[] value = generation.get(noteKey(GROUP));
        return value == null ? -1 : ByteBuffer.wrap(value).getLong();
    }

    /** The group's note is before the references: its number is one below the first index. */
    private static byte[] noteKey(int index) {
        return ByteBuffer.allocate(1 + Integer.BYTES)
                .put(Stored.END_KEY)
                .putInt(index + 1)
                .array();
    }
}
