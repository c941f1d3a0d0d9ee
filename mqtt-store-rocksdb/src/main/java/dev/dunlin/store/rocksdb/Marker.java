package dev.dunlin.store.rocksdb;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What stands in front of every batch in the log, and nowhere else: it tells a reader who has lost the rest how far the
 * store was known to be on the disk.
 *
 * <pre>
 * 0       8       16             24                32       36
 * +-------+-------+--------------+-----------------+--------+
 * | magic | group | synced group | synced sequence | crc32c |
 * +-------+-------+--------------+-----------------+--------+
 * </pre>
 *
 * @param group number of the batch, from 1 at each opening
 * @param syncedGroup the last group that was on the disk for certain when this one was written; 0: none of this opening
 * @param syncedSequence RocksDB's sequence number behind that group: every change up to it was on the disk
 */
record Marker(long group, long syncedGroup, long syncedSequence) {
    static final int BYTES = 36;

    /** "DUNLIN" and two bytes that are no text. */
    static final long MAGIC = 0x44554e4c494e_f1a6L;

    private static final int CHECKED_BYTES = 32;

    void encode(byte[] target) {
        ByteBuffer out = ByteBuffer.wrap(target);
        out.putLong(MAGIC).putLong(group).putLong(syncedGroup).putLong(syncedSequence);
        out.putInt(crc(target, 0));
    }

    /** The marker at an index, or null if there is none. */
    static @Nullable Marker decode(byte[] source, int at) {
        if (at < 0 || source.length - at < BYTES) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(source, at, BYTES);
        if (in.getLong() != MAGIC) {
            return null;
        }
        Marker marker = new Marker(in.getLong(), in.getLong(), in.getLong());
        return in.getInt() == crc(source, at) ? marker : null;
    }

    private static int crc(byte[] bytes, int at) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, at, CHECKED_BYTES);
        return (int) crc.getValue();
    }
}
