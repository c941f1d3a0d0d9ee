package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.nio.file.Path;
import java.util.Locale;
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
        if (status.getSubCode() == Status.SubCode.NoSpace || isFull(message)) {
            return Kind.FULL;
        }
        return switch (status.getCode()) {
            case Corruption -> Kind.CORRUPT;
            case IOError -> message.contains("lock ") && message.contains("LOCK") ? Kind.LOCKED : Kind.IO;
            default -> Kind.IO;
        };
    }

    private static boolean isFull(String message) {
        String lower = message.toLowerCase(Locale.ROOT);
        return lower.contains("no space left") || lower.contains("file too large") || lower.contains("quota exceeded");
    }
}
