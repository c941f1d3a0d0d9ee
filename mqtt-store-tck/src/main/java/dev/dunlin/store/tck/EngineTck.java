package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The part of the proof that is the same for all engines; {@link StorageEngineTck} and {@link MemoryEngineTck} are the kits. */
abstract class EngineTck {
    /** A handle count of an engine that has no native handles, or doesn't count them. */
    protected static final long UNCOUNTED = -1;

    /**
     * The store in a folder, with the options that are to be proven. Called several times for the same folder, for the same
     * store, and in several JVMs.
     */
    protected abstract StorageEngineProvider provider(Path dir);

    /** Native objects that an open engine holds now, or {@link #UNCOUNTED}. */
    protected long nativeHandles(StorageEngine engine) {
        return UNCOUNTED;
    }

    @Test
    void isProvenAsWhatItIs(@TempDir Path dir) throws Exception {
        try (StorageEngine engine = provider(dir.resolve("store")).open()) {
            assertThat(engine.traits().survivesPowerLoss())
                    .as("on a disk, so that it has to be proven by StorageEngineTck")
                    .isEqualTo(this instanceof StorageEngineTck);
        }
    }

    @Nested
    class Batches extends BatchTests {
        Batches() {
            super(EngineTck.this);
        }
    }

    @Nested
    class Views extends ViewTests {
        Views() {
            super(EngineTck.this);
        }
    }

    @Nested
    class Lifecycle extends LifecycleTests {
        Lifecycle() {
            super(EngineTck.this);
        }
    }

    @Nested
    class Model extends ModelTests {
        Model() {
            super(EngineTck.this);
        }
    }
}
