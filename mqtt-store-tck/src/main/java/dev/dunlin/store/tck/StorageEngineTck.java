package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.StorageEngineProvider;
import java.nio.file.Path;

/** Proves a storage engine with one subclass. */
public abstract class StorageEngineTck {
    /** For subclasses. */
    protected StorageEngineTck() {}

    /** The store in a folder, with the options that are to be proven. */
    protected abstract StorageEngineProvider provider(Path dir);
}
