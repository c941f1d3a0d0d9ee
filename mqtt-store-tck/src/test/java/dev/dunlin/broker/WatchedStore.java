package dev.dunlin.broker;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.CrashingProvider;
import dev.dunlin.store.tck.ModelStore;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** A model store that a test may look into, and change, beside the broker that has it open or between two brokers. */
final class WatchedStore implements CrashingProvider {
    private final ModelStore model = new ModelStore();
    private volatile StorageEngine engine;

    /** A record as it is stored. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Stored(byte[] key, byte[] value) {
        ByteBuffer keyAt(int index) {
            return ByteBuffer.wrap(key, index, key.length - index);
        }
    }

    @Override
    public StorageEngine open() throws StoreException {
        engine = model.open();
        return engine;
    }

    @Override
    public StorageEngine recover() throws StoreException {
        return open();
    }

    @Override
    public void crash(Crash kind) {
        model.crash(kind);
    }

    // ---- looking

    /** All records of a space, in order. */
    List<Stored> records(Space space) {
        List<Stored> records = new ArrayList<>();
        look(view ->
                view.scan(space, new byte[0], null, (key, value) -> records.add(new Stored(copy(key), copy(value)))));
        return records;
    }

    /** How many records there are. */
    int count(Space space) {
        return records(space).size();
    }

    /** Sids of all queue entries, subscriptions, exchanges and received packet ids. */
    Set<Long> sids() {
        Set<Long> sids = new TreeSet<>();
        records(Space.QUEUE).forEach(entry -> sids.add(entry.keyAt(0).getLong()));
        for (Stored each : records(Space.SESSION)) {
            if (each.key[0] != 'c') {
                sids.add(each.keyAt(1).getLong());
            }
        }
        return sids;
    }

    /** Sids in the records of clients. */
    Set<Long> clients() {
        Set<Long> sids = new TreeSet<>();
        for (Stored each : records(Space.SESSION)) {
            if (each.key[0] == 'c') {
                sids.add(ByteBuffer.wrap(each.value).getLong(1));
            }
        }
        return sids;
    }

    /** The sid in a client's record; 0 if there is none. */
    long sid(String clientId) {
        for (Stored each : records(Space.SESSION)) {
            if (each.key[0] == 'c'
                    && StandardCharsets.UTF_8.decode(each.keyAt(1)).toString().equals(clientId)) {
                return ByteBuffer.wrap(each.value).getLong(1);
            }
        }
        return 0;
    }

    /** How many records of a kind, as 'o' for exchanges, a session has. */
    long count(char kind, long sid) {
        return records(Space.SESSION).stream()
                .filter(each -> each.key[0] == kind && each.keyAt(1).getLong() == sid)
                .count();
    }

    // ---- changing; while a broker has it open only when that is idle

    /** Damages one byte in the middle of a value. */
    void damage(Space space, Stored record) {
        byte[] value = record.value.clone();
        value[value.length / 2] ^= 0x55;
        put(space, record.key, value);
    }

    /** Sets a value. */
    void put(Space space, byte[] key, byte[] value) {
        OpBuffer batch = new OpBuffer();
        batch.put(space, ByteBuffer.wrap(key), ByteBuffer.wrap(value));
        change(batch);
    }

    /** Removes a record. */
    void remove(Space space, byte[] key) {
        OpBuffer batch = new OpBuffer();
        batch.delete(space, ByteBuffer.wrap(key));
        change(batch);
    }

    private void change(OpBuffer batch) {
        withEngine(now -> now.write(batch, true));
    }

    // ---- the engine

    private interface Looking {
        void at(View view) throws StoreException;
    }

    private interface Use {
        void of(StorageEngine engine) throws StoreException;
    }

    private void look(Looking looking) {
        withEngine(now -> {
            try (View view = now.view()) {
                looking.at(view);
            }
        });
    }

    /** With the engine that is open, or one of its own if there is none. */
    private void withEngine(Use use) {
        try {
            if (isOpen()) {
                use.of(engine);
                return;
            }
            try (StorageEngine own = model.open()) {
                use.of(own);
            }
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }

    private boolean isOpen() {
        try {
            engine.view().close();
            return true;
        } catch (StoreException closed) {
            return false;
        }
    }

    private static byte[] copy(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
