package dev.dunlin.store.tck;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * An immutable sorted map of bytes: a change makes a new one, which shares all but a path with the old one, so that a snapshot
 * costs nothing.
 *
 * <p>It is a treap: a search tree by key and a heap by a priority that is the mixed hash of the key, which keeps it balanced on
 * average without bookkeeping (Seidel and Aragon, "Randomized Search Trees", 1996). All changes are cuts and joins.
 */
final class SortedBytes {
    static final SortedBytes EMPTY = new SortedBytes(null);

    private final @Nullable Node root;

    private SortedBytes(@Nullable Node root) {
        this.root = root;
    }

    private static final class Node {
        final byte[] key;
        final byte[] value;
        final int priority;
        final @Nullable Node left;
        final @Nullable Node right;
        final long bytes;

        Node(byte[] key, byte[] value, int priority, @Nullable Node left, @Nullable Node right) {
            this.key = key;
            this.value = value;
            this.priority = priority;
            this.left = left;
            this.right = right;
            bytes = key.length + value.length + bytesOf(left) + bytesOf(right);
        }

        Node withLeft(@Nullable Node other) {
            return new Node(key, value, priority, other, right);
        }

        Node withRight(@Nullable Node other) {
            return new Node(key, value, priority, left, other);
        }
    }

    private record Cut(@Nullable Node below, @Nullable Node from) {}

    /** Bytes of all keys and values. */
    long bytes() {
        return bytesOf(root);
    }

    byte @Nullable [] get(byte[] key) {
        Node node = root;
        while (node != null) {
            int order = Arrays.compareUnsigned(key, node.key);
            if (order == 0) {
                return node.value;
            }
            node = order < 0 ? node.left : node.right;
        }
        return null;
    }

    /** Keeps both arrays. */
    SortedBytes put(byte[] key, byte[] value) {
        Cut cut = cut(root, key);
        Node rest = cut(cut.from, successor(key)).from;
        Node node = new Node(key, value, mix(Arrays.hashCode(key)), null, null);
        return new SortedBytes(join(join(cut.below, node), rest));
    }

    SortedBytes remove(byte[] key) {
        return get(key) == null ? this : removeRange(key, successor(key));
    }

    /** Without the keys from {@code from} on that are below {@code to}. */
    SortedBytes removeRange(byte[] from, byte[] to) {
        if (Arrays.compareUnsigned(from, to) >= 0) {
            return this;
        }
        Cut cut = cut(root, from);
        return new SortedBytes(join(cut.below, cut(cut.from, to).from));
    }

    /** The first difference, for a person; empty if there is none. */
    String difference(SortedBytes found) {
        if (root == found.root) {
            return "";
        }
        List<Node> expected = nodes();
        List<Node> others = found.nodes();
        for (int i = 0; i < Math.min(expected.size(), others.size()); i++) {
            Node one = expected.get(i);
            Node other = others.get(i);
            int order = Arrays.compareUnsigned(one.key, other.key);
            if (order != 0) {
                return (order < 0 ? "missing " : "unexpected ") + Contents.hex(order < 0 ? one.key : other.key);
            }
            if (!Arrays.equals(one.value, other.value)) {
                return Contents.hex(one.key) + " should be " + Contents.hex(one.value) + ", is "
                        + Contents.hex(other.value);
            }
        }
        return expected.size() == others.size() ? "" : expected.size() + " entries expected, found " + others.size();
    }

    private List<Node> nodes() {
        List<Node> nodes = new ArrayList<>();
        collect(root, nodes);
        return nodes;
    }

    private static void collect(@Nullable Node node, List<Node> into) {
        if (node != null) {
            collect(node.left, into);
            into.add(node);
            collect(node.right, into);
        }
    }

    /** Visits entries in ascending order, until the visitor returns false; {@code to} null: to the end. */
    void visit(byte[] from, byte @Nullable [] to, BiPredicate<byte[], byte[]> visitor) {
        visit(root, from, to, visitor);
    }

    private static boolean visit(
            @Nullable Node node, byte[] from, byte @Nullable [] to, BiPredicate<byte[], byte[]> visitor) {
        if (node == null) {
            return true;
        }
        boolean reached = Arrays.compareUnsigned(node.key, from) >= 0;
        boolean below = to == null || Arrays.compareUnsigned(node.key, to) < 0;
        if (reached && !visit(node.left, from, to, visitor)) {
            return false;
        }
        if (reached && below && !visitor.test(node.key, node.value)) {
            return false;
        }
        return !below || visit(node.right, from, to, visitor);
    }

    private static Cut cut(@Nullable Node node, byte[] key) {
        if (node == null) {
            return new Cut(null, null);
        }
        if (Arrays.compareUnsigned(node.key, key) < 0) {
            Cut right = cut(node.right, key);
            return new Cut(node.withRight(right.below), right.from);
        }
        Cut left = cut(node.left, key);
        return new Cut(left.below, node.withLeft(left.from));
    }

    /** All keys of {@code low} are below those of {@code high}. */
    private static @Nullable Node join(@Nullable Node low, @Nullable Node high) {
        if (low == null) {
            return high;
        }
        if (high == null) {
            return low;
        }
        return low.priority >= high.priority
                ? low.withRight(join(low.right, high))
                : high.withLeft(join(low, high.left));
    }

    /** The smallest key above this one. */
    private static byte[] successor(byte[] key) {
        return Arrays.copyOf(key, key.length + 1);
    }

    private static long bytesOf(@Nullable Node node) {
        return node == null ? 0 : node.bytes;
    }

    /** The finalizer of MurmurHash3: spreads the poor hashes of similar keys. */
    private static int mix(int hash) {
        int h = hash;
        h = (h ^ (h >>> 16)) * 0x85ebca6b;
        h = (h ^ (h >>> 13)) * 0xc2b2ae35;
        return h ^ (h >>> 16);
    }
}
