package dev.dunlin.store.mapdb;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.mapdb.CC;
import org.mapdb.DBException;

/**
 * A file that is only read, by several threads at once. Read through a {@link RandomAccessFile}: a thread that is
 * interrupted while it reads a channel closes it for all, and a mapping outlives its closing and keeps the space of a
 * deleted file. The price is that reads take turns.
 *
 * <p>The first page stays in memory: MapDB's header and where its first 120,000 records begin, which every access reads.
 */
final class ReadVolume extends RangeVolume {
    private final RandomAccessFile file;
    private final byte[] firstPage;
    private final long bytes;

    /** Opens a file; closed by {@link #close}. */
    static ReadVolume open(Path path) throws IOException {
        RandomAccessFile file = new RandomAccessFile(path.toFile(), "r");
        try {
            byte[] firstPage = new byte[(int) Math.min(CC.PAGE_SIZE, file.length())];
            file.readFully(firstPage);
            return new ReadVolume(file, firstPage, file.length());
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private ReadVolume(RandomAccessFile file, byte[] firstPage, long bytes) {
        this.file = file;
        this.firstPage = firstPage;
        this.bytes = bytes;
    }

    @Override
    void read(long offset, byte[] target, int at, int length) {
        if (offset + length <= firstPage.length) {
            System.arraycopy(firstPage, (int) offset, target, at, length);
            return;
        }
        try {
            synchronized (file) {
                file.seek(offset);
                file.readFully(target, at, length);
            }
        } catch (IOException e) {
            throw new DBException.VolumeIOError(e);
        }
    }

    @Override
    public long length() {
        return bytes;
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try {
            synchronized (file) {
                file.close();
            }
        } catch (IOException e) {
            throw new DBException.VolumeIOError(e);
        }
    }

    @Override
    public boolean isReadOnly() {
        return true;
    }

    @Override
    void write(long offset, byte[] source, int at, int length) {
        throw new IllegalStateException("write to a file that is only read");
    }

    @Override
    public void ensureAvailable(long offset) {
        throw new IllegalStateException("growth of a file that is only read");
    }

    @Override
    public void truncate(long size) {
        throw new IllegalStateException("truncation of a file that is only read");
    }

    @Override
    public void sync() {
        throw new IllegalStateException("sync of a file that is only read");
    }
}
