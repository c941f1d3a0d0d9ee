package dev.dunlin.broker.routing;

import org.jspecify.annotations.Nullable;

/**
 * The subscribers of filters that have a wildcard somewhere. See {@link SubscriptionTree} for the algorithm. Changes need a
 * lock around them; {@link #match} may run beside one, and then tells what to make of it itself.
 */
final class WildcardTrie { // hot
    private final KeyedHash hasher;
    private final Node root = Node.root();

    /** What begins with a node's levels and then a level that is text; but for what the node has itself. */
    private final FilterTable children = new FilterTable();

    /** How many entries nodes have themselves. */
    private int firsts;

    WildcardTrie(KeyedHash hasher) {
        this.hasher = hasher;
    }

    boolean isEmpty() {
        return root.isEmpty();
    }

    /** Number of nodes and filters that are filed by a text level. As a change: no other at the same time. */
    int tableSize() {
        return children.size() + firsts;
    }

    // ---- match

    /** Adds the subscribers of every filter that matches to what the matcher has found. */
    void match(String topic, Matcher matcher) {
        boolean byNameOnly = topic.startsWith("$"); // the first level [3.1.1:MQTT-4.7.2-1] [5.0:MQTT-4.7.2-1]
        matcher.reach(root);
        int from = 0;
        for (int k = 0; k < matcher.levelCount() && matcher.advance(); k++) {
            int to = matcher.end(k);
            long level = matcher.hash(k);
            for (int i = 0; i < matcher.count(); i++) {
                Node node = matcher.node(i);
                matchChild(node, level, topic, from, to, matcher);
                if (!byNameOnly) {
                    matchSingle(node, topic, to, matcher);
                    matcher.found(node.descendants);
                }
            }
            byNameOnly = false;
            from = to + 1;
        }
        matcher.advance();
        for (int i = 0; i < matcher.count(); i++) {
            matcher.found(matcher.node(i).here);
            matcher.found(matcher.node(i).descendants); // a/# matches a
        }
    }

    /**
     * If there is a node for a level's name, it is that. If not, subscribers whose filter begins so. Those may be met beside
     * the node, too: they stand further down, and only happen to be filed under the same hash.
     */
    private void matchChild(Node node, long level, String topic, int from, int to, Matcher matcher) {
        int hash = node.hash(level);
        Entry only = matching(node.first(hash), node, topic, from, to, matcher);
        if (node.others > 0 && !(only instanceof Node)) {
            only = matchOther(only, hash, node, topic, from, to, matcher);
        }
        if (only instanceof Node next) {
            matcher.reach(next);
        } else {
            matcher.found(only);
        }
    }

    private @Nullable Entry matchOther(
            @Nullable Entry first, int hash, Node node, String topic, int from, int to, Matcher matcher) {
        FilterTable.Segment segment = children.segment(hash);
        Entry only = first;
        boolean parting = false; // into a node that can't be seen yet
        for (int i = segment.first(hash); i != FilterTable.NONE; i = segment.next(hash, i)) {
            Entry entry = matching(segment.entry(i), node, topic, from, to, matcher);
            if (entry instanceof Node) {
                return entry;
            }
            parting |= entry != null && only != null && only != entry;
            only = entry == null ? only : entry;
        }
        if (parting) {
            matcher.tear();
        }
        return only;
    }

    /** An entry that is the node of a level's name, or whose filter matches and may begin with a node's levels; or null. */
    private static @Nullable Entry matching(
            @Nullable Entry entry, Node node, String topic, int from, int to, Matcher matcher) {
        if (entry instanceof Node next) {
            return next.isNext(node, topic, from, to) ? next : null;
        }
        return entry != null
                        && !matcher.lacks(Subscribers.mark(entry), topic)
                        && isMatch(Subscribers.filter(entry), node, topic, from, to)
                ? entry
                : null;
    }

    /** Whether a filter matches that may begin with a node's levels: asked last, because it is seldom not so. */
    private static boolean isMatch(String filter, Node node, String topic, int from, int to) {
        return node.isNamedNext(filter, topic, from, to)
                && Topics.matches(filter, node.next + to - from + 1, topic, to + 1)
                && node.isBegun(filter);
    }

    private static void matchSingle(Node node, String topic, int to, Matcher matcher) {
        Entry single = node.single;
        if (single instanceof Node next) {
            matcher.reach(next);
        } else if (single != null
                && !matcher.lacks(Subscribers.mark(single), topic)
                && Topics.matches(Subscribers.filter(single), node.next + 2, topic, to + 1)) {
            matcher.found(single);
        }
    }

    // ---- changes

    /** Adds a subscription; returns the one that it replaces, or null. */
    @Nullable
    Subscription add(Subscription added) {
        Place place = new Place(added.filter());
        Subscribers present = place.subscribers();
        if (present == null && place.entry instanceof Subscribers other) {
            place.put(parting(place, other, added));
            return null;
        }
        Subscription replaced = present == null ? null : Subscribers.find(present, added.destination());
        place.put(Subscribers.with(present, added));
        return replaced;
    }

    /**
     * A node for the levels that two filters have in common, with another one below for each further level in common, and
     * their subscribers at the end. Nobody sees it yet; the others stay where they are, too, until it takes their place.
     */
    private Node parting(Place place, Subscribers other, Subscription added) {
        Node first = place.newNode();
        Node last = first;
        while (true) {
            Place ofOther = new Place(last, other.filter());
            Place ofAdded = new Place(last, added.filter());
            if (!ofOther.isSameAs(ofAdded)) {
                ofOther.reserve();
                ofAdded.reserve();
                ofOther.put(other);
                ofAdded.put(added);
                return first;
            }
            last = ofAdded.newNode();
            ofAdded.put(last);
        }
    }

