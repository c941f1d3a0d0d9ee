package dev.dunlin.broker.routing;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * All subscriptions by filter, and the match of a topic against them.
 *
 * <p>Filters without wildcards stand in one {@link FilterTable} by the whole filter, the common case and one look-up for a
 * topic. The others stand in a trie by level, in which a filter takes up no more levels than it needs to be told from the
 * others: where only one is left, its subscribers stand, and what remains of it is compared. Only where several filters part
 * is there a {@link Node}; the steps from all nodes by all names are in one more table. So a filter costs one slot of a table
 * and its subscriptions, however long it is, unless others begin with the same levels. All hashes are keyed, and never
 * trusted: what a table yields is compared by its text.
 *
 * <p>The match goes through the trie level by level, with the set of nodes that the topic has reached, as one runs a
 * nondeterministic automaton: hashing each level once, and without recursion, so that neither depth nor wildcards cost stack.
 * The set lives in the caller's {@link Matcher}; a match allocates nothing.
 *
 * <p>Readers take no lock. A change gets visible by one store, of the subscribers of one filter, which are immutable, or of a
 * node with all that is below; then it moves {@link #generation()}. A match first gathers what it finds, without looking
 * inside, and is valid if the generation is then what it was before: there was at most one such store meanwhile, so that what
 * it has found are the subscriptions of one moment, and a client that replaces one filter by another misses nothing in
 * between. If not, it begins anew; after some attempts, or one that took long, it waits for the writers' lock, which is never
 * held for long. That is
 * the price for changing tables in place: a persistent structure, which copies what lies on the path to a filter, needs no
 * second attempt, but several times the space, and a match follows more references per level.
 *
 * <p>Who takes the generation before a match may keep the result for as long as the generation stays the same.
 *
 * <p>Any thread may call any method; changes wait for each other.
 */
public final class SubscriptionTree { // hot
    /** A match takes a microsecond or two: others must change subscriptions at such a rate for all of them to fail. */
    private static final int ATTEMPTS_MAX = 4;

    private final Object changing = new Object();
    private final KeyedHash hasher;
    private final FilterTable exact = new FilterTable();
    private final WildcardTrie wildcards;
    private int size;
    private volatile long generation;

    /** An empty tree whose names and filters are hashed under a secret key. */
    public SubscriptionTree(KeyedHash hasher) {
        this.hasher = hasher;
        wildcards = new WildcardTrie(hasher);
    }

    /**
     * The targets of a topic: one per destination, whatever the number of its matching subscriptions.
     *
     * @param topic valid by {@link Topics#isValidTopic}
     * @param collector used by one thread at a time
     * @param loops number of loops: each destination's {@link Destination#loopIndex()} is below
     */
    public Targets targets(String topic, TargetCollector collector, int loops) {
        Matcher matcher = collector.matcher;
        long now = find(topic, matcher);
        if (matcher.foundCount() == 1 && matcher.first() instanceof Crowd crowd && crowd.isByLoop()) {
            matcher.end();
            collector.pause();
            return crowd.targets(loops, now);
        }
        collector.begin(loops, matcher.foundCount());
        pass(matcher, collector);
        return collector.end(loops, now);
    }

    /**
     * Passes every subscription whose filter matches to the sink.
     *
     * @param topic valid by {@link Topics#isValidTopic}
     * @param matcher used by one thread at a time
     */
    public void match(String topic, Matcher matcher, MatchSink sink) {
        find(topic, matcher);
        pass(matcher, sink);
    }

    private static void pass(Matcher matcher, MatchSink sink) {
        for (int i = 0; i < matcher.foundCount(); i++) {
            Subscribers.pass(matcher.take(i), sink);
        }
        matcher.end();
    }

    /** Gathers the subscribers of one moment; returns the generation then. */
    private long find(String topic, Matcher matcher) {
        int hash = FilterTable.hash(matcher.read(topic, hasher));
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            long before = generation;
            gather(topic, hash, matcher);
            VarHandle.acquireFence(); // all that was read comes before what is read now
            if (generation == before && !matcher.isTorn()) {
                return before;
            }
            if (matcher.isWide()) {
                break;
            }
        }
        synchronized (changing) {
            gather(topic, hash, matcher);
            return generation;
        }
    }

    private void gather(String topic, int hash, Matcher matcher) {
        matcher.begin();
        matcher.found(exact(topic, hash));
        if (!wildcards.isEmpty()) {
            wildcards.match(topic, matcher);
        }
    }

    /** The subscribers of just this filter, or null. */
    private @Nullable Entry exact(String filter, int hash) {
        FilterTable.Segment segment = exact.segment(hash);
        for (int i = segment.first(hash); i != FilterTable.NONE; i = segment.next(hash, i)) {
            Entry entry = segment.entry(i);
            if (entry != null && Subscribers.filter(entry).equals(filter)) {
                return entry;
            }
        }
        return null;
    }

    /**
     * Adds a subscription.
     *
     * @return the one that it replaces, of the same destination and filter, or null
     */
    public @Nullable Subscription add(Subscription added) {
        synchronized (changing) {
            Subscription replaced = Topics.hasWildcard(added.filter()) ? wildcards.add(added) : addExact(added);
            size += replaced == null ? 1 : 0;
            generation++;
            return replaced;
        }
    }

    private @Nullable Subscription addExact(Subscription added) {
        int hash = FilterTable.hash(hasher.hashOfLevels(added.filter()));
        Subscribers present = (Subscribers) exact(added.filter(), hash);
        if (present == null) {
            exact.put(hash, added);
            return null;
        }
        exact.replace(hash, present, Subscribers.with(present, added));
        return Subscribers.find(present, added.destination());
    }

    /**
     * Removes a subscription. Whoever matches after this has returned doesn't meet it; a match already running may.
     *
     * @return the removed one, or null if there was none
     */
    public @Nullable Subscription remove(Destination destination, String filter) {
        synchronized (changing) {
            Subscription removed = Topics.hasWildcard(filter)
                    ? wildcards.remove(destination, filter)
                    : removeExact(destination, filter);
            if (removed != null) {
                size--;
                generation++;
            }
            return removed;
        }
    }

    private @Nullable Subscription removeExact(Destination destination, String filter) {
        int hash = FilterTable.hash(hasher.hashOfLevels(filter));
        Subscribers present = (Subscribers) exact(filter, hash);
        Subscription removed = present == null ? null : Subscribers.find(present, destination);
        if (present == null || removed == null) {
            return null;
        }
        Subscribers rest = Subscribers.without(present, removed);
        if (rest == null) {
            exact.remove(hash, present);
        } else {
            exact.replace(hash, present, rest);
        }
        return removed;
    }

    /** Number of subscriptions. Waits for a change under way. */
    public int size() {
        synchronized (changing) {
            return size;
        }
    }

    /** Filters without subscribers, and nodes that nothing is below, would count here. */
    int tableSize() {
        synchronized (changing) {
            return exact.size() + wildcards.tableSize() + (wildcards.isEmpty() ? 0 : 1);
        }
    }

    /** Grows with every change, after the change can be seen. */
    public long generation() {
        return generation;
    }
}
