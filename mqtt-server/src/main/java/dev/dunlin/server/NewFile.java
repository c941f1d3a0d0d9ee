package dev.dunlin.server;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/** A file that appears whole or not at all: written beside its place, then moved there. Closing it unfinished deletes it. */
final class NewFile implements AutoCloseable {
    private final Path target;
    private final Path path;
    private final FileChannel channel;
    private boolean finished;

    private NewFile(Path target, Path path, FileChannel channel) {
        this.target = target;
        this.path = path;
        this.channel = channel;
    }

    /** A file to be made at a place where there is none. */
    static NewFile at(Path place) throws StoreException, IOException {
        Path target = place.toAbsolutePath().normalize();
        requireFree(target);
        Path path = target.resolveSibling(target.getFileName() + ".part");
        FileChannel channel = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        return new NewFile(target, path, channel);
    }

    private static void requireFree(Path target) throws StoreException {
        if (Files.exists(target)) {
            throw new StoreException(Kind.IO, target + " is there already: name a new file");
        }
    }

    OutputStream out() {
        return Channels.newOutputStream(channel);
    }

    /** Brings it to the disk, and to its place. */
    void finish() throws StoreException, IOException {
        channel.force(true);
        channel.close();
        requireFree(target);
        Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
        finished = true;
        StoreFolder.syncFolder(Objects.requireNonNull(target.getParent()));
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (!finished) {
            Files.deleteIfExists(path);
        }
    }
}
