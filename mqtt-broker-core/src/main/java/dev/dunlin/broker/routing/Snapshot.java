package dev.dunlin.broker.routing;

/**
 * All subscriptions at one moment: those of filters without wildcards by the whole filter, the others by level. Immutable.
 *
 * @param size number of subscriptions
 */
record Snapshot(HashTrie<Named> exact, Node wildcards, int size) {
    static final Snapshot EMPTY = new Snapshot(HashTrie.empty(), Node.empty("", 0), 0);

    private static final String MULTI_LEVEL = "#";

    /** The place of a filter, whether anybody subscribes to it or not. */
    Place at(String filter, KeyedHash hasher) {
        return Topics.hasWildcard(filter) ? new Path(filter, hasher) : new Exact(filter, hasher);
    }

    /** Where the subscribers of one filter are kept. */
    sealed interface Place {
        HashTrie<Subscription> subscribers();

        /** The snapshot after these subscribers have taken the place of the ones before. */
        Snapshot with(HashTrie<Subscription> subscribers, int newSize);
    }

    private final class Exact implements Place {
        private final Named.Part filter;

        Exact(String filter, KeyedHash hasher) {
            this.filter = new Named.Part().set(hasher, filter, 0, filter.length());
        }

        @Override
        public HashTrie<Subscription> subscribers() {
            Named found = exact.find(filter);
            return found == null ? HashTrie.empty() : found.subscribers;
        }

        @Override
        public Snapshot with(HashTrie<Subscription> subscribers, int newSize) {
            Named changed = new Named(filter.text(), filter.hash(), subscribers);
            return new Snapshot(
                    subscribers.isEmpty() ? exact.without(changed) : exact.with(changed), wildcards, newSize);
        }
    }

    /** The nodes of a filter's levels from the root down, empty ones where the trie has none. */
    private final class Path implements Place {
        private final Node[] nodes;
        private final boolean toDescendants;
        private int last;

        Path(String filter, KeyedHash hasher) {
            toDescendants = filter.endsWith(MULTI_LEVEL);
            int levels = Topics.levels(filter);
            nodes = new Node[1 + (toDescendants ? levels - 1 : levels)];
            nodes[0] = wildcards;
            Named.Part level = new Named.Part();
            for (int from = 0, to; last < nodes.length - 1; from = to + 1) {
                to = Topics.levelEnd(filter, from);
                Node next = nodes[last].next(level.set(hasher, filter, from, to));
                nodes[++last] = next != null ? next : Node.empty(level.text(), level.hash());
            }
        }

        @Override
        public HashTrie<Subscription> subscribers() {
            return toDescendants ? nodes[last].descendants : nodes[last].subscribers;
        }

        /** Nodes that have become empty are gone. */
        @Override
        public Snapshot with(HashTrie<Subscription> subscribers, int newSize) {
            Node changed =
                    toDescendants ? nodes[last].withDescendants(subscribers) : nodes[last].withSubscribers(subscribers);
            for (int i = last - 1; i >= 0; i--) {
                changed = nodes[i].withNext(changed);
            }
            return new Snapshot(exact, changed, newSize);
        }
    }
}
