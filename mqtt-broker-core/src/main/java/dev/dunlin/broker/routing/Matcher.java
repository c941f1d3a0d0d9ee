package dev.dunlin.broker.routing;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The scratch space of a match: the nodes that a topic has reached so far. One per thread, reused. */
public final class Matcher { // hot
    private static final int NODES_INITIAL = 16;

    /** What is kept for the next match; one that needed more gives its space back. */
    private static final int NODES_KEPT_MAX = 1_024;

    final Named.Part level = new Named.Part();

    private @Nullable Node[] nodes = new Node[NODES_INITIAL];
    private int count;
    private @Nullable Node[] added = new Node[NODES_INITIAL];
    private int addedCount;

    void begin(Node root) {
        nodes[0] = root;
        count = 1;
        addedCount = 0;
    }

    boolean isEmpty() {
        return count == 0;
    }

    int count() {
        return count;
    }

    @SuppressWarnings("NullAway") // below count
    Node node(int i) {
        return nodes[i];
    }

    /** Adds a node to the next level's, unless it is null. */
    void add(@Nullable Node node) {
        if (node == null) {
            return;
        }
        if (addedCount == added.length) {
            added = Arrays.copyOf(added, 2 * addedCount);
        }
        added[addedCount++] = node;
    }

    /** Goes on to the next level's nodes. */
    void advance() {
        Arrays.fill(nodes, 0, count, null);
        @Nullable Node[] free = nodes;
        nodes = added;
        count = addedCount;
        added = free;
        addedCount = 0;
    }

    /** Keeps no node alive. */
    void end() {
        Arrays.fill(nodes, 0, count, null);
        count = 0;
        if (nodes.length > NODES_KEPT_MAX) {
            nodes = new Node[NODES_INITIAL];
        }
        if (added.length > NODES_KEPT_MAX) {
            added = new Node[NODES_INITIAL];
        }
    }
}
