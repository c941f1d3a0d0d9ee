package dev.dunlin.store.tck;

import static dev.dunlin.store.tck.TestStore.bytes;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a batch does: all of its operations, in their order, on values of any size. */
abstract class BatchTests extends TckGroup {
    private static final int HUGE_BYTES = 256 << 20;
    private static final int MANY = 100_000;

    private TestStore store;
    private final OpBuffer ops = new OpBuffer();

    @SuppressWarnings("NullAway.Init") // opened before each test
    BatchTests(EngineTck tck) {
        super(tck);
    }

    @BeforeEach
    void openStore() throws StoreException {
        store = open();
    }

    @AfterEach
    void closeStore() throws StoreException {
        store.close();
    }

    @Test
    void readsBackWhatWasWritten() throws StoreException {
        store.put(Space.QUEUE, "a", new byte[] {1, 2, 3});

        assertThat(store.get(Space.QUEUE, "a")).containsExactly(1, 2, 3);
        assertThat(store.get(Space.QUEUE, "b")).isNull();
    }

    @Test
    void keepsSpacesApart() throws StoreException {
        for (Space space : Space.values()) {
            store.put(space, "key", space.name().getBytes(US_ASCII));
        }
        ops.delete(Space.QUEUE, bytes("key"));
        ops.deleteRange(Space.RETAINED, bytes("a"), bytes("z"));
        store.engine().write(ops, false);

        assertThat(store.get(Space.META, "key")).asString().isEqualTo("META");
        assertThat(store.get(Space.SESSION, "key")).asString().isEqualTo("SESSION");
        assertThat(store.get(Space.MESSAGE, "key")).asString().isEqualTo("MESSAGE");
        assertThat(store.get(Space.QUEUE, "key")).isNull();
        assertThat(store.get(Space.RETAINED, "key")).isNull();
    }

    @Test
    void appliesEveryOperationOfABatch() throws StoreException {
        for (Space space : Space.values()) {
            for (int i = 0; i < 10; i++) {
                TestStore.put(ops, space, "key" + i, "value");
            }
        }
        store.engine().write(ops, true);

        for (Space space : Space.values()) {
            assertThat(store.keys(space)).hasSize(10);
        }
    }

    @Test
    void laterOperationsOfABatchWin() throws StoreException {
        store.put(Space.SESSION, "b", "c", "d");
        TestStore.put(ops, Space.SESSION, "a", "1");
        TestStore.put(ops, Space.SESSION, "a", "2");
        TestStore.put(ops, Space.SESSION, "b", "1");
        ops.delete(Space.SESSION, bytes("b"));
        ops.delete(Space.SESSION, bytes("c"));
        TestStore.put(ops, Space.SESSION, "c", "3");
        TestStore.put(ops, Space.SESSION, "x1", "in the range");
        ops.deleteRange(Space.SESSION, bytes("x"), bytes("y"));
        TestStore.put(ops, Space.SESSION, "x2", "after the range");

        store.engine().write(ops, false);

        assertThat(store.keys(Space.SESSION)).containsExactly("a", "c", "d", "x2");
        assertThat(store.get(Space.SESSION, "a")).asString().isEqualTo("2");
        assertThat(store.get(Space.SESSION, "c")).asString().isEqualTo("3");
    }

    @Test
    void deletesWhatIsNotThere() throws StoreException {
        store.put(Space.QUEUE, "a");
        ops.delete(Space.QUEUE, bytes("b"));
        ops.deleteRange(Space.QUEUE, bytes("c"), bytes("d"));

        store.engine().write(ops, true);

        assertThat(store.keys(Space.QUEUE)).containsExactly("a");
    }

    @Test
    void deletesARangeFromItsFirstKeyToBelowItsLast() throws StoreException {
        store.put(Space.QUEUE, "a", "b", "b1", "c", "c0", "d");
        ops.deleteRange(Space.QUEUE, bytes("b"), bytes("c"));
        store.engine().write(ops, false);
        assertThat(store.keys(Space.QUEUE)).containsExactly("a", "c", "c0", "d");

        ops.clear();
        ops.deleteRange(Space.QUEUE, bytes("c"), bytes("c"));
        ops.deleteRange(Space.QUEUE, bytes("d"), bytes("a"));
        store.engine().write(ops, false);
        assertThat(store.keys(Space.QUEUE)).containsExactly("a", "c", "c0", "d");
    }

    @Test
    void writesIntoADeletedRangeAgain() throws StoreException {
        store.put(Space.QUEUE, "b1", "b2");
        ops.deleteRange(Space.QUEUE, bytes("b"), bytes("c"));
        store.engine().write(ops, false);
        store.put(Space.QUEUE, "b2");
        store.close();
        store = open();

        assertThat(store.keys(Space.QUEUE)).containsExactly("b2");
    }

