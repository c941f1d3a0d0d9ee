package dev.dunlin.store.mapdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class MergeTest {

    @RepeatedTest(20)
    void givesOfEachKeyTheNewestValue() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<NavigableMap<byte[], byte[]>> newestFirst = new ArrayList<>();
        for (int layer = random.nextInt(4); layer >= 0; layer--) {
            newestFirst.add(layer(random));
        }
        NavigableMap<byte[], byte[]> merged = SortedModel.model();
        for (int i = newestFirst.size() - 1; i >= 0; i--) {
            merged.putAll(newestFirst.get(i));
        }

        SortedModel.assertSame(new Merge(cursors(newestFirst), false), merged);
        merged.values().removeIf(Cursor::isTombstone);
        SortedModel.assertSame(new Merge(cursors(newestFirst), true), merged);
    }

    @Test
    void ofNoCursorsIsAtItsEnd() throws Exception {
        assertThat(new Merge(List.of(), true).key()).isNull();
    }

    private static List<Cursor> cursors(List<NavigableMap<byte[], byte[]>> layers) {
        return layers.stream().map(SortedModel::cursor).toList();
    }

    private static NavigableMap<byte[], byte[]> layer(Random random) {
        NavigableMap<byte[], byte[]> layer = SortedModel.model();
        for (int puts = random.nextInt(2_000); puts > 0; puts--) {
            layer.put(
                    SortedModel.key(random), random.nextInt(3) == 0 ? Cursor.TOMBSTONE : SortedModel.value(random, 4));
        }
        return layer;
    }
}
