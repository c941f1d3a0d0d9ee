package dev.dunlin.store.tck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An open engine in the words of a test: keys and values are strings, a change is a batch. */
final class TestStore implements AutoCloseable {
    private final StorageEngine engine;

    TestStore(StorageEngine engine) {
        this.engine = engine;
    }

    static TestStore open(StorageEngineProvider provider) throws StoreException {
        return new TestStore(provider.open());
    }

    StorageEngine engine() {
        return engine;
    }

    /** Puts keys that are their own values, without sync. */
    void put(Space space, String... keys) throws StoreException {
        OpBuffer ops = new OpBuffer();
        for (String key : keys) {
            put(ops, space, key, key);
        }
        engine.write(ops, false);
    }

    void put(Space space, String key, byte[] value) throws StoreException {
        OpBuffer ops = new OpBuffer();
        ops.put(space, bytes(key), ByteBuffer.wrap(value));
        engine.write(ops, false);
    }

    static void put(OpBuffer ops, Space space, String key, String value) {
        ops.put(space, bytes(key), bytes(value));
    }

    static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    byte @Nullable [] get(Space space, String key) throws StoreException {
        try (View view = engine.view()) {
            ByteBuffer value = view.get(space, key.getBytes(UTF_8));
            return value == null ? null : array(value);
        }
    }

    /** The keys of a space in the order of a scan. */
    List<String> keys(Space space) throws StoreException {
        try (View view = engine.view()) {
            return keys(view, space, "", null);
        }
    }

    static List<String> keys(View view, Space space, String from, @Nullable String to) throws StoreException {
        List<String> keys = new ArrayList<>();
        view.scan(space, from.getBytes(UTF_8), to == null ? null : to.getBytes(UTF_8), (key, value) -> {
            keys.add(UTF_8.decode(key).toString());
            return true;
        });
        return keys;
    }

    /** Everything in a store. */
    static Contents contents(StorageEngine engine) throws StoreException {
        try (View view = engine.view()) {
            return Contents.of(view);
        }
    }

    /** The number of the last {@link Workload} batch in a store; 0 if there is none. */
    static long lastBatch(StorageEngine engine) throws StoreException {
        return Workload.last(contents(engine));
    }

    /** The store holds exactly the first batches of a workload, whole ones, and at least those until {@code atLeast}. */
    static long assertPrefix(StorageEngine engine, Workload workload, long atLeast) throws StoreException {
        Contents found = contents(engine);
        long last = Workload.last(found);
        assertThat(last).as("the last batch that is there").isGreaterThanOrEqualTo(atLeast);
        assertThat(workload.after(last).difference(found))
                .as("differences after batch %d", last)
                .isEmpty();
        return last;
    }

    static byte[] array(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    @Override
    public void close() throws StoreException {
        engine.close();
    }
}
