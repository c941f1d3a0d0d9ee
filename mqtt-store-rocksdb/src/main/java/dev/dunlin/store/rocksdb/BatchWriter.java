package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * Turns batches of the SPI into RocksDB's, each behind its {@link Marker}, and remembers how far they are on the disk. One
 * thread. Latched: after a failure it takes nothing more.
 */
// hot
final class BatchWriter implements OpBuffer.Reader {
    /** A batch that has grown beyond this gives its memory back. */
    private static final long KEPT_BYTES_MAX = 4 << 20;

    private final Path dir;
    private final Database database;
    private final RocksDB db;
    private final WriteOptions synced;
    private final WriteOptions unsynced;
    private final Natives batches;
    private final byte[] marker = new byte[Marker.BYTES];
    private WriteBatch batch;
    private long group;
    private long syncedGroup;
    private long syncedSequence;
    private boolean failed;

    BatchWriter(Path dir, Database database, Natives natives) {
        this.dir = dir;
        this.database = database;
        db = database.db();
        synced = natives.own(new WriteOptions().setSync(true));
        unsynced = natives.own(new WriteOptions());
        batches = natives.part();
        batch = batches.own(new WriteBatch());
        syncedSequence = db.getLatestSequenceNumber();
    }

    void write(OpBuffer ops, boolean sync) throws StoreException {
        refuseIfFailed();
        failed = true;
        try {
            begin();
            ops.forEach(this);
            db.write(sync ? synced : unsynced, batch);
        } catch (RocksDBException e) {
            throw Failures.of("Writing", dir, e);
        }
        failed = false;
        if (sync) {
            onSynced();
        }
    }

    /** Also reaches what lies in a log that RocksDB has left for a new one meanwhile. */
    void sync() throws StoreException {
        refuseIfFailed();
        if (group == syncedGroup) {
            return;
        }
        failed = true;
        try {
            db.syncWal();
        } catch (RocksDBException e) {
            throw Failures.of("Syncing", dir, e);
        }
        failed = false;
        onSynced();
    }

    /** Syncs what isn't, and leaves a last marker that says so: damage of a closed store shows. Nothing after a failure. */
    void finish() throws StoreException {
        try {
            if (!failed && group > 0) {
                sync();
                begin();
                db.write(synced, batch);
            }
        } catch (RocksDBException e) {
            throw Failures.of("Closing", dir, e);
        } finally {
            failed = true;
            batches.close();
        }
    }

    @Override
    public void put(Space space, ByteBuffer key, ByteBuffer value) throws StoreException {
        try {
            batch.put(database.family(space), key, value);
        } catch (RocksDBException e) {
            throw Failures.of("Writing", dir, e);
        }
    }

    @Override
    public void delete(Space space, ByteBuffer key) throws StoreException {
        try {
            batch.delete(database.family(space), key);
        } catch (RocksDBException e) {
            throw Failures.of("Writing", dir, e);
        }
    }

    @Override
    public void deleteRange(Space space, ByteBuffer from, ByteBuffer to) throws StoreException {
        if (unsignedCompare(from, to) >= 0) {
            return; // RocksDB refuses a reversed range; an empty one takes a sequence number that no table tells of
        }
        try {
            batch.deleteRange(database.family(space), bytes(from), bytes(to));
        } catch (RocksDBException e) {
            throw Failures.of("Writing", dir, e);
        }
    }

    private void begin() throws RocksDBException {
        if (batch.getDataSize() > KEPT_BYTES_MAX) {
            batches.close();
            batch = batches.own(new WriteBatch());
        }
        batch.clear();
        new Marker(++group, syncedGroup, syncedSequence).encode(marker);
        batch.putLogData(marker);
    }

    private void onSynced() {
        syncedGroup = group;
        syncedSequence = db.getLatestSequenceNumber();
    }

    private void refuseIfFailed() throws StoreException {
        if (failed) {
            throw new StoreException(
                    Kind.IO, "the store in " + dir + " takes no changes after a failure, until it is opened again");
        }
    }

    private static int unsignedCompare(ByteBuffer a, ByteBuffer b) {
        int common = Math.min(a.remaining(), b.remaining());
        for (int i = 0; i < common; i++) {
            int order = Byte.compareUnsigned(a.get(a.position() + i), b.get(b.position() + i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(a.remaining(), b.remaining());
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
