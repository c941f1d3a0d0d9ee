package dev.dunlin.broker.routing;

import org.jspecify.annotations.Nullable;

/**
 * All subscriptions by filter, and the match of a topic against them.
 *
 * <p>A persistent structure: a change copies what lies on the path to one filter and swaps one root, so a match works on the
 * subscriptions of one moment, without a lock, whatever is changed meanwhile. Filters without wildcards stand in one set by
 * the whole filter, the common case and one lookup for a topic; the others in a trie by level. Next levels, whole filters
 * and the subscribers of one filter are all kept in the same {@link HashTrie}, so a change costs about as much with 100,000
 * subscribers on one filter, or names in one level, as with ten.
 *
 * <p>The match goes through the trie level by level, with the set of nodes that the topic has reached, as one runs a
 * nondeterministic automaton: hashing each level once, and without recursion, so that neither depth nor wildcards cost stack.
 * The set lives in the caller's {@link Matcher}; a match allocates nothing.
 *
 * <p>A change first swaps the root, then moves {@link #generation()}. Who takes the generation before a match may keep the
 * result for as long as the generation stays the same.
 *
 * <p>Any thread may call any method; changes wait for each other.
 */
public final class SubscriptionTree { // hot
    private final Object changing = new Object();
    private final KeyedHash hasher;
    private volatile Snapshot current = Snapshot.EMPTY;
    private volatile long generation;

    /** An empty tree whose names and filters are hashed under a secret key. */
    public SubscriptionTree(KeyedHash hasher) {
        this.hasher = hasher;
    }

    /**
     * The targets of a topic: one per destination, whatever the number of its matching subscriptions.
     *
     * @param topic valid by {@link Topics#isValidTopic}
     * @param collector used by one thread at a time
     * @param loops number of loops: each destination's {@link Destination#loopIndex()} is below
     */
    public Targets targets(String topic, TargetCollector collector, int loops) {
        collector.begin(loops);
        long before = generation;
        match(topic, collector.matcher, collector);
        return collector.end(loops, before);
    }

    /**
     * Passes every subscription whose filter matches to the sink.
     *
     * @param topic valid by {@link Topics#isValidTopic}
     * @param matcher used by one thread at a time
     */
    public void match(String topic, Matcher matcher, MatchSink sink) {
        Snapshot now = current;
        Named exact = now.exact().find(matcher.level.set(hasher, topic, 0, topic.length()));
        if (exact != null) {
            exact.subscribers.forEach(sink);
        }
        if (!now.wildcards().isEmpty()) {
            matchWildcards(now.wildcards(), topic, matcher, sink);
        }
    }

    private void matchWildcards(Node root, String topic, Matcher reached, MatchSink sink) {
        boolean byNameOnly = topic.startsWith("$"); // the first level [3.1.1:MQTT-4.7.2-1] [5.0:MQTT-4.7.2-1]
        reached.begin(root);
        for (int from = 0, to; from <= topic.length() && !reached.isEmpty(); from = to + 1) {
            to = Topics.levelEnd(topic, from);
            reached.level.set(hasher, topic, from, to);
            for (int i = 0; i < reached.count(); i++) {
                Node node = reached.node(i);
                reached.add(node.children.find(reached.level));
                if (!byNameOnly) {
                    reached.add(node.single);
                    node.descendants.forEach(sink);
                }
            }
            reached.advance();
            byNameOnly = false;
        }
        for (int i = 0; i < reached.count(); i++) {
            reached.node(i).subscribers.forEach(sink);
            reached.node(i).descendants.forEach(sink); // a/# matches a
        }
        reached.end();
    }

    /**
     * Adds a subscription.
     *
     * @return the one that it replaces, of the same destination and filter, or null
     */
    public @Nullable Subscription add(Subscription added) {
        synchronized (changing) {
            Snapshot before = current;
            Snapshot.Place place = before.at(added.filter(), hasher);
            Subscription replaced = place.subscribers().find(added);
            int size = replaced == null ? before.size() + 1 : before.size();
            current = place.with(place.subscribers().with(added), size);
            generation++;
            return replaced;
        }
    }

    /**
     * Removes a subscription. Whoever matches after this has returned doesn't meet it; a match already running may.
     *
     * @return the removed one, or null if there was none
     */
    public @Nullable Subscription remove(Destination destination, String filter) {
        HashTrie.Key<Subscription> key = Subscription.keyOf(destination);
        synchronized (changing) {
            Snapshot before = current;
            Snapshot.Place place = before.at(filter, hasher);
            Subscription removed = place.subscribers().find(key);
            if (removed != null) {
                current = place.with(place.subscribers().without(key), before.size() - 1);
                generation++;
            }
            return removed;
        }
    }

    /** Number of subscriptions. */
    public int size() {
        return current.size();
    }

    /** Grows with every change, after the change can be seen. */
    public long generation() {
        return generation;
    }
}
