package dev.dunlin.store.mapdb;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A batch as it lies in a segment of the journal: a header, then the operations as {@link dev.dunlin.broker.spi.OpBuffer}
 * encodes them, then a {@link ValueRef} for each value that has a file of its own; zeros up to a multiple of 8 bytes.
 * Big-endian.
 *
 * <pre>
 * 0       4            8       16               24       28         32           36         40
 * +-------+------------+-------+----------------+--------+----------+------------+----------+------+--------+
 * | magic | body bytes | group | synced through | values | body crc | header crc | reserved | body | padding|
 * +-------+------------+-------+----------------+--------+----------+------------+----------+------+--------+
 * </pre>
 *
 * Both checksums (CRC32C) begin with the salt of the segment, so that what an earlier use of the file has left is no group.
 *
 * @param number of the group, without gaps over the whole life of the store
 * @param syncedThrough the last group that was on the disk for certain when this one was written
 * @param values how many values have files of their own
 * @param bodyBytes operations and references
 * @param bodyCrc checksum of these
 */
record Group(long number, long syncedThrough, int values, int bodyBytes, int bodyCrc) {
    static final int HEADER_BYTES = 40;
    static final int ALIGNMENT = 8;

    private static final int MAGIC = 0x6475_6e67; // "dung", group of Dunlin
    private static final int CHECKED_BYTES = 32;

    /** What a group with this body occupies, in bytes. */
    static long bytes(long bodyBytes) {
        return (HEADER_BYTES + bodyBytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** What this group occupies, in bytes. */
    long bytes() {
        return bytes(bodyBytes);
    }

    /**
     * Writes a whole group, with padding, from the position of the target on.
     *
     * @param operations borrowed, read from its position to its limit
     */
    static void encode(
            ByteBuffer target,
            long salt,
            long number,
            long syncedThrough,
            ByteBuffer operations,
            List<ValueRef> values) {
        int begin = target.position();
        target.position(begin + HEADER_BYTES);
        target.put(operations);
        values.forEach(value -> value.encode(target));
        int bodyBytes = target.position() - begin - HEADER_BYTES;
        while ((target.position() - begin) % ALIGNMENT != 0) {
            target.put((byte) 0);
        }
        target.putInt(begin, MAGIC)
                .putInt(begin + 4, bodyBytes)
                .putLong(begin + 8, number)
                .putLong(begin + 16, syncedThrough)
                .putInt(begin + 24, values.size())
                .putInt(begin + 28, crc(salt, target, begin + HEADER_BYTES, bodyBytes));
        target.putInt(begin + 32, crc(salt, target, begin, CHECKED_BYTES)).putInt(begin + 36, 0);
    }

    /** The header at an index, or null if there is none that is whole. Says nothing about its body. */
    static @Nullable Group header(ByteBuffer source, int at, long salt) {
        if (at < 0 || source.limit() - at < HEADER_BYTES || source.getInt(at) != MAGIC) {
            return null;
        }
        Group group = new Group(
                source.getLong(at + 8),
                source.getLong(at + 16),
                source.getInt(at + 24),
                source.getInt(at + 4),
                source.getInt(at + 28));
        boolean sound = source.getInt(at + 32) == crc(salt, source, at, CHECKED_BYTES)
                && group.bodyBytes >= 0
                && group.values >= 0
                && (long) group.values * ValueRef.BYTES <= group.bodyBytes;
        return sound ? group : null;
    }

    /** Whether the body behind the header at an index is whole; the padding needn't be. */
    boolean isWhole(ByteBuffer source, int at, long salt) {
        return source.limit() - at - HEADER_BYTES >= bodyBytes
                && bodyCrc == crc(salt, source, at + HEADER_BYTES, bodyBytes);
    }

    /** The operations of the group at an index: a slice. */
    ByteBuffer operations(ByteBuffer source, int at) {
        return source.slice(at + HEADER_BYTES, bodyBytes - values * ValueRef.BYTES);
    }

    /** The references to values of the group at an index. */
    List<ValueRef> references(ByteBuffer source, int at) {
        int begin = at + HEADER_BYTES + bodyBytes - values * ValueRef.BYTES;
        List<ValueRef> references = new ArrayList<>(values);
        for (int i = 0; i < values; i++) {
            references.add(ValueRef.decode(source, begin + i * ValueRef.BYTES));
        }
        return references;
    }

    private static int crc(long salt, ByteBuffer bytes, int at, int count) {
        CRC32C crc = new CRC32C();
        for (int shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            crc.update((int) (salt >>> shift));
        }
        crc.update(bytes.slice(at, count));
        return (int) crc.getValue();
    }
}
