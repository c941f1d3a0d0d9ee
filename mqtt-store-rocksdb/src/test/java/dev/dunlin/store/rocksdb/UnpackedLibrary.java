package dev.dunlin.store.rocksdb;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/** RocksDB's native library, unpacked once for all the JVMs that tests start and kill. */
final class UnpackedLibrary {
    private static final Path FOLDER = Path.of("target", "native").toAbsolutePath();

    private UnpackedLibrary() {}

    /** The folder that it is in. */
    static synchronized Path folder() throws IOException {
        String name = Environment.getJniLibraryFileName("rocksdb");
        if (Files.notExists(FOLDER.resolve(name))) {
            Files.createDirectories(FOLDER);
            Path whole = Files.createTempFile(FOLDER, "rocksdb", ".part");
            try (InputStream packed = Objects.requireNonNull(RocksDB.class.getResourceAsStream("/" + name), name)) {
                Files.copy(packed, whole, StandardCopyOption.REPLACE_EXISTING);
            }
            Files.move(whole, FOLDER.resolve(name), StandardCopyOption.ATOMIC_MOVE);
        }
        return FOLDER;
    }
}
