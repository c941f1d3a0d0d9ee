package dev.dunlin.store.mapdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationTest {
    private static final byte[] FIRST = {};
    private static final int LARGE_BYTES = (64 << 10) + 16;

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("generation");
    }

    /** After every test, also those of failures: nothing of the folder is open. */
    @AfterEach
    void everyFileIsClosed() throws IOException {
        assertThat(openFiles()).isEmpty();
    }

    @RepeatedTest(5)
    void holdsWhatItWasBuiltFrom() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        NavigableMap<byte[], byte[]> model = SortedModel.model();
        for (int puts = random.nextInt(20_000); puts > 0; puts--) {
            model.put(SortedModel.key(random), SortedModel.value(random, random.nextInt(50) == 0 ? LARGE_BYTES : 300));
        }
        Generation.build(file, SortedModel.cursor(model)).verify(file);

        try (Generation generation = Generation.open(file)) {
            assertThat(generation.entries()).isEqualTo(model.size());
            SortedModel.assertSame(generation.cursor(FIRST, null), model);
            for (int i = 0; i < 1_000; i++) {
                byte[] from = SortedModel.key(random);
                assertThat(generation.get(from)).isEqualTo(model.get(from));
            }
            for (int i = 0; i < 50; i++) {
                byte[] from = SortedModel.key(random);
                byte[] to = random.nextInt(4) == 0 ? null : SortedModel.key(random);
                SortedModel.assertSame(generation.cursor(from, to), SortedModel.range(model, from, to));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5, 6, 1023, 1024, 1025, 65_519, 65_520, 65_521, 65_535, 65_536, LARGE_BYTES})
    void holdsValuesOfAllLengths(int length) throws Exception {
        byte[] value = new byte[length];
        new Random(length).nextBytes(value);
        NavigableMap<byte[], byte[]> model = SortedModel.model();
        for (int i = 0; i < 100; i++) {
            model.put(number(i), value);
        }
        Generation.build(file, SortedModel.cursor(model));

        try (Generation generation = Generation.open(file)) {
            SortedModel.assertSame(generation.cursor(FIRST, null), model);
            assertThat(generation.get(number(37))).isEqualTo(value);
            assertThat(generation.get(number(100))).isNull();
        }
    }

    @Test
    void holdsKeysOfTheGreatestLength() throws Exception {
        NavigableMap<byte[], byte[]> model = SortedModel.model();
        for (int i = 0; i < 100; i++) {
            byte[] key = new byte[LARGE_BYTES];
            new Random(i).nextBytes(key);
            model.put(key, number(i));
        }
        Generation.build(file, SortedModel.cursor(model));

        try (Generation generation = Generation.open(file)) {
            SortedModel.assertSame(generation.cursor(FIRST, null), model);
            for (byte[] key : model.keySet()) {
                assertThat(generation.get(key)).isEqualTo(model.get(key));
            }
        }
    }

    /** Around the numbers at which a leaf is full, a level is added, and MapDB begins another page of its index. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 23, 24, 25, 550, 576, 600, 13_824, 400_000})
    void holdsAnyNumberOfEntries(int entries) throws Exception {
        NavigableMap<byte[], byte[]> model = numbered(entries);
        Generation.build(file, SortedModel.cursor(model));

        try (Generation generation = Generation.open(file)) {
            assertThat(generation.entries()).isEqualTo(entries);
            SortedModel.assertSame(generation.cursor(FIRST, null), model);
            for (int i = 0; i < entries; i += 1 + entries / 1000) {
                assertThat(generation.get(number(i))).isEqualTo(number(i));
            }
            assertThat(generation.get(FIRST)).isNull();
        }
    }

    /** As many records of their own as need a second page of MapDB's index. */
    @Test
    void holdsManyLargeValues() throws Exception {
        byte[] value = new byte[SnapshotFile.INLINE_BYTES_MAX + 1];
        int entries = 130_000;
        NavigableMap<byte[], byte[]> model = SortedModel.model();
        for (int i = 0; i < entries; i++) {
            model.put(number(i), value);
        }
        Seal seal = Generation.build(file, SortedModel.cursor(model));

        assertThat((double) seal.bytes()).isLessThan(1.5 * entries * (Integer.BYTES + value.length));
        try (Generation generation = Generation.open(file)) {
            SortedModel.assertSame(generation.cursor(FIRST, null), model);
        }
    }

    @Test
    void takesThePlaceOfWhatIsThere() throws Exception {
        Seal large = Generation.build(file, SortedModel.cursor(numbered(200_000)));
        Seal small = Generation.build(file, SortedModel.cursor(numbered(10)));

        assertThat(small.bytes()).isLessThan(large.bytes()).isEqualTo(Files.size(file));
        small.verify(file);
        try (Generation generation = Generation.open(file)) {
            SortedModel.assertSame(generation.cursor(FIRST, null), numbered(10));
        }
    }

    @Test
    void isBuiltTheSameEveryTime() throws Exception {
        Seal one = Generation.build(file, SortedModel.cursor(numbered(5_000)));

        assertThat(Generation.build(file, SortedModel.cursor(numbered(5_000)))).isEqualTo(one);
    }

    @Test
    void readersThatAreInterruptedHarmNobody() throws Exception {
        NavigableMap<byte[], byte[]> model = numbered(200_000);
        Generation.build(file, SortedModel.cursor(model));
        ExecutorService readers = Executors.newFixedThreadPool(4);
        try (Generation generation = Generation.open(file)) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int reader = i;
                all.add(readers.submit(() -> {
                    if (reader % 2 == 0) {
                        Thread.currentThread().interrupt();
                    }
                    SortedModel.assertSame(generation.cursor(FIRST, null), model);
                    for (int key = reader; key < model.size(); key += 50) {
                        assertThat(generation.get(number(key))).isEqualTo(number(key));
                    }
                    assertThat(Thread.interrupted()).isEqualTo(reader % 2 == 0);
                    return null;
                }));
            }
            for (Future<?> one : all) {
                one.get();
            }
            assertThat(generation.get(number(7))).isEqualTo(number(7));
        } finally {
            readers.shutdownNow();
        }
    }

    @Test
    void isBuiltAndVerifiedByAThreadThatIsInterrupted() throws Exception {
        Thread.currentThread().interrupt();
        Generation.build(file, SortedModel.cursor(numbered(100_000))).verify(file);

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void anyChangedOrMissingByteIsFound() throws Exception {
        Seal seal = Generation.build(file, SortedModel.cursor(numbered(1_000)));
        byte[] whole = Files.readAllBytes(file);
        Random random = new Random(3);
        for (int i = 0; i < 50; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            assertFails(Kind.CORRUPT, () -> seal.verify(file));
        }
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        assertFails(Kind.CORRUPT, () -> seal.verify(file));
        Files.write(file, Arrays.copyOf(whole, whole.length + 1));
        assertFails(Kind.CORRUPT, () -> seal.verify(file));
        Files.write(file, whole);
        seal.verify(file);
    }

    @Test
    void whatMapDbStumblesOverIsDamage() throws Exception {
        NavigableMap<byte[], byte[]> model = numbered(2_000);
        Generation.build(file, SortedModel.cursor(model));
        int damaged = 0;
        // The data begin at the second page.
        for (int at = 1 << 20; at < (1 << 20) + (32 << 10); at += 1_500) {
            byte[] before = overwrite(at, random(at, 100));
            damaged += readings(model);
            overwrite(at, before);
        }
        assertThat(damaged).as("readings that found damage").isPositive();
    }

    /** How many readings say that the file is damaged; all others give what is there. */
    private int readings(NavigableMap<byte[], byte[]> model) {
        int damaged = 0;
        try (Generation generation = Generation.open(file)) {
            for (Map.Entry<byte[], byte[]> entry : model.entrySet()) {
                try {
                    generation.get(entry.getKey());
                } catch (StoreException e) {
                    assertThat(e.kind()).isEqualTo(Kind.CORRUPT);
                    damaged++;
                }
            }
            Cursor cursor = generation.cursor(FIRST, null);
            while (cursor.key() != null) {
                cursor.advance();
            }
        } catch (StoreException e) {
            assertThat(e.kind()).isEqualTo(Kind.CORRUPT);
            damaged++;
        }
        return damaged;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 10, 40_000, 1 << 20, (1 << 20) + 1})
    void aFileThatEndsTooEarlyIsDamaged(int length) throws Exception {
        Generation.build(file, SortedModel.cursor(numbered(1_000)));
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));

        assertFails(Kind.CORRUPT, () -> Generation.open(file).close());
    }

    @Test
    void anythingElseIsNoGeneration() throws Exception {
        Files.write(file, random(1, 3 << 20));

        assertFails(Kind.CORRUPT, () -> Generation.open(file).close());
    }

    @Test
    void aFileThatIsMissingIsAFailureToRead() {
        assertFails(Kind.IO, () -> Generation.open(file).close());
        assertFails(Kind.IO, () -> Seal.of(file));
    }

    @Test
    void aFolderThatIsMissingIsAFailureToWrite() {
        assertFails(
                Kind.IO,
                () -> Generation.build(folder.resolve("none").resolve("a"), SortedModel.cursor(SortedModel.model())));
    }

    @Test
    void keysThatDoNotAscendAreRefusedAndNothingStays() {
        Cursor same = new Cursor() {
            @Override
            public byte[] key() {
                return number(1);
            }

            @Override
            public byte[] value() {
                return number(1);
            }

            @Override
            public void advance() {}
        };

        assertFails(Kind.CORRUPT, () -> Generation.build(file, same));
        assertThat(file).doesNotExist();
    }

    @Test
    void whatTheSourceReportsIsPassedOn() {
        Cursor failing = new Cursor() {
            @Override
            public byte[] key() {
                return number(1);
            }

            @Override
            public byte[] value() {
                return number(1);
            }

            @Override
            public void advance() throws StoreException {
                throw new StoreException(Kind.BUSY, "the source is busy");
            }
        };

        assertFails(Kind.BUSY, () -> Generation.build(file, failing));
        assertThat(file).doesNotExist();
    }

    @Test
    void isNotReadAfterItWasClosed() throws Exception {
        Generation.build(file, SortedModel.cursor(numbered(100_000)));
        Generation generation = Generation.open(file);
        assertThat(openFiles()).hasSize(1);
        Cursor cursor = generation.cursor(FIRST, null);
        generation.close();
        generation.close();

        assertFails(Kind.IO, () -> generation.get(number(50_000)));
        assertFails(Kind.IO, () -> {
            while (cursor.key() != null) {
                cursor.advance();
            }
        });
    }

    private static void assertFails(Kind kind, ThrowingCallable call) {
        StoreException failure = catchThrowableOfType(StoreException.class, call);
        assertThat(failure).isNotNull();
        assertThat(failure.kind()).as("%s", failure).isEqualTo(kind);
    }

    private byte[] overwrite(int at, byte[] bytes) throws IOException {
        try (RandomAccessFile raf = new RandomAccessFile(file.toFile(), "rw")) {
            byte[] before = new byte[bytes.length];
            raf.seek(at);
            raf.readFully(before);
            raf.seek(at);
            raf.write(bytes);
            return before;
        }
    }

    private static byte[] random(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static NavigableMap<byte[], byte[]> numbered(int entries) {
        NavigableMap<byte[], byte[]> model = SortedModel.model();
        for (int i = 0; i < entries; i++) {
            model.put(number(i), number(i));
        }
        return model;
    }

    private static byte[] number(int number) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }

    private List<Path> openFiles() throws IOException {
        List<Path> open = new ArrayList<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                if (target(descriptor).startsWith(folder)) {
                    open.add(descriptor);
                }
            }
        }
        return open;
    }

    private static Path target(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor);
        } catch (NoSuchFileException e) {
            return descriptor; // closed meanwhile, as the one of the listing is
        }
    }
}
