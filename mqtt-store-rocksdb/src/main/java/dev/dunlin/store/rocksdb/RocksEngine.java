package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import dev.dunlin.broker.spi.Traits;
import dev.dunlin.broker.spi.View;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.rocksdb.Checkpoint;
import org.rocksdb.RocksDBException;

/**
 * The engine: RocksDB's atomic batches are the SPI's batches, its sequence numbers their order, its log their durability.
 *
 * <p>After a failed write RocksDB may be in any state between "nothing happened" and "refuses everything", and after a failed
 * sync the page cache can't be trusted: the engine then refuses every further change until it is opened again, which replays
 * the log and writes its content into new, synced files.
 *
 * <p>Native objects must not be used after they are closed: that would end the JVM. Whoever is inside holds the {@code inside}
 * lock shared, or the lock of a view; {@link #close} takes them all.
 */
final class RocksEngine implements StorageEngine {
    static final String NAME = "rocksdb";

    private static final Traits TRAITS = new Traits(NAME, false, true);

    private final Path dir;
    private final Database database;
    private final Natives natives;
    private final StoreFolder folder;
    private final RecoveryReport recovery;
    private final BatchWriter writer;
    private final Set<RocksView> views = ConcurrentHashMap.newKeySet();
    private final ReadWriteLock inside = new ReentrantReadWriteLock();
    private boolean closed;

    /** Takes over {@code natives}, to which {@code database} belongs, and {@code folder}. */
    RocksEngine(StoreFolder folder, Database database, Natives natives, RecoveryReport recovery) {
        this.folder = folder;
        this.dir = folder.dir();
        this.database = database;
        this.natives = natives;
        this.recovery = recovery;
        this.writer = new BatchWriter(dir, database, natives);
    }

    /** Something that is done inside of RocksDB. */
    private interface Work<T> {
        T run() throws RocksDBException, IOException, StoreException;
    }

    @Override
    public Traits traits() {
        return TRAITS;
    }

    @Override
    public void write(OpBuffer ops, boolean sync) throws StoreException {
        refuseIfClosed();
        writer.write(ops, sync);
    }

    @Override
    public void sync() throws StoreException {
        refuseIfClosed();
        writer.sync();
    }

    @Override
    public View view() throws StoreException {
        return inside("Taking a view", () -> {
            RocksView view = new RocksView(dir, database, natives.part(), views::remove);
            views.add(view);
            return view;
        });
    }

    @Override
    public void backup(Path emptyDir) throws StoreException {
        inside("The backup to " + emptyDir, () -> {
            prepareBackup(emptyDir);
            try (Checkpoint checkpoint = Checkpoint.create(database.db())) {
                checkpoint.createCheckpoint(emptyDir.toString());
            }
            folder.establish(emptyDir);
            return emptyDir;
        });
    }

    /** RocksDB makes the folder of a checkpoint itself: it must not be there. */
    private static void prepareBackup(Path dir) throws IOException, StoreException {
        StoreFolder.requireEmpty(dir);
        Files.deleteIfExists(dir);
        Files.createDirectories(dir.toAbsolutePath().getParent());
    }

    @Override
    public void compact(Space space) throws StoreException {
        inside("Compacting " + space, () -> {
            database.db().compactRange(database.family(space));
            return space;
        });
    }

    @Override
    public RecoveryReport recovery() {
        return recovery;
    }

    @Override
    public EngineStats stats() {
        inside.readLock().lock();
        try {
            FileStore volume = Files.getFileStore(dir);
            return new EngineStats(
                    closed ? EngineStats.UNKNOWN : database.diskBytes(),
                    closed ? 0 : database.memoryBytes(),
                    volume.getUsableSpace(),
                    volume.getTotalSpace());
        } catch (IOException | RocksDBException e) {
            return new EngineStats(EngineStats.UNKNOWN, EngineStats.UNKNOWN, EngineStats.UNKNOWN, EngineStats.UNKNOWN);
        } finally {
            inside.readLock().unlock();
        }
    }

    @Override
    public void close() throws StoreException {
        inside.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
        } finally {
            inside.writeLock().unlock();
        }
        // Nobody is inside any more but views, and who walks through one may still ask for the engine's lock.
        List.copyOf(views).forEach(RocksView::close);
        release();
    }

    private void release() throws StoreException {
        try (folder;
                natives) {
            writer.finish();
        } catch (IOException e) {
            throw StoreFolder.failure("Closing", dir, e);
        }
    }

    private <T> T inside(String what, Work<T> work) throws StoreException {
        inside.readLock().lock();
        try {
            refuseIfClosed();
            return work.run();
        } catch (RocksDBException e) {
            throw Failures.of(what, dir, e);
        } catch (IOException e) {
            throw StoreFolder.failure(what, dir, e);
        } finally {
            inside.readLock().unlock();
        }
    }

    private void refuseIfClosed() throws StoreException {
        if (closed) {
            throw new StoreException(Kind.BUSY, "the store in " + dir + " is closed");
        }
    }
}
