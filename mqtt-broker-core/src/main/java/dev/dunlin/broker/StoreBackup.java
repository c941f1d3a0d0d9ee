package dev.dunlin.broker;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.Copy;
import java.nio.file.Path;

/**
 * A copy of a store: a store itself, which a broker can be started on. All of it is on the disk. On the same volume an engine may
 * share files with the store that neither of the two will change: only a copy of the copy, elsewhere, outlives the disk.
 *
 * @param folder where it is, absolute
 * @param bytes the sum of its files' lengths
 */
public record StoreBackup(Path folder, long bytes) {

    /**
     * Copies a store on which no broker runs; {@link Broker#backup} is for the others. Opens it as a start would, and changes
     * nothing else in it: the copy tells a broker what the store would have told. Blocks.
     *
     * @param store there, and not open; one that isn't there would be made
     * @param emptyDir a folder that is empty or doesn't exist yet, not in the store's own; it is replaced
     * @throws StoreException as from opening a store; or IO or FULL as for {@link Broker#backup}. Nothing is left of the copy
     */
    public static StoreBackup of(StorageEngineProvider store, Path emptyDir) throws StoreException {
        try (StorageEngine engine = store.open()) {
            Copy copy = Copy.make(emptyDir, engine::backup);
            return new StoreBackup(copy.folder(), copy.bytes());
        }
    }
}
