package dev.dunlin.broker.crash;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.tck.ForwardingEngine;

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

    private static final class Unsynced extends ForwardingEngine {
        Unsynced(StorageEngine inner) {
            super(inner);
        }

        @Override
        public void write(OpBuffer ops, boolean sync) throws StoreException {
            super.write(ops, false);
        }

        @Override
        public void sync() {
            // that is what it is there for
        }
    }
}
