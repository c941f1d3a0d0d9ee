package dev.dunlin.broker;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import dev.dunlin.broker.store.Folders;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;

/**
 * A folder that appears whole or not at all: filled beside its place, then moved there in one step. Closing it before it was
 * finished deletes what is there so far.
 */
final class NewFolder implements AutoCloseable {
    private static final String UNFINISHED = ".loading";

    private final Path target;
    private final Path path;
    private boolean finished;

    private NewFolder(Path target, Path path) {
        this.target = target;
        this.path = path;
    }

    /** A folder to be made at a place where there is nothing, or an empty folder. */
    static NewFolder at(Path place) throws StoreException, IOException {
        Path target = Files.exists(place)
                ? place.toRealPath()
                : place.toAbsolutePath().normalize();
        Path parent = Folders.parent(target);
        requireFree(target, parent);
        Files.createDirectories(parent);
        Path path = parent.resolve(target.getFileName() + UNFINISHED);
        for (int i = 2; Files.exists(path); i++) { // one that was killed has left it, or one is under way
            path = parent.resolve(target.getFileName() + UNFINISHED + i);
        }
        return new NewFolder(target, Files.createDirectory(path));
    }

    private static void requireFree(Path target, Path parent) throws StoreException, IOException {
        if (!Files.exists(target)) {
            return;
        }
        try (Stream<Path> content = Files.list(target)) {
            if (content.findAny().isPresent()) {
                throw new StoreException(
                        Kind.IO, "the folder " + target + " is not empty: name one that is, or that isn't there yet");
            }
        }
        if (target.equals(parent) || !Files.getFileStore(target).equals(Files.getFileStore(parent))) {
            throw new StoreException(
                    Kind.IO, "the folder " + target + " is a volume of its own: name a folder inside of it");
        }
    }

    /** Where it is being filled. */
    Path path() {
        return path;
    }

    /** Moves it to its place, on the disk when this returns. Nobody has a file in it open. */
    void finish() throws IOException {
        StoreFolder.syncFolder(path);
        if (File.separatorChar == '\\') {
            Files.deleteIfExists(target); // Windows moves nothing over an empty folder
        }
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
        finished = true;
        StoreFolder.syncFolder(Folders.parent(target));
    }

    @Override
    public void close() throws IOException {
        if (!finished) {
            Folders.delete(path);
        }
    }
}
