package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;

/**
 * Loads RocksDB's native code, once per process. RocksDB's own way unpacks 17 MB into the temporary folder and deletes them
 * when the JVM ends by itself: each kill leaves them there. Here the file is deleted as soon as it is loaded, where the system
 * lets go of the name of a file that is in use.
 */
final class NativeLibrary {
    /** RocksDB's: a folder to be unpacked to instead, for who can't execute what is in the temporary one. */
    private static final String FOLDER_VARIABLE = "ROCKSDB_SHAREDLIB_DIR";

    private NativeLibrary() {}

    /** Returns when the library is there, for the store in a folder; at once after the first time. Any thread. */
    static void load(Path dir) throws StoreException {
        try {
            if (System.getenv(FOLDER_VARIABLE) == null) {
                unpack();
            }
            RocksDB.loadLibrary();
        } catch (IOException | RuntimeException | LinkageError e) {
            throw new StoreException(
                    Kind.IO,
                    "the store in " + dir + " can't be opened: RocksDB's native library can't be loaded here ("
                            + reason(e) + "); MapDB needs none: \"dunlin --store mapdb\"",
                    e);
        }
    }

    /** What the loader says, also when it has failed as a class. */
    private static String reason(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure.getMessage() == null && cause != null ? reason(cause) : String.valueOf(failure.getMessage());
    }

    private static void unpack() throws IOException {
        Path folder = Files.createTempDirectory("dunlin-rocksdb");
        try {
            NativeLibraryLoader.getInstance().loadLibrary(folder.toString());
        } finally {
            delete(folder.toFile());
        }
    }

    /** Windows keeps a file that is in use: there it goes with the JVM. */
    private static void delete(File folder) {
        File[] files = folder.listFiles();
        for (File file : files == null ? new File[0] : files) {
            if (!file.delete()) {
                return;
            }
        }
        if (!folder.delete()) {
            folder.deleteOnExit();
        }
    }
}
