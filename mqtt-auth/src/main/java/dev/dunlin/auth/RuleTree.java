package dev.dunlin.auth;

import org.jspecify.annotations.Nullable;

/**
 * Rules by the levels of their filters: one walk along a topic finds what all that match it say. A level's name is hashed while
 * its end is looked for, and compared where the hash is that of a child: nothing is cut out of the topic, nothing allocated.
 *
 * <p>Built by one thread, then read by any.
 */
// hot
final class RuleTree {
    /** It may be sent messages. */
    static final int READ = 1;

    /** It may publish. */
    static final int WRITE = 2;

    /** Neither, whatever else says so. */
    static final int DENY = 4;

    static final RuleTree EMPTY = new RuleTree();

    private final Node root = new Node("", 0);

    /** While it is built. The filter is valid, or one without wildcards. */
    void add(String filter, int bits) {
        Node at = root;
        int from = 0;
        while (from <= filter.length()) {
            int end = Filters.levelEnd(filter, from);
            String level = filter.substring(from, end);
            if (level.equals("#")) {
                at.below |= bits;
                return;
            }
            at = level.equals("+") ? at.anyOrNew() : at.childOrNew(level);
            from = end + 1;
        }
        at.here |= bits;
    }

    /**
     * What the rules say that match a topic, all together: some of {@link #READ}, {@link #WRITE} and {@link #DENY}. Wildcards
     * at the beginning don't match a topic that begins with '$' [5.0:MQTT-4.7.2-1].
     */
    int match(String topic) {
        if (root.size == 0 && root.any == null) {
            return isHidden(topic) ? 0 : root.below;
        }
        if (!isHidden(topic)) {
            return match(root, topic, 0);
        }
        int end = Filters.levelEnd(topic, 0);
        Node first = root.child(hash(topic, 0, end), topic, 0, end);
        return first == null ? 0 : match(first, topic, end + 1);
    }

    private static boolean isHidden(String topic) {
        return !topic.isEmpty() && topic.charAt(0) == '$';
    }

    /** Calls itself for a '+' only, of which a filter has no more than levels. */
    private static int match(Node from, String topic, int start) {
        int bits = 0;
        Node at = from;
        int begin = start;
        while (true) {
            bits |= at.below;
            if (begin > topic.length()) {
                return bits | at.here;
            }
            int end = begin;
            int hash = 0;
            while (end < topic.length() && topic.charAt(end) != '/') {
                hash = 31 * hash + topic.charAt(end);
                end++;
            }
            if (at.any != null) {
                bits |= match(at.any, topic, end + 1);
            }
            Node next = at.child(hash, topic, begin, end);
            if (next == null) {
                return bits;
            }
            at = next;
            begin = end + 1;
        }
    }

    private static int hash(String text, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        return hash;
    }

    /** A level of filters. Its children stand in a table by their hash, at most half full. */
    private static final class Node {
        private static final Node[] NONE = new Node[1];

        private final String name;
        private final int hash;

        /** What rules say that end here. */
        private int here;

        /** What rules say that go on with '#'. */
        private int below;

        private @Nullable Node any;
        private @Nullable Node[] children = NONE;
        private int size;

        Node(String name, int hash) {
            this.name = name;
            this.hash = hash;
        }

        @Nullable
        Node child(int wanted, String topic, int from, int to) {
            int mask = children.length - 1;
            int slot = spread(wanted) & mask;
            Node found = children[slot];
            while (found != null && !found.is(wanted, topic, from, to)) {
                slot = (slot + 1) & mask;
                found = children[slot];
            }
            return found;
        }

        private boolean is(int wanted, String topic, int from, int to) {
            return hash == wanted && name.length() == to - from && topic.startsWith(name, from);
        }

        private static int spread(int hash) {
            return hash ^ (hash >>> 16);
        }

        Node anyOrNew() {
            Node next = any == null ? new Node("+", 0) : any;
            any = next;
            return next;
        }

        Node childOrNew(String level) {
            int wanted = RuleTree.hash(level, 0, level.length());
            Node known = child(wanted, level, 0, level.length());
            if (known != null) {
                return known;
            }
            if (2 * (size + 1) > children.length) {
                grow();
            }
            Node added = new Node(level, wanted);
            put(added);
            size++;
            return added;
        }

        private void grow() {
            @Nullable Node[] old = children;
            children = new Node[2 * old.length];
            for (Node child : old) {
                if (child != null) {
                    put(child);
                }
            }
        }

        private void put(Node child) {
            int slot = spread(child.hash) & (children.length - 1);
            while (children[slot] != null) {
                slot = (slot + 1) & (children.length - 1);
            }
            children[slot] = child;
        }
    }
}
