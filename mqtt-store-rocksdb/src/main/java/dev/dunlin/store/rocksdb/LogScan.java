package dev.dunlin.store.rocksdb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads log files by their physical format and finds the longest sound prefix, and every {@link Marker} behind it. RocksDB
 * isn't asked, as its own reader doesn't come back from some kinds of damage (one flipped bit in the type of a record that
 * makes it a recyclable one, in 11.8.1), skips zeros in silence, and tells nothing about what lies behind.
 *
 * <p>A log is a row of 32-KiB blocks; a block is a row of fragments; less than a header at its end is left empty. A record is
 * one FULL fragment, or a FIRST, any number of MIDDLEs, and a LAST. After damage in a block the next one is a new start; what
 * is left of the block is searched for markers byte by byte. We never recycle logs: recyclable types count as damage.
 *
 * <pre>
 * fragment:  masked crc32c of the rest, u32 | length, u16 | type, u8 | payload     (little-endian)
 * record:    sequence, u64 | count, u32 | 3, log data | 36, length | marker | operations
 * </pre>
 */
final class LogScan {
    private static final int BLOCK_BYTES = 32 << 10;
    private static final int HEADER_BYTES = 7;
    private static final int FULL = 1;
    private static final int FIRST = 2;
    private static final int MIDDLE = 3;
    private static final int LAST = 4;
    private static final int BATCH_HEADER_BYTES = 12;
    private static final int MARKER_AT = BATCH_HEADER_BYTES + 2;
    private static final int HEAD_BYTES = MARKER_AT + Marker.BYTES;
    private static final int DAMAGED = -1;
    private static final int BEYOND_END = -2;
    private static final byte LOG_DATA = 3;
    private static final String TORN = "the last record is not whole";

    private final boolean batches;
    private final List<Path> files;
    private final List<Long> sizes = new ArrayList<>();
    private final byte[] block = new byte[BLOCK_BYTES];
    private final ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C crc = new CRC32C();
    private int file;
    private long blockAt;
    private boolean inRecord;
    private int soundFile;
    private long soundBytes;
    private long firstSequence = -1;
    private long endSequence = -1;
    private @Nullable Marker lastSound;
    private @Nullable String damage;
    private long startKnown = -1;
    private long lastGroupBehind;
    private long knownBehind;
    private boolean syncedBehind;
    private boolean torn;

    private LogScan(List<Path> files, boolean batches) {
        this.files = files;
        this.batches = batches;
    }

    /** Reads the files of the write-ahead log, in the order of their numbers. */
    static LogScan ofBatches(List<Path> files) throws IOException {
        return new LogScan(files, true).run();
    }

    /** Reads a MANIFEST: the same format with other records. */
    static LogScan ofManifest(Path manifest) throws IOException {
        return new LogScan(List.of(manifest), false).run();
    }

    /** What is wrong and where, or null if everything is sound. */
    @Nullable
    String damage() {
        return damage;
    }

    /** Whether the damage looks like a file that ends too early, and nothing else. */
    boolean isTorn() {
        return torn;
    }

    /** Index of the file in which the sound prefix ends. */
    int soundFile() {
        return soundFile;
    }

    /** Where in that file it ends. */
    long soundBytes() {
        return soundBytes;
    }

    /** Bytes behind the sound prefix, in all files. */
    long cutBytes() {
        long total = -soundBytes;
        for (int i = soundFile; i < sizes.size(); i++) {
            total += sizes.get(i);
        }
        return total;
    }

    /** Sequence number of the first sound change; -1: there is none. */
    long firstSequence() {
        return firstSequence;
    }

    /** The number of the last sound batch; 0: none. */
    long lastGroup() {
        return lastSound == null ? 0 : lastSound.group();
    }

    /** The highest number of a batch seen behind the damage; 0: none. */
    long lastGroupBehind() {
        return lastGroupBehind;
    }

    /**
     * Whether something is cut off that was on the disk for certain. If not a single batch is sound, where the log began isn't
     * known: then later markers must not know of more than the tables hold, or than the marker of the first batch did.
     *
     * @param stored up to which sequence number the tables hold everything
     */
    boolean lostSynced(long stored) {
        if (endSequence >= 0) {
            return knownBehind > endSequence;
        }
        return syncedBehind && knownBehind > stored && knownBehind != startKnown;
    }

    private LogScan run() throws IOException {
        for (file = 0; file < files.size(); file++) {
            try (FileChannel channel = FileChannel.open(files.get(file), StandardOpenOption.READ)) {
                sizes.add(channel.size());
                startFile();
                for (blockAt = 0; blockAt < channel.size(); blockAt += BLOCK_BYTES) {
                    readBlock(fillBlock(channel));
                }
            }
            if (inRecord) {
                fail(sizes.get(file), TORN);
            }
        }
        return this;
    }

