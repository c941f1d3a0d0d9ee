package dev.dunlin.store.mapdb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StoreException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/** What the tests of the layers share: a model, its cursor, and the comparison of a layer with it. */
final class SortedModel {
    private static final int KEYS = 3_000;

    private SortedModel() {}

    static NavigableMap<byte[], byte[]> model() {
        return new TreeMap<>(Arrays::compareUnsigned);
    }

    /** One of some thousand keys: of all lengths, some the beginning of others, with bytes of both signs. */
    static byte[] key(Random random) {
        Random ofKey = new Random(random.nextInt(KEYS));
        byte[] key = new byte[ofKey.nextInt(20)];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) (ofKey.nextInt(4) * 85);
        }
        return key;
    }

    static byte[] value(Random random, int bytesMax) {
        byte[] value = new byte[1 + random.nextInt(bytesMax)];
        random.nextBytes(value);
        return value;
    }

    /** Over a model that stays as it is meanwhile. */
    static Cursor cursor(NavigableMap<byte[], byte[]> model) {
        Iterator<Map.Entry<byte[], byte[]>> entries = model.entrySet().iterator();
        return new Cursor() {
            private Map.Entry<byte[], byte[]> entry;

            {
                advance();
            }

            @Override
            public byte[] key() {
                return entry == null ? null : entry.getKey();
            }

            @Override
            public byte[] value() {
                return entry.getValue();
            }

            @Override
            public void advance() {
                entry = entries.hasNext() ? entries.next() : null;
            }
        };
    }

    static NavigableMap<byte[], byte[]> range(NavigableMap<byte[], byte[]> model, byte[] from, byte[] to) {
        if (to == null) {
            return model.tailMap(from, true);
        }
        return Arrays.compareUnsigned(from, to) < 0 ? model.subMap(from, true, to, false) : SortedModel.model();
    }

    /** Expects the entries of a model, in their order, and none besides. */
    static void assertSame(Cursor cursor, NavigableMap<byte[], byte[]> model) throws StoreException {
        for (Map.Entry<byte[], byte[]> entry : model.entrySet()) {
            if (!Arrays.equals(cursor.key(), entry.getKey()) || !Arrays.equals(cursor.value(), entry.getValue())) {
                assertThat(cursor.key()).isEqualTo(entry.getKey());
                assertThat(cursor.value()).isEqualTo(entry.getValue());
            }
            cursor.advance();
        }
        assertThat(cursor.key()).isNull();
    }
}
