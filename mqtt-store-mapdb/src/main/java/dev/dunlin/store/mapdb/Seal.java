package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.zip.CRC32C;

/**
 * What tells a whole and sound file from any other.
 *
 * @param bytes the length of the file
 * @param crc32c of all of them
 */
record Seal(long bytes, int crc32c) {
    private static final int BUFFER_BYTES = 1 << 18;

    /** Reads a file from its beginning to its end. */
    static Seal of(Path file) throws StoreException {
        CRC32C crc = new CRC32C();
        long bytes = 0;
        byte[] buffer = new byte[BUFFER_BYTES];
        // Not through a channel, which an interrupt would close.
        try (InputStream in = new FileInputStream(file.toFile())) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                crc.update(buffer, 0, read);
                bytes += read;
            }
        } catch (IOException e) {
            throw Failures.of("reading", file, e);
        }
        return new Seal(bytes, (int) crc.getValue());
    }

    /** Compares a file with what it was when this seal was made, reading all of it. */
    void verify(Path file) throws StoreException {
        Seal found = of(file);
        if (!equals(found)) {
            throw new StoreException(
                    Kind.CORRUPT,
                    file + " is damaged: it has " + found.describe() + " and was written with " + describe() + ".");
        }
    }

    private String describe() {
        return bytes + " bytes and the checksum " + Integer.toHexString(crc32c);
    }
}
