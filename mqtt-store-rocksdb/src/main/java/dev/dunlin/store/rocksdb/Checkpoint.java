package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.BooleanSupplier;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * A moment of a store, as files in a folder of their own below the store's. RocksDB makes it of hard links, in a moment: only for
 * so long the database must stay open. Copying to another disk may then take its time, whatever becomes of the database.
 * Nobody else changes these files: when they are copied, tables and blobs, which stay as they are for ever, are linked again if
 * that is possible; the rest is copied, as a recovery would change it in place.
 */
final class Checkpoint implements AutoCloseable {
    private static final int STEP_BYTES = 8 << 20;

    private final Path dir;
    private final Path folder;

    private Checkpoint(Path dir, Path folder) {
        this.dir = dir;
        this.folder = folder;
    }

    /** Of a database that stays open during this call. */
    static Checkpoint of(Path dir, RocksDB db) throws IOException, RocksDBException {
        Path folder = StoreFiles.checkpointFolder(dir);
        Checkpoint made = new Checkpoint(dir, folder);
        boolean done = false;
        try (org.rocksdb.Checkpoint checkpoint = org.rocksdb.Checkpoint.create(db)) {
            checkpoint.createCheckpoint(made.files().toString());
            done = true;
            return made;
        } finally {
            if (!done) {
                made.close();
            }
        }
    }

    /** RocksDB makes this one itself. */
    private Path files() {
        return folder.resolve("files");
    }

    /** Fills a folder. Ends with BUSY as soon as {@code ended} says so. */
    void copyTo(Path target, BooleanSupplier ended) throws IOException, StoreException {
        Files.createDirectories(target);
        for (Path file : StoreFiles.in(files())) {
            Path copy = target.resolve(file.getFileName());
            if (!StoreFiles.staysAsItIs(file) || !link(file, copy)) {
                copy(file, copy, ended);
            }
        }
    }

    private static boolean link(Path file, Path copy) {
        try {
            Files.createLink(copy, file);
            return true;
        } catch (IOException | UnsupportedOperationException e) {
            return false; // another disk, or a file system without links: a copy will tell if it is something else
        }
    }

    private void copy(Path file, Path copy, BooleanSupplier ended) throws IOException, StoreException {
        try (FileChannel from = FileChannel.open(file);
                FileChannel to = FileChannel.open(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            long size = from.size();
            for (long at = 0; at < size; ) {
                if (ended.getAsBoolean()) {
                    throw new StoreException(Kind.BUSY, "the store in " + dir + " was closed during its backup");
                }
                long copied = from.transferTo(at, STEP_BYTES, to);
                if (copied == 0) {
                    throw new IOException(file + " has become shorter than " + size + " bytes");
                }
                at += copied;
            }
        }
    }

    @Override
    public void close() throws IOException {
        StoreFiles.deleteFolder(folder);
    }
}
