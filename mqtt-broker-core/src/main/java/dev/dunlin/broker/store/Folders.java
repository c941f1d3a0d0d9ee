package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Folders with all that is in them, and how they get to the disk. */
public final class Folders {
    private Folders() {}

    /** The folder that an absolute path is in; the root is in itself. */
    public static Path parent(Path path) {
        Path parent = path.getParent();
        return parent == null ? path : parent;
    }

    /** Makes a folder and those above it, where they aren't there, on the disk. */
    static void create(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            create(parent(folder));
            Files.createDirectory(folder);
            StoreFolder.syncFolder(parent(folder));
        }
    }

    /** Brings all that is below a folder to the disk, contents and names. Returns the sum of the files' lengths. */
    static long sync(Path folder) throws IOException {
        long bytes = 0;
        for (Path path : deepestFirst(folder)) {
            if (Files.isDirectory(path)) {
                StoreFolder.syncFolder(path);
            } else {
                try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    file.force(true);
                    bytes += file.size();
                }
            }
        }
        return bytes;
    }

    /** Deletes a folder with all that is in it; nothing if it isn't there. */
    public static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            for (Path path : deepestFirst(folder)) {
                Files.delete(path);
            }
        }
    }

    private static List<Path> deepestFirst(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.sorted(Comparator.reverseOrder()).toList();
        }
    }
}
