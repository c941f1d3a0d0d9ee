package dev.dunlin.store.tck;

import org.junit.jupiter.api.Nested;

/**
 * Proves an engine that keeps nothing on a disk ({@link dev.dunlin.broker.spi.Traits#survivesPowerLoss} is false): what is left
 * of {@link StorageEngineTck} without its crashes, damages and failures of disks. Its provider should be a
 * {@link CrashingProvider}: then crashes are simulated.
 */
public abstract class MemoryEngineTck extends EngineTck {
    /** For subclasses. */
    protected MemoryEngineTck() {}

    @Nested
    class SimulatedCrash extends SimulatedCrashTests {
        SimulatedCrash() {
            super(MemoryEngineTck.this);
        }
    }
}
