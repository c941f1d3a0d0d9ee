package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Loads a dump, as {@link DumpFormat} says, into a store that is empty. Only what is under a checksum that holds is written, in
 * groups. Until the trailer has come the store says that it is unfinished, and nobody opens it: what META holds is written
 * last. Holds one block, one group and one large value, whatever the size of the dump. One thread, once.
 */
public final class DumpReader {
    private static final long GROUP_BYTES = 1 << 20;
    private static final long META_BYTES_MAX = 1 << 20;
    private static final int PIECE_BYTES = 64 << 10;
    private static final Space[] SPACES = Space.values();

    private final InputStream in;
    private final String engine;
    private final byte[] block = new byte[DumpFormat.BLOCK_BYTES];
    private final byte[] piece = new byte[PIECE_BYTES];
    private final OpBuffer group = new OpBuffer();
    private final OpBuffer meta = Meta.finished();
    private final long[] entries = new long[SPACES.length];
    private final CRC32C whole = new CRC32C();
    private final CRC32C part = new CRC32C();
    private ByteBuffer large = ByteBuffer.allocateDirect(0);
    private long bytes;

    /**
     * Reads the header of a dump.
     *
     * @param in borrowed; read in pieces of up to 256 KiB
     * @throws StoreException VERSION if it is no dump, or one that this version can't read; CORRUPT if it is damaged
     * @throws IOException if {@code in} can't be read
     */
    public DumpReader(InputStream in) throws StoreException, IOException {
        this.in = in;
        byte[] header = new byte[DumpFormat.HEADER_BYTES];
        read(header, 0, header.length);
        ByteBuffer fields = ByteBuffer.wrap(header);
        if (fields.getLong() != DumpFormat.MAGIC) {
            throw new StoreException(Kind.VERSION, "this is no dump of a store: it begins otherwise");
        }
        int version = fields.getInt();
        int recordFormat = fields.getInt();
        byte[] name = new byte[Byte.toUnsignedInt(fields.get())];
        read(name, 0, name.length);
        requireChecksum("its head");
        engine = new String(name, StandardCharsets.UTF_8);
        requireVersion("the dump has version ", version, DumpFormat.VERSION);
        requireVersion("the dump holds records of format ", recordFormat >>> Short.SIZE, Meta.FORMAT_MAJOR);
    }

    private static void requireVersion(String what, int version, int known) throws StoreException {
        if (version != known) {
            throw new StoreException(
                    Kind.VERSION,
                    what + version + ", and this version of Dunlin reads " + known
                            + ": load it with the version that wrote it, or a newer one");
        }
    }

    /**
     * Reads the rest into an open store, and syncs it.
     *
     * @throws StoreException IO if the store isn't empty; CORRUPT if the dump is damaged or cut off; what the engine throws
     * @throws IOException if the stream can't be read
     */
    public Dumped into(StorageEngine store) throws StoreException, IOException {
        requireEmpty(store);
        store.write(Meta.unfinished(), true);
        boolean more = true;
        while (more) {
            more = block(store);
        }
        if (in.read() >= 0) {
            throw damaged("it goes on behind its end, from byte " + bytes + " on");
        }
        if (!group.isEmpty()) {
            store.write(group, false);
        }
        store.write(meta, true);
        return Dumped.of(engine, entries, bytes);
    }

    private static void requireEmpty(StorageEngine store) throws StoreException {
        try (View view = store.view()) {
            for (Space space : SPACES) {
                view.scan(space, new byte[0], null, (key, value) -> {
                    throw new StoreException(Kind.IO, "the store is not empty: load into a new one");
                });
            }
        }
    }

    /** Returns whether more blocks follow. */
    private boolean block(StorageEngine store) throws StoreException, IOException {
        long before = bytes;
        int wholeBefore = (int) whole.getValue();
        read(block, 0, DumpFormat.BLOCK_HEADER_BYTES - Integer.BYTES);
        byte kind = block[0];
        int contentBytes = ByteBuffer.wrap(block).getInt(1);
        requireChecksum("the head of a block");
        if (kind == DumpFormat.TRAILER) {
            trailer(contentBytes, before, wholeBefore);
            return false;
        }
        if (kind != DumpFormat.ENTRIES || contentBytes < 0) {
            throw damaged("a block of kind " + kind + " ends at byte " + bytes);
        }
        if (contentBytes > block.length) {
            largeEntry(contentBytes);
        } else {
            read(block, 0, contentBytes);
            requireChecksum("a block");
            entries(ByteBuffer.wrap(block, 0, contentBytes));
        }
        if (group.bytes() >= GROUP_BYTES || contentBytes > block.length) {
            store.write(group, false);
            group.clear();
        }
        return true;
    }

