package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;

/**
 * Opens a store, once. RocksDB gets to see only what is sound: first the folder is locked and its files are checked, without
 * changing any. A log whose end is no whole batch is the usual trace of a crash: it is cut, unless a {@link Marker} anywhere
 * behind shows that a part of it was on the disk. That, and everything else that is missing or damaged, is CORRUPT and left as
 * it is, until somebody asks for a recovery.
 */
final class Opening {
    private static final int FORMAT = 1;

    private final Path dir;
    private final RocksDbOptions options;
    private final Natives natives;
    private boolean recovering;

    /** An opening that makes all native objects in {@code natives}, and closes them if it fails. */
    Opening(Path dir, RocksDbOptions options, Natives natives) {
        this.dir = dir;
        this.options = options;
        this.natives = natives;
    }

    StorageEngine recover() throws StoreException {
        recovering = true;
        return open();
    }

    StorageEngine open() throws StoreException {
        RocksEngine engine = null;
        StoreFolder folder = null;
        try {
            NativeLibrary.load(dir);
            folder = StoreFolder.take(dir, RocksEngine.NAME, FORMAT);
            StoreFiles.deleteCheckpoints(dir);
            engine = folder.isNew() ? create(folder) : reopen(folder);
            return engine;
        } catch (RocksDBException e) {
            throw Failures.kind(e) == Kind.CORRUPT
                    ? damaged(String.valueOf(e.getMessage()), e)
                    : Failures.of("Opening the store", dir, e);
        } catch (IOException e) {
            throw StoreFolder.failure("Opening the store", dir, e);
        } finally {
            if (engine == null) {
                release(folder);
            }
        }
    }

    private void release(@Nullable StoreFolder folder) throws StoreException {
        try (folder) {
            natives.close();
        } catch (IOException e) {
            throw StoreFolder.failure("Opening the store", dir, e);
        }
    }

    private RocksEngine create(StoreFolder folder) throws RocksDBException, IOException {
        StoreFiles.deleteUnfinished(dir);
        folder.claim();
        Database database = Database.open(dir, options, true, natives);
        folder.establish();
        return new RocksEngine(folder, database, natives, RecoveryReport.clean(true));
    }

    private RocksEngine reopen(StoreFolder folder) throws RocksDBException, IOException, StoreException {
        Repair repair = new Repair(folder);
        checkManifest(repair);
        checkLog(repair);
        Database database = Database.open(dir, options, false, natives);
        return new RocksEngine(folder, database, natives, repair.report());
    }

    /** Without CURRENT RocksDB would begin a new store beside the old one's files. */
    private void checkManifest(Repair repair) throws IOException, StoreException {
        Path manifest = StoreFiles.currentManifest(dir);
        if (manifest == null) {
            List<Path> manifests = StoreFiles.manifests(dir);
            if (!recovering || manifests.isEmpty()) {
                throw damaged("the file CURRENT, or the one that it names, is missing or damaged");
            }
            manifest = manifests.get(manifests.size() - 1);
            repair.restoreCurrent(manifest);
        }
        LogScan scan = LogScan.ofManifest(manifest);
        String damage = scan.damage();
        if (damage == null || scan.isTorn()) {
            return;
        }
        if (!recovering) {
            throw damaged(damage);
        }
        repair.cutManifest(manifest, scan);
    }

    private void checkLog(Repair repair) throws RocksDBException, IOException, StoreException {
        Database.Tables tables = tables();
        List<Path> logs = StoreFiles.logs(dir, tables.logFrom());
        if (logs.isEmpty()) {
            throw damaged("there is no log file from number " + tables.logFrom() + " on");
        }
        LogScan scan = LogScan.ofBatches(logs);
        if (scan.firstSequence() > tables.sequence() + 1) {
            throw damaged("the tables end with change " + tables.sequence() + " and the log begins with change "
                    + scan.firstSequence() + ": files between are missing");
        }
        String damage = scan.damage();
        if (damage == null) {
            return;
        }
        boolean lostSynced = scan.lostSynced(tables.stored());
        if (lostSynced && !recovering) {
            throw damaged(damage + ", and behind it are batches that were stored for certain");
        }
        repair.cutLog(logs, scan, lostSynced);
    }

    private Database.Tables tables() throws IOException, RocksDBException {
        Path noLog = Files.createTempDirectory(dir, "no-log");
        try {
            return Database.look(dir, noLog, options, recovering);
        } finally {
            Files.delete(noLog);
        }
    }

    private StoreException damaged(String what) {
        return damaged(what, null);
    }

    private StoreException damaged(String what, @Nullable Throwable cause) {
        String advice = recovering
                ? " in a way that can't be recovered: restore a backup"
                : ", and nothing was changed: restore a backup, or run \"dunlin store recover --data " + dir
                        + "\" to open what is sound";
        return new StoreException(Kind.CORRUPT, "the store in " + dir + " is damaged (" + what + ")" + advice, cause);
    }
}
