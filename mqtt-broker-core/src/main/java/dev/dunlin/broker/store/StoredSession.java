package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;

/**
 * A session: what outlives its connection, but for its subscriptions, exchanges and queue, which have records of their own.
 *
 * <pre>
 * 0         1     9       10       14           22          30
 * +---------+-----+-------+--------+------------+-----------+------------+------+------------+------------------+
 * | version | sid | flags | expiry | discon-    | next      | bytes of   | will | n, QoS 1   | n times packet   |
 * | 1       |     |       | s      | nected, ms | packet nr | the will   |      | under way  | id, sequence     |
 * +---------+-----+-------+--------+------------+-----------+------------+------+------------+------------------+
 * flags: bit 0 connected, bit 1 maybe sent
 * </pre>
 *
 * @param sid the ticket of the change that made it: never that of another session
 * @param connected whether a connection had it when this was written
 * @param maybeSent whether a process that had it connected ended without a word: QoS 1 messages at the head of its queue
 *     may have been sent
 * @param expirySeconds the session expiry interval
 * @param disconnectedAtMs wall time of the end of the last connection; what is written while it is connected doesn't count
 * @param nextPacket the outbound packet counter: those in use are below
 * @param will a CONNECT packet with the will that is still to be published; empty if there is none
 * @param packetIds of the QoS 1 messages that were under way at the disconnection
 * @param sequences of their entries
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record StoredSession(
        long sid,
        boolean connected,
        boolean maybeSent,
        long expirySeconds,
        long disconnectedAtMs,
        long nextPacket,
        byte[] will,
        int[] packetIds,
        long[] sequences) {
    private static final int VERSION = 1;

    /** As left behind by a process that had it connected and ended without a word. */
    public StoredSession unclean() {
        return new StoredSession(
                sid, false, true, expirySeconds, disconnectedAtMs, nextPacket, will, packetIds, sequences);
    }

    /** Stages the record of a client. A sid of 0 becomes the change's own ticket. */
    void write(ChangeWriter to, String clientId) {
        to.put(Space.SESSION).u8(Keys.CLIENT).text(clientId).value().u8(VERSION);
        (sid == 0 ? to.ticket() : to.u64(sid))
                .u8((connected ? 1 : 0) | (maybeSent ? 2 : 0))
                .u32(expirySeconds)
                .u64(disconnectedAtMs);
        to.u64(nextPacket).u32(will.length).buffer().writeBytes(will);
        to.u32(packetIds.length);
        for (int i = 0; i < packetIds.length; i++) {
            to.u16(packetIds[i]).u64(sequences[i]);
        }
        to.endChecked();
    }

    static StoredSession read(ByteBuffer value) throws StoreException {
        ByteBuffer in = Checksums.checked(value, "a session");
        int version = in.get();
        if (version != VERSION) {
            throw new StoreException(StoreException.Kind.VERSION, "a session has version " + version);
        }
        long sid = in.getLong();
        int flags = in.get();
        long expirySeconds = Integer.toUnsignedLong(in.getInt());
        long disconnectedAtMs = in.getLong();
        long nextPacket = in.getLong();
        byte[] will = new byte[count(in, 1)];
        in.get(will);
        int[] packetIds = new int[count(in, Short.BYTES + Long.BYTES)];
        long[] sequences = new long[packetIds.length];
        for (int i = 0; i < packetIds.length; i++) {
            packetIds[i] = Short.toUnsignedInt(in.getShort());
            sequences[i] = in.getLong();
        }
        return new StoredSession(
                sid,
                (flags & 1) != 0,
                (flags & 2) != 0,
                expirySeconds,
                disconnectedAtMs,
                nextPacket,
                will,
                packetIds,
                sequences);
    }

    /** Whether a record of SESSION is a session that a connection had, without a look at its checksum. */
    static boolean isConnected(ByteBuffer key, ByteBuffer value) {
        int flagsAt = value.position() + 1 + Long.BYTES;
        return key.hasRemaining()
                && key.get(key.position()) == Keys.CLIENT
                && flagsAt < value.limit()
                && (value.get(flagsAt) & 1) != 0;
    }

    /** A number of things that follow, of so many bytes each. */
    private static int count(ByteBuffer in, int bytes) throws StoreException {
        int count = in.getInt();
        if (count < 0 || (long) count * bytes > in.remaining()) {
            throw new StoreException(StoreException.Kind.CORRUPT, "a session is cut off");
        }
        return count;
    }
}
