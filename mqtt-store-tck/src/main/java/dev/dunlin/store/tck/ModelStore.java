package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.Traits;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory that does exactly what the contract says: the measure for other engines, and the ground under a
 * {@link FaultyStore}. It keeps its contents over closing and opening, and knows which of them were synced. Any thread.
 */
public final class ModelStore implements CrashingProvider {
    private static final Traits TRAITS = new Traits("model", true, false);

    private Contents written;
    private Contents synced;
    private boolean exists;
    private @Nullable ModelEngine open;

    /** An empty store. */
    public ModelStore() {
        this(Contents.EMPTY, false);
    }

    private ModelStore(Contents contents, boolean exists) {
        written = contents;
        synced = contents;
        this.exists = exists;
    }

    /** A store that holds what {@link StorageEngine#backup} of another one has left in a folder; empty if nothing has. */
    public static ModelStore at(Path dir) throws StoreException {
        Path file = dir.resolve(ModelBackup.FILE);
        return Files.exists(file) ? new ModelStore(ModelBackup.read(file), true) : new ModelStore();
    }

    @Override
    public synchronized StorageEngine open() throws StoreException {
        if (open != null) {
            throw new StoreException(Kind.LOCKED, "the model store is open already: close its engine first");
        }
        open = new ModelEngine(this, RecoveryReport.clean(!exists));
        exists = true;
        return open;
    }

    /** As {@link #open}: nothing is ever damaged. */
    @Override
    public StorageEngine recover() throws StoreException {
        return open();
    }

    @Override
    public synchronized void crash(Crash kind) {
        open = null;
        if (kind == Crash.POWER) {
            written = synced;
        }
    }

    Traits traits() {
        return TRAITS;
    }

    synchronized Contents contents(ModelEngine asking) throws StoreException {
        requireOpen(asking);
        return written;
    }

    synchronized void write(ModelEngine asking, Contents contents, boolean sync) throws StoreException {
        requireOpen(asking);
        written = contents;
        if (sync) {
            synced = contents;
        }
    }

    synchronized void sync(ModelEngine asking) throws StoreException {
        requireOpen(asking);
        synced = written;
    }

    synchronized void close(ModelEngine asking) {
        if (open == asking) {
            synced = written;
            open = null;
        }
    }

    void requireOpen(ModelEngine asking) throws StoreException {
        synchronized (this) {
            if (open != asking) {
                throw new StoreException(Kind.BUSY, "this engine of the model store is closed, or has crashed");
            }
        }
    }
}
