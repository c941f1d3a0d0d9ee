package dev.dunlin.broker.routing;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The scratch space of a match: the nodes that a topic has reached so far, and what it has found. One per thread, reused. */
public final class Matcher { // hot
    private static final int INITIAL = 16;

    /** What is kept for the next match; one that needed more gives its space back. */
    private static final int KEPT_MAX = 1_024;

    private static final int WIDE = 256;

    /** The topic's levels: how many, where each ends, its hash. */
    private int levelCount;

    private int[] ends = new int[INITIAL];
    private long[] levels = new long[INITIAL];

    private @Nullable Node[] nodes = new Node[INITIAL];
    private int count;
    private @Nullable Node[] reached = new Node[INITIAL];
    private int reachedCount;
    private @Nullable Entry[] found = new Entry[INITIAL];
    private int foundCount;

    /** How many nodes at a time, and how many filters, there have been since the last {@link #end}. */
    private int nodesMax;

    private int foundMax;

    private boolean torn;

    /** Hashes each level of a topic, once for all that is looked for by it; returns the hash of all of them. */
    long read(String topic, KeyedHash hasher) {
        long all = KeyedHash.NO_LEVEL;
        levelCount = 0;
        for (int from = 0, to; from <= topic.length(); from = to + 1) {
            to = Topics.levelEnd(topic, from);
            if (levelCount == ends.length) {
                levels = Arrays.copyOf(levels, 2 * levelCount);
                ends = Arrays.copyOf(ends, 2 * levelCount); // last: it is what is asked
            }
            long level = hasher.hash(topic, from, to);
            ends[levelCount] = to;
            levels[levelCount++] = level;
            all = KeyedHash.joined(all, level);
        }
        return all;
    }

    int levelCount() {
        return levelCount;
    }

    /** Where a level ends in the topic. */
    int end(int level) {
        return ends[level];
    }

    /** A level's hash. */
    long hash(int level) {
        return levels[level];
    }

    /** Whether the topic has not what a filter with this mark wants of it. */
    boolean lacks(byte mark, String topic) {
        if (mark == Mark.NONE) {
            return false;
        }
        int level = Mark.position(mark);
        return level >= levelCount || !Mark.isLike(mark, topic, level == 0 ? 0 : ends[level - 1] + 1, ends[level]);
    }

    void begin() {
        count = 0;
        reachedCount = 0;
        foundMax = Math.max(foundMax, foundCount);
        foundCount = 0;
        torn = false;
    }

    /** What was met can't be of one moment. */
    void tear() {
        torn = true;
    }

    boolean isTorn() {
        return torn;
    }

    /** Whether this match takes so long that a change is likely to come before its end. */
    boolean isWide() {
        return foundCount > WIDE || nodesMax > WIDE;
    }

    int count() {
        return count;
    }

    @SuppressWarnings("NullAway") // below count
    Node node(int i) {
        return nodes[i];
    }

    /** Adds a node to the next level's. */
    void reach(Node node) {
        if (reachedCount == reached.length) {
            reached = Arrays.copyOf(reached, 2 * reachedCount);
        }
        reached[reachedCount++] = node;
    }

    /** Goes on to the next level's nodes; false if there are none. */
    boolean advance() {
        @Nullable Node[] free = nodes;
        nodes = reached;
        count = reachedCount;
        nodesMax = Math.max(nodesMax, count);
        reached = free;
        reachedCount = 0;
        return count > 0;
    }

    /** Adds subscribers, unless it is null. */
    void found(@Nullable Entry subscribers) {
        if (subscribers == null) {
            return;
        }
        if (foundCount == found.length) {
            found = Arrays.copyOf(found, 2 * foundCount);
        }
        found[foundCount++] = subscribers;
    }

    /** Number of filters found. */
    int foundCount() {
        return foundCount;
    }

    /** What was found first. */
    @SuppressWarnings("NullAway") // there is one
    Entry first() {
        return found[0];
    }

    /** Hands out a filter's subscribers, once. */
    @SuppressWarnings("NullAway") // below foundCount
    Entry take(int i) {
        Entry subscribers = found[i];
        found[i] = null;
        return subscribers;
    }

    /** Keeps no more space than most matches need, and nothing that could be removed meanwhile. */
    void end() {
        foundMax = Math.max(foundMax, foundCount);
        if (nodes.length > KEPT_MAX || reached.length > KEPT_MAX || found.length > KEPT_MAX) {
            nodes = new Node[INITIAL];
            reached = new Node[INITIAL];
            found = new Entry[INITIAL];
        } else {
            Arrays.fill(nodes, 0, Math.min(nodesMax, nodes.length), null);
            Arrays.fill(reached, 0, Math.min(nodesMax, reached.length), null);
            Arrays.fill(found, 0, foundMax, null);
        }
        if (ends.length > KEPT_MAX) {
            ends = new int[INITIAL];
            levels = new long[INITIAL];
        }
        nodesMax = 0;
        foundMax = 0;
        foundCount = 0;
    }
}
