package dev.dunlin.store.tck;

import dev.dunlin.broker.spi.StorageEngineProvider;

/**
 * A store whose crash can be simulated inside of this process. A provider that is one is also tested for what it keeps through
 * a loss of power.
 */
public interface CrashingProvider extends StorageEngineProvider {
    /**
     * Crashes: the open engine, if there is one, fails on every call from now on, and may be opened anew. Any thread; a write
     * under way in another thread is either there or not.
     */
    void crash(Crash kind);
}
