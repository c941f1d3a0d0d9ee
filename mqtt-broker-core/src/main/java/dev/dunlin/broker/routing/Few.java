package dev.dunlin.broker.routing;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Two to five subscriptions of one filter, in fields: a match that has come to this object has them with it, and the
 * dashboards of a device cost one object. Immutable.
 */
final class Few implements Subscribers { // hot
    static final int MAX = 5;

    private final String filter;
    private final Subscription first;
    private final Subscription second;
    private final @Nullable Subscription third;
    private final @Nullable Subscription fourth;
    private final @Nullable Subscription fifth;
    private final byte mark;

    private Few(Subscription[] all) {
        assert all.length >= 2 && all.length <= MAX : all.length;
        first = all[0];
        second = all[1];
        third = all.length > 2 ? all[2] : null;
        fourth = all.length > 3 ? all[3] : null;
        fifth = all.length > 4 ? all[4] : null;
        filter = first.filter();
        mark = first.mark();
    }

    /** Two to {@link #MAX} of them. */
    static Few of(Subscription... all) {
        return new Few(all);
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
        sink.accept(first);
        sink.accept(second);
        if (third != null) {
            sink.accept(third);
            if (fourth != null) {
                sink.accept(fourth);
                if (fifth != null) {
                    sink.accept(fifth);
                }
            }
        }
    }

    @Nullable
    Subscription find(Destination destination) {
        Subscription[] all = all();
        int i = Leaves.indexOf(all, destination);
        return i < 0 ? null : all[i];
    }

    /** These and one more, which replaces the one of the same destination. */
    Subscribers with(Subscription added) {
        Subscription[] more = Leaves.with(all(), added);
        return more.length <= MAX ? new Few(more) : Crowd.of(more);
    }

    /** One of these subscriptions less. */
    Subscribers without(Subscription removed) {
        Subscription[] rest = Leaves.without(all(), removed);
        return rest.length == 1 ? rest[0] : new Few(rest);
    }

    private Subscription[] all() {
        @Nullable Subscription[] all = {first, second, third, fourth, fifth};
        int count = MAX;
        while (all[count - 1] == null) {
            count--;
        }
        return Arrays.copyOf(all, count);
    }
}
