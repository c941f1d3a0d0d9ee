package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Writes a dump as {@link DumpFormat} says. Holds one block of it, whatever the size of the store. One thread, once. */
public final class DumpWriter {
    private static final int PIECE_BYTES = 64 << 10;

    private final String engine;
    private final OutputStream out;
    private final ByteBuffer block = ByteBuffer.allocate(DumpFormat.BLOCK_BYTES);
    private final byte[] piece = new byte[PIECE_BYTES];
    private final long[] entries = new long[Space.values().length];
    private final CRC32C whole = new CRC32C();
    private final CRC32C part = new CRC32C();
    private long bytes;
    private @Nullable IOException failure;

    /**
     * A dump to come.
     *
     * @param engine the name of the engine it is taken from
     * @param out borrowed; flushed at the end
     */
    public DumpWriter(String engine, OutputStream out) {
        this.engine = engine;
        this.out = out;
    }

    /**
     * Writes everything that a view shows.
     *
     * @throws IOException if {@code out} doesn't take it
     */
    public Dumped write(View view) throws StoreException, IOException {
        header(Meta.format(view));
        for (Space space : Space.values()) {
            view.scan(space, new byte[0], null, (key, value) -> visit(space, key, value));
            if (failure != null) {
                throw failure;
            }
        }
        endBlock();
        trailer();
        out.flush();
        return Dumped.of(engine, entries, bytes);
    }

    private void header(int recordFormat) throws IOException {
        byte[] name = engine.getBytes(StandardCharsets.UTF_8);
        ByteBuffer header = ByteBuffer.allocate(DumpFormat.HEADER_BYTES + name.length);
        header.putLong(DumpFormat.MAGIC).putInt(DumpFormat.VERSION).putInt(recordFormat);
        header.put((byte) name.length).put(name);
        write(header.flip());
        writeChecksum();
    }

    /** A visitor can't throw what writing throws: that is kept until the scan has come back. */
    private boolean visit(Space space, ByteBuffer key, ByteBuffer value) {
        try {
            entry(space, key, value);
            return true;
        } catch (IOException e) {
            failure = e;
            return false;
        }
    }

    private void entry(Space space, ByteBuffer key, ByteBuffer value) throws IOException {
        entries[space.ordinal()]++;
        int entryBytes =
                Math.addExact(DumpFormat.ENTRY_HEADER_BYTES, Math.addExact(key.remaining(), value.remaining()));
        if (entryBytes > block.remaining()) {
            endBlock();
        }
        if (entryBytes > block.capacity()) {
            beginBlock(DumpFormat.ENTRIES, entryBytes);
            write(entryHeader(block, space, key, value).flip());
            block.clear();
            write(key);
            write(value);
            writeChecksum();
        } else {
            entryHeader(block, space, key, value).put(key).put(value);
        }
    }

    private static ByteBuffer entryHeader(ByteBuffer to, Space space, ByteBuffer key, ByteBuffer value) {
        return to.put((byte) space.ordinal()).putInt(key.remaining()).putInt(value.remaining());
    }

    private void endBlock() throws IOException {
        if (block.position() > 0) {
            beginBlock(DumpFormat.ENTRIES, block.position());
            write(block.flip());
            writeChecksum();
            block.clear();
        }
    }

    private void trailer() throws IOException {
        ByteBuffer trailer = ByteBuffer.allocate(DumpFormat.TRAILER_BYTES);
        for (long count : entries) {
            trailer.putLong(count);
        }
        trailer.putLong(bytes).putInt((int) whole.getValue());
        beginBlock(DumpFormat.TRAILER, DumpFormat.TRAILER_BYTES);
        write(trailer.flip());
        writeChecksum();
    }

    private void beginBlock(byte kind, int contentBytes) throws IOException {
        write(ByteBuffer.allocate(DumpFormat.BLOCK_HEADER_BYTES - Integer.BYTES)
                .put(kind)
                .putInt(contentBytes)
                .flip());
        writeChecksum();
    }

    /** The checksum of what was written since the last one. */
    private void writeChecksum() throws IOException {
        int checksum = (int) part.getValue();
        write(ByteBuffer.allocate(Integer.BYTES).putInt(0, checksum));
        part.reset();
    }

    private void write(ByteBuffer from) throws IOException {
        bytes += from.remaining();
        whole.update(from.duplicate());
        part.update(from.duplicate());
        while (from.hasRemaining()) {
            int length = Math.min(from.remaining(), piece.length);
            from.get(piece, 0, length);
            out.write(piece, 0, length);
        }
    }
}
