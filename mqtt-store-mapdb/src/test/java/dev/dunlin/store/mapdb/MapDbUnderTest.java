package dev.dunlin.store.mapdb;

import dev.dunlin.broker.crash.EngineUnderTest;
import dev.dunlin.broker.spi.StorageEngineProvider;
import java.nio.file.Path;

/** MapDB, for the tests that every engine runs. */
public final class MapDbUnderTest implements EngineUnderTest {
    private static final long JOURNAL_BYTES = 1 << 20;

    @Override
    public StorageEngineProvider at(Path dir) {
        return MapDb.at(dir);
    }

    @Override
    public StorageEngineProvider restless(Path dir) {
        return MapDb.at(dir).options(MapDbOptions.DEFAULT.withJournalBytes(JOURNAL_BYTES));
    }

    /** In a file of its own. */
    @Override
    public int largeBytes() {
        return 100_000;
    }
}
