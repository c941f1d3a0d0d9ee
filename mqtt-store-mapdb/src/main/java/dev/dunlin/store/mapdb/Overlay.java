package dev.dunlin.store.mapdb;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A sorted map in memory with snapshots: a B+-tree whose nodes are copied when they are written, but only if a snapshot
 * shares them. A node carries the epoch in which it was made; taking a snapshot begins a new epoch. So a node of the
 * current epoch belongs to this tree alone and is changed in place, an older one is replaced by a copy on the way down.
 *
 * <p>The trade-off: a snapshot costs nothing when it is taken, and afterwards one copy (some 300 bytes a level, 4 to 5
 * levels at a million entries) for each node that is written for the first time. Without snapshots a put allocates
 * nothing but its share of a split. A skip list would let readers see the live map without a lock, but not a state of it.
 *
 * <p>A full node is split in the middle, or, when the new entry is behind its last one, left as it is: keys that ascend,
 * as those of queues and messages do, leave full nodes behind. Nothing is ever removed: a removed key has a
 * {@linkplain Cursor#TOMBSTONE tombstone} for its value.
 *
 * <p>Used by one thread at a time, which the owner sees to; its snapshots by any number of threads.
 */
final class Overlay {
    /** What an entry takes on the heap beside its bytes: two array headers, padding, its share of a leaf. */
    private static final int ENTRY_BYTES = 56;

    private TreeNode root = new TreeNode.Leaf(0);

    /** Branches above a leaf. */
    private int height;

    private long epoch;
    private int size;
    private long bytes;

    /** The last snapshot, as long as nothing was written since. */
    private @Nullable Snapshot latest;

    /** What the insertion under way has split off, for the level above to take in, and the first key under it. */
    private @Nullable TreeNode splitOff;

    private byte[] splitKey = Cursor.TOMBSTONE;

    /**
     * Sets the value of a key. Keeps both arrays: they must not be changed afterwards.
     *
     * @return the value that was there before, or null
     */
    byte @Nullable [] put(byte[] key, byte[] value) {
        latest = null;
        root = root.writable(epoch);
        byte[] old = insert(root, key, value);
        if (splitOff != null) {
            grow(splitOff);
            splitOff = null;
        }
        if (old == null) {
            size++;
            bytes += ENTRY_BYTES + key.length + value.length;
        } else {
            bytes += value.length - old.length;
        }
        return old;
    }

    /** The value of a key, which may be a tombstone; null if there is none. */
    byte @Nullable [] get(byte[] key) {
        return get(root, key);
    }

    /** Keys, tombstones among them. */
    int size() {
        return size;
    }

    /** About what the entries take on the heap. */
    long bytes() {
        return bytes;
    }

    /** What is in the map now, for ever. */
    Snapshot snapshot() {
        if (latest == null) {
            latest = new Snapshot(root, height, size);
            epoch++;
        }
        return latest;
    }

    private byte @Nullable [] insert(TreeNode node, byte[] key, byte[] value) {
        if (node instanceof TreeNode.Leaf leaf) {
            return insertInto(leaf, key, value);
        }
        TreeNode.Branch branch = (TreeNode.Branch) node;
        int at = branch.childOf(key);
        TreeNode child = branch.children[at].writable(epoch);
        branch.children[at] = child;
        byte[] old = insert(child, key, value);
        if (splitOff != null) {
            TreeNode added = splitOff;
            splitOff = null;
            insertInto(branch, at + 1, added);
        }
        return old;
    }

    private byte @Nullable [] insertInto(TreeNode.Leaf leaf, byte[] key, byte[] value) {
        int found = leaf.find(key);
        if (found >= 0) {
            byte[] old = leaf.values[found];
            leaf.values[found] = value;
            return old;
        }
        int at = -(found + 1);
        if (leaf.count < TreeNode.SLOTS) {
            leaf.add(at, key, value);
            return null;
        }
        int staying = TreeNode.staying(at);
        TreeNode.Leaf right = leaf.split(staying);
        if (at < staying) {
            leaf.add(at, key, value);
        } else {
            right.add(at - staying, key, value);
        }
        splitOff = right;
        splitKey = right.keys[0];
        return null;
    }

    /** Adds a child whose first key is {@link #splitKey}, at an index above 0. */
    private void insertInto(TreeNode.Branch branch, int at, TreeNode child) {
        if (branch.count < TreeNode.SLOTS) {
            branch.add(at, splitKey, child);
            return;
        }
        int staying = TreeNode.staying(at);
        byte[] first = splitKey;
        if (staying == at) {
            splitOff = branch.splitBefore(staying, child);
            return;
        }
        splitKey = branch.keys[staying - 1];
        TreeNode.Branch right = branch.split(staying);
        if (at < staying) {
            branch.add(at, first, child);
        } else {
            right.add(at - staying, first, child);
        }
        splitOff = right;
    }

    private void grow(TreeNode right) {
        TreeNode.Branch top = new TreeNode.Branch(epoch);
        top.children[0] = root;
        top.count = 1;
        top.add(1, splitKey, right);
        root = top;
        height++;
    }

    private static byte @Nullable [] get(TreeNode root, byte[] key) {
        TreeNode node = root;
        while (node instanceof TreeNode.Branch branch) {
            node = branch.children[branch.childOf(key)];
        }
        TreeNode.Leaf leaf = (TreeNode.Leaf) node;
        int found = leaf.find(key);
        return found >= 0 ? leaf.values[found] : null;
    }

    /** The map as it was at one moment. Any thread. */
    static final class Snapshot {
        // Final: who gets the snapshot sees the nodes as they were when it was made, however it was handed over.
        private final TreeNode root;
        private final int height;
        private final int size;

        private Snapshot(TreeNode root, int height, int size) {
            this.root = root;
            this.height = height;
            this.size = size;
        }

        /** The value of a key, which may be a tombstone; null if there is none. */
        byte @Nullable [] get(byte[] key) {
            return Overlay.get(root, key);
        }

        /** Keys, tombstones among them. */
        int size() {
            return size;
        }

        /**
         * The entries of a range, tombstones among them.
         *
         * @param from the first key
         * @param to the key behind the last one; null for no end
         */
        Cursor cursor(byte[] from, byte @Nullable [] to) {
            return new Walk(root, height, from, to);
        }
    }

    /** Goes from leaf to leaf by the branches above them. */
    private static final class Walk implements Cursor {
        private final TreeNode.Branch[] path;
        private final int[] turns;
        private final byte @Nullable [] to;
        private TreeNode.Leaf leaf;
        private int at;
        private byte @Nullable [] key;

        Walk(TreeNode root, int height, byte[] from, byte @Nullable [] to) {
            path = new TreeNode.Branch[height];
            turns = new int[height];
            this.to = to;
            TreeNode node = root;
            for (int level = 0; level < height; level++) {
                path[level] = (TreeNode.Branch) node;
                turns[level] = path[level].childOf(from);
                node = path[level].children[turns[level]];
            }
            leaf = (TreeNode.Leaf) node;
            int found = leaf.find(from);
            at = found >= 0 ? found : -(found + 1);
            settle();
        }

        @Override
        public byte @Nullable [] key() {
            return key;
        }

        @Override
        public byte[] value() {
            assert key != null : "at the end";
            return leaf.values[at];
        }

        @Override
        public void advance() {
            assert key != null : "at the end";
            at++;
            settle();
        }

        private void settle() {
            if (at == leaf.count && !nextLeaf()) {
                key = null;
                return;
            }
            byte[] next = leaf.keys[at];
            key = to == null || Arrays.compareUnsigned(next, to) < 0 ? next : null;
        }

        private boolean nextLeaf() {
            int level = path.length - 1;
            while (level >= 0 && turns[level] + 1 == path[level].count) {
                level--;
            }
            if (level < 0) {
                return false;
            }
            TreeNode node = path[level].children[++turns[level]];
            for (int below = level + 1; below < path.length; below++) {
                path[below] = (TreeNode.Branch) node;
                turns[below] = 0;
                node = path[below].children[0];
            }
            leaf = (TreeNode.Leaf) node;
            at = 0;
            return true;
        }
    }
}
