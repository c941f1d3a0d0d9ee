package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * What a child JVM has been acknowledged, in memory that it shares with its parent: neither a kill nor system calls that fail
 * lose a line of it.
 */
final class Ledger {
    private static final VarHandle LONGS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private final ByteBuffer shared;

    private enum Line {
        WRITTEN,
        SYNCED,
        FAILURES,
        KIND,
        SYNCED_AT_FAILURE,
        OPENED,
        OPENINGS_FAILED,
        DONE,
        TOLD_TO_FINISH
    }

    private Ledger(ByteBuffer shared) {
        this.shared = shared;
    }

    /** The ledger in a file, which is made if it isn't there. */
    static Ledger in(Path file) throws IOException {
        int bytes = Line.values().length * Long.BYTES;
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return new Ledger(channel.map(MapMode.READ_WRITE, 0, bytes));
        }
    }

    /** The last batch that was acknowledged as written. */
    long written() {
        return get(Line.WRITTEN);
    }

    void written(long batch) {
        set(Line.WRITTEN, batch);
    }

    /** The last batch that was acknowledged as synced. */
    long synced() {
        return get(Line.SYNCED);
    }

    void synced(long batch) {
        set(Line.WRITTEN, Math.max(batch, written()));
        set(Line.SYNCED, batch);
    }

    /** How many writes or syncs have failed. */
    long failures() {
        return get(Line.FAILURES);
    }

    /** How the first of them failed; null if none has. */
    @Nullable
    Kind firstFailure() {
        long kind = get(Line.KIND);
        return kind == 0 ? null : Kind.values()[(int) kind - 1];
    }

    /** What had been synced when the first one failed. */
    long syncedAtFailure() {
        return get(Line.SYNCED_AT_FAILURE);
    }

    void failed(Kind kind) {
        if (failures() == 0) {
            set(Line.KIND, kind.ordinal() + 1L);
            set(Line.SYNCED_AT_FAILURE, synced());
        }
        set(Line.FAILURES, failures() + 1);
    }

    /** How often the store was opened. */
    long opened() {
        return get(Line.OPENED);
    }

    void countOpened() {
        set(Line.OPENED, opened() + 1);
    }

    /** How often it couldn't be opened. */
    long openingsFailed() {
        return get(Line.OPENINGS_FAILED);
    }

    void countOpeningFailed() {
        set(Line.OPENINGS_FAILED, openingsFailed() + 1);
    }

    /** Whether the child has done everything that it was started for. */
    boolean isDone() {
        return get(Line.DONE) != 0;
    }

    void done() {
        set(Line.DONE, 1);
    }

    /** Whether the parent wants the child to close its store and end. */
    boolean isToldToFinish() {
        return get(Line.TOLD_TO_FINISH) != 0;
    }

    void finish() {
        set(Line.TOLD_TO_FINISH, 1);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Line line : Line.values()) {
            text.append(line).append(' ').append(get(line)).append("  ");
        }
        return text.toString();
    }

    private long get(Line line) {
        return (long) LONGS.getVolatile(shared, line.ordinal() * Long.BYTES);
    }

    private void set(Line line, long value) {
        LONGS.setVolatile(shared, line.ordinal() * Long.BYTES, value);
    }
}
