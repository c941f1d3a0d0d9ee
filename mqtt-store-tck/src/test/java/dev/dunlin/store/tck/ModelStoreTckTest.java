package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The model is what its own kit asks for. */
class ModelStoreTckTest extends MemoryEngineTck {
    private final Map<Path, ModelStore> stores = new ConcurrentHashMap<>();

    @Override
    protected StorageEngineProvider provider(Path dir) {
        return stores.computeIfAbsent(dir, ModelStoreTckTest::at);
    }

    static ModelStore at(Path dir) {
        try {
            return ModelStore.at(dir);
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }
}
