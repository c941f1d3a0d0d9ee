package dev.dunlin.broker.routing;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Those of a {@link Crowd} that have their home on one loop, or that are shared: found by their destination, counted, and
 * copied by whole arrays. Immutable.
 *
 * <p>A trie over the bits of the destinations' hashes, two bits per branch, whose leaves are arrays of up to 32 subscriptions
 * in no order. A leaf that grows beyond is replaced by a branch of four, and a branch that holds little by a leaf. A change
 * copies one leaf and the branches above it: some 100 bytes with ten subscribers and 400 with 100,000, while a match walks
 * over arrays. Wide branches, as in a hash array mapped trie, would make the way shorter, but leave one or two subscriptions
 * in a leaf. Methods recurse, 16 branches deep at most; what agrees in all bits of the hash stays in one leaf, however many.
 */
final class Leaves { // hot
    static final int LEAF_MAX = 32;

    /** A branch of no more than that becomes a leaf: less than a leaf's maximum, or the next change would undo it. */
    private static final int MERGED_MAX = LEAF_MAX / 2;

    private static final int BITS_PER_BRANCH = 2;
    private static final int BRANCH_WIDTH = 1 << BITS_PER_BRANCH;
    private static final int HASH_BITS = 32;
    private static final Subscription[] NONE = {};

    /** A leaf is a {@code Subscription[]}, a branch an {@code Object[]} of four leaves, branches or nulls. */
    private final Object[] root;

    private final int size;
    private final int persistent;

    private Leaves(Object[] root, int size, int persistent) {
        this.root = root;
        this.size = size;
        this.persistent = persistent;
    }

    /** These, or none yet, and one more, which replaces the one of the same destination. */
    static Leaves with(@Nullable Leaves present, Subscription added) {
        if (present == null) {
            return new Leaves(new Subscription[] {added}, 1, persistent(added));
        }
        Subscription replaced = present.find(added.destination());
        return new Leaves(
                with(present.root, added, 0),
                present.size + (replaced == null ? 1 : 0),
                present.persistent + persistent(added) - (replaced == null ? 0 : persistent(replaced)));
    }

    private static int persistent(Subscription subscription) {
        return subscription.isPersistent() ? 1 : 0;
    }

    /** One of these subscriptions less; null if it was the last. */
    @Nullable
    Leaves without(Subscription removed) {
        Object[] rest = without(root, removed, 0);
        return rest == null ? null : new Leaves(rest, size - 1, persistent - persistent(removed));
    }

    int size() {
        return size;
    }

    /** How many of them are persistent. */
    int persistent() {
        return persistent;
    }

    void forEach(MatchSink sink) {
        forEach(root, sink);
    }

    private static void forEach(Object[] part, MatchSink sink) {
        if (part instanceof Subscription[] leaf) {
            for (Subscription each : leaf) {
                sink.accept(each);
            }
            return;
        }
        for (Object child : part) {
            if (child != null) {
                forEach((Object[]) child, sink);
            }
        }
    }

    /** Copies all of them; returns the position behind the last. */
    int copyTo(Target[] all, int position) {
        return copy(root, all, position);
    }

    private static int copy(Object[] part, Target[] all, int position) {
        if (part instanceof Subscription[] leaf) {
            System.arraycopy(leaf, 0, all, position, leaf.length);
            return position + leaf.length;
        }
        int next = position;
        for (Object child : part) {
            if (child != null) {
                next = copy((Object[]) child, all, next);
            }
        }
        return next;
    }

    @Nullable
    Subscription find(Destination destination) {
        int hash = destination.hash();
        Object part = root;
        for (int shift = 0; part != null; shift += BITS_PER_BRANCH) {
            if (part instanceof Subscription[] leaf) {
                int i = indexOf(leaf, destination);
                return i < 0 ? null : leaf[i];
            }
            part = ((Object[]) part)[slot(hash, shift)];
        }
        return null;
    }

    private static int slot(int hash, int shift) {
        return hash >>> shift & BRANCH_WIDTH - 1;
    }

    /** Where in a leaf the subscription of a destination is, or -1. */
    static int indexOf(Subscription[] leaf, Destination destination) {
        for (int i = 0; i < leaf.length; i++) {
            if (leaf[i].destination() == destination) {
                return i;
            }
        }
        return -1;
    }

    /** A leaf with one more, which replaces the one of the same destination. */
    static Subscription[] with(Subscription[] leaf, Subscription added) {
        int present = indexOf(leaf, added.destination());
        Subscription[] copy = Arrays.copyOf(leaf, present < 0 ? leaf.length + 1 : leaf.length);
        copy[present < 0 ? leaf.length : present] = added;
        return copy;
    }

    /** A leaf with one less of those that are there. */
    static Subscription[] without(Subscription[] leaf, Subscription removed) {
        int i = indexOf(leaf, removed.destination());
        Subscription[] copy = Arrays.copyOf(leaf, leaf.length - 1);
        System.arraycopy(leaf, i + 1, copy, i, copy.length - i);
        return copy;
    }

    private static Object[] with(@Nullable Object part, Subscription added, int shift) {
        if (part == null) {
            return new Subscription[] {added};
        }
        if (!(part instanceof Subscription[] leaf)) {
            Object[] branch = ((Object[]) part).clone();
            int slot = slot(added.hash(), shift);
            branch[slot] = with(branch[slot], added, shift + BITS_PER_BRANCH);
            return branch;
        }
        boolean isFull = leaf.length >= LEAF_MAX && shift < HASH_BITS;
        return isFull && indexOf(leaf, added.destination()) < 0
                ? with(split(leaf, shift), added, shift)
                : with(leaf, added);
    }

    private static Object[] split(Subscription[] leaf, int shift) {
        Object[] branch = new Object[BRANCH_WIDTH];
        for (Subscription each : leaf) {
            int slot = slot(each.hash(), shift);
            branch[slot] = with(branch[slot] == null ? NONE : (Subscription[]) branch[slot], each);
        }
        return branch;
    }

    private static Object @Nullable [] without(Object[] part, Subscription removed, int shift) {
        if (part instanceof Subscription[] leaf) {
            return leaf.length == 1 ? null : without(leaf, removed);
        }
        Object[] branch = part.clone();
        int slot = slot(removed.hash(), shift);
        branch[slot] = without((Object[]) branch[slot], removed, shift + BITS_PER_BRANCH);
        int size = sizeOfLeaves(branch);
        return size > MERGED_MAX ? branch : merged(branch, size);
    }

    /** How many subscriptions a branch holds; more than can be merged if there is another branch below. */
    private static int sizeOfLeaves(Object[] branch) {
        int size = 0;
        for (Object child : branch) {
            if (child instanceof Subscription[] leaf) {
                size += leaf.length;
            } else if (child != null) {
                return Integer.MAX_VALUE;
            }
        }
        return size;
    }

    private static Subscription[] merged(Object[] branch, int size) {
        Subscription[] leaf = new Subscription[size];
        int count = 0;
        for (Object child : branch) {
            if (child != null) {
                Subscription[] part = (Subscription[]) child;
                System.arraycopy(part, 0, leaf, count, part.length);
                count += part.length;
            }
        }
        return leaf;
    }
}
