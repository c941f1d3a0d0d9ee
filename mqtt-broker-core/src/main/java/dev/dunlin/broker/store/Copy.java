package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.stream.Stream;

/**
 * A copy of a store in a folder of its own. It grows in a folder beside, with ".partial" at the end of its name, is brought to
 * the disk there, files and names, and only then gets the name that was asked for: under that name there is a whole copy or
 * nothing, whatever happens. Who has made the folder beside works alone.
 *
 * @param folder where it is, absolute
 * @param bytes the sum of its files' lengths
 */
public record Copy(Path folder, long bytes) {
    private static final String PARTIAL = ".partial";

    /** What copies a store. */
    @FunctionalInterface
    public interface Source {
        /** Fills a folder that isn't there yet. What it leaves when it fails is removed. */
        void copyTo(Path emptyDir) throws StoreException;
    }

    /** Makes one. Blocks. */
    public static Copy make(Path emptyDir, Source source) throws StoreException {
        Path folder = emptyDir.toAbsolutePath().normalize();
        try {
            requireEmpty(folder);
            Path real = Files.exists(folder) ? folder.toRealPath() : folder;
            requireNoVolume(real);
            Folders.create(Folders.parent(real));
            return new Copy(folder, grow(real, source));
        } catch (IOException e) {
            throw StoreFolder.failure("the backup", folder, e);
        }
    }

    private static void requireEmpty(Path folder) throws IOException, StoreException {
        try (Stream<Path> files = Files.exists(folder) ? Files.list(folder) : Stream.empty()) {
            if (files.findAny().isPresent()) {
                throw new StoreException(Kind.IO, "the folder " + folder + " for the backup is not empty");
            }
        } catch (NotDirectoryException e) {
            throw new StoreException(Kind.IO, folder + " is there, and is no folder for a backup", e);
        }
    }

    /** A volume keeps its place: nothing can take it in one step. */
    private static void requireNoVolume(Path folder) throws IOException, StoreException {
        if (Files.exists(folder) && !Files.getFileStore(folder).equals(Files.getFileStore(Folders.parent(folder)))) {
            throw new StoreException(
                    Kind.IO, "the folder " + folder + " is a volume of its own: name a folder in it for the backup");
        }
    }

    /** Returns the number of bytes. */
    private static long grow(Path folder, Source source) throws IOException, StoreException {
        Path partial = claim(folder.resolveSibling(folder.getFileName() + PARTIAL));
        boolean named = false;
        try {
            keepPermissions(folder, partial);
            Path copy = partial.resolve("store");
            source.copyTo(copy);
            keepPermissions(folder, copy);
            long bytes = Folders.sync(copy);
            Files.deleteIfExists(folder);
            Files.move(copy, folder, StandardCopyOption.ATOMIC_MOVE);
            named = true;
            Files.delete(partial);
            StoreFolder.syncFolder(Folders.parent(folder));
            return bytes;
        } catch (IOException | StoreException | RuntimeException | Error e) {
            clearAway(partial, e);
            if (named) {
                clearAway(folder, e);
            }
            throw e;
        }
    }

    private static void clearAway(Path folder, Throwable failure) {
        try {
            Folders.delete(folder);
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Who has made a folder for the backup that others can't read wants that to be so. */
    private static void keepPermissions(Path from, Path to) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(from, PosixFileAttributeView.class);
        if (view != null && Files.exists(from)) {
            Files.setPosixFilePermissions(to, view.readAttributes().permissions());
        }
    }

    private static Path claim(Path partial) throws IOException, StoreException {
        try {
            return Files.createDirectory(partial);
        } catch (FileAlreadyExistsException e) {
            throw new StoreException(
                    Kind.BUSY,
                    partial
                            + " is there: either another backup is under way, or one was cut off and left it to be deleted",
                    e);
        }
    }
}
