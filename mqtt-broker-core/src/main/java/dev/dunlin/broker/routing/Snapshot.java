package dev.dunlin.broker.routing;

/**
 * All subscriptions at one moment: those of filters without wildcards by the whole filter, the others by level. Immutable.
 *
 * @param size number of subscriptions
 */
record Snapshot(HashTrie<Named> exact, Node wildcards, int size) {
    static final Snapshot EMPTY = new Snapshot(HashTrie.empty(), Node.empty("", 0), 0);

    private static final String MULTI_LEVEL = "#";

    /** The subscribers of exactly this filter. */
    HashTrie<Subscription> subscribers(KeyedHash hasher, String filter) {
        if (Topics.hasWildcard(filter)) {
            return new Path(hasher, filter).subscribers();
        }
        Named entry = exact.find(new Named.Part().set(hasher, filter, 0, filter.length()));
        return entry == null ? HashTrie.empty() : entry.subscribers;
    }

    /** These subscriptions with other subscribers of one filter. */
    Snapshot with(KeyedHash hasher, String filter, HashTrie<Subscription> subscribers, int newSize) {
        if (Topics.hasWildcard(filter)) {
            return new Snapshot(exact, new Path(hasher, filter).rootWith(subscribers), newSize);
        }
        Named entry = new Named(filter, (int) hasher.hash(filter), subscribers);
        return new Snapshot(subscribers.isEmpty() ? exact.without(entry) : exact.with(entry), wildcards, newSize);
    }

    /** The nodes of a filter's levels from the root down, empty ones where the tree has none. */
    private final class Path {
        private final Node[] nodes;
        private final boolean toDescendants;
        private int last;

        Path(KeyedHash hasher, String filter) {
            toDescendants = filter.endsWith(MULTI_LEVEL);
            int levels = Topics.levels(filter);
            nodes = new Node[1 + (toDescendants ? levels - 1 : levels)];
            nodes[0] = wildcards;
            Named.Part level = new Named.Part();
            for (int from = 0, to; last < nodes.length - 1; from = to + 1) {
                to = Topics.levelEnd(filter, from);
                Node next = nodes[last].next(level.set(hasher, filter, from, to));
                nodes[++last] = next != null ? next : Node.empty(filter.substring(from, to), level.hash());
            }
        }

        HashTrie<Subscription> subscribers() {
            return toDescendants ? nodes[last].descendants : nodes[last].subscribers;
        }

        /** The root after the subscribers have changed; nodes that have become empty are gone. */
        Node rootWith(HashTrie<Subscription> subscribers) {
            Node changed =
                    toDescendants ? nodes[last].withDescendants(subscribers) : nodes[last].withSubscribers(subscribers);
            for (int i = last - 1; i >= 0; i--) {
                changed = nodes[i].withNext(changed);
            }
            return changed;
        }
    }
}
