package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.Traits;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The engine of a {@link ModelStore}: a snapshot is the contents themselves. */
final class ModelEngine implements StorageEngine {
    private final ModelStore store;
    private final RecoveryReport recovery;

    ModelEngine(ModelStore store, RecoveryReport recovery) {
        this.store = store;
        this.recovery = recovery;
    }

    @Override
    public Traits traits() {
        return store.traits();
    }

    @Override
    public void write(OpBuffer ops, boolean sync) throws StoreException {
        store.write(this, store.contents(this).with(ops), sync);
    }

    @Override
    public void sync() throws StoreException {
        store.sync(this);
    }

    @Override
    public View view() throws StoreException {
        return new ModelView(store.contents(this));
    }

    @Override
    public void backup(Path emptyDir) throws StoreException {
        ModelBackup.write(store.contents(this), emptyDir);
    }

    /** Nothing is left to give back. */
    @Override
    public void compact(Space space) throws StoreException {
        store.requireOpen(this);
    }

    @Override
    public RecoveryReport recovery() {
        return recovery;
    }

    /** Without figures once it is closed. */
    @Override
    public EngineStats stats() {
        long bytes = EngineStats.UNKNOWN;
        try {
            bytes = store.contents(this).bytes();
        } catch (StoreException closed) {
            return new EngineStats(bytes, bytes, bytes, bytes);
        }
        return new EngineStats(bytes, 0, EngineStats.UNKNOWN, EngineStats.UNKNOWN);
    }

    @Override
    public void close() {
        store.close(this);
    }

    /** Fails as its engine does, once that is closed. */
    private final class ModelView implements View {
        private final Contents contents;

        ModelView(Contents contents) {
            this.contents = contents;
        }

        @Override
        public @Nullable ByteBuffer get(Space space, byte[] key) throws StoreException {
            store.requireOpen(ModelEngine.this);
            byte[] value = contents.in(space).get(key);
            return value == null ? null : ByteBuffer.wrap(value.clone());
        }

        @Override
        public List<@Nullable ByteBuffer> getAll(Space space, List<byte[]> keys) throws StoreException {
            List<@Nullable ByteBuffer> values = new ArrayList<>(keys.size());
            for (byte[] key : keys) {
                values.add(get(space, key));
            }
            return values;
        }

        @Override
        public void scan(Space space, byte[] from, byte @Nullable [] to, Visitor visitor) throws StoreException {
            store.requireOpen(ModelEngine.this);
            List<StoreException> thrown = new ArrayList<>(1);
            contents.in(space).visit(from, to, (key, value) -> {
                try {
                    return visitor.entry(readOnly(key), readOnly(value));
                } catch (StoreException e) {
                    thrown.add(e);
                    return false;
                }
            });
            if (!thrown.isEmpty()) {
                throw thrown.get(0);
            }
        }

        @Override
        public void close() {}

        private ByteBuffer readOnly(byte[] bytes) {
            return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
        }
    }
}
