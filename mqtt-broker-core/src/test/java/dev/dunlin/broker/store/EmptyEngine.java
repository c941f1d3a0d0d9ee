package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.spi.Traits;
import dev.dunlin.broker.spi.View;
import dev.dunlin.broker.testkit.ThreadlessExecutor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An engine that takes everything, at once, and holds nothing: for tests of who is told when. */
public final class EmptyEngine implements StorageEngine, StorageEngineProvider, View {
    private static final EngineStats STATS =
            new EngineStats(EngineStats.UNKNOWN, EngineStats.UNKNOWN, EngineStats.UNKNOWN, EngineStats.UNKNOWN);

    private final Runnable onWrite;

    private EmptyEngine(Runnable onWrite) {
        this.onWrite = onWrite;
    }

    /**
     * A store over such an engine, in which nobody reads.
     *
     * @param onWrite runs within each write
     */
    public static Store store(TimeSource time, Runnable onWrite) {
        try {
            return Store.open(
                    new EmptyEngine(onWrite), Durability.POWER, Limits.EMBEDDED, time, "schedule", new NobodyReads());
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public StorageEngine open() {
        return this;
    }

    @Override
    public StorageEngine recover() {
        return this;
    }

    @Override
    public Traits traits() {
        return new Traits("empty", true, true);
    }

    @Override
    public void write(OpBuffer ops, boolean sync) {
        onWrite.run();
    }

    @Override
    public void sync() {
        // taken
    }

    @Override
    public View view() {
        return this;
    }

    @Override
    public void backup(Path emptyDir) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void compact(Space space) {
        // nothing to do
    }

    @Override
    public RecoveryReport recovery() {
        return RecoveryReport.clean(true);
    }

    @Override
    public EngineStats stats() {
        return STATS;
    }

    @Override
    public @Nullable ByteBuffer get(Space space, byte[] key) {
        return null;
    }

    @Override
    public List<@Nullable ByteBuffer> getAll(Space space, List<byte[]> keys) {
        return Collections.nCopies(keys.size(), null);
    }

    @Override
    public void scan(Space space, byte[] from, byte @Nullable [] to, Visitor visitor) {
        // nothing to visit
    }

    @Override
    public void close() {
        // holds nothing
    }

    private static final class NobodyReads extends ThreadlessExecutor {
        @Override
        public void execute(Runnable command) {
            // never runs
        }
    }
}
