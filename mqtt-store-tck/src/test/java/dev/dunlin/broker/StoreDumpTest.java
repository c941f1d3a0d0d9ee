package dev.dunlin.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import dev.dunlin.store.tck.ModelStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A dump holds everything, whatever its size; and what isn't a whole, sound dump becomes no store. */
class StoreDumpTest {
    private static final int BLOCK_BYTES = 256 << 10;

    @TempDir
    private Path temp;

    // ---- what is in it

    @Test
    void holdsEveryEntryOfEverySpaceByteForByte() throws Exception {
        ModelStore source = new ModelStore();
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (Space space : Space.values()) {
            for (int i = 0; i < 200; i++) {
                put(source, space, bytes(random, 1 + random.nextInt(40)), bytes(random, random.nextInt(2_000)));
            }
        }
        ModelStore target = new ModelStore();
        StoreDump written = StoreDump.write(source, OutputStream.nullOutputStream());
        StoreDump loaded = StoreDump.load(new ByteArrayInputStream(dump(source)), target);
        assertThat(contents(target)).as("seed %d", seed).isEqualTo(contents(source));
        assertThat(loaded).isEqualTo(written);
        assertThat(loaded.engine()).isEqualTo("model");
        assertThat(loaded.bytes()).isEqualTo(dump(source).length);
        assertThat(loaded.entries()).containsEntry(Space.QUEUE, count(source, Space.QUEUE));
    }

    @Test
    void holdsValuesAroundTheSizeOfABlockAndFarAboveIt() throws Exception {
        ModelStore source = new ModelStore();
        Random random = new Random(4711);
        int[] sizes = {0, 1, OpBuffer.INLINE_BYTES, OpBuffer.INLINE_BYTES + 1, 5 << 20, 3, 1 << 20};
        int number = 0;
        for (int size : sizes) {
            put(source, Space.MESSAGE, new byte[] {(byte) number++}, bytes(random, size));
        }
        for (int off = -12; off <= 2; off++) {
            put(source, Space.RETAINED, new byte[] {(byte) number++}, bytes(random, BLOCK_BYTES + off));
        }
        ModelStore target = new ModelStore();
        StoreDump.load(new ByteArrayInputStream(dump(source)), target);
        assertThat(contents(target)).isEqualTo(contents(source));
    }

    @Test
    void ofTheLoadedStoreIsTheSame() throws Exception {
        ModelStore target = new ModelStore();
        StoreDump.load(new ByteArrayInputStream(dump(small())), target);
        assertThat(dump(target)).isEqualTo(dump(small()));
    }

    @Test
    void holdsNothingOfAStoreThatNoBrokerHasUsed() throws Exception {
        ModelStore source = new ModelStore();
        source.open().close();
        ModelStore target = new ModelStore();
        StoreDump.load(new ByteArrayInputStream(dump(source)), target);
        assertThat(contents(target)).isEmpty();
    }

    // ---- what is no dump

    @Test
    void isRefusedWhenItIsCutAtAnyByte() throws Exception {
        byte[] whole = dump(small());
        for (int end = 0; end < whole.length; end++) {
            StoreException e = assertRefused(Arrays.copyOf(whole, end));
            assertThat(e.kind()).isEqualTo(Kind.CORRUPT);
            assertThat(e).hasMessage(end == 0 ? "the dump is empty" : "the dump is cut off after " + end + " bytes");
        }
    }

