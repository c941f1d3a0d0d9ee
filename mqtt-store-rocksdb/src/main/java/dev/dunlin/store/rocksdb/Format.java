package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The file FORMAT in a store's folder: one line that says by what it was written. It is there before RocksDB's first file,
 * then ending in "new", and it says so until the store was open once: from then on missing files are damage, never a new store.
 */
final class Format {
    private static final String FILE = "FORMAT";
    private static final String LINE = "dunlin-rocksdb 1";
    private static final String NEW = " new";
    private static final Set<String> NO_STORE = Set.of("lost+found", FILE + ".tmp");

    private Format() {}

    /** Refuses a folder that belongs to something else, or to a newer version. Changes nothing. */
    static void check(Path dir) throws IOException, StoreException {
        Path file = dir.resolve(FILE);
        if (Files.exists(file)) {
            String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
            if (!text.equals(LINE) && !text.equals(LINE + NEW)) {
                throw new StoreException(
                        Kind.VERSION,
                        "the store in " + dir + " has the format \"" + text + "\", and this version of Dunlin reads \""
                                + LINE + "\": use the version that wrote it");
            }
        } else if (!isEmpty(dir)) {
            throw new StoreException(
                    Kind.VERSION,
                    "the folder " + dir + " is not empty, and has no file FORMAT: it is no store of this kind");
        }
    }

    /** Whether there is no store in the folder yet; makes it one that is being made. */
    static boolean claim(Path dir) throws IOException {
        Path file = dir.resolve(FILE);
        if (Files.exists(file) && !Files.readString(file).contains(NEW)) {
            return false;
        }
        StoreFiles.deleteUnfinished(dir);
        write(dir, LINE + NEW);
        StoreFiles.syncFolder(dir.toRealPath().resolve(".."));
        return true;
    }

    /** From now on it is a store that has been open. */
    static void establish(Path dir) throws IOException {
        write(dir, LINE);
    }

    /** A backup is made where there is nothing else. */
    static void requireEmpty(Path dir) throws IOException, StoreException {
        if (!isEmpty(dir)) {
            throw new StoreException(Kind.IO, "the folder " + dir + " for the backup is not empty");
        }
    }

    private static void write(Path dir, String line) throws IOException {
        Path temporary = dir.resolve(FILE + ".tmp");
        Files.writeString(temporary, line + "\n");
        StoreFiles.sync(temporary);
        Files.move(temporary, dir.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        StoreFiles.syncFolder(dir);
    }

    private static boolean isEmpty(Path dir) throws IOException {
        if (!Files.exists(dir)) {
            return true;
        }
        try (Stream<Path> files = Files.list(dir)) {
            return files.allMatch(file -> FolderLock.isOwn(file)
                    || NO_STORE.contains(file.getFileName().toString()));
        }
    }
}
