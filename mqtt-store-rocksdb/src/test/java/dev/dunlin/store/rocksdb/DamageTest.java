package dev.dunlin.store.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged files: what a crash leaves is cut and told; all else is CORRUPT, changes nothing, and recovers to a prefix. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DamageTest {
    private static final int SYNCED = 5;
    private static final int WRITTEN = 8;

    @TempDir
    Path temp;

    private Path store;
    private int copies;

    /** Batches 0 to 4 are synced, 5 to 7 written, and the process gone. */
    @BeforeEach
    void writeAndDie() throws Exception {
        Path live = temp.resolve("live");
        try (StorageEngine engine = RocksDb.at(live).open()) {
            for (int i = 0; i < WRITTEN; i++) {
                Stores.put(engine, i, i < SYNCED);
            }
            store = Stores.copy(live, temp.resolve("killed"));
        }
    }

    @Test
    void aKilledStoreIsWhole() throws Exception {
        assertOpens(store, WRITTEN, 0);
    }

    @Test
    void aLogCutAtAnyByteKeepsItsWholeBatches() throws Exception {
        Path log = Stores.only(store, "*.log");
        byte[] whole = Files.readAllBytes(log);
        int batch = whole.length / WRITTEN;
        assertThat(batch * WRITTEN).isEqualTo(whole.length);
        for (int end = whole.length; end > 0; end--) {
            Files.write(log, Arrays.copyOf(whole, end));
            LogScan scan = LogScan.ofBatches(List.of(log));
            assertThat(scan.cutBytes()).isEqualTo(end % batch);
            assertThat(scan.lastGroup()).isEqualTo(end / batch);
            assertThat(scan.lostSynced(0)).isFalse();
        }
        Files.write(log, whole);
        for (int end = whole.length; end > whole.length - batch; end -= 3) {
            Path copy = copy();
            Stores.cut(copy.resolve(log.getFileName()), end);
            assertOpens(copy, end / batch, end % batch);
        }
    }

    @Test
    void garbageBehindTheLastBatchIsCut() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int bytes : new int[] {1, 6, 7, 100, 40_000}) {
            byte[] garbage = new byte[bytes];
            random.nextBytes(garbage);
            Path copy = copy();
            Stores.edit(Stores.only(copy, "*.log"), log -> concat(log, garbage));
            assertThat(assertOpens(copy, WRITTEN, bytes).text())
                    .as("seed " + seed)
                    .contains("crash");
            Path zeros = copy();
            Stores.edit(Stores.only(zeros, "*.log"), log -> concat(log, new byte[bytes]));
            assertOpens(zeros, WRITTEN, bytes);
        }
    }

    @Test
    void damageBehindTheLastSyncIsWhatACrashLeaves() throws Exception {
        Path log = Stores.only(store, "*.log");
        long batch = Files.size(log) / WRITTEN;
        Stores.flip(log, SYNCED * batch + 60, 3);

        RecoveryReport report = assertOpens(store, SYNCED, (int) ((WRITTEN - SYNCED) * batch));

        assertThat(report.lostSynced()).isFalse();
        assertThat(report.text()).contains("at least 3 batches, from batch 6");
        assertOpens(store, SYNCED, 0);
    }

    @Test
    void aFlippedBitBeforeTheLastSyncIsCorruptAndRecoversToThePrefix() throws Exception {
        Path log = Stores.only(store, "*.log");
        byte[] damaged = Files.readAllBytes(log);
        int batch = damaged.length / WRITTEN;
        damaged[2 * batch + 60] ^= 1;
        Files.write(log, damaged);

        assertThat(Stores.assertCorrupt(store))
                .hasMessageContaining(log.getFileName().toString());

        try (StorageEngine engine = RocksDb.at(store).recover()) {
            assertThat(Stores.keys(engine)).isEqualTo(Stores.range(0, 2));
            RecoveryReport report = engine.recovery();
            assertThat(report.lostSynced()).isTrue();
            assertThat(report.cutBytes()).isEqualTo(6L * batch);
            assertThat(report.text()).contains("at least 6 batches, from batch 3", "certain");
            assertThat(report.setAside()).hasSize(1);
            assertThat(store.resolve(report.setAside().get(0))).hasBinaryContent(damaged);
            Stores.put(engine, 100, true);
        }
        try (StorageEngine engine = RocksDb.at(store).open()) {
            assertThat(Stores.keys(engine)).containsExactly(0, 1, 100);
            assertThat(engine.recovery().text()).isEmpty();
        }
    }

    /** Bit 2 of the type makes a recyclable record of a full one: RocksDB 11.8.1 alone would never return. */
    @Test
    void everyFlippedBitIsNoticed() throws Exception {
        Path log = Stores.only(store, "*.log");
        byte[] sound = Files.readAllBytes(log);
        int batch = sound.length / WRITTEN;
        for (int at = 0; at < sound.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] damaged = sound.clone();
                damaged[at] ^= (byte) (1 << bit);
                Files.write(log, damaged);
                LogScan scan = LogScan.ofBatches(List.of(log));
                assertThat(scan.damage()).as("byte %s, bit %s", at, bit).isNotNull();
                assertThat(scan.soundBytes()).isEqualTo((long) at / batch * batch);
                assertThat(scan.lostSynced(0)).as("byte %s, bit %s", at, bit).isEqualTo(at / batch < SYNCED);
            }
        }
        Stores.edit(log, bytes -> sound);
        Stores.flip(log, 2L * batch + 6, 2);
        Stores.assertCorrupt(store);
    }

    @Test
    void aClosedStoreKnowsItsLastBatch() throws Exception {
        RocksDb.at(store).open().close();
        try (StorageEngine engine = RocksDb.at(store).open()) {
            Stores.put(engine, 100, false);
        }
        Path log = Stores.only(store, "*.log");
        Stores.flip(log, 60, 0);
        Stores.assertCorrupt(store);
    }

    @Test
    void damageInALongRecordIsFoundWithTheMarkersBehindIt() throws Exception {
        Path live = temp.resolve("long");
        Path killed;
        try (StorageEngine engine = RocksDb.at(live).open()) {
            for (int i = 0; i < 20; i++) {
                Stores.put(engine, Space.MESSAGE, i, new byte[50_000], true);
            }
            killed = Stores.copy(live, temp.resolve("long-killed"));
        }
        Path log = Stores.only(killed, "*.log");
        Stores.edit(log, bytes -> {
            Arrays.fill(bytes, 490_000, 494_096, (byte) 0x55);
            return bytes;
        });
        Stores.assertCorrupt(killed);
        try (StorageEngine engine = RocksDb.at(killed).recover()) {
            assertThat(engine.recovery().text()).contains("at least 11 batches, from batch 10");
        }
    }

    /** Whatever becomes of what was written behind the last sync, also when the log was switched since. */
    @RepeatedTest(20)
    void aPowerCutLosesNothingThatWasSynced() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Path live = temp.resolve("power");
        RocksDb provider = RocksDb.at(live).options(RocksDbOptions.DEFAULT.withMemoryBytes(8 << 20));
        int synced = 0;
        Path lastLog = live;
        long syncedBytes = 0;
        Path cut;
        try (StorageEngine engine = provider.open()) {
            int batches = 20 + random.nextInt(80);
            for (int i = 0; i < batches; i++) {
                Stores.put(engine, Space.QUEUE, i, new byte[random.nextInt(200_000)], false);
                if (random.nextInt(15) == 0) {
                    engine.sync();
                    await().until(() -> Stores.all(live, "*.log").size() == 1);
                    synced = i + 1;
                    lastLog = Stores.only(live, "*.log");
                    syncedBytes = Files.size(lastLog);
                }
            }
            await().until(() -> Stores.all(live, "*.log").size() == 1);
            cut = Stores.copy(live, temp.resolve("power-cut"));
        }
        Path log = Stores.only(cut, "*.log");
        int from = log.getFileName().equals(lastLog.getFileName()) ? (int) syncedBytes : 0;
        Stores.edit(log, bytes -> garbled(bytes, from, random));
        try (StorageEngine engine = RocksDb.at(cut).open()) {
            List<Integer> keys = Stores.keys(engine);
            assertThat(keys).as("seed " + seed).isEqualTo(Stores.range(0, keys.size()));
            assertThat(keys.size()).as("seed " + seed).isGreaterThanOrEqualTo(synced);
        }
    }

    @Test
    void aMissingFirstLogIsCorrupt() throws Exception {
        Files.delete(Stores.only(store, "*.log"));
        Stores.assertCorrupt(store);
    }

    @Test
    void aMissingCurrentIsCorruptAndComesBack() throws Exception {
        Files.delete(store.resolve("CURRENT"));
        Stores.assertCorrupt(store);
        try (StorageEngine engine = RocksDb.at(store).recover()) {
            assertThat(Stores.keys(engine)).isEqualTo(Stores.range(0, WRITTEN));
            assertThat(engine.recovery().text()).contains("CURRENT");
        }
    }

    @Test
    void aGarbledCurrentIsCorrupt() throws Exception {
        for (String text : List.of("", "xyz\n", "MANIFEST-000099\n", "MANIFEST-000005")) {
            Files.writeString(store.resolve("CURRENT"), text);
            Stores.assertCorrupt(store);
        }
    }

    @Test
    void aFolderThatHasLostAllItsFilesIsNoNewStore() throws Exception {
        for (Path file : Stores.all(store, "{CURRENT,MANIFEST*,*.log,IDENTITY,OPTIONS*}")) {
            Files.delete(file);
        }
        Stores.assertCorrupt(store);
        assertThat(Stores.failure(Kind.CORRUPT, () -> RocksDb.at(store).recover()))
                .hasMessageContaining("restore a backup");
    }

    @Test
    void anUnreadableOptionsFileDoesNotMatter() throws Exception {
        Stores.edit(Stores.only(store, "OPTIONS*"), bytes -> new byte[20]);
        assertOpens(store, WRITTEN, 0);
    }

    @Test
    void aDamagedListOfTablesIsCorrupt() throws Exception {
        Path manifest = Stores.only(store, "MANIFEST*");
        byte[] sound = Files.readAllBytes(manifest);
        for (int at = 0; at < sound.length; at += 23) {
            Stores.edit(manifest, bytes -> sound);
            Stores.flip(manifest, at, 2);
            if (!LogScan.ofManifest(manifest).isTorn()) {
                Stores.assertCorrupt(store);
            }
        }
    }

    @Test
    void aListOfTablesThatEndsTooEarlyIsCorrupt() throws Exception {
        Path flushed = flushedStore();
        Path manifest = Stores.only(flushed, "MANIFEST*");
        int length = (int) Files.size(manifest);
        for (int end : new int[] {0, length / 4, length / 2}) {
            Path copy = Stores.copy(flushed, temp.resolve("manifest" + end));
            Stores.cut(copy.resolve(manifest.getFileName()), end);
            Stores.assertCorrupt(copy);
        }
    }

    @Test
    void aMissingOrShortTableIsCorruptAndCannotBeRecovered() throws Exception {
        Path flushed = flushedStore();
        Path table = Stores.all(flushed, "*.sst").get(0);
        Stores.cut(table, (int) Files.size(table) - 10);
        Stores.assertCorrupt(flushed);
        Files.delete(table);
        Stores.assertCorrupt(flushed);
        assertThat(Stores.failure(Kind.CORRUPT, () -> RocksDb.at(flushed).recover()))
                .hasMessageContaining(table.getFileName().toString())
                .hasMessageContaining("restore a backup");
    }

    @Test
    void aFlippedBitInATableIsCorruptWhereItIsRead() throws Exception {
        Path flushed = flushedStore();
        for (Path table : Stores.all(flushed, "*.sst")) {
            Stores.flip(table, 10, 0);
        }
        try (StorageEngine engine = RocksDb.at(flushed).open()) {
            Stores.failure(Kind.CORRUPT, () -> Stores.keys(engine));
        }
        assertThat(Stores.failure(Kind.CORRUPT, () -> RocksDb.at(flushed).recover()))
                .hasMessageContaining("restore a backup");
    }

    /** With tables and a log, and the process gone. */
    private Path flushedStore() throws Exception {
        try (StorageEngine engine = RocksDb.at(store).open()) {
            Stores.put(engine, 100, true);
            engine.compact(Space.QUEUE);
            Stores.put(engine, 101, true);
            return Stores.copy(store, temp.resolve("flushed"));
        }
    }

    private Path copy() throws IOException {
        return Stores.copy(store, temp.resolve("copy" + copies++));
    }

    private static RecoveryReport assertOpens(Path store, int batches, int cutBytes) throws StoreException {
        try (StorageEngine engine = RocksDb.at(store).open()) {
            assertThat(Stores.keys(engine)).isEqualTo(Stores.range(0, batches));
            assertThat(engine.recovery().cutBytes()).isEqualTo(cutBytes);
            assertThat(engine.recovery().text().isEmpty()).isEqualTo(cutBytes == 0);
            return engine.recovery();
        }
    }

    /** Some pages of the file are garbage, zero, or missing at the end. */
    private static byte[] garbled(byte[] bytes, int from, Random random) {
        for (int page = from; page < bytes.length; page += 4_096) {
            byte[] garbage = new byte[Math.min(4_096, bytes.length - page)];
            int what = random.nextInt(10);
            if (what == 0) {
                random.nextBytes(garbage);
            }
            if (what < 2) {
                System.arraycopy(garbage, 0, bytes, page, garbage.length);
            }
        }
        return Arrays.copyOf(
                bytes, random.nextBoolean() ? bytes.length : from + random.nextInt(bytes.length - from + 1));
    }

    private static byte[] concat(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
