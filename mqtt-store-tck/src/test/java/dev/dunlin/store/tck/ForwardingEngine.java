package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.Traits;
import dev.dunlin.broker.spi.View;
import java.nio.file.Path;

/** An engine that does what another one does, for those that do one thing differently. */
public class ForwardingEngine implements StorageEngine {
    private final StorageEngine inner;

    protected ForwardingEngine(StorageEngine inner) {
        this.inner = inner;
    }

    @Override
    public Traits traits() {
        return inner.traits();
    }

    @Override
    public void write(OpBuffer ops, boolean sync) throws StoreException {
        inner.write(ops, sync);
    }

    @Override
    public void sync() throws StoreException {
        inner.sync();
    }

    @Override
    public View view() throws StoreException {
        return inner.view();
    }

    @Override
    public void backup(Path emptyDir) throws StoreException {
        inner.backup(emptyDir);
    }

    @Override
    public void compact(Space space) throws StoreException {
        inner.compact(space);
    }

    @Override
    public RecoveryReport recovery() {
        return inner.recovery();
    }

    @Override
    public EngineStats stats() {
        return inner.stats();
    }

    @Override
    public void close() throws StoreException {
        inner.close();
    }
}
