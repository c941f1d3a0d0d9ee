package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * What an engine or a broker is measured against: RocksDB's Java API on a database with the options of our engine, and
 * nothing of ours around it. One thread.
 */
public final class BareRocksDb implements AutoCloseable {
    private static final int SCRATCH_BYTES = 4 << 10;

    private final Natives natives = new Natives();
    private final Database database;
    private final WriteOptions synced = natives.own(new WriteOptions().setSync(true));
    private final WriteOptions unsynced = natives.own(new WriteOptions());
    private final WriteBatch batch = natives.own(new WriteBatch());
    private final ByteBuffer keyScratch = ByteBuffer.allocateDirect(SCRATCH_BYTES);
    private final ByteBuffer valueScratch = ByteBuffer.allocateDirect(SCRATCH_BYTES);

    private BareRocksDb(Path dir, boolean isNew) throws RocksDBException {
        database = Database.open(dir, RocksDbOptions.DEFAULT, isNew, natives);
    }

    /** Opens a new database. */
    public static BareRocksDb create(Path dir) throws IOException, StoreException, RocksDBException {
        NativeLibrary.load(dir);
        return new BareRocksDb(Files.createDirectories(dir), true);
    }

    /** Opens the database of a store that is closed. */
    public static BareRocksDb open(Path dir) throws StoreException, RocksDBException {
        NativeLibrary.load(dir);
        return new BareRocksDb(dir, false);
    }

    /** Adds to the batch. */
    public void put(Space space, byte[] key, byte[] value) throws RocksDBException {
        batch.put(database.family(space), direct(keyScratch, key), direct(valueScratch, value));
    }

    /** Adds to the batch. */
    public void delete(Space space, byte[] key) throws RocksDBException {
        batch.delete(database.family(space), direct(keyScratch, key));
    }

    private static ByteBuffer direct(ByteBuffer scratch, byte[] bytes) {
        return scratch.clear().put(bytes).flip();
    }

    /** Writes the batch, and begins a new one. */
    public void write(boolean sync) throws RocksDBException {
        database.db().write(sync ? synced : unsynced, batch);
        batch.clear();
    }

    /** Deletes what is from one key on to below another, at once. */
    public void deleteRange(Space space, byte[] from, byte[] to) throws RocksDBException {
        database.db().deleteRange(database.family(space), from, to);
    }

    /** The value of a key; null if it isn't there. */
    public byte @Nullable [] get(Space space, byte[] key) throws RocksDBException {
        return database.db().get(database.family(space), key);
    }

    /**
     * Reads keys and values from a key on.
     *
     * @param to the key behind the last one; null for the end of the space
     * @param entriesMax how many at most
     * @return the bytes that were read
     */
    public long scan(Space space, byte[] from, byte @Nullable [] to, int entriesMax) throws RocksDBException {
        long bytes = 0;
        try (Slice upper = to == null ? new Slice(new byte[0]) : new Slice(to);
                ReadOptions options = new ReadOptions()) {
            if (to != null) {
                options.setIterateUpperBound(upper);
            }
            try (RocksIterator iterator = database.db().newIterator(database.family(space), options)) {
                iterator.seek(from);
                for (int i = 0; i < entriesMax && iterator.isValid(); i++, iterator.next()) {
                    bytes += iterator.key(keyScratch.clear());
                    bytes += iterator.value(valueScratch.clear());
                }
                iterator.status();
            }
        }
        return bytes;
    }

    @Override
    public void close() {
        natives.close();
    }
}
