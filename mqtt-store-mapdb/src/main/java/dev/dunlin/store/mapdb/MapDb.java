package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import java.nio.file.Path;

/**
 * A store in pure Java in a folder: a journal, and snapshots of it in MapDB files. For states of up to about 2 GB, and where
 * there is no native library for RocksDB. Immutable.
 *
 * <pre>{@code
 * builder.storage(MapDb.at(Path.of("data")), Durability.POWER)
 * }</pre>
 *
 * <p>The folder belongs to the store alone.
 */
public final class MapDb implements StorageEngineProvider {
    private final Path dir;
    private final MapDbOptions options;

    private MapDb(Path dir, MapDbOptions options) {
        this.dir = dir;
        this.options = options;
    }

    /** A store in a folder, which is made when it is opened for the first time. */
    public static MapDb at(Path dir) {
        return new MapDb(dir.toAbsolutePath().normalize(), MapDbOptions.DEFAULT);
    }

    /** The same store with other options. */
    public MapDb options(MapDbOptions other) {
        return new MapDb(dir, other);
    }

    @Override
    public StorageEngine open() throws StoreException {
        return new Opening(dir, options).open();
    }

    @Override
    public StorageEngine recover() throws StoreException {
        return new Opening(dir, options).recover();
    }

    /** Makes this engine known as "mapdb"; used by {@link java.util.ServiceLoader}. */
    public static final class ByName implements Named {
        /** For the service loader. */
        public ByName() {}

        @Override
        public String name() {
            return MapDbEngine.NAME;
        }

        @Override
        public StorageEngineProvider at(Path dir) {
            return MapDb.at(dir);
        }
    }
}
