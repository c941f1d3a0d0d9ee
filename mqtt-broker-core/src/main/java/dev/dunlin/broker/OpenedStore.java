package dev.dunlin.broker;

import dev.dunlin.broker.BrokerStartException.Kind;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.Restore;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.store.Store;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Opens the store of a broker that starts, and says in a person's words what is in the way. */
final class OpenedStore {
    private static final int READERS = 2;
    private static final long READER_IDLE_SECONDS = 5;

    private OpenedStore() {}

    static Store open(StorageEngineProvider engine, Durability level, Limits limits, TimeSource time, String name)
            throws BrokerStartException {
        ThreadPoolExecutor readers = readers(name);
        try {
            return Store.open(engine, level, limits, time, name, readers);
        } catch (StoreException e) {
            readers.shutdown();
            throw failed(e);
        }
    }

    /** Reads what is in it, and begins to write. */
    static void read(Store store, Restore restore, Core core) throws BrokerStartException {
        try {
            store.recover(restore);
            store.begin(core::wakeAll);
        } catch (StoreException e) {
            store.abandon();
            core.close();
            throw failed(e);
        }
    }

    private static BrokerStartException failed(StoreException e) {
        Kind kind = switch (e.kind()) {
            case LOCKED -> Kind.STORE_LOCKED;
            case CORRUPT -> Kind.STORE_CORRUPT;
            case VERSION -> Kind.STORE_VERSION;
            case FULL, BUSY, IO -> Kind.STORE_FAILED;
        };
        return new BrokerStartException(kind, String.valueOf(e.getMessage()), e);
    }

    private static ThreadPoolExecutor readers(String name) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor readers = new ThreadPoolExecutor(
                READERS, READERS, READER_IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, name + "-store-" + number.getAndIncrement());
                    thread.setDaemon(true);
                    return thread;
                });
        readers.allowCoreThreadTimeOut(true);
        return readers;
    }
}
