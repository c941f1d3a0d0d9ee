package dev.dunlin.store.tck;

import org.junit.jupiter.api.Nested;

/**
 * Proves a storage engine with one subclass:
 *
 * <pre>{@code
 * class MyEngineTckTest extends StorageEngineTck {
 *     @Override
 *     protected StorageEngineProvider provider(Path dir) {
 *         return new MyStore(dir);
 *     }
 * }
 * }</pre>
 *
 * <p>The subclass needs a constructor without arguments, which child JVMs call as well: they use the store, and are killed. It
 * runs a minute or two; with {@code -Ddunlin.tck.long=true} some tests try everything instead of a sample. Tests with random
 * steps name the seed when they fail; {@code -Ddunlin.tck.seed} gives it again. On Linux system calls are made to fail, by
 * {@code strace}; disks that fill up are small file systems if the tests run as root, else limits of the size of files.
 *
 * <p>An engine in memory extends {@link MemoryEngineTck}.
 */
public abstract class StorageEngineTck extends EngineTck {
    /** For subclasses. */
    protected StorageEngineTck() {}

    @Nested
    class Disk extends DiskTests {
        Disk() {
            super(StorageEngineTck.this);
        }
    }

    @Nested
    class Kill extends KillTests {
        Kill() {
            super(StorageEngineTck.this);
        }
    }

    @Nested
    class LogDamage extends LogDamageTests {
        LogDamage() {
            super(StorageEngineTck.this);
        }
    }

    @Nested
    class DiskFull extends DiskFullTests {
        DiskFull() {
            super(StorageEngineTck.this);
        }
    }

    @Nested
    class FailingCalls extends FailingCallTests {
        FailingCalls() {
            super(StorageEngineTck.this);
        }
    }

    @Nested
    class Growth extends GrowthTests {
        Growth() {
            super(StorageEngineTck.this);
        }
    }
}
