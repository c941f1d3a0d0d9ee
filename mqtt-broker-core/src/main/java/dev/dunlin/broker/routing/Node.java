package dev.dunlin.broker.routing;

import org.jspecify.annotations.Nullable;

/**
 * Where filters part: the levels that several filters, each with a wildcard somewhere, have in common from their beginning.
 * What comes after them is text, found in the trie's {@link FilterTable}, or '+', '#' or nothing, kept here. Changed by one
 * thread at a time; {@link #path} and what is final may be read by any, as the volatile fields.
 */
final class Node implements Entry { // hot
    /** In the place of the hash of a level's text: any number. */
    private static final long SINGLE_LEVEL = 0x9E37_79B9_7F4A_7C15L;

    /** The node of one level less; null only in the root. */
    final @Nullable Node parent;

    /** One that begins with these levels, which no longer needs to be subscribed to. */
    final String filter;

    /** Where in all filters that begin with these levels the next one begins; behind the end if there is none. */
    final int next;

    /** What follows begins with text: one of those entries, so that a node with a single one is read without the table. */
    volatile @Nullable Entry first;

    /** What it is filed under; written before it. */
    int firstHash;

    /** So many more are in the table. Not a count of all: that and {@link #first} would have to change in one moment. */
    int others;

    /** What follows begins with '+'. */
    volatile @Nullable Entry single;

    /** What follows is '#', the end. */
    volatile @Nullable Subscribers descendants;

    /** Nothing follows. */
    volatile @Nullable Subscribers here;

    /** A hash of these levels, made of their secret ones. */
    private final long path;

    private Node(@Nullable Node parent, String filter, int next, long path) {
        this.parent = parent;
        this.filter = filter;
        this.next = next;
        this.path = path;
    }

    static Node root() {
        return new Node(null, "", 0, KeyedHash.NO_LEVEL);
    }

    /**
     * The node of one level more, which is text.
     *
     * @param end of that level in the filter
     * @param level its hash
     */
    Node child(String ofFilter, int end, long level) {
        return new Node(this, ofFilter, end + 1, KeyedHash.joined(path, level));
    }

    /** The node of one level more, which is '+'. */
    Node singleChild(String ofFilter) {
        return new Node(this, ofFilter, next + 2, KeyedHash.joined(path, SINGLE_LEVEL));
    }

    /** What a next level, by the hash of its text, is filed under in the table. */
    int hash(long level) {
        return FilterTable.hash(KeyedHash.joined(path, level));
    }

    /** What this node is filed under in the table, if its last level is text. */
    int hash() {
        return FilterTable.hash(path);
    }

    /** The entry that stands here, if it is filed under this hash. */
    @Nullable
    Entry first(int hash) {
        Entry entry = first;
        return entry != null && firstHash == hash ? entry : null;
    }

    /** Whether the last of these levels is '+'. */
    boolean isSingle() {
        assert parent != null;
        return parent.next == next - 2 && filter.charAt(next - 2) == '+';
    }

    /** Whether this is the node of one level more, of this name, than another's. */
    boolean isNext(Node before, String text, int from, int to) {
        return parent == before
                && next - 1 - before.next == to - from
                && filter.regionMatches(before.next, text, from, to - from);
    }

    /** Whether a filter begins with these levels and then one of this name. */
    boolean isBegun(String other, String text, int from, int to) {
        return isNamedNext(other, text, from, to) && isBegun(other);
    }

    /** Whether the level of a filter that comes after these, if they are its first, has this name. */
    boolean isNamedNext(String other, String text, int from, int to) {
        int end = next + to - from;
        return (other.length() == end || (other.length() > end && other.charAt(end) == '/'))
                && other.regionMatches(next, text, from, to - from);
    }

    /** Whether a filter that is longer begins with these levels. */
    boolean isBegun(String other) {
        return next == 0 || (other.charAt(next - 1) == '/' && other.regionMatches(0, filter, 0, next - 1));
    }

    boolean isEmpty() {
        return first == null && others == 0 && single == null && descendants == null && here == null;
    }
}
