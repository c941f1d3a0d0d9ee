package dev.dunlin.broker.spi;

import java.nio.file.Path;

/**
 * A configured store that isn't open yet: what an embedder hands to the broker. The broker opens it at its start, and again
 * after a failure of the engine.
 */
public interface StorageEngineProvider {

    /**
     * Opens the store, making it if it isn't there. Blocks; not on an event loop. What it finds in its log, after a crash or a
     * failure, is on the disk before this returns: after a failed sync the cached pages of the old files can't be trusted.
     *
     * @throws StoreException LOCKED if somebody else has it open, CORRUPT if it is damaged, VERSION if it is of a newer format;
     *     its message is a sentence for a person that says what to do
     */
    StorageEngine open() throws StoreException;

    /**
     * Opens a damaged store with as much as is sound: the longest prefix of its batches. What is left out is set aside, never
     * deleted, and told in the {@link StorageEngine#recovery report}.
     *
     * @throws StoreException CORRUPT if what is damaged isn't at the end, so that no prefix can be told from the rest
     */
    StorageEngine recover() throws StoreException;

    /** Finds an engine by its name, through {@link java.util.ServiceLoader}: for programs that let their users choose. */
    interface Named {
        /** A short lower-case word, as "rocksdb". */
        String name();

        /** A store of this kind in a folder, with the engine's default options. */
        StorageEngineProvider at(Path dir);
    }
}
