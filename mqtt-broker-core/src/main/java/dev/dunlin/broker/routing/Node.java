package dev.dunlin.broker.routing;

import org.jspecify.annotations.Nullable;

/** One level of the filters that have a wildcard somewhere, and what follows it. Immutable: a change makes a new node. */
final class Node extends Named { // hot
    private static final String SINGLE_LEVEL = "+";

    /** Those whose filter goes on with '#', the end. */
    final HashTrie<Subscription> descendants;

    /** The next levels that are text. */
    final HashTrie<Node> children;

    /** The next level that is '+'. */
    final @Nullable Node single;

    private Node(
            Named level,
            HashTrie<Subscription> subscribers,
            HashTrie<Subscription> descendants,
            HashTrie<Node> children,
            @Nullable Node single) {
        super(level.name, level.hash(), subscribers);
        this.descendants = descendants;
        this.children = children;
        this.single = single;
    }

    /** A level that nobody subscribes to yet. */
    static Node empty(String name, int hash) {
        return new Node(
                new Named(name, hash, HashTrie.empty()), HashTrie.empty(), HashTrie.empty(), HashTrie.empty(), null);
    }

    boolean isEmpty() {
        return subscribers.isEmpty() && descendants.isEmpty() && children.isEmpty() && single == null;
    }

    /** The next level of a filter, or null. */
    @Nullable
    Node next(Named.Part level) {
        return level.is(SINGLE_LEVEL) ? single : children.find(level);
    }

    /** This node with another next level, or without it if that is empty. */
    Node withNext(Node next) {
        boolean pruned = next.isEmpty();
        if (next.name.equals(SINGLE_LEVEL)) {
            return new Node(this, subscribers, descendants, children, pruned ? null : next);
        }
        HashTrie<Node> changed = pruned ? children.without(next) : children.with(next);
        return new Node(this, subscribers, descendants, changed, single);
    }

    Node withSubscribers(HashTrie<Subscription> changed) {
        return new Node(this, changed, descendants, children, single);
    }

    Node withDescendants(HashTrie<Subscription> changed) {
        return new Node(this, subscribers, changed, children, single);
    }
}