    private void entries(ByteBuffer content) throws StoreException {
        while (content.hasRemaining()) {
            if (content.remaining() < DumpFormat.ENTRY_HEADER_BYTES) {
                throw damaged("an entry is cut off in the block that ends at byte " + bytes);
            }
            Space space = space(content.get());
            int keyBytes = content.getInt();
            int valueBytes = content.getInt();
            if (keyBytes < 0 || valueBytes < 0 || (long) keyBytes + valueBytes > content.remaining()) {
                throw damaged("an entry is too long for the block that ends at byte " + bytes);
            }
            ByteBuffer key = content.slice(content.position(), keyBytes);
            put(space, key, content.slice(content.position() + keyBytes, valueBytes));
            content.position(content.position() + keyBytes + valueBytes);
        }
    }

    /** One entry that is a block: its value goes through a direct buffer, which is used again. */
    private void largeEntry(int contentBytes) throws StoreException, IOException {
        read(block, 0, DumpFormat.ENTRY_HEADER_BYTES);
        ByteBuffer header = ByteBuffer.wrap(block);
        Space space = space(header.get());
        int keyBytes = header.getInt();
        int valueBytes = header.getInt();
        if (keyBytes < 0 || valueBytes < 0 || contentBytes - keyBytes - valueBytes != DumpFormat.ENTRY_HEADER_BYTES) {
            throw damaged("an entry doesn't fit the block before byte " + bytes);
        }
        byte[] key = new byte[keyBytes];
        read(key, 0, keyBytes);
        if (large.capacity() < valueBytes) {
            large = ByteBuffer.allocateDirect(valueBytes);
        }
        large.clear().limit(valueBytes);
        while (large.hasRemaining()) {
            int length = Math.min(large.remaining(), piece.length);
            read(piece, 0, length);
            large.put(piece, 0, length);
        }
        requireChecksum("a large entry");
        put(space, ByteBuffer.wrap(key), large.flip());
    }

    private void put(Space space, ByteBuffer key, ByteBuffer value) throws StoreException {
        entries[space.ordinal()]++;
        OpBuffer to = space == Space.META ? meta : group;
        to.put(space, key, value);
        if (meta.bytes() > META_BYTES_MAX) {
            throw damaged("it says more about its store than any store does");
        }
    }

    private void trailer(int contentBytes, long before, int wholeBefore) throws StoreException, IOException {
        if (contentBytes != DumpFormat.TRAILER_BYTES) {
            throw damaged("its end has " + contentBytes + " bytes");
        }
        read(block, 0, contentBytes);
        requireChecksum("its end");
        ByteBuffer trailer = ByteBuffer.wrap(block);
        long[] expected = new long[SPACES.length];
        trailer.asLongBuffer().get(expected);
        trailer.position(SPACES.length * Long.BYTES);
        boolean complete = Arrays.equals(expected, entries) && trailer.getLong() == before;
        if (!complete || trailer.getInt() != wholeBefore) {
            throw damaged("blocks are missing, twice there or in another order");
        }
    }

    private Space space(byte number) throws StoreException {
        if (number < 0 || number >= SPACES.length) {
            throw damaged("an entry before byte " + bytes + " is of the unknown space " + number);
        }
        return SPACES[number];
    }

    private void read(byte[] to, int at, int length) throws StoreException, IOException {
        int came = in.readNBytes(to, at, length);
        bytes += came;
        whole.update(to, at, came);
        part.update(to, at, came);
        if (came < length) {
            throw bytes == 0
                    ? new StoreException(Kind.CORRUPT, "the dump is empty")
                    : new StoreException(Kind.CORRUPT, "the dump is cut off after " + bytes + " bytes");
        }
    }

    /** Reads the checksum of what was read since the last one. */
    private void requireChecksum(String of) throws StoreException, IOException {
        int expected = (int) part.getValue();
        byte[] checksum = new byte[Integer.BYTES];
        read(checksum, 0, checksum.length);
        part.reset();
        if (ByteBuffer.wrap(checksum).getInt() != expected) {
            throw damaged("the checksum of " + of + " is wrong, at byte " + bytes);
        }
    }

    private static StoreException damaged(String how) {
        return new StoreException(Kind.CORRUPT, "the dump is damaged: " + how);
    }
}
