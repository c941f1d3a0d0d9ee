package dev.dunlin.broker.store;

/**
 * The layout of a dump: what a whole store holds, as one stream of bytes that no engine is needed to read. Big-endian. Every
 * byte is under a checksum (CRC32C) of its part and, but for the trailer, under the one of all; lengths are checked before
 * anything is allocated for them. A stream without a trailer is cut off.
 *
 * <pre>
 * header
 * 0       8         12              16       17
 * +-------+---------+---------------+--------+---------+--------+
 * | magic | version | record format | n      | engine, | crc32c |
 * |       | 1       | major, minor  |        | n bytes |        |
 * +-------+---------+---------------+--------+---------+--------+
 *
 * block: as many as there are
 * 0      1               5                9
 * +------+---------------+----------------+---------+-------------------+
 * | kind | content bytes | crc32c of both | content | crc32c of content |
 * +------+---------------+----------------+---------+-------------------+
 *
 * content of kind 1, entries one behind the other: META first, then as in {@link dev.dunlin.broker.spi.Space}, ascending
 * 0       1           5             9     9 + key bytes
 * +-------+-----------+-------------+-----+-------+
 * | space | key bytes | value bytes | key | value |
 * +-------+-----------+-------------+-----+-------+
 *
 * content of kind 2, the trailer, the last block
 * 0                                     40                     48
 * +-------------------------------------+----------------------+----------------------+
 * | entries of each space, 8 bytes each | bytes before this    | crc32c of these      |
 * |                                     | block                | bytes                |
 * +-------------------------------------+----------------------+----------------------+
 * </pre>
 *
 * A block has up to {@link #BLOCK_BYTES} of content. An entry that is larger is a block of its own, so that its value, of up to
 * 256 MiB, is passed on without being copied as a whole.
 */
final class DumpFormat {
    /** A byte that is no text, "DUNLIN", and a line end, which transfers that change text would change. */
    static final long MAGIC = 0x8944554e_4c494e0aL;

    static final int VERSION = 1;
    static final byte ENTRIES = 1;
    static final byte TRAILER = 2;

    static final int BLOCK_BYTES = 256 << 10;
    static final int HEADER_BYTES = 17;
    static final int BLOCK_HEADER_BYTES = 9;
    static final int ENTRY_HEADER_BYTES = 9;
    static final int TRAILER_BYTES = 52;

    private DumpFormat() {}
}
