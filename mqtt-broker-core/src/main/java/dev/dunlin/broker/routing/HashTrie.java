package dev.dunlin.broker.routing;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of entries, found by their key: a hash array mapped trie (Phil Bagwell, "Ideal Hash Trees", 2001). Each
 * node takes 5 bits of the hash and stores only the slots that are taken, behind a bitmap; a slot holds an entry, or a node
 * for the entries that agree so far. Entries whose hashes are equal end in a bucket, searched one by one, below the last bits.
 *
 * <p>A change copies the nodes on the way to one entry, about log32 of the size and never more than 8: with 100,000 entries it
 * costs little more than with 1,000. That is bought with an iteration slower than over one array, which a change would have
 * to copy. Methods recurse, but no deeper than that. Below the root, a node always holds at least two entries.
 */
final class HashTrie<E extends HashTrie.Key<? super E>> { // hot

    /** What entries are found by. An entry is its own key. */
    abstract static class Key<T> {
        abstract int hash();

        /** Whether the entry has this key. Asked only of entries whose hash begins like this one's. */
        abstract boolean matches(T entry);
    }

    private static final int BITS_PER_NODE = 5;
    private static final int HASH_BITS = 32;
    private static final HashTrie<?> EMPTY = new HashTrie<>(0, new Object[0]);

    /** Bit n is set if the node has a slot for the hash bits n; 0 in a bucket. */
    private final int taken;

    /** Entries and nodes, in the order of the bits in {@link #taken}. */
    private final Object[] slots;

    private HashTrie(int taken, Object[] slots) {
        this.taken = taken;
        this.slots = slots;
    }

    @SuppressWarnings("unchecked") // has no entries of any type
    static <E extends Key<? super E>> HashTrie<E> empty() {
        return (HashTrie<E>) EMPTY;
    }

    boolean isEmpty() {
        return slots.length == 0;
    }

    /** The entry of this key, or null. */
    @Nullable
    E find(Key<? super E> key) {
        int hash = key.hash();
        HashTrie<E> node = this;
        for (int shift = 0; shift < HASH_BITS; shift += BITS_PER_NODE) {
            int bit = bit(hash, shift);
            if ((node.taken & bit) == 0) {
                return null;
            }
            Object slot = node.slots[node.indexOf(bit)];
            if (!(slot instanceof HashTrie)) {
                E entry = entry(slot);
                return key.matches(entry) ? entry : null;
            }
            node = node(slot);
        }
        int i = node.indexInBucket(key);
        return i < 0 ? null : node.entry(node.slots[i]);
    }

    void forEach(Consumer<? super E> sink) {
        for (Object slot : slots) {
            if (slot instanceof HashTrie) {
                node(slot).forEach(sink);
            } else {
                sink.accept(entry(slot));
            }
        }
    }

    /** These entries and this one, which replaces the one of the same key. */
    HashTrie<E> with(E entry) {
        return with(entry, 0);
    }

    private HashTrie<E> with(E entry, int shift) {
        if (shift >= HASH_BITS) {
            int i = indexInBucket(entry);
            return new HashTrie<>(0, i < 0 ? inserted(slots.length, entry) : replaced(i, entry));
        }
        int bit = bit(entry.hash(), shift);
        int i = indexOf(bit);
        if ((taken & bit) == 0) {
            return new HashTrie<>(taken | bit, inserted(i, entry));
        }
        return new HashTrie<>(taken, replaced(i, merged(slots[i], entry, shift + BITS_PER_NODE)));
    }

    private Object merged(Object slot, E entry, int shift) {
        if (slot instanceof HashTrie) {
            return node(slot).with(entry, shift);
        }
        E present = entry(slot);
        if (entry.matches(present)) {
            return entry;
        }
        return HashTrie.<E>empty().with(present, shift).with(entry, shift);
    }

    /** These entries except the one of this key; the same object if there is none. */
    HashTrie<E> without(Key<? super E> key) {
        HashTrie<E> rest = without(key, 0);
        return rest.isEmpty() ? empty() : rest;
    }

    private HashTrie<E> without(Key<? super E> key, int shift) {
        if (shift >= HASH_BITS) {
            int i = indexInBucket(key);
            return i < 0 ? this : new HashTrie<>(0, removed(i));
        }
        int bit = bit(key.hash(), shift);
        if ((taken & bit) == 0) {
            return this;
        }
        int i = indexOf(bit);
        Object slot = slots[i];
        if (!(slot instanceof HashTrie)) {
            return key.matches(entry(slot)) ? new HashTrie<>(taken & ~bit, removed(i)) : this;
        }
        HashTrie<E> before = node(slot);
        HashTrie<E> after = before.without(key, shift + BITS_PER_NODE);
        return after == before ? this : new HashTrie<>(taken, replaced(i, after.lifted()));
    }

    /** What stands for this node in its parent: its only entry, or the node itself. */
    private Object lifted() {
        return slots.length == 1 && !(slots[0] instanceof HashTrie) ? slots[0] : this;
    }

    private static int bit(int hash, int shift) {
        return 1 << (hash >>> shift); // the shift counts modulo 32: the lowest 5 bits of the distance
    }

    private int indexOf(int bit) {
        return Integer.bitCount(taken & (bit - 1));
    }

    private int indexInBucket(Key<? super E> key) {
        for (int i = 0; i < slots.length; i++) {
            if (key.matches(entry(slots[i]))) {
                return i;
            }
        }
        return -1;
    }

    private Object[] inserted(int i, Object slot) {
        Object[] copy = Arrays.copyOf(slots, slots.length + 1);
        System.arraycopy(slots, i, copy, i + 1, slots.length - i);
        copy[i] = slot;
        return copy;
    }

    private Object[] replaced(int i, Object slot) {
        Object[] copy = slots.clone();
        copy[i] = slot;
        return copy;
    }

    private Object[] removed(int i) {
        Object[] copy = Arrays.copyOf(slots, slots.length - 1);
        System.arraycopy(slots, i + 1, copy, i, copy.length - i);
        return copy;
    }

    @SuppressWarnings("unchecked") // a slot that is no node
    private E entry(Object slot) {
        return (E) slot;
    }

    @SuppressWarnings("unchecked") // nodes hold entries of one type
    private HashTrie<E> node(Object slot) {
        return (HashTrie<E>) slot;
    }
}
