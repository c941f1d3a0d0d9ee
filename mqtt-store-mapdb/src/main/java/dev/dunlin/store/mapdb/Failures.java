package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Tells failures of files and of MapDB in the words of the storage SPI. */
final class Failures {
    private Failures() {}

    /** A failure to read or write a file. */
    static StoreException of(String what, Path file, IOException e) {
        Kind kind = StoreFolder.isFull(e) ? Kind.FULL : Kind.IO;
        return new StoreException(kind, what + " " + file + " failed: " + e, e);
    }

    /**
     * Anything that MapDB may throw. What comes from a failed read or write is that; a file that ends too early, and
     * whatever MapDB stumbles over (a wrong parity, an index out of bounds, a failed assertion), is damage.
     */
    static StoreException ofMapDb(String what, Path file, Throwable e) {
        IOException io = io(e);
        if (io != null && !(io instanceof EOFException)) {
            return of(what, file, io);
        }
        return new StoreException(Kind.CORRUPT, what + " " + file + " failed, it is damaged: " + e, e);
    }

    private static @Nullable IOException io(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException io) {
                return io;
            }
        }
        return null;
    }
}
