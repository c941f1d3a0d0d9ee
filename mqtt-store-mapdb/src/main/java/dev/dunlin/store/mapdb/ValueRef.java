package dev.dunlin.store.mapdb;

import java.nio.ByteBuffer;

/**
 * A value that has a file of its own. 16 bytes, big-endian: number, bytes, crc32c.
 *
 * @param number of the file, used once
 * @param bytes its size
 * @param crc CRC32C of its content
 */
record ValueRef(long number, int bytes, int crc) {
    static final int BYTES = 16;

    void encode(ByteBuffer target) {
        target.putLong(number).putInt(bytes).putInt(crc);
    }

    static ValueRef decode(ByteBuffer source, int at) {
        return new ValueRef(source.getLong(at), source.getInt(at + 8), source.getInt(at + 12));
    }
}
