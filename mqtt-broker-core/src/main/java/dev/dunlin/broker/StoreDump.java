package dev.dunlin.broker;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.DumpReader;
import dev.dunlin.broker.store.DumpWriter;
import dev.dunlin.broker.store.Dumped;
import dev.dunlin.broker.store.Look;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;

/**
 * A whole store as a portable stream of bytes, which no engine is needed to read: to move it to another engine or machine. A
 * broker on the loaded store goes on exactly as it would have on the dumped one. {@code docs/storage.md} has the layout. Blocks;
 * memory stays flat, but for the largest value. Any thread but an event loop.
 *
 * <pre>{@code
 * try (OutputStream out = Files.newOutputStream(file)) {
 *     StoreDump.write(RocksDb.at(old), out);
 * }
 * try (InputStream in = Files.newInputStream(file)) {
 *     StoreDump.load(in, Path.of("new"), RocksDb::at);
 * }
 * }</pre>
 *
 * @param engine the name of the engine that the dump was taken from
 * @param entries how many each space has
 * @param bytes of the whole stream
 */
public record StoreDump(String engine, Map<Space, Long> entries, long bytes) {

    /** Takes a copy of the map. */
    public StoreDump {
        entries = Map.copyOf(entries);
    }

    private StoreDump(Dumped dumped) {
        this(dumped.engine(), dumped.entries(), dumped.bytes());
    }

    /**
     * Dumps a store on which no broker runs, as it is at one moment. Changes nothing in it beyond what opening it does.
     *
     * @param to borrowed; flushed at the end. What it has got is no dump until this has returned
     * @throws StoreException if the store can't be opened or read
     * @throws IOException if the stream doesn't take it
     */
    public static StoreDump write(StorageEngineProvider from, OutputStream to) throws StoreException, IOException {
        return Look.<StoreDump, IOException>at(from, store -> {
            String engine = store.engine().traits().name();
            return new StoreDump(new DumpWriter(engine, to).write(store.view()));
        });
    }

    /**
     * Loads a dump into a store that is empty, synced at the end. If it fails what is left is no store: nothing opens it.
     *
     * @param from borrowed; read to its end
     * @throws StoreException CORRUPT if the dump is damaged or cut off, VERSION if it is none or of a newer version; IO if the
     *     store isn't empty; what the engine throws
     * @throws IOException if the stream can't be read
     */
    public static StoreDump load(InputStream from, StorageEngineProvider to) throws StoreException, IOException {
        DumpReader dump = new DumpReader(from);
        try (StorageEngine engine = to.open()) {
            return new StoreDump(dump.into(engine));
        }
    }

    /**
     * Loads a dump into a folder, where it appears whole and at once: until then it is made in a folder beside. If it fails
     * nothing is left.
     *
     * @param from borrowed; read to its end
     * @param folder isn't there, or is empty
     * @param engine a store in a folder, such as {@code RocksDb::at}
     * @throws StoreException as for {@link #load(InputStream, StorageEngineProvider)}; IO if the folder isn't empty, or is a
     *     volume of its own
     * @throws IOException if the stream can't be read, or the folder can't be made
     */
    public static StoreDump load(
            InputStream from, Path folder, Function<? super Path, ? extends StorageEngineProvider> engine)
            throws StoreException, IOException {
        try (NewFolder made = NewFolder.at(folder)) {
            StoreDump loaded = load(from, engine.apply(made.path()));
            made.finish();
            return loaded;
        }
    }
}
