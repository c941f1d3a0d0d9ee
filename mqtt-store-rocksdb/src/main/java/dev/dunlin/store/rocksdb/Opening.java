package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import org.rocksdb.RocksDBException;

/** Opens a store, once. */
final class Opening {
    private final Path dir;
    private final RocksDbOptions options;
    private final Natives natives;

    Opening(Path dir, RocksDbOptions options, Natives natives) {
        this.dir = dir;
        this.options = options;
        this.natives = natives;
    }

    StorageEngine open() throws StoreException {
        RocksEngine engine = null;
        try {
            boolean created = Format.claim(dir);
            Database database = Database.open(dir, options, Database.Access.STRICT, natives);
            engine = new RocksEngine(dir, database, natives, RecoveryReport.clean(created));
            return engine;
        } catch (RocksDBException e) {
            throw Failures.of("Opening the store", dir, e);
        } catch (IOException e) {
            throw Failures.of("Opening the store", dir, e);
        } finally {
            if (engine == null) {
                natives.close();
            }
        }
    }

    StorageEngine recover() throws StoreException {
        return open();
    }
}
