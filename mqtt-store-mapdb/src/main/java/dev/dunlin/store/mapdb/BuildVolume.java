package dev.dunlin.store.mapdb;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.mapdb.CC;
import org.mapdb.DBException;

/**
 * A file that is being built, by one thread. MapDB writes a few bytes at a time, to the head of the file, to the index and
 * to the end of the data: so what was used last stays in memory, in blocks, and goes to the file when others take its place.
 * Written, not mapped: a full disk is then an exception, and not the death of the process.
 */
final class BuildVolume extends RangeVolume {
    private static final int BLOCK_BYTES = 1 << 17;

    /** 2 MiB in all. */
    private static final int BLOCKS_MAX = 16;

    private final RandomAccessFile file;

    /** By number, the one that was used last at the end. */
    private final LinkedHashMap<Long, Block> blocks = new LinkedHashMap<>(2 * BLOCKS_MAX, 0.75f, true);

    /** As MapDB sees it: whole pages. The file may be shorter until the end. */
    private long bytes;

    /** Up to where the file was written, in whole blocks; zeros behind it. */
    private long writtenBytes;

    /** Into an empty file, which is the caller's to close. */
    BuildVolume(RandomAccessFile file) {
        this.file = file;
    }

    /** A part of the file. */
    private static final class Block {
        final byte[] bytes = new byte[BLOCK_BYTES];
        boolean changed;
    }

    /** Writes all that is still in memory, and has it on the disk when it returns. The last call. */
    void finish() throws IOException {
        for (Map.Entry<Long, Block> block : new TreeMap<>(blocks).entrySet()) {
            flush(block.getKey(), block.getValue());
        }
        blocks.clear();
        file.setLength(bytes);
        file.getFD().sync();
    }

    @Override
    void read(long offset, byte[] target, int at, int length) {
        for (int done = 0; done < length; ) {
            int start = (int) ((offset + done) % BLOCK_BYTES);
            int part = Math.min(length - done, BLOCK_BYTES - start);
            System.arraycopy(block(offset + done).bytes, start, target, at + done, part);
            done += part;
        }
    }

    @Override
    void write(long offset, byte[] source, int at, int length) {
        for (int done = 0; done < length; ) {
            int start = (int) ((offset + done) % BLOCK_BYTES);
            int part = Math.min(length - done, BLOCK_BYTES - start);
            Block block = block(offset + done);
            block.changed = true;
            System.arraycopy(source, at + done, block.bytes, start, part);
            done += part;
        }
    }

    private Block block(long offset) {
        long number = offset / BLOCK_BYTES;
        Block block = blocks.get(number);
        if (block != null) {
            return block;
        }
        try {
            if (blocks.size() == BLOCKS_MAX) {
                Map.Entry<Long, Block> eldest = blocks.entrySet().iterator().next();
                flush(eldest.getKey(), eldest.getValue());
                blocks.remove(eldest.getKey());
            }
            Block loaded = load(number);
            blocks.put(number, loaded);
            return loaded;
        } catch (IOException e) {
            throw new DBException.VolumeIOError(e);
        }
    }

    private Block load(long number) throws IOException {
        Block block = new Block();
        long start = number * BLOCK_BYTES;
        if (start < writtenBytes) {
            file.seek(start);
            file.readFully(block.bytes);
        }
        return block;
    }

    private void flush(long number, Block block) throws IOException {
        if (block.changed) {
            long start = number * BLOCK_BYTES;
            file.seek(start);
            file.write(block.bytes);
            writtenBytes = Math.max(writtenBytes, start + BLOCK_BYTES);
            block.changed = false;
        }
    }

    @Override
    public void ensureAvailable(long offset) {
        bytes = Math.max(bytes, (offset + CC.PAGE_SIZE - 1) / CC.PAGE_SIZE * CC.PAGE_SIZE);
    }

    @Override
    public long length() {
        return bytes;
    }

    /** MapDB asks for it at its own times; the file is synced once, at the end. */
    @Override
    public void sync() {}

    /** MapDB closes it before it is finished. */
    @Override
    public void close() {}

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public void truncate(long size) {
        throw new IllegalStateException("truncation of a file that only grows");
    }
}
