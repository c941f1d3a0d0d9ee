package dev.dunlin.broker.routing;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * More subscriptions of one filter than {@link Few} takes: an array, or beyond 32, {@link Leaves} by the loop where they have
 * their home, with those that are shared apart. So the targets of a message that only this filter matches are copied, without
 * a look at each of them. Immutable.
 */
final class Crowd implements Subscribers { // hot
    private static final int SHARED = 0;

    /** Fewer are no longer a crowd: fewer than {@link Few#MAX}, or the next change would undo it. */
    private static final int MIN = Few.MAX - 1;

    private final String filter;
    private final byte mark;

    /** A {@code Subscription[]}, or {@code Leaves[]}, by place: those that are shared, then by loop, with nulls. */
    private final Object[] root;

    private Crowd(Crowd before, Object[] root) {
        filter = before.filter;
        mark = before.mark;
        this.root = root;
    }

    private Crowd(Subscription[] all) {
        filter = all[0].filter();
        mark = all[0].mark();
        root = all;
    }

    /** Takes over more than a few, and no more than an array takes. */
    static Crowd of(Subscription[] all) {
        return new Crowd(all);
    }

    @Override
    public String filter() {
        return filter;
    }

    @Override
    public byte mark() {
        return mark;
    }

    void forEach(MatchSink sink) {
        if (root instanceof Subscription[] all) {
            for (Subscription each : all) {
                sink.accept(each);
            }
            return;
        }
        for (Leaves each : (Leaves[]) root) {
            if (each != null) {
                each.forEach(sink);
            }
        }
    }

    /** Whether there are so many that {@link #targets} costs less than a look at each. */
    boolean isByLoop() {
        return root instanceof Leaves[];
    }

    /** What a topic means that no other filter matches. */
    Targets targets(int loops, long generation) {
        Target[][] byPlace = new Target[loops + 1][];
        Arrays.fill(byPlace, Targets.NONE);
        int count = 0;
        int persistent = 0;
        @Nullable Leaves[] leaves = (Leaves[]) root;
        for (int i = 0; i < leaves.length; i++) {
            Leaves each = leaves[i];
            if (each != null) {
                Target[] all = new Target[each.size()];
                each.copyTo(all, 0);
                byPlace[i == SHARED ? loops : i - 1] = all;
                count += all.length;
                persistent += each.persistent();
            }
        }
        return new Targets(byPlace, byPlace[loops], count, persistent, generation);
    }

    @Nullable
    Subscription find(Destination destination) {
        if (root instanceof Subscription[] all) {
            int i = Leaves.indexOf(all, destination);
            return i < 0 ? null : all[i];
        }
        int place = place(destination);
        Leaves leaves = place < root.length ? (Leaves) root[place] : null;
        return leaves == null ? null : leaves.find(destination);
    }

    private static int place(Destination destination) {
        return destination.isShared() ? SHARED : 1 + destination.loopIndex();
    }

    /** These and one more, which replaces the one of the same destination. */
    Crowd with(Subscription added) {
        if (!(root instanceof Subscription[] all)) {
            return new Crowd(this, with((Leaves[]) root, added));
        }
        Subscription[] more = Leaves.with(all, added);
        if (more.length <= Leaves.LEAF_MAX) {
            return new Crowd(this, more);
        }
        @Nullable Leaves[] byPlace = {};
        for (Subscription each : more) {
            byPlace = with(byPlace, each);
        }
        return new Crowd(this, byPlace);
    }

    private static @Nullable Leaves[] with(@Nullable Leaves[] byPlace, Subscription added) {
        int place = place(added.destination());
        @Nullable Leaves[] copy = Arrays.copyOf(byPlace, Math.max(byPlace.length, place + 1));
        copy[place] = Leaves.with(copy[place], added);
        return copy;
    }

    /** One of these subscriptions less. */
    Subscribers without(Subscription removed) {
        if (root instanceof Subscription[] all) {
            Subscription[] rest = Leaves.without(all, removed);
            return rest.length < MIN ? Few.of(rest) : new Crowd(this, rest);
        }
        @Nullable Leaves[] copy = ((Leaves[]) root).clone();
        int place = place(removed.destination());
        Leaves leaves = copy[place];
        assert leaves != null : removed;
        copy[place] = leaves.without(removed);
        int size = size(copy);
        return new Crowd(this, size > Leaves.LEAF_MAX / 2 ? copy : merged(copy, size));
    }

    private static int size(@Nullable Leaves[] byPlace) {
        int size = 0;
        for (Leaves each : byPlace) {
            size += each == null ? 0 : each.size();
        }
        return size;
    }

    private static Subscription[] merged(@Nullable Leaves[] byPlace, int size) {
        Subscription[] all = new Subscription[size];
        int count = 0;
        for (Leaves each : byPlace) {
            count = each == null ? count : each.copyTo(all, count);
        }
        return all;
    }
}
