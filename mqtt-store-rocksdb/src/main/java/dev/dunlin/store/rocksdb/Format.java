package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** The file FORMAT in a store's folder: one line that says by what it was written. It is there before RocksDB's first file. */
final class Format {
    private static final String FILE = "FORMAT";
    private static final String PREFIX = "dunlin-rocksdb ";
    private static final int VERSION = 1;

    private Format() {}

    /**
     * Checks a folder before RocksDB sees it; marks an empty one as ours.
     *
     * @return whether it is a new store
     */
    static boolean claim(Path dir) throws IOException, StoreException {
        Files.createDirectories(dir);
        Path file = dir.resolve(FILE);
        if (Files.exists(file)) {
            check(dir, Files.readString(file, StandardCharsets.UTF_8));
            return rocksFiles(dir).isEmpty();
        }
        if (!isEmpty(dir)) {
            throw new StoreException(
                    Kind.VERSION,
                    "the folder " + dir + " is not empty and has no file FORMAT: it is no store of Dunlin");
        }
        write(dir);
        return true;
    }

    static void write(Path dir) throws IOException {
        Path temporary = dir.resolve(FILE + ".new");
        Files.writeString(temporary, PREFIX + VERSION + "\n");
        try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(temporary, dir.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        syncFolder(dir);
    }

    /** RocksDB makes the folder of a checkpoint itself: it must not be there. */
    static void prepareBackup(Path dir) throws IOException, StoreException {
        if (Files.exists(dir) && !isEmpty(dir)) {
            throw new StoreException(Kind.IO, "the folder " + dir + " for the backup is not empty");
        }
        Files.deleteIfExists(dir);
        Files.createDirectories(dir.toAbsolutePath().getParent());
    }

    /** Files of a database, other than those that are there before its first change is. */
    static List<Path> rocksFiles(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.filter(file ->
                            file.getFileName().toString().matches("CURRENT|MANIFEST-\\d+|\\d+\\.(log|sst|blob)"))
                    .sorted()
                    .toList();
        }
    }

    private static void check(Path dir, String text) throws StoreException {
        if (!text.equals(PREFIX + VERSION + "\n")) {
            throw new StoreException(
                    Kind.VERSION,
                    "the store in " + dir + " has the format \"" + text.strip() + "\", this version of Dunlin reads \""
                            + PREFIX + VERSION + "\": use the version that wrote it");
        }
    }

    private static boolean isEmpty(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.findAny().isEmpty();
        }
    }

    private static void syncFolder(Path dir) throws IOException {
        try (FileChannel channel = FileChannel.open(dir, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
