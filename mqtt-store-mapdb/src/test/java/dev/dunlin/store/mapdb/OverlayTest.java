package dev.dunlin.store.mapdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OverlayTest {
    private static final byte[] FIRST = {};

    private final Overlay overlay = new Overlay();

    private record Old(Overlay.Snapshot snapshot, NavigableMap<byte[], byte[]> model) {}

    @RepeatedTest(10)
    void isASortedMapWhoseSnapshotsStayAsTheyWere() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        NavigableMap<byte[], byte[]> model = SortedModel.model();
        List<Old> olds = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            byte[] key = SortedModel.key(random);
            byte[] value = random.nextInt(4) == 0 ? Cursor.TOMBSTONE : SortedModel.value(random, 8);
            assertThat(overlay.put(key, value)).isSameAs(model.put(key, value));
            if (random.nextInt(200) == 0) {
                olds.add(new Old(overlay.snapshot(), copy(model)));
            }
        }
        olds.add(new Old(overlay.snapshot(), model));

        assertThat(overlay.size()).isEqualTo(model.size());
        for (Old old : olds) {
            check(old, random);
        }
    }

    private void check(Old old, Random random) throws Exception {
        assertThat(old.snapshot.size()).isEqualTo(old.model.size());
        SortedModel.assertSame(old.snapshot.cursor(FIRST, null), old.model);
        for (int i = 0; i < 20; i++) {
            byte[] from = SortedModel.key(random);
            byte[] to = random.nextInt(4) == 0 ? null : SortedModel.key(random);
            SortedModel.assertSame(old.snapshot.cursor(from, to), SortedModel.range(old.model, from, to));
            assertThat(old.snapshot.get(from)).isSameAs(old.model.get(from));
        }
    }

    private static NavigableMap<byte[], byte[]> copy(NavigableMap<byte[], byte[]> model) {
        NavigableMap<byte[], byte[]> copy = SortedModel.model();
        copy.putAll(model);
        return copy;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 31, 32, 33, 1024, 1025, 33_000, 100_000})
    void takesAscendingAndDescendingKeys(int keys) throws Exception {
        NavigableMap<byte[], byte[]> model = SortedModel.model();
        for (int i = 0; i < keys; i++) {
            put(model, i);
            put(model, -1 - i);
        }
        SortedModel.assertSame(overlay.snapshot().cursor(FIRST, null), model);
        assertThat(overlay.size()).isEqualTo(2 * keys);
    }

    private void put(NavigableMap<byte[], byte[]> model, int number) {
        byte[] key = ByteBuffer.allocate(4).putInt(number).array();
        overlay.put(key, key);
        model.put(key, key);
    }

    @Test
    void countsBytesAndNotWhatWasReplaced() {
        overlay.put(new byte[10], new byte[1000]);
        long one = overlay.bytes();
        overlay.put(new byte[10], new byte[400]);

        assertThat(one).isBetween(1010L, 1110L);
        assertThat(overlay.bytes()).isEqualTo(one - 600);
        assertThat(overlay.size()).isEqualTo(1);
    }

    @Test
    void anUnchangedMapHasOneSnapshot() {
        overlay.put(FIRST, new byte[1]);
        Overlay.Snapshot snapshot = overlay.snapshot();

        assertThat(overlay.snapshot()).isSameAs(snapshot);
        overlay.put(FIRST, new byte[2]);
        assertThat(overlay.snapshot()).isNotSameAs(snapshot);
        assertThat(snapshot.get(FIRST)).hasSize(1);
        assertThat(overlay.get(FIRST)).hasSize(2);
    }

    /** The writer gives all keys one new value, then takes a snapshot: in each snapshot all values are alike. */
    @Test
    void aReaderBesideTheWriterSeesWholeStates() throws Exception {
        int keys = 5_000;
        int rounds = 60;
        AtomicReference<Overlay.Snapshot> published = new AtomicReference<>(overlay.snapshot());
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> seen = reader.submit(() -> readUntil(published, keys, rounds));
            for (int round = 1; round <= rounds; round++) {
                byte[] value = ByteBuffer.allocate(4).putInt(round).array();
                for (int i = 0; i < keys; i++) {
                    overlay.put(ByteBuffer.allocate(4).putInt(i * 7919 % keys).array(), value);
                }
                published.setPlain(overlay.snapshot()); // the snapshot's own fields have to do
            }
            published.setRelease(published.getPlain());

            assertThat(seen.get()).isPositive();
        } finally {
            reader.shutdownNow();
        }
    }

    private static int readUntil(AtomicReference<Overlay.Snapshot> published, int keys, int last) throws Exception {
        int seen = 0;
        byte[] lastValue = ByteBuffer.allocate(4).putInt(last).array();
        while (true) {
            Overlay.Snapshot snapshot = published.get();
            Cursor cursor = snapshot.cursor(FIRST, null);
            byte[] value = cursor.key() == null ? null : cursor.value();
            int count = 0;
            for (; cursor.key() != null; cursor.advance()) {
                if (!Arrays.equals(cursor.value(), value)) {
                    throw new AssertionError("two states in one snapshot");
                }
                count++;
            }
            if (count != snapshot.size() || (value != null && count != keys)) {
                throw new AssertionError(count + " keys of " + snapshot.size());
            }
            seen++;
            if (Arrays.equals(value, lastValue)) {
                return seen;
            }
        }
    }
}
