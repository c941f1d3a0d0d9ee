package dev.dunlin.store.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import java.io.BufferedReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is RocksDB's own about the engine; the general contract is held by the test kit. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RocksEngineTest {
    @TempDir
    Path dir;

    private final Natives natives = new Natives();

    @Test
    void isFoundByItsName() throws Exception {
        StorageEngineProvider.Named named = ServiceLoader.load(StorageEngineProvider.Named.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(candidate -> candidate.name().equals("rocksdb"))
                .findAny()
                .orElseThrow();
        try (StorageEngine engine = named.at(dir).open()) {
            assertThat(engine.traits().name()).isEqualTo("rocksdb");
            assertThat(engine.recovery().created()).isTrue();
        }
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        RocksDbOptions options = RocksDbOptions.DEFAULT;
        assertThatIllegalArgumentException().isThrownBy(() -> options.withMemoryBytes(1));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withWalBytesMax(0));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withBlobBytesMin(0));
        assertThatIllegalArgumentException().isThrownBy(() -> options.withBackgroundThreads(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.withOpenFilesMax(1))
                .withMessageContaining("openFilesMax = 1");
    }

    @Test
    void keepsBatchesAndClosesEveryNativeObject() throws Exception {
        try (StorageEngine engine = engine()) {
            OpBuffer ops = new OpBuffer();
            for (byte i = 0; i < 10; i++) {
                ops.put(Space.QUEUE, ByteBuffer.wrap(new byte[] {i}), ByteBuffer.wrap(new byte[i]));
            }
            ops.delete(Space.QUEUE, ByteBuffer.wrap(new byte[] {3}));
            ops.deleteRange(Space.QUEUE, ByteBuffer.wrap(new byte[] {5}), ByteBuffer.wrap(new byte[] {7}));
            engine.write(ops, true);
        }
        assertThat(natives.live()).isZero();
        try (StorageEngine engine = engine();
                View view = engine.view()) {
            List<Integer> keys = new ArrayList<>();
            view.scan(Space.QUEUE, new byte[] {1}, new byte[] {9}, (key, value) -> {
                assertThat(value.remaining()).isEqualTo(key.get(0));
                return keys.add((int) key.get(0));
            });
            assertThat(keys).containsExactly(1, 2, 4, 7, 8);
            assertThat(view.get(Space.QUEUE, new byte[] {3})).isNull();
        }
        assertThat(natives.live()).isZero();
    }

    @Test
    void anOpeningThatFailsLeavesNoNativeObject() throws Exception {
        engine().close();
        Files.delete(dir.resolve("CURRENT"));
        Stores.failure(Kind.CORRUPT, this::engine);
        assertThat(natives.live()).isZero();
        for (Path manifest : Stores.all(dir, "MANIFEST*")) {
            Files.writeString(dir.resolve("CURRENT"), manifest.getFileName() + "\n");
            Stores.edit(manifest, bytes -> new byte[0]);
        }
        Stores.failure(Kind.CORRUPT, this::engine);
        assertThat(natives.live()).isZero();
    }

    @Test
    void keepsValuesOfAllSizesInTableLogAndBlob() throws Exception {
        int[] sizes = {0, 1, 4_095, 4_096, 65_536, 65_537, 1 << 20};
        try (StorageEngine engine = engine()) {
            for (int size : sizes) {
                Stores.put(engine, Space.MESSAGE, size, filled(size), false);
            }
            assertHolds(engine, sizes);
            engine.compact(Space.MESSAGE);
            assertHolds(engine, sizes);
        }
        assertThat(Stores.all(dir, "*.blob")).isNotEmpty();
        try (StorageEngine engine = engine()) {
            assertHolds(engine, sizes);
        }
    }

    @Test
    void keepsTheLargestMessage() throws Exception {
        int bytes = 256 << 20;
        try (StorageEngine engine = engine()) {
            OpBuffer ops = new OpBuffer();
            ops.put(
                    Space.MESSAGE,
                    Stores.key(1),
                    ByteBuffer.allocateDirect(bytes).put(bytes - 1, (byte) 7));
            engine.write(ops, true);
        }
        try (StorageEngine engine = engine();
                View view = engine.view()) {
            ByteBuffer value =
                    Objects.requireNonNull(view.get(Space.MESSAGE, Stores.key(1).array()));
            assertThat(value.isDirect()).isTrue();
            assertThat(value.remaining()).isEqualTo(bytes);
            assertThat(value.get(bytes - 1)).isEqualTo((byte) 7);
        }
    }

    @Test
    void aForgottenViewIsClosedWithItsEngine() throws Exception {
        View view;
        try (StorageEngine engine = engine()) {
            Stores.put(engine, 1, false);
            view = engine.view();
            assertThat(view.get(Space.QUEUE, Stores.key(1).array())).isNotNull();
        }
        assertThat(natives.live()).isZero();
        Stores.failure(Kind.BUSY, () -> view.get(Space.QUEUE, Stores.key(1).array()));
        Stores.failure(Kind.BUSY, () -> view.scan(Space.QUEUE, new byte[0], null, (key, value) -> true));
        view.close();
    }

    @Test
    void closeWaitsForAScan() throws Exception {
        StorageEngine engine = engine();
        for (int i = 0; i < 100; i++) {
            Stores.put(engine, i, false);
        }
        View view = engine.view();
        CountDownLatch scanning = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        var threads = Executors.newFixedThreadPool(2);
        try {
            Future<Integer> scanned = threads.submit(() -> {
                List<Integer> keys = new ArrayList<>();
                view.scan(Space.QUEUE, new byte[0], null, (key, value) -> {
                    scanning.countDown();
                    return await(goOn) && keys.add(key.getInt(0));
                });
                return keys.size();
            });
            scanning.await();
            Future<?> closed = threads.submit(() -> {
                engine.close();
                return null;
            });
            goOn.countDown();
            assertThat(scanned.get()).isEqualTo(100);
            closed.get();
        } finally {
            threads.shutdownNow();
        }
        assertThat(natives.live()).isZero();
    }

    @Test
    void aClosedEngineRefuses() throws Exception {
        StorageEngine engine = engine();
        engine.close();
        engine.close();
        Stores.failure(Kind.BUSY, () -> Stores.put(engine, 1, false));
        Stores.failure(Kind.BUSY, engine::sync);
        Stores.failure(Kind.BUSY, engine::view);
        assertThat(engine.stats().diskBytes()).isEqualTo(EngineStats.UNKNOWN);
    }

    @Test
    void isLockedAgainstThisProcessAndOthers() throws Exception {
        try (StorageEngine engine = engine()) {
            Stores.failure(Kind.LOCKED, () -> RocksDb.at(dir).open());
            Stores.failure(Kind.LOCKED, () -> RocksDb.at(dir.resolve("x/..")).recover());
            assertThat(firstLine("open")).isEqualTo("LOCKED");
            Stores.put(engine, 1, true);
        }
        Process child = ChildStore.start("", "open", dir);
        try (BufferedReader lines = ChildStore.lines(child)) {
            assertThat(lines.readLine()).isEqualTo("open false");
            Stores.failure(Kind.LOCKED, () -> RocksDb.at(dir).open());
        } finally {
            child.destroyForcibly().waitFor();
        }
        engine().close();
    }

    @Test
    void refusesOtherFormatsAndForeignFolders() throws Exception {
        engine().close();
        Files.writeString(dir.resolve("FORMAT"), "dunlin-rocksdb 2\n");
        assertThat(Stores.failure(Kind.VERSION, this::engine)).hasMessageContaining("dunlin-rocksdb 2");
        Files.delete(dir.resolve("FORMAT"));
        Stores.failure(Kind.VERSION, this::engine);
        Path foreign = Files.createDirectory(dir.resolve("foreign"));
        Files.writeString(foreign.resolve("letter.txt"), "Dear");
        Stores.failure(Kind.VERSION, () -> RocksDb.at(foreign).open());
        assertThat(foreign.toFile().list()).containsExactly("letter.txt");
    }

    @Test
    void aMakingThatWasInterruptedIsBegunAnew() throws Exception {
        engine().close();
        Files.writeString(dir.resolve("FORMAT"), "dunlin-rocksdb 1 new\n");
        Files.delete(dir.resolve("CURRENT"));
        try (StorageEngine engine = engine()) {
            assertThat(engine.recovery().created()).isTrue();
        }
    }

    @Test
    void aCopyOfACheckpointEndsWhenItIsToldTo() throws Exception {
        Path target = dir.resolve("target");
        try (StorageEngine engine = engine()) {
            Stores.put(engine, 1, true);
        }
        try (Natives opened = new Natives()) {
            Database database = Database.open(dir, RocksDbOptions.DEFAULT, false, opened);
            try (Checkpoint checkpoint = Checkpoint.of(dir, database.db())) {
                Stores.failure(Kind.BUSY, () -> checkpoint.copyTo(target, () -> true));
                checkpoint.copyTo(target.resolve("next"), () -> false);
            }
        }
        assertThat(target.resolve("next/CURRENT")).exists();
        assertThat(Stores.all(dir, ".checkpoint-*")).isEmpty();
    }

    @Test
    void opensWithoutTheCheckpointThatAKillHasLeft() throws Exception {
        engine().close();
        Path left = Files.createDirectories(dir.resolve(".checkpoint-4711/files.tmp"));
        Files.createFile(left.resolve("000001.sst"));
        engine().close();
        assertThat(Stores.all(dir, ".checkpoint-*")).isEmpty();
    }

    @Test
    void aBackupIsAStore() throws Exception {
        Path backup = dir.resolve("backups/monday");
        Path store = dir.resolve("store");
        try (StorageEngine engine = RocksDb.at(store).open()) {
            Stores.put(engine, 1, false);
            Stores.put(engine, Space.MESSAGE, 1, filled(1 << 20), false);
            engine.backup(backup);
            Stores.put(engine, 2, false);
            Stores.failure(Kind.IO, () -> engine.backup(backup));
        }
        try (StorageEngine engine = RocksDb.at(backup).open()) {
            assertThat(engine.recovery().created()).isFalse();
            assertThat(Stores.keys(engine)).containsExactly(1);
            assertHolds(engine, Space.MESSAGE, 1, filled(1 << 20));
        }
    }

    @Test
    void statsFollowWhatIsWritten() throws Exception {
        try (StorageEngine engine = engine()) {
            EngineStats before = engine.stats();
            Stores.put(engine, Space.MESSAGE, 1, filled(1 << 20), true);
            EngineStats after = engine.stats();
            assertThat(after.diskBytes() - before.diskBytes()).isGreaterThan(1 << 20);
            assertThat(after.memoryBytes()).isGreaterThan(before.memoryBytes());
            assertThat(after.freeBytes()).isPositive().isLessThan(after.volumeBytes());
        }
    }

    /** What a failed sync leaves in the page cache is not trusted: opening writes it once more, into synced tables. */
    @Test
    void openingMovesTheLogToTables() throws Exception {
        try (StorageEngine engine = engine()) {
            Stores.put(engine, 1, false);
        }
        assertThat(Stores.all(dir, "*.sst")).isEmpty();
        try (StorageEngine engine = engine()) {
            assertThat(Stores.all(dir, "*.sst")).isNotEmpty();
            assertThat(Stores.only(dir, "*.log")).isEmptyFile();
            assertThat(Stores.keys(engine)).containsExactly(1);
        }
    }

    @Test
    void aFullDiskFailsTheEngineUntilItIsOpenedAgain() throws Exception {
        Process child = ChildStore.start("ulimit -f 60000;", "fill", dir);
        int stored;
        try (BufferedReader lines = ChildStore.lines(child)) {
            assertThat(lines.readLine()).isEqualTo("FULL");
            stored = Integer.parseInt(lines.readLine());
            assertThat(child.waitFor()).isZero();
        }
        assertThat(stored).isGreaterThan(50);
        try (StorageEngine engine = engine()) {
            assertThat(Stores.keys(engine)).startsWith(Stores.range(0, stored).toArray(new Integer[0]));
            Stores.put(engine, 1_000_000, true);
        }
    }

    @Test
    void aKilledProcessLosesNothing() throws Exception {
        int written = 0;
        for (int round = 0; round < 3; round++) {
            Process child = ChildStore.start("", "write", dir);
            try (BufferedReader lines = ChildStore.lines(child)) {
                for (int i = 0; i < 2_000; i++) {
                    written = Integer.parseInt(lines.readLine());
                }
                child.toHandle().destroyForcibly(); // the process's own would close the stream
                child.waitFor();
                for (String line = lines.readLine(); line != null && !line.isEmpty(); line = lines.readLine()) {
                    written = Math.max(written, Integer.parseInt(line));
                }
            }
            try (StorageEngine engine = engine()) {
                List<Integer> keys = Stores.keys(engine);
                assertThat(keys).isEqualTo(Stores.range(0, keys.size())).hasSizeGreaterThan(written);
            }
        }
    }

    private StorageEngine engine() throws Exception {
        return new Opening(dir, RocksDbOptions.DEFAULT, natives).open();
    }

    private String firstLine(String verb) throws Exception {
        Process child = ChildStore.start("", verb, dir);
        try (BufferedReader lines = ChildStore.lines(child)) {
            return lines.readLine();
        } finally {
            child.waitFor();
        }
    }

    private static boolean await(CountDownLatch latch) {
        try {
            latch.await();
            return true;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] filled(int size) {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            bytes[i] = (byte) (i * 31 + size);
        }
        return bytes;
    }

    private static void assertHolds(StorageEngine engine, int[] sizes) throws Exception {
        for (int size : sizes) {
            assertHolds(engine, Space.MESSAGE, size, filled(size));
        }
        try (View view = engine.view()) {
            List<Integer> scanned = new ArrayList<>();
            view.scan(Space.MESSAGE, new byte[0], null, (key, value) -> {
                assertThat(value).isEqualTo(ByteBuffer.wrap(filled(key.getInt(0))));
                return scanned.add(key.getInt(0));
            });
            assertThat(scanned).isEqualTo(Arrays.stream(sizes).boxed().toList());
        }
    }

    private static void assertHolds(StorageEngine engine, Space space, int key, byte[] value) throws Exception {
        try (View view = engine.view()) {
            assertThat(view.get(space, Stores.key(key).array())).isEqualTo(ByteBuffer.wrap(value));
            assertThat(view.getAll(space, List.of(Stores.key(key).array(), new byte[9])))
                    .containsExactly(ByteBuffer.wrap(value), null);
        }
    }
}
