package dev.dunlin.store.tck;

import static dev.dunlin.store.tck.TestStore.bytes;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a view shows: a moment, in order, from any thread. */
abstract class ViewTests extends TckGroup {
    private static final int VIEWS = 100;
    private static final int READERS = 3;
    private static final int ROUNDS = 3_000;
    private static final int MEMBERS = 20;

    private TestStore store;

    @SuppressWarnings("NullAway.Init") // opened before each test
    ViewTests(EngineTck tck) {
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
    void seesNothingThatIsWrittenLater() throws StoreException {
        store.put(Space.QUEUE, "a", "b", "c");
        try (View view = store.engine().view()) {
            OpBuffer ops = new OpBuffer();
            TestStore.put(ops, Space.QUEUE, "a", "changed");
            ops.delete(Space.QUEUE, bytes("b"));
            ops.deleteRange(Space.QUEUE, bytes("c"), bytes("d"));
            TestStore.put(ops, Space.QUEUE, "e", "new");
            store.engine().write(ops, true);

            assertThat(TestStore.keys(view, Space.QUEUE, "", null)).containsExactly("a", "b", "c");
            assertThat(view.get(Space.QUEUE, key("a"))).isEqualTo(bytes("a"));
            assertThat(view.get(Space.QUEUE, key("b"))).isEqualTo(bytes("b"));
            assertThat(view.get(Space.QUEUE, key("e"))).isNull();
            assertThat(view.getAll(Space.QUEUE, List.of(key("c"), key("e")))).containsExactly(bytes("c"), null);
        }
        assertThat(store.keys(Space.QUEUE)).containsExactly("a", "e");
    }

    @Test
    void seesEverythingThatWasWrittenBefore() throws StoreException {
        for (int i = 0; i < 50; i++) {
            store.put(Space.SESSION, "key" + i);
            assertThat(store.get(Space.SESSION, "key" + i)).isNotNull();
        }
        assertThat(store.keys(Space.SESSION)).hasSize(50);
    }

    @Test
    void manyViewsEachShowTheirOwnMoment() throws StoreException {
        List<View> views = new ArrayList<>();
        for (int i = 0; i < VIEWS; i++) {
            views.add(store.engine().view());
            store.put(Space.QUEUE, "key" + (char) ('A' + i % 26) + i);
        }
        store.engine().compact(Space.QUEUE);
        for (int i = 0; i < VIEWS; i++) {
            assertThat(TestStore.keys(views.get(i), Space.QUEUE, "", null)).hasSize(i);
        }
        views.forEach(View::close);
    }

    @Test
    void scansARangeInAscendingOrderOfUnsignedBytes() throws StoreException {
        byte[][] keys = {{1}, {0}, {0, 0}, {(byte) 0x80}, {0x7f}, {(byte) 0xff, 0}, {(byte) 0xff}, {1, (byte) 0xff}, {2}
        };
        OpBuffer ops = new OpBuffer();
        for (byte[] key : keys) {
            ops.put(Space.RETAINED, ByteBuffer.wrap(key), ByteBuffer.wrap(key));
        }
        store.engine().write(ops, false);

        assertThat(hexKeys(new byte[0], null))
                .containsExactly("00", "0000", "01", "01ff", "02", "7f", "80", "ff", "ff00");
        assertThat(hexKeys(new byte[] {0, 0}, new byte[] {2})).containsExactly("0000", "01", "01ff");
        assertThat(hexKeys(new byte[] {0x70}, new byte[] {(byte) 0xff})).containsExactly("7f", "80");
        assertThat(hexKeys(new byte[] {(byte) 0x81}, null)).containsExactly("ff", "ff00");
        assertThat(hexKeys(new byte[] {3}, new byte[] {4})).isEmpty();
        assertThat(hexKeys(new byte[] {2}, new byte[] {2})).isEmpty();
    }

    private List<String> hexKeys(byte[] from, byte @Nullable [] to) throws StoreException {
        List<String> keys = new ArrayList<>();
        try (View view = store.engine().view()) {
            view.scan(Space.RETAINED, from, to, (key, value) -> {
                assertThat(value).isEqualTo(key);
                keys.add(Contents.hex(TestStore.array(key)));
                return true;
            });
        }
        return keys;
    }

    @Test
    void aScanEndsWhenTheVisitorHasEnough() throws StoreException {
        store.put(Space.QUEUE, "a", "b", "c");
        List<String> seen = new ArrayList<>();
        try (View view = store.engine().view()) {
            view.scan(Space.QUEUE, new byte[0], null, (key, value) -> {
                seen.add(UTF_8.decode(key).toString());
                return seen.size() < 2;
            });
        }
        assertThat(seen).containsExactly("a", "b");
    }

    @Test
    void aScanEndsWithWhatTheVisitorThrows() throws StoreException {
        store.put(Space.QUEUE, "a", "b");
        try (View view = store.engine().view()) {
            assertFails(
                    Kind.BUSY,
                    () -> view.scan(Space.QUEUE, new byte[0], null, (key, value) -> {
                        throw new StoreException(Kind.BUSY, "the visitor has had enough");
                    }));
            assertThat(TestStore.keys(view, Space.QUEUE, "", null)).containsExactly("a", "b");
        }
    }

    @Test
    void aVisitorMayReadFromItsView() throws StoreException {
        store.put(Space.QUEUE, "a", "b");
        store.put(Space.MESSAGE, "a", "b");
        List<ByteBuffer> read = new ArrayList<>();
        try (View view = store.engine().view()) {
            view.scan(Space.QUEUE, new byte[0], null, (key, value) -> {
                read.add(view.get(Space.MESSAGE, TestStore.array(key)));
                return true;
            });
        }
        assertThat(read).containsExactly(bytes("a"), bytes("b"));
    }

    @Test
    void getsSeveralValuesInTheOrderAskedFor() throws StoreException {
        store.put(Space.QUEUE, "a", "b", "c");
        try (View view = store.engine().view()) {
            assertThat(view.getAll(Space.QUEUE, List.of(key("c"), key("x"), key("a"), key("c"))))
                    .containsExactly(bytes("c"), null, bytes("a"), bytes("c"));
            assertThat(view.getAll(Space.QUEUE, List.of())).isEmpty();
        }
    }

    @Test
    void whatWasReadBelongsToTheReader() throws StoreException {
        store.put(Space.MESSAGE, "a", new byte[100]);
        ByteBuffer value;
        try (View view = store.engine().view()) {
            value = view.get(Space.MESSAGE, key("a"));
            assertThat(value).isNotNull();
            if (!value.isReadOnly()) {
                value.put(0, (byte) 1);
            }
            assertThat(view.get(Space.MESSAGE, key("a"))).isEqualTo(ByteBuffer.allocate(100));
        }
        byte first = value.get(0);
        OpBuffer ops = new OpBuffer();
        ops.delete(Space.MESSAGE, bytes("a"));
        store.engine().write(ops, true);
        store.close();

        assertThat(value.remaining()).isEqualTo(100);
        assertThat(value.get(0)).isEqualTo(first);
        store = open();
    }

    @Test
    void isClosedTwiceAndByAnotherThread() throws Exception {
        store.put(Space.QUEUE, "a");
        View view = store.engine().view();
        Thread closing = new Thread(view::close);
        closing.start();
        closing.join(TimeUnit.SECONDS.toMillis(10));
        view.close();

        assertThat(closing.isAlive()).isFalse();
        assertThat(store.keys(Space.QUEUE)).containsExactly("a");
    }

    @Test
    void showsWholeBatchesToReadersBesideTheWriter() throws Exception {
        AtomicBoolean writing = new AtomicBoolean(true);
        ExecutorService readers = Executors.newFixedThreadPool(READERS);
        try {
            List<Future<Long>> results = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                results.add(readers.submit(() -> readRounds(writing)));
            }
            for (int round = 1; round <= ROUNDS; round++) {
                writeRound(round);
            }
            writing.set(false);
            for (Future<Long> result : results) {
                assertThat(result.get(1, TimeUnit.MINUTES)).isEqualTo(ROUNDS);
            }
        } finally {
            writing.set(false);
            readers.shutdownNow();
            assertThat(readers.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
    }

    /** All members carry the number of the round, across spaces; each second round a range is emptied and filled. */
    private void writeRound(int round) throws StoreException {
        OpBuffer ops = new OpBuffer();
        ops.deleteRange(Space.SESSION, bytes("member"), bytes("membes"));
        for (int i = 0; i < MEMBERS; i++) {
            TestStore.put(ops, i % 2 == 0 ? Space.SESSION : Space.QUEUE, "member" + i, String.valueOf(round));
        }
        store.engine().write(ops, round % 500 == 0);
    }

    /** Reads until the writer has ended, and once more: the last round seen. */
    private long readRounds(AtomicBoolean writing) throws StoreException {
        long last = 0;
        boolean more = true;
        while (more) {
            more = writing.get();
            List<String> rounds = new ArrayList<>();
            try (View view = store.engine().view()) {
                for (Space space : List.of(Space.SESSION, Space.QUEUE)) {
                    view.scan(
                            space,
                            new byte[0],
                            null,
                            (key, value) -> rounds.add(UTF_8.decode(value).toString()));
                }
            }
            assertThat(rounds.size()).isIn(0, MEMBERS);
            if (!rounds.isEmpty()) {
                assertThat(rounds).containsOnly(rounds.get(0));
                assertThat(Long.parseLong(rounds.get(0))).isGreaterThanOrEqualTo(last);
                last = Long.parseLong(rounds.get(0));
            }
        }
        return last;
    }

    private static byte[] key(String key) {
        return key.getBytes(UTF_8);
    }
}
