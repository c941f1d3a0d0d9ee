package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Holds a store's folder for one engine, from before its files are looked at until they are closed. RocksDB has a lock of
 * its own, but takes it only when it opens: too late for who reads, and perhaps cuts, the log before.
 */
final class FolderLock implements AutoCloseable {
    /**
     * Folders held by this process. Static, as the operating system's lock is the process's own: it doesn't stop the same
     * process, and would be gone as soon as anybody here closed the same file.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private static final String FILE = "LOCK.dunlin";

    private final Path folder;
    private final FileChannel channel;

    private FolderLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    static FolderLock take(Path dir) throws IOException, StoreException {
        Files.createDirectories(dir);
        Path folder = dir.toRealPath();
        if (!HELD.add(folder)) {
            throw locked(dir);
        }
        FolderLock lock = null;
        FileChannel channel = null;
        try {
            channel = FileChannel.open(folder.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (tryLock(channel) != null) {
                lock = new FolderLock(folder, channel);
                return lock;
            }
            throw locked(dir);
        } finally {
            if (lock == null) {
                HELD.remove(folder);
                if (channel != null) {
                    channel.close();
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            HELD.remove(folder);
        }
    }

    static boolean isOwn(Path file) {
        return file.getFileName().toString().equals(FILE);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // this class, loaded a second time by another class loader
        }
    }

    private static StoreException locked(Path dir) {
        return new StoreException(Kind.LOCKED, "the store in " + dir + " is open already, in this process or another");
    }
}
