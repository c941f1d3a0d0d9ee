package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import java.nio.ByteBuffer;

/** How many records of each kind there are, and their bytes, counted one by one in the order of a scan. One thread. */
public final class Tally {
    private final long[] entries = new long[Space.values().length];
    private final long[] keyBytes = new long[Space.values().length];
    private final long[] valueBytes = new long[Space.values().length];
    private final long[] kinds = new long[Byte.MAX_VALUE + 1];

    /** A tally of nothing. */
    Tally() {}

    void count(Space space, ByteBuffer key, ByteBuffer value) {
        int at = space.ordinal();
        entries[at]++;
        keyBytes[at] += key.remaining();
        valueBytes[at] += value.remaining();
        if (space == Space.SESSION && key.hasRemaining() && key.get(key.position()) >= 0) {
            kinds[key.get(key.position())]++;
        }
    }

    /** Entries of a space. */
    public long entries(Space space) {
        return entries[space.ordinal()];
    }

    /** Bytes of the keys of a space. */
    public long keyBytes(Space space) {
        return keyBytes[space.ordinal()];
    }

    /** Bytes of the values of a space. */
    public long valueBytes(Space space) {
        return valueBytes[space.ordinal()];
    }

    /** Sessions, connected or not. */
    public long sessions() {
        return kinds[Keys.CLIENT];
    }

    /** Groups of shared subscriptions with persistent members. */
    public long groups() {
        return kinds[Keys.GROUP];
    }

    /** Subscriptions of persistent sessions. */
    public long subscriptions() {
        return kinds[Keys.SUBSCRIPTION];
    }

    /** Outbound QoS 2 exchanges under way. */
    public long exchanges() {
        return kinds[Keys.EXCHANGE];
    }

    /** Inbound QoS 2 packet ids in use. */
    public long received() {
        return kinds[Keys.RECEIVED];
    }
}
