package dev.dunlin.broker.routing;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Two or more subscriptions of one filter, found by their destination. Immutable.
 *
 * <p>A trie over the bits of the destinations' hashes, two bits per branch, whose leaves are arrays of up to 16 subscriptions
 * in no order. A leaf that grows beyond is replaced by a branch of four, and a branch that holds little by a leaf. A change
 * copies one leaf and the branches above it: some 100 bytes with ten subscribers and 300 with 100,000, while a match walks
 * over arrays. Wide branches, as in a hash array mapped trie, would make the way shorter, but leave one or two subscriptions
 * in a leaf. Methods recurse, 16 branches deep at most; what agrees in all bits of the hash stays in one leaf, however many.
 */
final class Crowd implements Subscribers { // hot
    private static final int LEAF_MAX = 16;

    /** A branch of no more than that becomes a leaf: less than a leaf's maximum, or the next change would undo it. */
    private static final int MERGED_MAX = LEAF_MAX / 2;

    private static final int BITS_PER_BRANCH = 2;
    private static final int BRANCH_WIDTH = 1 << BITS_PER_BRANCH;
    private static final int HASH_BITS = 32;

    private final String filter;

    /** A leaf is a {@code Subscription[]}, a branch an {@code Object[]} of four leaves, branches or nulls. */
    private final Object[] root;

    private Crowd(String filter, Object[] root) {
        this.filter = filter;
        this.root = root;
    }

    /** A crowd of one, for the moment: it is to get another. */
    static Crowd of(Subscription first) {
        return new Crowd(first.filter(), new Subscription[] {first});
    }

    @Override
    public String filter() {
        return filter;
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

    private static int indexOf(Subscription[] leaf, Destination destination) {
        for (int i = 0; i < leaf.length; i++) {
            if (leaf[i].destination() == destination) {
                return i;
            }
        }
        return -1;
    }

    Crowd with(Subscription added) {
        return new Crowd(filter, with(root, added, 0));
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
        int present = indexOf(leaf, added.destination());
        if (present < 0 && leaf.length >= LEAF_MAX && shift < HASH_BITS) {
            return with(split(leaf, shift), added, shift);
        }
        Subscription[] copy = Arrays.copyOf(leaf, present < 0 ? leaf.length + 1 : leaf.length);
        copy[present < 0 ? leaf.length : present] = added;
        return copy;
    }

    private static Object[] split(Subscription[] leaf, int shift) {
        Object[] branch = new Object[BRANCH_WIDTH];
        for (Subscription each : leaf) {
            int slot = slot(each.hash(), shift);
            Subscription[] before = branch[slot] == null ? new Subscription[0] : (Subscription[]) branch[slot];
            Subscription[] grown = Arrays.copyOf(before, before.length + 1);
            grown[before.length] = each;
            branch[slot] = grown;
        }
        return branch;
    }

    /** One of these subscriptions less. */
    Subscribers without(Subscription removed) {
        Object[] rest = without(root, removed, 0);
        assert rest != null : removed;
        return rest instanceof Subscription[] leaf && leaf.length == 1 ? leaf[0] : new Crowd(filter, rest);
    }

    private static Object @Nullable [] without(Object[] part, Subscription removed, int shift) {
        if (part instanceof Subscription[] leaf) {
            if (leaf.length == 1) {
                return null;
            }
            int i = indexOf(leaf, removed.destination());
            Subscription[] copy = Arrays.copyOf(leaf, leaf.length - 1);
            System.arraycopy(leaf, i + 1, copy, i, copy.length - i);
            return copy;
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
