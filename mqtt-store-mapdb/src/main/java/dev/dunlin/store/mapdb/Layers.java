package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a store holds, in three layers, the newer one counts: the overlay that changes go to, an older one of which a generation
 * is just being made, if any, and the last generation. A deletion is a {@link Cursor#TOMBSTONE} until the next generation.
 *
 * <p>One writer; any thread takes {@link #state states}. The lock is held while a batch is applied and while a state is taken.
 */
final class Layers {
    private final Pins pins;
    private final ReentrantLock lock = new ReentrantLock();
    private Overlay active = new Overlay();
    private Overlay.@Nullable Snapshot frozen;
    private @Nullable Generation base;
    /** Values with files of their own that were replaced in the overlay. */
    private List<ValueRef> replaced = new ArrayList<>();

    /** Layers above a generation, which they take over; none for an empty one. */
    Layers(@Nullable Generation base, Pins pins) {
        this.base = base;
        this.pins = pins;
    }

    /**
     * All layers at a moment.
     *
     * @param pin keeps them until it is given back
     */
    record State(
            Overlay.Snapshot active,
            Overlay.@Nullable Snapshot frozen,
            @Nullable Generation base,
            long pin) {

        /** The stored value of a key, or null. */
        byte @Nullable [] get(byte[] key) throws StoreException {
            byte[] value = active.get(key);
            if (value == null && frozen != null) {
                value = frozen.get(key);
            }
            if (value == null && base != null) {
                value = base.get(key);
            }
            return value == null || Cursor.isTombstone(value) ? null : value;
        }

        /** Walks through what is there, from a key on to below another. */
        Cursor cursor(byte[] from, byte @Nullable [] to) throws StoreException {
            List<Cursor> layers = new ArrayList<>(3);
            layers.add(active.cursor(from, to));
            if (frozen != null) {
                layers.add(frozen.cursor(from, to));
            }
            if (base != null) {
                layers.add(base.cursor(from, to));
            }
            return new Merge(layers, true);
        }
    }

    /** The layers as they are, pinned: to be given back to {@link Pins#unpin}. */
    State state() {
        lock.lock();
        try {
            return new State(active.snapshot(), frozen, base, pins.pin());
        } finally {
            lock.unlock();
        }
    }

    /** Applies the operations of a group. The writer. */
    void apply(ByteBuffer operations, List<ValueRef> values) throws StoreException {
        lock.lock();
        try {
            int nextValue = 0;
            for (int at = operations.position(); at < operations.limit(); ) {
                byte kind = operations.get(at);
                byte space = operations.get(at + 1);
                int keyAt = at + OpBuffer.HEADER_BYTES;
                int valueAt = keyAt + operations.getInt(at + 2);
                int inline = kind == OpBuffer.PUT_EXTERNAL ? 0 : operations.getInt(at + 6);
                byte[] key = Stored.key(space, operations, keyAt, valueAt);
                switch (kind) {
                    case OpBuffer.PUT -> put(key, Stored.inline(operations, valueAt, inline));
                    case OpBuffer.PUT_EXTERNAL -> put(key, Stored.reference(values.get(nextValue++)));
                    case OpBuffer.DELETE -> put(key, Cursor.TOMBSTONE);
                    case OpBuffer.DELETE_RANGE ->
                        deleteRange(key, Stored.key(space, operations, valueAt, valueAt + inline));
                    default -> throw new IllegalStateException("operation " + kind + " at " + at);
                }
                at = valueAt + inline;
            }
        } finally {
            lock.unlock();
        }
    }

    private void put(byte[] key, byte[] value) {
        byte[] old = active.put(key, value);
        if (old != null && Stored.isReference(old)) {
            replaced.add(Stored.reference(old));
        }
    }

    private void deleteRange(byte[] from, byte[] to) throws StoreException {
        State now = state();
        try {
            List<byte[]> keys = new ArrayList<>();
            Cursor cursor = now.cursor(from, to);
            for (byte[] key = cursor.key(); key != null; key = cursor.key()) {
                keys.add(key);
                cursor.advance();
            }
            keys.forEach(key -> put(key, Cursor.TOMBSTONE));
        } finally {
            pins.unpin(now.pin);
        }
    }

    /** An estimate of the memory of the newest layer, in bytes. The writer. */
    long activeBytes() {
        return active.bytes();
    }

    /** Whether a layer waits to become a generation. The writer. */
    boolean isFrozen() {
        return frozen != null;
    }

    /** Whether nothing has changed since the last generation. The writer. */
    boolean isUnchanged() {
        return frozen == null && active.size() == 0;
    }

    /**
     * Begins a new overlay; the old one is to become a generation. The writer.
     *
     * @return values that were replaced in it
     */
    List<ValueRef> freeze() {
        lock.lock();
        try {
            assert frozen == null : "one at a time";
            frozen = active.snapshot();
            active = new Overlay();
            List<ValueRef> dead = replaced;
            replaced = new ArrayList<>();
            return dead;
        } finally {
            lock.unlock();
        }
    }

    /** Walks through the frozen layer and the generation below it: what the next generation is made of. */
    Cursor frozenAndBase() throws StoreException {
        List<Cursor> layers = new ArrayList<>(2);
        lock.lock();
        try {
            if (frozen != null) {
                layers.add(frozen.cursor(Stored.FIRST_KEY, Stored.END_KEY));
            }
            if (base != null) {
                layers.add(base.cursor(Stored.FIRST_KEY, Stored.END_KEY));
            }
        } finally {
            lock.unlock();
        }
        return new Merge(layers, true);
    }

    /** Puts a new generation in the place of the two layers that it was made of. Returns the old one. */
    @Nullable
    Generation replaceBase(Generation built) {
        lock.lock();
        try {
            Generation old = base;
            base = built;
            frozen = null;
            return old;
        } finally {
            lock.unlock();
        }
    }

    /** The generation. */
    @Nullable
    Generation base() {
        lock.lock();
        try {
            return base;
        } finally {
            lock.unlock();
        }
    }
}
