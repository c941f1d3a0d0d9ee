package dev.dunlin.store.mapdb;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A node of an {@link Overlay}'s tree. Only the overlay changes it, and only while no snapshot shares it: as long as the
 * overlay is in the epoch in which the node was made.
 */
abstract sealed class TreeNode {
    /** Entries of a leaf, children of a branch. Larger: flatter and fuller; smaller: cheaper to copy for a snapshot. */
    static final int SLOTS = 32;

    /** When it was made. */
    final long epoch;

    /** Of a leaf: of its entries. Of a branch: {@code keys[i]} is the first key under child {@code i + 1}. */
    final byte[][] keys = new byte[SLOTS][];

    /** Entries or children, not keys. */
    int count;

    private TreeNode(long epoch) {
        this.epoch = epoch;
    }

    /** This node if it was made in an epoch, otherwise a copy that is. */
    abstract TreeNode writable(long now);

    /** Where a key is among the first keys, as {@link Arrays#binarySearch(Object[], Object)} says it. */
    final int search(int length, byte[] key) {
        int low = 0;
        int high = length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = Arrays.compareUnsigned(keys[middle], key);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -(low + 1);
    }

    /** How many slots stay when a full node is split because of a new one: half, or all if that is behind the last. */
    static int staying(int at) {
        return at == SLOTS ? SLOTS : SLOTS / 2;
    }

    /** Makes room in an array for one more. */
    static <T> void insert(@Nullable T[] array, int at, int length, T added) {
        System.arraycopy(array, at, array, at + 1, length - at);
        array[at] = added;
    }

    /** Entries. */
    static final class Leaf extends TreeNode {
        final byte[][] values = new byte[SLOTS][];

        Leaf(long epoch) {
            super(epoch);
        }

        @Override
        Leaf writable(long now) {
            if (epoch == now) {
                return this;
            }
            Leaf copy = new Leaf(now);
            copy.take(this, 0, count);
            return copy;
        }

        int find(byte[] key) {
            return search(count, key);
        }

        void add(int at, byte[] key, byte[] value) {
            insert(keys, at, count, key);
            insert(values, at, count, value);
            count++;
        }

        /** The upper part of this full leaf, as a new one. */
        Leaf split(int staying) {
            Leaf right = new Leaf(epoch);
            right.take(this, staying, count - staying);
            Arrays.fill(keys, staying, count, null);
            Arrays.fill(values, staying, count, null);
            count = staying;
            return right;
        }

        private void take(Leaf from, int at, int length) {
            System.arraycopy(from.keys, at, keys, 0, length);
            System.arraycopy(from.values, at, values, 0, length);
            count = length;
        }
    }

    /** Children. */
    static final class Branch extends TreeNode {
        final TreeNode[] children = new TreeNode[SLOTS];

        Branch(long epoch) {
            super(epoch);
        }

        @Override
        Branch writable(long now) {
            if (epoch == now) {
                return this;
            }
            Branch copy = new Branch(now);
            copy.take(this, 0, count);
            return copy;
        }

        /** The child under which a key belongs. */
        int childOf(byte[] key) {
            int at = search(count - 1, key);
            return at >= 0 ? at + 1 : -(at + 1);
        }

        /** Adds a child at an index above 0, with the first key under it. */
        void add(int at, byte[] first, TreeNode child) {
            insert(keys, at - 1, count - 1, first);
            insert(children, at, count, child);
            count++;
        }

        /** The upper part of this full branch, as a new one; its first key was {@code keys[staying - 1]}. */
        Branch split(int staying) {
            Branch right = new Branch(epoch);
            right.take(this, staying, count - staying);
            Arrays.fill(keys, staying - 1, count, null);
            Arrays.fill(children, staying, count, null);
            count = staying;
            return right;
        }

        /** A new branch to the right of this one: a child, and this one's children from an index on behind it. */
        Branch splitBefore(int staying, TreeNode child) {
            Branch right = new Branch(epoch);
            right.children[0] = child;
            System.arraycopy(children, staying, right.children, 1, count - staying);
            System.arraycopy(keys, staying - 1, right.keys, 0, count - staying);
            right.count = 1 + count - staying;
            Arrays.fill(keys, staying - 1, count, null);
            Arrays.fill(children, staying, count, null);
            count = staying;
            return right;
        }

        private void take(Branch from, int at, int length) {
            System.arraycopy(from.keys, at, keys, 0, Math.max(0, length - 1));
            System.arraycopy(from.children, at, children, 0, length);
            count = length;
        }
    }
}
