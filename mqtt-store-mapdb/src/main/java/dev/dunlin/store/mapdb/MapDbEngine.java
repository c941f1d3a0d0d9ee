package dev.dunlin.store.mapdb;

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

/**
 * The engine: a journal makes batches durable, an overlay in memory makes them readable, and now and then both become a
 * <i>generation</i>, a MapDB B-tree in a file that is built once and never changed.
 *
 * <pre>
 * write --> journal-12, journal-13 ...  (groups with CRC32C, one sync each)     on the disk
 *       \-> overlay                     (copied on write for views)             in memory
 *                 | when the journal has grown
 *                 v
 *           generation-14 = generation-9 + overlay; journals below 14 become spares after the next one
 * </pre>
 *
 * MapDB's own transactions are never used. Its trade-off: all changes since the last generation are in memory, and a generation
 * is written as a whole. That is for states of up to about 2 GB.
 *
 * <p>After a failed write or sync its outcome is unknown and the page cache can't be trusted: the engine then refuses every
 * further change until it is opened again, which writes what may not be on the disk into a new segment, synced.
 */
final class MapDbEngine implements StorageEngine {
    static final String NAME = "mapdb";

    private static final Traits TRAITS = new Traits(NAME, true, true);

    private final StoreFolder folder;
    private final Path dir;
    private final Parts parts;
    private final RecoveryReport recovery;
    private final Set<MapDbView> views = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /** What an engine consists of. It closes all of it. */
    record Parts(
            GroupWriter writer,
            Journal journal,
            Checkpoints checkpoints,
            Checkpoints.Parts shared,
            Background background) {}

    MapDbEngine(StoreFolder folder, Parts parts, RecoveryReport recovery) {
        this.folder = folder;
        this.dir = folder.dir();
        this.parts = parts;
        this.recovery = recovery;
    }

    @Override
    public Traits traits() {
        return TRAITS;
    }

    @Override
    public void write(OpBuffer ops, boolean sync) throws StoreException {
        refuseIfClosed();
        parts.writer.write(ops, sync);
    }

    @Override
    public void sync() throws StoreException {
        refuseIfClosed();
        parts.writer.sync();
    }

    @Override
    public View view() throws StoreException {
        refuseIfClosed();
        Layers.State state = parts.shared.layers().state();
        MapDbView view = new MapDbView(dir, state, parts.shared.values(), closing -> {
            views.remove(closing);
            parts.shared.pins().unpin(state.pin());
        });
        views.add(view);
        return view;
    }

    @Override
    public void backup(Path emptyDir) throws StoreException {
        refuseIfClosed();
        Layers.State state = parts.shared.layers().state();
        try {
            StoreFolder.requireEmpty(emptyDir);
            Backup.write(state, parts.shared.values(), emptyDir, () -> closed);
            folder.establish(emptyDir);
        } catch (IOException e) {
            throw StoreFolder.failure("The backup to " + emptyDir, dir, e);
        } finally {
            parts.shared.pins().unpin(state.pin());
        }
    }

    /** Makes a generation, for all spaces together. */
    @Override
    public void compact(Space space) throws StoreException {
        refuseIfClosed();
        parts.writer.checkpoint();
    }

    @Override
    public RecoveryReport recovery() {
        return recovery;
    }

    /** The disk's figure is without a generation that is just being written. */
    @Override
    public EngineStats stats() {
        try {
            FileStore volume = Files.getFileStore(dir);
            return new EngineStats(diskBytes(), 0, volume.getUsableSpace(), volume.getTotalSpace());
        } catch (IOException e) {
            return new EngineStats(EngineStats.UNKNOWN, EngineStats.UNKNOWN, EngineStats.UNKNOWN, EngineStats.UNKNOWN);
        }
    }

    private long diskBytes() throws IOException {
        Current current = parts.shared.current().get();
        Current.Stamp previous = current.previous();
        long bytes = parts.shared.values().bytes() + parts.shared.spares().bytes();
        bytes += current.base().bytes() + (previous == null ? 0 : previous.bytes());
        for (long number = current.firstSegment(); number <= current.lastSegment(); number++) {
            bytes += dir.resolve(Names.JOURNAL.of(number)).toFile().length(); // 0 if it has just become a spare
        }
        return bytes;
    }

    @Override
    public void close() throws StoreException {
        if (closed) {
            return;
        }
        closed = true;
        List.copyOf(views).forEach(MapDbView::close);
        parts.checkpoints.close();
        Background background = parts.background;
        Generation base = parts.shared.layers().base();
        Journal journal = parts.journal;
        try (folder;
                background;
                base;
                journal) {
            parts.writer.finish();
        } catch (IOException e) {
            throw StoreFolder.failure("Closing", dir, e);
        }
    }

    private void refuseIfClosed() throws StoreException {
        if (closed) {
            throw new StoreException(Kind.BUSY, "the store in " + dir + " is closed");
        }
    }
}