    /** Removes a subscription; returns it, or null if there was none. */
    @Nullable
    Subscription remove(Destination destination, String filter) {
        Place place = new Place(filter);
        Subscribers present = place.subscribers();
        Subscription removed = present == null ? null : Subscribers.find(present, destination);
        if (present == null || removed == null) {
            return null;
        }
        Subscribers rest = Subscribers.without(present, removed);
        if (rest != null) {
            place.put(rest);
        } else {
            place.remove();
            prune(place.node);
        }
        return removed;
    }

    /** Removes a node that has become empty, and those above that have with it. */
    private void prune(Node from) {
        Node parent = from.parent;
        for (Node node = from; parent != null && node.isEmpty(); node = parent, parent = node.parent) {
            if (node.isSingle()) {
                parent.single = null;
            } else {
                removeChild(parent, node.hash(), node);
            }
        }
    }

    /** As {@link #matchChild}: the node, or else the subscribers whose filter begins so, or null. */
    private @Nullable Entry child(Node node, int hash, String text, int from, int to) {
        Entry only = begun(node.first(hash), node, text, from, to);
        FilterTable.Segment segment = children.segment(hash);
        for (int i = segment.first(hash); i != FilterTable.NONE && !(only instanceof Node); i = segment.next(hash, i)) {
            Entry entry = begun(segment.entry(i), node, text, from, to);
            only = entry == null ? only : entry;
        }
        return only;
    }

    private static @Nullable Entry begun(@Nullable Entry entry, Node node, String text, int from, int to) {
        boolean isBegun = entry instanceof Node next
                ? next.isNext(node, text, from, to)
                : entry != null && node.isBegun(Subscribers.filter(entry), text, from, to);
        return isBegun ? entry : null;
    }

    private void putChild(Node node, int hash, Entry entry) {
        if (node.first == null) {
            node.firstHash = hash;
            node.first = entry;
            firsts++;
        } else {
            children.put(hash, entry);
            node.others++;
        }
    }

    private void replaceChild(Node node, int hash, Entry present, Entry entry) {
        if (node.first == present) {
            node.first = entry;
        } else {
            children.replace(hash, present, entry);
        }
    }

    private void removeChild(Node node, int hash, Entry entry) {
        if (node.first == entry) {
            node.first = null;
            firsts--;
        } else {
            children.remove(hash, entry);
            node.others--;
        }
    }

    /** Where a filter goes on from a node, and what is there. */
    private final class Place {
        private final String filter;
        private Node node;
        private int end;
        private long level;
        private Kind kind = Kind.HERE;
        private @Nullable Entry entry;

        /** Where the filter's subscribers are, or would be, or where others are with which it has some levels in common. */
        Place(String filter) {
            this(root, filter);
            look();
            while (entry instanceof Node deeper) {
                node = deeper;
                step();
                look();
            }
        }

        /** The step from a node whose levels the filter begins with, where nothing is. */
        Place(Node node, String filter) {
            this.node = node;
            this.filter = filter;
            step();
        }

        private void step() {
            int from = node.next;
            end = from > filter.length() ? from : Topics.levelEnd(filter, from);
            char wildcard = end == from + 1 ? filter.charAt(from) : 0;
            if (from > filter.length()) {
                kind = Kind.HERE;
            } else if (wildcard == '+') {
                kind = Kind.SINGLE;
            } else if (wildcard == '#') {
                kind = Kind.DESCENDANTS;
            } else {
                kind = Kind.CHILD;
                level = hasher.hash(filter, from, end);
            }
        }

        private void look() {
            entry = switch (kind) {
                case HERE -> node.here;
                case SINGLE -> node.single;
                case DESCENDANTS -> node.descendants;
                case CHILD -> child(node, node.hash(level), filter, node.next, end);
            };
        }

        /** Those of just this filter, or null. */
        @Nullable
        Subscribers subscribers() {
            return entry instanceof Subscribers found && found.filter().equals(filter) ? found : null;
        }

        boolean isSameAs(Place other) {
            return kind == other.kind
                    && end == other.end
                    && (kind != Kind.CHILD
                            || filter.regionMatches(node.next, other.filter, node.next, end - node.next));
        }

        Node newNode() {
            return kind == Kind.SINGLE ? node.singleChild(filter) : node.child(filter, end, level);
        }

        void put(Entry changed) {
            switch (kind) {
                case HERE -> node.here = (Subscribers) changed;
                case DESCENDANTS -> node.descendants = (Subscribers) changed;
                case SINGLE -> node.single = changed;
                case CHILD -> putChild(changed);
            }
        }

        private void putChild(Entry changed) {
            if (entry != null) {
                replaceChild(node, node.hash(level), entry, changed);
            } else {
                WildcardTrie.this.putChild(node, node.hash(level), changed);
            }
        }

        /** For two that are put one after the other: from here on neither can fail. */
        void reserve() {
            if (kind == Kind.CHILD) {
                children.reserve(node.hash(level), 2);
            }
        }

        void remove() {
            switch (kind) {
                case HERE -> node.here = null;
                case DESCENDANTS -> node.descendants = null;
                case SINGLE -> node.single = null;
                case CHILD -> {
                    assert entry != null : filter;
                    removeChild(node, node.hash(level), entry);
                }
            }
        }
    }

    private enum Kind {
        HERE,
        CHILD,
        SINGLE,
        DESCENDANTS
    }
}