    @Test
    void isRefusedWhenAnyBitIsFlipped() throws Exception {
        byte[] whole = dump(small());
        for (int at = 0; at < whole.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] damaged = whole.clone();
                damaged[at] ^= (byte) (1 << bit);
                StoreException e = assertRefused(damaged);
                assertThat(e.kind()).as("byte %d", at).isEqualTo(at < 8 ? Kind.VERSION : Kind.CORRUPT);
            }
        }
    }

    @Test
    void isRefusedWhenAByteOfALargeValueIsFlipped() throws Exception {
        ModelStore source = new ModelStore();
        put(source, Space.MESSAGE, new byte[8], new byte[1 << 20]);
        byte[] whole = dump(source);
        for (int at = 0; at < whole.length; at += 10_007) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 1;
            assertRefused(damaged);
        }
    }

    @Test
    void isRefusedWhenABlockIsMissingOrTwiceThere() throws Exception {
        ModelStore source = new ModelStore();
        for (byte i = 0; i < 3; i++) {
            put(source, Space.MESSAGE, new byte[] {i}, new byte[BLOCK_BYTES - 100]);
        }
        byte[] whole = dump(source);
        int head = 17 + "model".length() + 4;
        int block = 9 + 9 + 1 + BLOCK_BYTES - 100 + 4;
        assertThat(assertRefused(without(whole, head, block))).hasMessageContaining("blocks are missing");
        byte[] twice = Arrays.copyOf(whole, whole.length + block);
        System.arraycopy(whole, head, twice, head + block, whole.length - head);
        assertThat(assertRefused(twice)).hasMessageContaining("twice there");
    }

    @Test
    void isRefusedWhenSomethingFollows() throws Exception {
        byte[] whole = dump(small());
        assertThat(assertRefused(Arrays.copyOf(whole, whole.length + 1)))
                .hasMessage("the dump is damaged: it goes on behind its end, from byte " + whole.length + " on");
    }

    @Test
    void isRefusedWhenItIsSomethingElse() throws Exception {
        StoreException e = assertRefused("a letter to someone else, long enough".getBytes(StandardCharsets.US_ASCII));
        assertThat(e).hasMessage("this is no dump of a store: it begins otherwise");
        assertThat(e.kind()).isEqualTo(Kind.VERSION);
    }

    @Test
    void isRefusedWhenItIsOfANewerVersion() throws Exception {
        assertThat(assertRefused(head(2, 1 << 16)))
                .hasMessageStartingWith("the dump has version 2, and this version of Dunlin reads 1");
        assertThat(assertRefused(head(1, 2 << 16)))
                .hasMessageStartingWith("the dump holds records of format 2, and this version of Dunlin reads 1");
    }

    private static byte[] head(int version, int recordFormat) {
        ByteBuffer head = ByteBuffer.allocate(21);
        head.put(HexFormat.of().parseHex("8944554e4c494e0a"))
                .putInt(version)
                .putInt(recordFormat)
                .put((byte) 0);
        CRC32C crc = new CRC32C();
        crc.update(head.array(), 0, 17);
        return head.putInt((int) crc.getValue()).array();
    }

    // ---- where it goes

    @Test
    void appearsInAFolderThatIsEmptyOrNotThere() throws Exception {
        for (String place : new String[] {"new", "a/b/c"}) {
            load(dump(small()), temp.resolve(place));
            assertThat(contents(ModelStore.at(temp.resolve(place)))).isEqualTo(contents(small()));
        }
        Path empty = Files.createDirectory(temp.resolve("empty"));
        load(dump(small()), empty);
        assertThat(contents(ModelStore.at(empty))).isEqualTo(contents(small()));
        Path link = Files.createSymbolicLink(temp.resolve("link"), Files.createDirectory(temp.resolve("behind")));
        load(dump(small()), link);
        assertThat(contents(ModelStore.at(temp.resolve("behind")))).isEqualTo(contents(small()));
        assertThat(temp).isDirectoryNotContaining(path -> path.toString().contains("loading"));
    }

    @Test
    void doesNotGoIntoAFolderWithSomethingInIt() throws Exception {
        Path letter = Files.createFile(temp.resolve("letter"));
        assertThatThrownBy(() -> load(dump(small()), temp))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("the folder " + temp.toRealPath() + " is not empty");
        assertThat(temp).isDirectoryContaining(letter::equals);
    }

    @Test
    void doesNotGoIntoAStoreWithSomethingInIt() throws Exception {
        ModelStore full = small();
        assertThatThrownBy(() -> StoreDump.load(new ByteArrayInputStream(dump(small())), full))
                .hasMessageContaining("the store is not empty");
        assertThat(contents(full)).isEqualTo(contents(small()));
    }

    @Test
    void leavesAStoreThatNobodyOpensWhenItBreaksOff() throws Exception {
        byte[] whole = dump(small());
        ModelStore broken = new ModelStore();
        assertThatThrownBy(() -> StoreDump.load(new ByteArrayInputStream(whole, 0, whole.length - 1), broken))
                .isInstanceOf(StoreException.class);
        BrokerStartException e = catchThrowableOfType(
                BrokerStartException.class,
                () -> Broker.builder().storage(broken).start().close());
        assertThat(e.kind()).isEqualTo(BrokerStartException.Kind.STORE_CORRUPT);
        assertThat(e).hasMessageContaining("unfinished");
        assertThatThrownBy(() -> dump(broken)).hasMessageContaining("unfinished");
    }

    @Test
    void endsWithTheFailureOfItsStream() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("no room");
            }
        };
        ModelStore source = small();
        assertThatThrownBy(() -> StoreDump.write(source, full))
                .isInstanceOf(IOException.class)
                .hasMessage("no room");
        assertThat(contents(source)).isEqualTo(contents(small()));
    }

    @Test
    void isNotTakenOfAStoreThatIsOpen() throws Exception {
        ModelStore source = small();
        try (StorageEngine engine = source.open()) {
            StoreException e = catchThrowableOfType(StoreException.class, () -> dump(source));
            assertThat(e.kind()).isEqualTo(Kind.LOCKED);
        }
    }

    // ---- helpers

    /** Loads into a folder, which must fail and leave nothing. */
    private StoreException assertRefused(byte[] dump) throws IOException {
        Path folder = temp.resolve("refused");
        StoreException e = catchThrowableOfType(StoreException.class, () -> load(dump, folder));
        assertThat(e).isNotNull();
        assertThat(temp).isEmptyDirectory();
        return e;
    }

    private static void load(byte[] dump, Path folder) throws StoreException, IOException {
        StoreDump.load(new ByteArrayInputStream(dump), folder, InFolder::new);
    }

    /** A model store that leaves its contents in a folder when it is closed. */
    private record InFolder(Path folder) implements StorageEngineProvider {
        @Override
        public StorageEngine open() throws StoreException {
            StorageEngine model = new ModelStore().open();
            return (StorageEngine) Proxy.newProxyInstance(
                    InFolder.class.getClassLoader(), new Class<?>[] {StorageEngine.class}, (proxy, method, args) -> {
                        if (method.getName().equals("close")) {
                            model.backup(folder);
                        }
                        try {
                            return method.invoke(model, args);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        @Override
        public StorageEngine recover() throws StoreException {
            return open();
        }
    }

    /** A few entries in each space. */
    private static ModelStore small() {
        ModelStore store = new ModelStore();
        for (Space space : Space.values()) {
            for (byte i = 1; i <= 3; i++) {
                put(store, space, new byte[] {i, i}, new byte[4 * i]);
            }
        }
        return store;
    }

    private static void put(StorageEngineProvider store, Space space, byte[] key, byte[] value) {
        OpBuffer ops = new OpBuffer();
        ops.put(space, ByteBuffer.wrap(key), ByteBuffer.wrap(value));
        try (StorageEngine engine = store.open()) {
            engine.write(ops, true);
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] dump(StorageEngineProvider store) throws StoreException, IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StoreDump.write(store, out);
        return out.toByteArray();
    }

    private static Map<String, String> contents(StorageEngineProvider store) {
        Map<String, String> contents = new TreeMap<>();
        try (StorageEngine engine = store.open();
                View view = engine.view()) {
            for (Space space : Space.values()) {
                view.scan(space, new byte[0], null, (key, value) -> {
                    contents.put(space + hex(key), hex(value));
                    return true;
                });
            }
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
        return contents;
    }

    private static long count(StorageEngineProvider store, Space space) {
        return contents(store).keySet().stream()
                .filter(key -> key.startsWith(space.name()))
                .count();
    }

    private static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static byte[] without(byte[] bytes, int at, int length) {
        byte[] rest = Arrays.copyOf(bytes, bytes.length - length);
        System.arraycopy(bytes, at + length, rest, at, rest.length - at);
        return rest;
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
