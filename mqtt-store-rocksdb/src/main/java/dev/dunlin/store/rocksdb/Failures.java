package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import java.nio.file.Path;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/** Tells RocksDB's failures in the words of the storage SPI. */
final class Failures {
    private Failures() {}

    static StoreException of(String what, Path dir, RocksDBException e) {
        return new StoreException(kind(e), what + " in " + dir + " failed: " + e.getMessage(), e);
    }

    /** LOCKED comes as an IO error, which names the lock file. */
    static Kind kind(RocksDBException e) {
        Status status = e.getStatus();
        String message = String.valueOf(e.getMessage());
        if (status == null) {
            return Kind.IO;
        }
        if (status.getSubCode() == Status.SubCode.NoSpace || StoreFolder.isFull(e)) {
            return Kind.FULL;
        }
        return switch (status.getCode()) {
            case Corruption -> Kind.CORRUPT;
            case IOError -> message.contains("lock ") && message.contains("LOCK") ? Kind.LOCKED : Kind.IO;
            default -> Kind.IO;
        };
    }
}
