package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Random operations on a store and on sorted maps of the JDK: both must show the same, also in snapshots and once reopened. */
abstract class ModelTests extends TckGroup {
    private static final int KEYS = 2_000;
    private static final int BATCH_MAX = 40;
    private static final int SYNC_EVERY = 2_000;
    private static final int COMPARE_EVERY = 50_000;
    private static final int REOPEN_EVERY = 200_000;
    private static final int COMPACT_EVERY = 300_000;
    private static final Space[] SPACES = Space.values();

    private final Map<Space, NavigableMap<byte[], byte[]>> model = new EnumMap<>(Space.class);
    private final OpBuffer ops = new OpBuffer();
    private SplittableRandom random = new SplittableRandom();
    private long done;

    ModelTests(EngineTck tck) {
        super(tck);
        for (Space space : SPACES) {
            model.put(space, new TreeMap<>(Arrays::compareUnsigned));
        }
    }

    @Test
    void showsWhatSortedMapsShow() throws StoreException {
        long seed = Effort.seed();
        random = new SplittableRandom(seed);
        try {
            run(Effort.modelOperations());
        } catch (AssertionError | StoreException | RuntimeException e) {
            throw new AssertionError("seed " + seed + ", operation " + done + ": " + e, e);
        }
    }

    private void run(long operations) throws StoreException {
        StorageEngine engine = provider().open();
        while (done < operations) {
            long until = Math.min(operations, done + COMPARE_EVERY);
            Map<Space, NavigableMap<byte[], byte[]>> before = copyOfModel();
            try (View old = engine.view()) {
                writeAndRead(engine, until);
                compare(before, old);
            }
            try (View now = engine.view()) {
                compare(model, now);
            }
            if (isDue(COMPACT_EVERY)) {
                engine.compact(SPACES[random.nextInt(SPACES.length)]);
            }
            if (isDue(REOPEN_EVERY)) {
                engine.close();
                engine = provider().open();
            }
        }
        engine.close();
        try (StorageEngine again = provider().open();
                View view = again.view()) {
            compare(model, view);
        }
    }

    /** Whether a multiple was passed since the last comparison. */
    private boolean isDue(int every) {
        return done / every != (done - COMPARE_EVERY) / every;
    }

    private void writeAndRead(StorageEngine engine, long until) throws StoreException {
        while (done < until) {
            ops.clear();
            int count = 1 + random.nextInt(BATCH_MAX);
            for (int i = 0; i < count; i++) {
                change(SPACES[random.nextInt(SPACES.length)]);
            }
            boolean sync = done / SYNC_EVERY != (done + count) / SYNC_EVERY;
            done += count;
            engine.write(ops, sync);
            if (random.nextInt(10) == 0) {
                try (View view = engine.view()) {
                    read(view, SPACES[random.nextInt(SPACES.length)]);
                }
            }
        }
    }

    private void change(Space space) {
        NavigableMap<byte[], byte[]> map = of(space);
        byte[] key = randomKey();
        int kind = random.nextInt(100);
        if (kind < 60) {
            byte[] value = new byte[random.nextInt(100) == 0 ? random.nextInt(10_000) : random.nextInt(200)];
            random.nextBytes(value);
            ops.put(space, ByteBuffer.wrap(key), ByteBuffer.wrap(value));
            map.put(key, value);
        } else if (kind < 97) {
            ops.delete(space, ByteBuffer.wrap(key));
            map.remove(key);
        } else {
            byte[] to = key(number(key) + random.nextInt(40));
            ops.deleteRange(space, ByteBuffer.wrap(key), ByteBuffer.wrap(to));
            map.subMap(key, to).clear();
        }
    }

    private void read(View view, Space space) throws StoreException {
        List<byte[]> keys = List.of(randomKey(), randomKey(), randomKey());
        List<@Nullable ByteBuffer> values = view.getAll(space, keys);
        for (int i = 0; i < keys.size(); i++) {
            assertSame(space, keys.get(i), values.get(i));
        }
        byte[] one = randomKey();
        assertSame(space, one, view.get(space, one));
        byte[] from = randomKey();
        byte[] to = key(Math.min(KEYS, number(from) + random.nextInt(100)));
        compare(of(space).subMap(from, true, to, false), view, space, from, to);
    }

    private void assertSame(Space space, byte[] key, @Nullable ByteBuffer found) {
        byte[] expected = of(space).get(key);
        boolean same =
                expected == null ? found == null : ByteBuffer.wrap(expected).equals(found);
        assertThat(same)
                .as("%s %s is as in the model", space, Contents.hex(key))
                .isTrue();
    }

    private static void compare(Map<Space, NavigableMap<byte[], byte[]>> expected, View view) throws StoreException {
        for (Space space : SPACES) {
            compare(Objects.requireNonNull(expected.get(space)), view, space, new byte[0], null);
        }
    }

    private static void compare(
            NavigableMap<byte[], byte[]> expected, View view, Space space, byte[] from, byte @Nullable [] to)
            throws StoreException {
        List<Map.Entry<byte[], byte[]>> entries = new ArrayList<>(expected.entrySet());
        int[] count = {0};
        view.scan(space, from, to, (key, value) -> {
            assertThat(count[0]).as("entries of %s, at most", space).isLessThan(entries.size());
            Map.Entry<byte[], byte[]> entry = entries.get(count[0]++);
            boolean same = ByteBuffer.wrap(entry.getKey()).equals(key)
                    && ByteBuffer.wrap(entry.getValue()).equals(value);
            if (!same) {
                throw new AssertionError("entry " + count[0] + " of " + space + " should be "
                        + Contents.hex(entry.getKey()) + ", is " + Contents.hex(TestStore.array(key)));
            }
            return true;
        });
        assertThat(count[0]).as("entries of %s", space).isEqualTo(entries.size());
    }

    private Map<Space, NavigableMap<byte[], byte[]>> copyOfModel() {
        Map<Space, NavigableMap<byte[], byte[]>> copy = new EnumMap<>(Space.class);
        model.forEach((space, map) -> copy.put(space, new TreeMap<>(map)));
        return copy;
    }

    private NavigableMap<byte[], byte[]> of(Space space) {
        return Objects.requireNonNull(model.get(space));
    }

    private byte[] randomKey() {
        return key(random.nextInt(KEYS));
    }

    /** In ascending order: two digits to the base of 256 that differ much, and every other key is one byte longer. */
    private static byte[] key(int number) {
        byte[] key = new byte[2 + number % 2];
        key[0] = (byte) (number >> 4);
        key[1] = (byte) (number << 4);
        return key;
    }

    private static int number(byte[] key) {
        return (key[0] & 0xff) << 4 | (key[1] & 0xff) >> 4;
    }
}
