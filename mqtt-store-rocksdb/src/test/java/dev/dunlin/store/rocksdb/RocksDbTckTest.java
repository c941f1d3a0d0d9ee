package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.tck.StorageEngineTck;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The kit's whole proof, with the default options. */
class RocksDbTckTest extends StorageEngineTck {
    private final Map<StorageEngine, Natives> natives = new ConcurrentHashMap<>();

    @Override
    protected StorageEngineProvider provider(Path dir) {
        return new StorageEngineProvider() {
            @Override
            public StorageEngine open() throws StoreException {
                Natives own = new Natives();
                return counted(new Opening(dir, RocksDbOptions.DEFAULT, own).open(), own);
            }

            @Override
            public StorageEngine recover() throws StoreException {
                Natives own = new Natives();
                return counted(new Opening(dir, RocksDbOptions.DEFAULT, own).recover(), own);
            }
        };
    }

    private StorageEngine counted(StorageEngine engine, Natives own) {
        natives.put(engine, own);
        return engine;
    }

    @Override
    protected long nativeHandles(StorageEngine engine) {
        return natives.get(engine).live();
    }
}
