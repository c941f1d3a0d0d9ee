package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreFolder;
import dev.dunlin.store.mapdb.Current.Stamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/** Writes the layers of a moment into another folder: as one generation without a journal. */
final class Backup {
    private static final long NUMBER = 1;

    private Backup() {}

    /** Writes all but the file FORMAT, on the disk afterwards. */
    static void write(Layers.State state, Values values, Path target, BooleanSupplier cancelled)
            throws IOException, StoreException {
        Files.createDirectories(target);
        Stamp stamp = generation(state, values, target, NUMBER, cancelled);
        new Current(stamp, null, NUMBER - 1).write(target);
        StoreFolder.syncFolder(Objects.requireNonNull(target.toAbsolutePath().getParent()));
    }

    private static Stamp generation(
            Layers.State state, Values values, Path target, long number, BooleanSupplier cancelled)
            throws IOException, StoreException {
        References entries = new References(state.cursor(Stored.FIRST_KEY, Stored.END_KEY), 0, cancelled);
        Stamp stamp = Checkpoints.write(target.resolve(Names.GENERATION.of(number)), Stamp.empty(number), entries);
        for (ValueRef value : entries.found()) {
            values.copyTo(target, value);
        }
        StoreFolder.syncFolder(target);
        return stamp;
    }
}
