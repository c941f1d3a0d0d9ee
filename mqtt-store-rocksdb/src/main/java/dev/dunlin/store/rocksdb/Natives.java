package dev.dunlin.store.rocksdb;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import org.rocksdb.AbstractNativeReference;
import org.rocksdb.RocksObject;

/**
 * Owns native objects, and closes them in reverse order of their making: an object never outlives what it refers to. A part
 * ({@link #part}) is closed by itself and earlier. One thread at a time.
 */
final class Natives implements AutoCloseable {
    private final Deque<AbstractNativeReference> owned = new ArrayDeque<>();
    private final AtomicInteger live;

    Natives() {
        this(new AtomicInteger());
    }

    private Natives(AtomicInteger live) {
        this.live = live;
    }

    /** Another owner, counted together with this one. */
    Natives part() {
        return new Natives(live);
    }

    <T extends AbstractNativeReference> T own(T object) {
        owned.push(object);
        live.incrementAndGet();
        return object;
    }

    /** Objects not closed yet, of all parts. Any thread. */
    int live() {
        return live.get();
    }

    @Override
    public void close() {
        while (!owned.isEmpty()) {
            AbstractNativeReference object = owned.pop();
            object.close();
            assert !(object instanceof RocksObject rocks) || !rocks.isOwningHandle() : object;
            live.decrementAndGet();
        }
    }
}
