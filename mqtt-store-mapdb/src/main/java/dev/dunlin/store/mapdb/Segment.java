package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A file of the journal while groups are appended to it. Its room is filled with zeros, or with an earlier use, before: a sync
 * then has no sizes and no block lists to write. The salt of its header makes every earlier content void.
 *
 * <pre>
 * 0        8        16     24       28         64
 * +--------+--------+------+--------+----------+--------
 * | magic  | number | salt | crc32c | reserved | groups
 * +--------+--------+------+--------+----------+--------
 * </pre>
 */
final class Segment implements AutoCloseable {
    static final int HEADER_BYTES = 64;

    private static final long MAGIC = 0x64756e6c_6a726e31L; // "dunljrn1"
    private static final int CHECKED_BYTES = 24;
    private static final int ZEROS_BYTES = 64 << 10;

    private final FileChannel channel;
    private final Header header;
    private long position = HEADER_BYTES;
    private long capacity;

    private Segment(FileChannel channel, Header header, long capacity) {
        this.channel = channel;
        this.header = header;
        this.capacity = capacity;
    }

    /** What stands at the begin of a segment. */
    record Header(long number, long salt) {
        private void encode(ByteBuffer target) {
            target.putLong(0, MAGIC).putLong(8, number).putLong(16, salt).putInt(24, crc(target));
        }

        /** The header of a file, or null if it is damaged. */
        static @Nullable Header decode(ByteBuffer source) {
            if (source.limit() < HEADER_BYTES || source.getLong(0) != MAGIC || source.getInt(24) != crc(source)) {
                return null;
            }
            return new Header(source.getLong(8), source.getLong(16));
        }

        private static int crc(ByteBuffer bytes) {
            CRC32C crc = new CRC32C();
            crc.update(bytes.slice(0, CHECKED_BYTES));
            return (int) crc.getValue();
        }
    }

    /**
     * Makes an empty segment, on the disk with its name.
     *
     * @param spare a file that isn't needed any more, whose room is taken; null if there is none
     */
    static Segment make(Path dir, long number, long capacity, @Nullable Path spare) throws IOException {
        Path file = dir.resolve(Names.JOURNAL.of(number));
        // One of this name may be there: if CURRENT was replaced, but its folder not synced, it is needed.
        Path temporary = dir.resolve(Names.JOURNAL.of(number) + Names.TEMPORARY);
        if (spare != null) {
            Files.move(spare, temporary, StandardCopyOption.REPLACE_EXISTING);
        }
        FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean made = false;
        try {
            Segment segment = new Segment(
                    channel, new Header(number, ThreadLocalRandom.current().nextLong()), channel.size());
            segment.reserve(capacity - HEADER_BYTES);
            segment.writeHeader();
            channel.force(true);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            StoreFolder.syncFolder(dir);
            made = true;
            return segment;
        } finally {
            if (!made) {
                channel.close();
                Files.deleteIfExists(temporary); // half a segment is no use, and takes room that is scarce
            }
        }
    }

    private void writeHeader() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(HEADER_BYTES);
        header.encode(bytes);
        write(bytes, 0);
    }

    long number() {
        return header.number;
    }

    long salt() {
        return header.salt;
    }

    /** Index behind the last group. */
    long position() {
        return position;
    }

    /** Whether it holds groups. */
    boolean isUsed() {
        return position > HEADER_BYTES;
    }

    boolean isHalfFull() {
        return position > capacity / 2;
    }

    boolean hasRoomFor(long bytes) {
        return position + bytes <= capacity;
    }

    /** Fills room behind the last group with zeros, as far as there is none. A failure gives back what it has taken. */
    void reserve(long bytes) throws IOException {
        if (hasRoomFor(bytes)) {
            return;
        }
        long before = capacity;
        boolean reserved = false;
        try {
            fill(position + bytes);
            reserved = true;
        } finally {
            if (!reserved && channel.isOpen()) {
                channel.truncate(before); // the rest of a full disk, which a generation or smaller groups need
                capacity = before;
            }
        }
    }

    private void fill(long end) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS_BYTES);
        while (capacity < end) {
            zeros.clear().limit((int) Math.min(ZEROS_BYTES, end - capacity));
            int count = zeros.remaining();
            write(zeros, capacity);
            capacity += count;
        }
    }

    /** Appends a group for which there is room. */
    void append(ByteBuffer group) throws IOException {
        int bytes = group.remaining();
        write(group, position);
        position += bytes;
    }

    void force() throws IOException {
        channel.force(false);
    }

    private void write(ByteBuffer bytes, long at) throws IOException {
        long index = at;
        while (bytes.hasRemaining()) {
            index += channel.write(bytes, index);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
