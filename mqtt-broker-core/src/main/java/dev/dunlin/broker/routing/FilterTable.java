package dev.dunlin.broker.routing;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Entries by a hash of 32 bits: open addressing with linear probing, read without a lock while one thread writes.
 *
 * <p>A segment is two arrays, of hashes and of entries. A search runs over the hashes, 16 to a cache line, and looks at an
 * entry only if its whole hash is the one sought; what it finds there may still be another's, and the reader, who knows what
 * it is looking for, must ask the entry itself, or see from the generation that there was a change. So a slot can be given to another entry at any time: the hash is written
 * first, then the entry, with release; a reader who meets the old pair, the new one or a mixture finds nothing wrong.
 *
 * <p>A removed entry leaves its hash behind, so that searches go on over it, unless the slot behind is free. Such slots are
 * taken again, and gone when the segment is rebuilt: that happens in new arrays, which then take the place of the old ones.
 * The upper 8 bits of the hash choose one of 256 segments, so a change waits for the rebuilding of a 256th of the table
 * at most. Segments grow by steps, to between 60 and 75 percent full, not by doubling, and shrink below 20 percent: 12 bytes
 * per entry while it grows.
 */
final class FilterTable { // hot
    static final int NONE = -1;

    private static final int SEGMENT_BITS = 8;
    private static final int CAPACITY_MIN = 4;

    private final AtomicReferenceArray<@Nullable Segment> segments = new AtomicReferenceArray<>(1 << SEGMENT_BITS);

    /** What an entry is filed under, by its hash of 64 bits: never 0. */
    static int hash(long hash) {
        int upper = (int) (hash >>> 32);
        return upper == 0 ? 1 : upper;
    }

    /** Where all entries of a hash are. Any thread. */
    Segment segment(int hash) {
        Segment segment = segments.getAcquire(index(hash));
        return segment == null ? Segment.EMPTY : segment;
    }

    private static int index(int hash) {
        return hash >>> (Integer.SIZE - SEGMENT_BITS);
    }

    /** Adds an entry, which can be seen from then on. One thread at a time, as all changes. */
    void put(int hash, Entry entry) {
        reserve(hash, 1).put(hash, entry);
    }

    /** Makes room for some entries whose hashes begin as this one: putting them in allocates nothing. */
    Segment reserve(int hash, int entries) {
        Segment segment = segments.getPlain(index(hash));
        if (segment != null && segment.hasRoom(entries)) {
            return segment;
        }
        Segment larger = segment == null ? new Segment(CAPACITY_MIN) : segment.rebuilt(entries);
        segments.setRelease(index(hash), larger);
        return larger;
    }

    /** Puts another entry in the place of one that is there. */
    void replace(int hash, Entry present, Entry entry) {
        Segment segment = present(hash);
        segment.set(segment.slotOf(hash, present), entry);
    }

    /** Removes an entry that is there. */
    void remove(int hash, Entry present) {
        Segment segment = present(hash);
        segment.clear(segment.slotOf(hash, present));
        if (segment.live == 0) {
            segments.setRelease(index(hash), null);
        } else if (segment.isSparse()) {
            shrink(index(hash), segment);
        }
    }

    private void shrink(int index, Segment sparse) {
        try {
            segments.setRelease(index, sparse.rebuilt(0));
        } catch (OutOfMemoryError e) {
            // It was only to save memory: the entry is gone, and its place stays.
        }
    }

    private Segment present(int hash) {
        Segment segment = segments.getPlain(index(hash));
        if (segment == null) {
            throw new IllegalStateException("nothing at " + hash);
        }
        return segment;
    }

    /** Number of entries. As changes: no other change at the same time. */
    int size() {
        int size = 0;
        for (int i = 0; i < segments.length(); i++) {
            Segment segment = segments.getPlain(i);
            size += segment == null ? 0 : segment.live;
        }
        return size;
    }

    /** A part of the table. There is always a free slot, where a search ends. */
    static final class Segment {
        private static final VarHandle ENTRIES = MethodHandles.arrayElementVarHandle(Entry[].class);
        private static final int FREE = 0;
        private static final Segment EMPTY = new Segment(1);

        private final int[] hashes;
        private final @Nullable Entry[] entries;

        /** Slots that are not free, removed entries included. */
        private int used;

        private int live;

        Segment(int capacity) {
            hashes = new int[capacity];
            entries = new Entry[capacity];
        }

        /** The first slot of this hash, or NONE. */
        int first(int hash) {
            return search(hash, home(hash));
        }

        /** The next slot of this hash after one, or NONE. */
        int next(int hash, int slot) {
            return search(hash, after(slot));
        }

        private int search(int hash, int from) {
            int slot = from;
            for (int found = hashes[slot]; found != hash; found = hashes[slot]) {
                if (found == FREE) {
                    return NONE;
                }
                slot = after(slot);
            }
            return slot;
        }

        /** The bits below those that chose the segment, spread over the slots in their order. */
        private int home(int hash) {
            return (int) ((Integer.toUnsignedLong(hash << SEGMENT_BITS) * hashes.length) >>> Integer.SIZE);
        }

        private int after(int slot) {
            return slot + 1 == hashes.length ? 0 : slot + 1;
        }

        /** The entry of a slot now; null if it was removed. */
        @Nullable
        Entry entry(int slot) {
            return (Entry) ENTRIES.getAcquire(entries, slot);
        }

        private boolean hasRoom(int more) {
            return (used + more) * 4L <= hashes.length * 3L;
        }

        private boolean isSparse() {
            return hashes.length > 4 * CAPACITY_MIN && live * 5L < hashes.length;
        }

        /** These entries in new arrays, with room for some more. */
        private Segment rebuilt(int more) {
            int size = live + more;
            Segment copy = new Segment(Math.max(CAPACITY_MIN, size + size * 2 / 3 + 1));
            for (int i = 0; i < entries.length; i++) {
                Entry entry = entries[i];
                if (entry != null) {
                    copy.put(hashes[i], entry);
                }
            }
            return copy;
        }

        private void put(int hash, Entry entry) {
            int slot = home(hash);
            while (entries[slot] != null) {
                slot = after(slot);
            }
            if (hashes[slot] == FREE) {
                used++;
            }
            live++;
            hashes[slot] = hash;
            set(slot, entry);
        }

        private void set(int slot, @Nullable Entry entry) {
            ENTRIES.setRelease(entries, slot, entry);
        }

        private int slotOf(int hash, Entry entry) {
            int slot = first(hash);
            while (slot != NONE && entries[slot] != entry) {
                slot = next(hash, slot);
            }
            if (slot == NONE) {
                throw new IllegalStateException("not at " + hash + ": " + entry);
            }
            return slot;
        }

        /** Removes an entry; slots that no search goes on behind are free again. */
        private void clear(int slot) {
            set(slot, null);
            live--;
            if (hashes[after(slot)] != FREE) {
                return;
            }
            for (int i = slot; entries[i] == null && hashes[i] != FREE; i = i == 0 ? hashes.length - 1 : i - 1) {
                hashes[i] = FREE;
                used--;
            }
        }
    }
}
