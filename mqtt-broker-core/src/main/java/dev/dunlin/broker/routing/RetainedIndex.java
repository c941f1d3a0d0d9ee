package dev.dunlin.broker.routing;

import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Retained values by topic, each with the ticket of the change that set it, and the walk through those that match a filter.
 *
 * <p>One sorted map without locks, in which topics are ordered level by level: its keys are the topics with U+0000, which no
 * topic contains, in the place of '/', so that the natural order of strings puts all that lies below a topic right behind it.
 * A walk is a sequence of seeks: past what is below a level that can't match in one step, and from one topic alone to the
 * next, so that a {@link Cursor} holds on to nothing but its position and may rest for days. A tree with a map per level
 * would find a single topic faster, but has branches to prune while others put into them, and iterators that a resting
 * cursor keeps alive.
 *
 * <p><b>Tickets.</b> Changes of one topic may arrive in another order than that of their tickets; the highest ticket wins. A
 * removal must win too over a put of a lower ticket that comes later, so it leaves a tombstone, which only {@link
 * #forgetTombstones} takes away: the owner of the tickets knows below which one no change is under way any more, and has
 * to say so often enough: between two such calls every removal leaves a tombstone.
 *
 * <p>Any thread may call any method.
 */
public final class RetainedIndex<V> {
    /** The ticket of a topic that has neither value nor tombstone. */
    public static final long NO_TICKET = -1;

    private final ConcurrentSkipListMap<String, Entry<V>> entries = new ConcurrentSkipListMap<>();
    private final ToIntFunction<V> weigher;
    private final AtomicInteger size = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();

    /** Roughly by ticket: a tombstone may wait behind one of a higher ticket and lives longer then, never shorter. */
    private final Queue<Tombstone<V>> tombstones = new ConcurrentLinkedQueue<>();

    private volatile long forgottenBelow;

    /**
     * An empty index.
     *
     * @param weigher about how many bytes a value occupies, its topic in the index left out; of one value always the same
     */
    public RetainedIndex(ToIntFunction<V> weigher) {
        this.weigher = weigher;
    }

    /**
     * Sets the value of a topic unless a higher ticket was there already.
     *
     * @param value an object that isn't in the index, else nobody could tell what is returned
     * @param ticket from 0, not below what {@link #forgetTombstones} was told
     * @return the value replaced, or null if there was none; the given value itself if it was not stored
     */
    public @Nullable V put(String topic, V value, long ticket) {
        Change<V> change = apply(topic, new Entry<>(value, ticket));
        if (change.isRefused()) {
            return value;
        }
        V replaced = change.valueBefore();
        if (replaced == null) {
            size.incrementAndGet();
            bytes.addAndGet(bytes(topic, value));
        } else {
            bytes.addAndGet(weigher.applyAsInt(value) - weigher.applyAsInt(replaced));
        }
        return replaced;
    }

    /**
     * Removes the value of a topic unless a higher ticket was there already. Also of a topic that has none the ticket is
     * remembered: a put of a lower one may be on its way.
     *
     * @param ticket from 0, not below what {@link #forgetTombstones} was told
     * @return the value removed, or null if there was none or it stays
     */
    public @Nullable V remove(String topic, long ticket) {
        Entry<V> tombstone = new Entry<>(null, ticket);
        Change<V> change = apply(topic, tombstone);
        if (change.isRefused()) {
            return null;
        }
        tombstones.add(new Tombstone<>(key(topic), tombstone));
        V removed = change.valueBefore();
        if (removed != null) {
            left(topic, removed);
        }
        return removed;
    }

    /**
     * Removes a value that has expired, if it is still there; nothing else changes. Its ticket stays remembered.
     *
     * @return whether it was there
     */
    public boolean expire(String topic, V value) {
        Entry<V> present = entries.get(key(topic));
        if (present == null || present.value != value) {
            return false;
        }
        Entry<V> tombstone = new Entry<>(null, present.ticket);
        if (!entries.replace(key(topic), present, tombstone)) {
            return false;
        }
        tombstones.add(new Tombstone<>(key(topic), tombstone));
        left(topic, value);
        return true;
    }

    private void left(String topic, V value) {
        size.decrementAndGet();
        bytes.addAndGet(-bytes(topic, value));
    }

    /** Hands every value over, whatever its topic, and is empty then. Nobody else may be using it. */
    public void clear(Consumer<V> former) {
        for (Entry<V> entry : entries.values()) {
            if (entry.value != null) {
                former.accept(entry.value);
            }
        }
        entries.clear();
        tombstones.clear();
        size.set(0);
        bytes.set(0);
    }

    private Change<V> apply(String topic, Entry<V> entry) {
        assert Topics.isValidTopic(topic) : topic;
        assert entry.ticket >= forgottenBelow : entry.ticket + " after all below " + forgottenBelow + " were done";
        Change<V> change = new Change<>(entry);
        entries.compute(key(topic), change);
        return change;
    }

    /** The value of a topic, or null. */
    public @Nullable V get(String topic) {
        Entry<V> entry = entries.get(key(topic));
        return entry == null ? null : entry.value;
    }

    /** The ticket of the change that set or removed the topic's value, or {@link #NO_TICKET} if that isn't known. */
    public long ticketOf(String topic) {
        Entry<V> entry = entries.get(key(topic));
        return entry == null ? NO_TICKET : entry.ticket;
    }

    /** Number of topics with a value; a change shows here a moment later than in its topic. */
    public int size() {
        return size.get();
    }

    /** About what the values and their topics occupy; a change shows here a moment later than in its topic. */
    public long bytes() {
        return bytes.get();
    }

    private long bytes(String topic, V value) {
        return topic.length() + (long) weigher.applyAsInt(value);
    }

    /**
     * Forgets the removals below a ticket.
     *
     * @param ticket no put and no removal with a lower ticket is under way or comes later
     */
    public void forgetTombstones(long ticket) {
        synchronized (tombstones) {
            forgottenBelow = Math.max(forgottenBelow, ticket);
            for (Tombstone<V> next = tombstones.peek(); next != null; next = tombstones.peek()) {
                if (next.entry.ticket >= ticket) {
                    return;
                }
                tombstones.remove();
                entries.remove(next.key, next.entry); // unless something newer is there
            }
        }
    }

    /** A walk through the values whose topics match a filter, in the order of their levels. */
    public Cursor<V> cursor(String filter) {
        return new Cursor<>(this, filter, "");
    }

    /**
     * A walk that goes on where another one, of the same filter, stopped.
     *
     * @param afterTopic the last topic seen; it need not be there any more
     */
    public Cursor<V> cursor(String filter, String afterTopic) {
        return new Cursor<>(this, filter, TopicRange.after(key(afterTopic)));
    }

    Map.@Nullable Entry<String, Entry<V>> ceiling(String key) {
        return entries.ceilingEntry(key);
    }

    static String topic(String key) {
        return key.replace(TopicRange.SEPARATOR, '/');
    }

    static String key(String topic) {
        return topic.replace('/', TopicRange.SEPARATOR);
    }

    /** A value with its ticket, or a tombstone. Compared by identity. */
    static final class Entry<V> {
        final @Nullable V value;
        final long ticket;

        Entry(@Nullable V value, long ticket) {
            this.value = value;
            this.ticket = ticket;
        }
    }

    private record Tombstone<V>(String key, Entry<V> entry) {}

    /** One change of one entry. The map repeats it until nobody interferes; what it saw last is what it replaced. */
    private static final class Change<V> implements BiFunction<String, @Nullable Entry<V>, Entry<V>> {
        private final Entry<V> entry;
        private @Nullable Entry<V> before;

        Change(Entry<V> entry) {
            this.entry = entry;
        }

        @Override
        public Entry<V> apply(String key, @Nullable Entry<V> present) {
            before = present;
            return present != null && present.ticket > entry.ticket ? present : entry;
        }

        boolean isRefused() {
            return before != null && before.ticket > entry.ticket;
        }

        @Nullable
        V valueBefore() {
            return before == null ? null : before.value;
        }
    }
}