    @Test
    void takesAnEmptyBatch() throws StoreException {
        store.put(Space.QUEUE, "a");

        store.engine().write(ops, false);
        store.engine().write(ops, true);

        assertThat(store.keys(Space.QUEUE)).containsExactly("a");
    }

    @Test
    void keepsNothingOfTheBatch() throws StoreException {
        ByteBuffer large = ByteBuffer.allocateDirect(OpBuffer.INLINE_BYTES + 1);
        ops.put(Space.MESSAGE, bytes("large"), large);
        TestStore.put(ops, Space.QUEUE, "a", "old");
        store.engine().write(ops, false);

        large.put(0, (byte) 1);
        ops.clear();
        TestStore.put(ops, Space.QUEUE, "b", "new");

        assertThat(store.get(Space.MESSAGE, "large")).containsOnly(0);
        assertThat(store.get(Space.QUEUE, "a")).asString().isEqualTo("old");
        assertThat(store.get(Space.QUEUE, "b")).isNull();
    }

    @Test
    void keepsEmptyValues() throws StoreException {
        store.put(Space.META, "empty", new byte[0]);
        store.close();
        store = open();

        assertThat(store.get(Space.META, "empty")).isNotNull().isEmpty();
        assertThat(store.keys(Space.META)).containsExactly("empty");
    }

    @Test
    void keepsValuesOfAllSizes() throws StoreException {
        int[] sizes = {1, 4_095, 4_096, 4_097, 32_768, OpBuffer.INLINE_BYTES, OpBuffer.INLINE_BYTES + 1, 5 << 20};
        for (int size : sizes) {
            ops.put(Space.RETAINED, bytes("key" + size), filled(ByteBuffer.allocate(size)));
        }
        store.engine().write(ops, true);
        assertSizes(sizes);
        store.close();
        store = open();
        assertSizes(sizes);
    }

    private void assertSizes(int[] sizes) throws StoreException {
        for (int size : sizes) {
            assertThat(store.get(Space.RETAINED, "key" + size))
                    .isEqualTo(filled(ByteBuffer.allocate(size)).array());
        }
    }

    @Test
    void keepsAValueOf256Megabytes() throws StoreException {
        ByteBuffer huge = filled(ByteBuffer.allocateDirect(HUGE_BYTES));
        long checksum = checksum(huge);
        TestStore.put(ops, Space.QUEUE, "before", "");
        ops.put(Space.MESSAGE, bytes("huge"), huge);
        TestStore.put(ops, Space.QUEUE, "behind", "");
        store.engine().write(ops, true);
        ops.clear();
        assertHuge(checksum);

        store.close();
        store = open();
        assertHuge(checksum);
        assertThat(store.keys(Space.QUEUE)).containsExactly("before", "behind");

        ops.delete(Space.MESSAGE, bytes("huge"));
        store.engine().write(ops, true);
        assertThat(store.keys(Space.MESSAGE)).isEmpty();
    }

    private void assertHuge(long checksum) throws StoreException {
        try (View view = store.engine().view()) {
            ByteBuffer value = view.get(Space.MESSAGE, TestStore.array(bytes("huge")));
            assertThat(value).isNotNull();
            assertThat(value.remaining()).isEqualTo(HUGE_BYTES);
            assertThat(checksum(value)).isEqualTo(checksum);
        }
    }

    @Test
    void appliesManyOperationsAtOnce() throws StoreException {
        for (int i = 0; i < MANY; i++) {
            ByteBuffer key = ByteBuffer.allocate(4).putInt(0, i);
            ops.put(Space.QUEUE, key, key);
        }
        store.engine().write(ops, true);

        int[] count = {0};
        try (View view = store.engine().view()) {
            view.scan(Space.QUEUE, new byte[0], null, (key, value) -> {
                assertThat(key.getInt()).isEqualTo(count[0]);
                assertThat(value.getInt()).isEqualTo(count[0]++);
                return true;
            });
        }
        assertThat(count[0]).isEqualTo(MANY);
    }

    private static ByteBuffer filled(ByteBuffer buffer) {
        while (buffer.remaining() >= Integer.BYTES) {
            buffer.putInt(buffer.position() * 0x9E3779B9);
        }
        while (buffer.hasRemaining()) {
            buffer.put((byte) buffer.position());
        }
        return buffer.flip();
    }

    private static long checksum(ByteBuffer buffer) {
        CRC32C checksum = new CRC32C();
        checksum.update(buffer.duplicate());
        return checksum.getValue();
    }
}
