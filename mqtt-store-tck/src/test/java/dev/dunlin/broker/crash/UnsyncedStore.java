package dev.dunlin.broker.crash;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.Traits;
import dev.dunlin.broker.spi.View;
import java.nio.file.Path;

/** A store whose sync does nothing and says that all is well: what the tests of power cuts must find. */
final class UnsyncedStore implements StorageEngineProvider {
    private final StorageEngineProvider inner;

    UnsyncedStore(StorageEngineProvider inner) {
        this.inner = inner;
    }

    @Override
    public StorageEngine open() throws StoreException {
        return new Unsynced(inner.open());
    }

    @Override
    public StorageEngine recover() throws StoreException {
        return new Unsynced(inner.recover());
    }

    private record Unsynced(StorageEngine engine) implements StorageEngine {
        @Override
        public Traits traits() {
            return engine.traits();
        }

        @Override
        public void write(OpBuffer ops, boolean sync) throws StoreException {
            engine.write(ops, false);
        }

        @Override
        public void sync() {
            // that is what it is there for
        }

        @Override
        public View view() throws StoreException {
            return engine.view();
        }

        @Override
        public void backup(Path emptyDir) throws StoreException {
            engine.backup(emptyDir);
        }

        @Override
        public void compact(Space space) throws StoreException {
            engine.compact(space);
        }

        @Override
        public RecoveryReport recovery() {
            return engine.recovery();
        }

        @Override
        public EngineStats stats() {
            return engine.stats();
        }

        @Override
        public void close() throws StoreException {
            engine.close();
        }
    }
}
