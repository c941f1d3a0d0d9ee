package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * Appends batches to the journal as groups, applies them to the layers, and begins generations. One thread. Latched: after a
 * failure whose outcome is unknown it takes nothing more.
 *
 * <p>{@link Kind#FULL} comes only from making room before a group is written, so that a batch that failed with it has left no
 * trace: a full disk that is met later is an {@link Kind#IO} failure.
 */
// hot
final class GroupWriter {
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);
    private static final int BUFFER_MIN = 64 << 10;
    private static final int BUFFER_KEPT = 4 << 20;
    /** The journal may grow to so many times its size while a generation is being made. */
    private static final int BEHIND_MAX = 2;

    private final Path dir;
    private final Journal journal;
    private final Layers layers;
    private final Values values;
    private final Checkpoints checkpoints;
    private final MapDbOptions options;
    private ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_MIN);
    private long group;
    private long syncedGroup;
    /** Bytes of the journal since the overlay was begun. */
    private long journalBytes;
    /** From what size on that becomes a generation. */
    private long limit;

    private boolean failed;

    /** What a writer appends to and applies to. */
    record Parts(Path dir, Journal journal, Layers layers, Values values, Checkpoints checkpoints) {}

    /**
     * A writer behind the last group.
     *
     * @param journalBytes what the journal that is in the overlay occupies, values with files of their own included
     */
    GroupWriter(Parts parts, MapDbOptions options, long lastGroup, long journalBytes) {
        dir = parts.dir;
        journal = parts.journal;
        layers = parts.layers;
        values = parts.values;
        checkpoints = parts.checkpoints;
        this.options = options;
        group = lastGroup;
        syncedGroup = lastGroup;
        this.journalBytes = journalBytes;
        limit = options.journalBytesBeside(checkpoints.generationBytes());
    }

    void write(OpBuffer ops, boolean sync) throws StoreException {
        refuseIfFailed();
        if (ops.isEmpty()) {
            if (sync) {
                sync();
            }
            return;
        }
        long bytes =
                Group.bytes(ops.encoded().remaining() + (long) ops.external().size() * ValueRef.BYTES);
        makeRoom(bytes);
        List<ValueRef> references = writeValues(ops);
        append(ops.encoded(), references, (int) bytes, sync);
        apply(ops.encoded(), references);
        references.forEach(value -> journalBytes += value.bytes());
    }

    /** What fails here has been applied in part: nobody may write behind it, or make a generation of it. */
    private void apply(ByteBuffer operations, List<ValueRef> references) throws StoreException {
        failed = true;
        layers.apply(operations, references);
        failed = false;
    }

    void sync() throws StoreException {
        refuseIfFailed();
        if (group != syncedGroup) {
            force();
        }
    }

    private void makeRoom(long bytes) throws StoreException {
        if (bytes > Integer.MAX_VALUE - 8 - Segment.HEADER_BYTES) { // a segment is read as a whole
            throw new StoreException(Kind.IO, "a batch of " + bytes + " bytes is too large for the store in " + dir);
        }
        try {
            if (journal.isFullFor(bytes) || isDue()) {
                sync();
                advance();
            }
            journal.active().reserve(bytes);
        } catch (IOException e) {
            throw StoreFolder.failure("Making room in the journal", dir, e);
        }
    }

    /**
     * At the begin and at the end. A generation that is begun while groups are repeated would make an end of the old segments,
     * and of those groups in them whose turn hasn't come; one that is begun while the store is being closed never ends.
     */
    private void makeRoomWithoutGeneration(long bytes) throws StoreException {
        try {
            if (journal.isFullFor(bytes)) {
                sync();
                roll();
            }
            journal.active().reserve(bytes);
        } catch (IOException e) {
            throw StoreFolder.failure("Making room in the journal", dir, e);
        }
    }

    /** Between two groups, all of them on the disk: to the next segment, and perhaps to a new generation. */
    private void advance() throws IOException, StoreException {
        limit = options.journalBytesBeside(checkpoints.generationBytes());
        if (isAbove(limit * BEHIND_MAX)) {
            awaitCheckpoint();
        }
        roll();
        if (isAbove(limit) && !checkpoints.isRunning()) {
            beginCheckpoint();
        }
    }

    /** Whether a generation must not wait until the segment is full: groups with large values, or ranges, are small. */
    private boolean isDue() {
        return isAbove(limit * BEHIND_MAX) || (isAbove(limit) && !checkpoints.isRunning() && !layers.isFrozen());
    }

    private void roll() throws IOException {
        long used = journal.active().position();
        journal.roll();
        journalBytes += used;
    }

    private boolean isAbove(long bytes) {
        return journalBytes >= bytes || layers.activeBytes() >= BEHIND_MAX * bytes;
    }

    private void awaitCheckpoint() throws StoreException {
        try {
            checkpoints.await();
        } catch (StoreException e) {
            beginCheckpoint();
            throw Checkpoints.tooFarBehind(dir, e);
        }
    }

    private void beginCheckpoint() {
        if (checkpoints.begin(journal.active().number(), group)) {
            journalBytes = 0;
        }
    }

    /** Makes a generation of everything, and waits for it. */
    void checkpoint() throws StoreException {
        refuseIfFailed();
        checkpoints.settle();
        if (layers.isUnchanged()) {
            return;
        }
        try {
            sync();
            journal.roll();
        } catch (IOException e) {
            throw StoreFolder.failure("Making room in the journal", dir, e);
        }
        beginCheckpoint();
        checkpoints.await();
        if (!layers.isUnchanged()) { // that was one which had failed before; now the rest
            checkpoint();
        }
    }

    private List<ValueRef> writeValues(OpBuffer ops) throws StoreException {
        try {
            return values.write(ops.external());
        } catch (IOException e) {
            throw StoreFolder.failure("Writing a large value", dir, e);
        }
    }

    private void append(ByteBuffer operations, List<ValueRef> references, int bytes, boolean sync)
            throws StoreException {
        if (buffer.capacity() < bytes || buffer.capacity() > BUFFER_KEPT) {
            buffer = ByteBuffer.allocateDirect(Math.max(bytes, BUFFER_MIN));
        }
        buffer.clear();
        Group.encode(buffer, journal.active().salt(), group + 1, syncedGroup, operations, references);
        failed = true;
        try {
            journal.append(buffer.flip());
        } catch (IOException e) {
            throw unknown("Writing", e);
        }
        group++;
        failed = false;
        if (sync) {
            force();
        }
    }

    private void force() throws StoreException {
        failed = true;
        try {
            values.force();
            journal.active().force();
        } catch (IOException e) {
            throw unknown("Syncing", e);
        }
        failed = false;
        syncedGroup = group;
    }

    /** Brings a group from before the opening into this journal, under the number that it had. */
    void repeat(ByteBuffer operations, List<ValueRef> references) throws StoreException {
        long bytes = Group.bytes(operations.remaining() + (long) references.size() * ValueRef.BYTES);
        makeRoomWithoutGeneration(bytes);
        append(operations.duplicate(), references, (int) bytes, false);
        layers.apply(operations, references);
    }

    /** Syncs what isn't, and leaves a last group that says so: damage of a closed store shows. Nothing after a failure. */
    void finish() throws StoreException {
        if (failed) {
            return;
        }
        sync();
        if (group > 0 && journal.active().isUsed()) {
            makeRoomWithoutGeneration(Group.HEADER_BYTES);
            append(NOTHING.duplicate(), List.of(), Group.HEADER_BYTES, true);
        }
        failed = true;
    }

    /** The last group that is on the disk for certain. */
    long syncedGroup() {
        return syncedGroup;
    }

    /** The last group that was written. */
    long lastGroup() {
        return group;
    }

    private StoreException unknown(String what, IOException e) {
        return new StoreException(Kind.IO, what + " in " + dir + " failed: " + e, e);
    }

    private void refuseIfFailed() throws StoreException {
        if (failed) {
            throw new StoreException(
                    Kind.IO, "the store in " + dir + " takes no changes after a failure, until it is opened again");
        }
    }
}
