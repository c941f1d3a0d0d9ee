package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Proves an engine that keeps nothing on a disk ({@link dev.dunlin.broker.spi.Traits#survivesPowerLoss} is false): what is left
 * of {@link StorageEngineTck} without its crashes, damages and failures of disks. If its provider is a {@link CrashingProvider},
 * crashes are simulated.
 */
public abstract class MemoryEngineTck {
    /** A handle count of an engine that has no native handles, or doesn't count them. */
    protected static final long UNCOUNTED = -1;

    /** For subclasses. */
    protected MemoryEngineTck() {}

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
            super(MemoryEngineTck.this);
        }
    }

    @Nested
    class Views extends ViewTests {
        Views() {
            super(MemoryEngineTck.this);
        }
    }

    @Nested
    class Lifecycle extends LifecycleTests {
        Lifecycle() {
            super(MemoryEngineTck.this);
        }
    }

    @Nested
    class Model extends ModelTests {
        Model() {
            super(MemoryEngineTck.this);
        }
    }

    @Nested
    class SimulatedCrash extends SimulatedCrashTests {
        SimulatedCrash() {
            super(MemoryEngineTck.this);
        }
    }
}