    private void startFile() {
        inRecord = false;
        if (damage == null) {
            soundFile = file;
            soundBytes = 0;
        }
    }

    private int fillBlock(FileChannel channel) throws IOException {
        ByteBuffer target = ByteBuffer.wrap(block);
        int bytes;
        do {
            bytes = channel.read(target);
        } while (bytes > 0);
        return target.position();
    }

    private void readBlock(int length) {
        int at = 0;
        while (length - at >= HEADER_BYTES) {
            int bytes = fragmentBytes(at, length);
            if (bytes < 0) {
                boolean beyondEnd = bytes == BEYOND_END && length < BLOCK_BYTES;
                fail(blockAt + at, beyondEnd ? TORN : "there is no sound record");
                searchMarkers(at, length);
                return;
            }
            readFragment(at, bytes);
            at += HEADER_BYTES + bytes;
        }
        if (at < length && length < BLOCK_BYTES) {
            fail(blockAt + at, TORN);
        }
    }

    /** Length of the payload of the fragment at an index; DAMAGED or BEYOND_END, both negative, if it isn't sound. */
    private int fragmentBytes(int at, int length) {
        int bytes = Short.toUnsignedInt(little(at + 4).getShort());
        int type = block[at + 6];
        if (type < FULL || type > LAST) {
            return DAMAGED;
        }
        if (bytes > length - at - HEADER_BYTES) {
            return BEYOND_END;
        }
        crc.reset();
        crc.update(block, at + 6, bytes + 1);
        int value = (int) crc.getValue();
        int masked = ((value >>> 15) | (value << 17)) + 0xa282ead8;
        return masked == little(at).getInt() ? bytes : DAMAGED;
    }

    private void readFragment(int at, int bytes) {
        int type = block[at + 6];
        boolean starts = type == FULL || type == FIRST;
        if (starts == inRecord) {
            fail(blockAt + at, "a part of a record is missing");
        }
        if (!starts && !inRecord) {
            return;
        }
        if (starts) {
            head.clear();
        }
        head.put(block, at + HEADER_BYTES, Math.min(bytes, head.remaining()));
        inRecord = type == FIRST || type == MIDDLE;
        if (!inRecord) {
            endRecord(blockAt + at + HEADER_BYTES + bytes);
        }
    }

    private void endRecord(long end) {
        head.flip();
        Marker marker = null;
        if (batches && !readBatch()) {
            fail(soundBytes, "a batch is missing");
        }
        if (head.limit() == HEAD_BYTES && head.get(BATCH_HEADER_BYTES) == LOG_DATA) {
            marker = Marker.decode(head.array(), MARKER_AT);
        }
        if (damage == null) {
            soundBytes = end;
            lastSound = marker == null ? lastSound : marker;
        } else if (marker != null) {
            remember(marker);
        }
    }

    /** Whether the batch in {@code head} follows the one before; if so it is taken into account. */
    private boolean readBatch() {
        if (damage != null) {
            return true;
        }
        if (head.limit() < BATCH_HEADER_BYTES) {
            return false;
        }
        long sequence = head.getLong(0);
        if (endSequence >= 0 && sequence != endSequence + 1) {
            return false;
        }
        firstSequence = firstSequence < 0 ? sequence : firstSequence;
        endSequence = sequence + Integer.toUnsignedLong(head.getInt(8)) - 1;
        return true;
    }

    private void searchMarkers(int from, int to) {
        for (int at = from; at <= to - Marker.BYTES; at++) {
            Marker marker = block[at] == (byte) (Marker.MAGIC >>> 56) ? Marker.decode(block, at) : null;
            if (marker != null) {
                remember(marker);
                if (file == 0 && blockAt + at == HEADER_BYTES + MARKER_AT) {
                    startKnown = marker.syncedSequence();
                }
            }
        }
    }

    private void remember(Marker marker) {
        lastGroupBehind = Math.max(lastGroupBehind, marker.group());
        knownBehind = Math.max(knownBehind, marker.syncedSequence());
        syncedBehind |= marker.syncedGroup() > 0;
    }

    private void fail(long at, String what) {
        inRecord = false;
        if (damage == null) {
            torn = what.equals(TORN);
            damage = "at byte " + at + " of " + files.get(file).getFileName() + " " + what;
        }
    }

    private ByteBuffer little(int at) {
        return ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).position(at);
    }
}
