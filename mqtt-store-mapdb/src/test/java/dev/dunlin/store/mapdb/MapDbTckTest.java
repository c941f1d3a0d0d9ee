package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.store.tck.StorageEngineTck;
import java.nio.file.Path;

/** The kit's whole proof, with the default options. */
class MapDbTckTest extends StorageEngineTck {
    @Override
    protected StorageEngineProvider provider(Path dir) {
        return MapDb.at(dir);
    }
}
