package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/**
 * Values that are too large for the journal, above {@link dev.dunlin.broker.spi.OpBuffer#INLINE_BYTES}: each has a file of its
 * own, written once, before the group that names it, and never copied. Written by the engine's writer, read by any thread. A
 * file is deleted when neither this generation nor the one before can need it.
 */
final class Values {
    /** A larger one is read to memory outside of the heap. */
    private static final int HEAP_BYTES_MAX = 1 << 20;

    private final Path dir;
    private final List<Path> unsynced = new ArrayList<>();
    private final AtomicLong bytes = new AtomicLong();
    private long nextNumber;

    private Values(Path dir, long nextNumber, long bytes) {
        this.dir = dir;
        this.nextNumber = nextNumber;
        this.bytes.set(bytes);
    }

    /** The values in a folder. */
    static Values in(Path dir) throws IOException {
        long next = 1;
        long bytes = 0;
        for (Path file : Names.VALUE.in(dir)) {
            next = Names.VALUE.number(file) + 1;
            bytes += Files.size(file);
        }
        return new Values(dir, next, bytes);
    }

    /** Sees to it that no value to be written gets the number of one that a group names, even if its file is gone. */
    void leaveOut(ValueRef value) {
        nextNumber = Math.max(nextNumber, value.number() + 1);
    }

    /** Writes values into files, all or none; not on the disk yet. */
    List<ValueRef> write(List<ByteBuffer> values) throws IOException {
        if (values.isEmpty()) {
            return List.of();
        }
        List<ValueRef> written = new ArrayList<>(values.size());
        boolean done = false;
        try {
            for (ByteBuffer value : values) {
                written.add(new ValueRef(nextNumber++, value.remaining(), crc(value)));
                write(file(written.get(written.size() - 1)), value.duplicate());
            }
            done = true;
        } finally {
            if (!done) {
                discard(written);
            }
        }
        written.forEach(value -> {
            unsynced.add(file(value));
            bytes.addAndGet(value.bytes());
        });
        return written;
    }

    private static void write(Path file, ByteBuffer value) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            while (value.hasRemaining()) {
                channel.write(value);
            }
        }
    }

    private void discard(List<ValueRef> values) throws IOException {
        for (ValueRef value : values) {
            Files.deleteIfExists(file(value));
        }
    }

    /** Brings all that was written to the disk. */
    void force() throws IOException {
        if (unsynced.isEmpty()) {
            return;
        }
        for (Path file : unsynced) {
            StoreFolder.sync(file);
        }
        StoreFolder.syncFolder(dir);
        unsynced.clear();
    }

    /** Whether the file of a value is there as it was written. Reads all of it. */
    boolean isSound(ValueRef value) throws StoreException {
        try {
            return isThere(value) && crc(buffer(value)) == value.crc();
        } catch (IOException e) {
            throw StoreFolder.failure("Reading " + file(value).getFileName(), dir, e);
        }
    }

    /** Whether there is a file of that size. */
    boolean isThere(ValueRef value) throws IOException {
        return Files.exists(file(value)) && Files.size(file(value)) == value.bytes();
    }

    /** The content of a value, outside of the heap if it is large. The caller's. */
    ByteBuffer read(ValueRef value) throws StoreException {
        try {
            ByteBuffer content = buffer(value);
            if (content.remaining() == value.bytes()) {
                return content;
            }
            throw new StoreException(
                    Kind.CORRUPT,
                    "the file " + file(value) + " has " + content.remaining() + " bytes, not " + value.bytes());
        } catch (IOException e) {
            throw StoreFolder.failure("Reading " + file(value).getFileName(), dir, e);
        }
    }

    private ByteBuffer buffer(ValueRef value) throws IOException {
        try (FileChannel channel = FileChannel.open(file(value))) {
            // Not mapped: until a mapping is collected its deleted file takes up the disk, and the volume stays busy.
            ByteBuffer content = value.bytes() > HEAP_BYTES_MAX
                    ? ByteBuffer.allocateDirect(value.bytes())
                    : ByteBuffer.allocate(value.bytes());
            while (content.hasRemaining() && channel.read(content) >= 0) {
                // goes on until all of it has been read, or the file has ended
            }
            return content.flip();
        }
    }

    /** Copies the file of a value to another store, synced. */
    void copyTo(Path target, ValueRef value) throws IOException {
        Path copy = Files.copy(file(value), target.resolve(Names.VALUE.of(value.number())));
        StoreFolder.sync(copy);
    }

    /** Writes values once more, under new numbers. */
    List<ValueRef> copy(List<ValueRef> originals) throws IOException, StoreException {
        List<ByteBuffer> contents = new ArrayList<>(originals.size());
        for (ValueRef original : originals) {
            contents.add(read(original));
        }
        return write(contents);
    }

    /** Deletes files that nobody can need any more. */
    void delete(List<Long> numbers) throws IOException {
        for (long number : numbers) {
            Path file = dir.resolve(Names.VALUE.of(number));
            if (Files.exists(file)) {
                bytes.addAndGet(-Files.size(file));
                Files.delete(file);
            }
        }
    }

    /** What the files occupy. Any thread. */
    long bytes() {
        return bytes.get();
    }

    private Path file(ValueRef value) {
        return dir.resolve(Names.VALUE.of(value.number()));
    }

    private static int crc(ByteBuffer value) {
        CRC32C crc = new CRC32C();
        crc.update(value.duplicate());
        return (int) crc.getValue();
    }
}
