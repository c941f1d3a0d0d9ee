package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.crash.EngineUnderTest;
import dev.dunlin.broker.spi.StorageEngineProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** RocksDB, for the tests that every engine runs. */
public final class RocksDbUnderTest implements EngineUnderTest {
    private static final long MIB = 1 << 20;

    @Override
    public StorageEngineProvider at(Path dir) {
        return RocksDb.at(dir);
    }

    @Override
    public StorageEngineProvider restless(Path dir) {
        return RocksDb.at(dir)
                .options(RocksDbOptions.DEFAULT.withMemoryBytes(8 * MIB).withWalBytesMax(MIB));
    }

    /** In a blob file. */
    @Override
    public int largeBytes() {
        return 6_400;
    }

    /** Where the native library is: each JVM that is killed would leave a copy of it among the temporary files. */
    @Override
    public List<String> jvmOptions() throws IOException {
        return List.of("-Djava.library.path=" + UnpackedLibrary.folder());
    }
}
