package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import java.nio.file.Path;

/**
 * A store on RocksDB in a folder: for states larger than memory. Immutable.
 *
 * <pre>{@code
 * builder.storage(RocksDb.at(Path.of("data")), Durability.POWER)
 * }</pre>
 *
 * <p>The folder belongs to the store alone. On JDK 24 and later the JVM warns about native code unless it is started with
 * {@code --enable-native-access=ALL-UNNAMED}.
 */
public final class RocksDb implements StorageEngineProvider {
    private final Path dir;
    private final RocksDbOptions options;

    private RocksDb(Path dir, RocksDbOptions options) {
        this.dir = dir;
        this.options = options;
    }

    /** A store in a folder, which is made when it is opened for the first time. */
    public static RocksDb at(Path dir) {
        return new RocksDb(dir.toAbsolutePath().normalize(), RocksDbOptions.DEFAULT);
    }

    /** The same store with other options. */
    public RocksDb options(RocksDbOptions other) {
        return new RocksDb(dir, other);
    }

    @Override
    public StorageEngine open() throws StoreException {
        return new Opening(dir, options, new Natives()).open();
    }

    @Override
    public StorageEngine recover() throws StoreException {
        return new Opening(dir, options, new Natives()).recover();
    }

    /** Makes this engine known as "rocksdb"; used by {@link java.util.ServiceLoader}. */
    public static final class ByName implements Named {
        /** For the service loader. */
        public ByName() {}

        @Override
        public String name() {
            return RocksEngine.NAME;
        }

        @Override
        public StorageEngineProvider at(Path dir) {
            return RocksDb.at(dir);
        }
    }
}
