package dev.dunlin.broker.routing;

import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * A walk through the values of a {@link RetainedIndex}, in the order of their topics' levels. It holds nothing but its
 * position, may rest as long as it likes, and reads a value when it gets there: a topic that has a value during the whole walk
 * is seen exactly once, one that gets or loses it meanwhile is seen or not. One thread at a time.
 */
public final class Cursor<V> {
    private final RetainedIndex<V> index;
    private final TopicRange range;

    /** Where to look next; null at the end. */
    private @Nullable String place;

    private @Nullable String key;
    private @Nullable V value;
    private long ticket;

    Cursor(RetainedIndex<V> index, String filter, String start) {
        this.index = index;
        this.range = new TopicRange(filter);
        this.place = start.compareTo(range.first()) > 0 ? start : range.first();
    }

    /**
     * Goes on to the next value, however many topics it must look at for that: in a loop use {@link #next(int)}.
     *
     * @return false at the end
     */
    public boolean next() {
        return next(Integer.MAX_VALUE);
    }

    /**
     * Goes on to the next value, but looks at a limited number of topics: where many that don't match stand between, the walk
     * is a long one.
     *
     * @param topicsMax at least 1
     * @return false at the end, if {@link #isAtEnd()}, or if no value has been found yet
     */
    public boolean next(int topicsMax) {
        key = null;
        value = null;
        for (int looked = 0; looked < topicsMax && place != null && value == null; looked++) {
            Map.Entry<String, RetainedIndex.Entry<V>> found = index.ceiling(place);
            if (found == null) {
                place = null;
            } else {
                visit(found.getKey(), found.getValue());
            }
        }
        return value != null;
    }

    /** Whether the walk is over. Stays so, whatever is put. */
    public boolean isAtEnd() {
        return place == null && value == null;
    }

    private void visit(String found, RetainedIndex.Entry<V> entry) {
        String candidate = range.candidate(found);
        if (found.equals(candidate)) {
            key = found;
            value = entry.value; // null in a tombstone
            ticket = entry.ticket;
            place = TopicRange.after(found);
        } else {
            assert candidate == null || candidate.compareTo(found) > 0 : found;
            place = candidate;
        }
    }

    /** The topic that the last {@link #next()} came to; where {@link RetainedIndex#cursor(String, String)} goes on. */
    public String topic() {
        return RetainedIndex.topic(present(key));
    }

    public V value() {
        return present(value);
    }

    public long ticket() {
        present(value);
        return ticket;
    }

    private static <T> T present(@Nullable T part) {
        if (part == null) {
            throw new NoSuchElementException("next() has not returned true");
        }
        return part;
    }
}
