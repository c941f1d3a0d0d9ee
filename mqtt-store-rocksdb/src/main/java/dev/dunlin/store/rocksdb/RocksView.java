package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;

/**
 * A RocksDB snapshot. Keys and values pass through two direct buffers of the view; a value that doesn't fit is read straight
 * into a buffer of its own. The lock is held during every call, so that a view can be closed by another thread; it is free
 * nearly always.
 */
final class RocksView implements View {
    private static final int KEY_BYTES = 1 << 10;
    private static final int VALUE_BYTES = 64 << 10;
    private static final int SCANNED_BYTES = 4 << 10;

    private final Path dir;
    private final Database database;
    private final Natives natives;
    private final Consumer<RocksView> onClosed;
    private final ReentrantLock inside = new ReentrantLock();
    private final Snapshot snapshot;
    private final ReadOptions options;
    private ByteBuffer keyScratch = ByteBuffer.allocateDirect(KEY_BYTES);
    private final ByteBuffer valueScratch = ByteBuffer.allocateDirect(VALUE_BYTES);
    private boolean closed;

    /** Takes over {@code natives}, which must be empty. */
    RocksView(Path dir, Database database, Natives natives, Consumer<RocksView> onClosed) {
        this.dir = dir;
        this.database = database;
        this.natives = natives;
        this.onClosed = onClosed;
        snapshot = natives.own(database.db().getSnapshot());
        options = natives.own(new ReadOptions()).setSnapshot(snapshot);
    }

    @Override
    public @Nullable ByteBuffer get(Space space, byte[] key) throws StoreException {
        inside.lock();
        try {
            refuseIfClosed();
            return read(space, key);
        } catch (RocksDBException e) {
            throw Failures.of("Reading", dir, e);
        } finally {
            inside.unlock();
        }
    }

    @Override
    public List<@Nullable ByteBuffer> getAll(Space space, List<byte[]> keys) throws StoreException {
        List<@Nullable ByteBuffer> values = new ArrayList<>(keys.size());
        for (byte[] key : keys) {
            values.add(get(space, key));
        }
        return values;
    }

    @Override
    public void scan(Space space, byte[] from, byte @Nullable [] to, Visitor visitor) throws StoreException {
        inside.lock();
        Natives scan = natives.part();
        try {
            refuseIfClosed();
            ReadOptions bounds = scan.own(new ReadOptions(options));
            bounds.setIterateLowerBound(scan.own(new Slice(from)));
            if (to != null) {
                bounds.setIterateUpperBound(scan.own(new Slice(to)));
            }
            walk(scan.own(database.db().newIterator(database.family(space), bounds)), visitor);
        } catch (RocksDBException e) {
            throw Failures.of("Reading", dir, e);
        } finally {
            scan.close();
            inside.unlock();
        }
    }

    @Override
    public void close() {
        inside.lock();
        try {
            if (!closed) {
                closed = true;
                database.db().releaseSnapshot(snapshot);
                natives.close();
                onClosed.accept(this);
            }
        } finally {
            inside.unlock();
        }
    }

    private @Nullable ByteBuffer read(Space space, byte[] key) throws RocksDBException {
        keyScratch = grown(keyScratch, key.length).put(key).flip();
        valueScratch.clear();
        RocksDB db = database.db();
        int bytes = db.get(database.family(space), options, keyScratch, valueScratch);
        if (bytes == RocksDB.NOT_FOUND) {
            return null;
        }
        if (bytes <= valueScratch.capacity()) {
            return ByteBuffer.allocate(bytes)
                    .put(valueScratch.position(0).limit(bytes))
                    .flip();
        }
        ByteBuffer large = ByteBuffer.allocateDirect(bytes);
        db.get(database.family(space), options, keyScratch.rewind(), large);
        return large;
    }

    /** The visitor may use the view, and even close it: buffers and iterator are the walk's own. */
    private void walk(RocksIterator iterator, Visitor visitor) throws RocksDBException, StoreException {
        ByteBuffer key = ByteBuffer.allocateDirect(KEY_BYTES);
        ByteBuffer value = ByteBuffer.allocateDirect(SCANNED_BYTES);
        for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
            int keyBytes = iterator.key(key.clear());
            if (keyBytes > key.capacity()) {
                key = grown(key, keyBytes);
                iterator.key(key);
            }
            int valueBytes = iterator.value(value.clear());
            if (valueBytes > value.capacity()) {
                value = grown(value, valueBytes);
                iterator.value(value);
            }
            key.position(0).limit(keyBytes);
            value.position(0).limit(valueBytes);
            if (!visitor.entry(key, value)) {
                return;
            }
            refuseIfClosed();
        }
        iterator.status();
    }

    /** The buffer, or a larger one, empty. */
    private static ByteBuffer grown(ByteBuffer buffer, int bytes) {
        return bytes <= buffer.capacity() ? buffer.clear() : ByteBuffer.allocateDirect(bytes + bytes / 4);
    }

    private void refuseIfClosed() throws StoreException {
        if (closed) {
            throw new StoreException(Kind.BUSY, "the view of the store in " + dir + " is closed");
        }
    }
}
