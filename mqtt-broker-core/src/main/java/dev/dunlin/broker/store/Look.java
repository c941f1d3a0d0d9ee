package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;

/**
 * A store on which no broker runs, opened to be looked at.
 *
 * @param engine open
 * @param view of all of it
 * @param format of its records, major and minor in two bytes each
 * @param stoppedCleanly whether the last broker on it ended orderly
 * @param lastSeenMs wall time when it was last written; 0 if no broker ever ran on it
 */
public record Look(StorageEngine engine, View view, int format, boolean stoppedCleanly, long lastSeenMs) {

    /** What is done with it. */
    @FunctionalInterface
    public interface Use<T, E extends Exception> {
        /** Uses an open store, which is borrowed. */
        T of(Look store) throws StoreException, E;
    }

    /** Opens a store, whose records must be of a known format, and closes it again. */
    public static <T, E extends Exception> T at(StorageEngineProvider provider, Use<T, E> use)
            throws StoreException, E {
        try (StorageEngine engine = provider.open()) {
            if (engine.recovery().created()) {
                throw new StoreException(Kind.IO, "there was no store, but now there is an empty one");
            }
            try (View view = engine.view()) {
                Meta.checkFormat(view);
                return use.of(new Look(
                        engine, view, Meta.format(view), Meta.wasShutDownCleanly(view), Meta.lastSeenMs(view)));
            }
        }
    }

    /** The format as it is written: major, a point, minor. */
    public String formatText() {
        return (format >>> Short.SIZE) + "." + (format & 0xFFFF);
    }
}
