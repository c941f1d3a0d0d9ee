package dev.dunlin.store.mapdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of file that is damaged or missing: refused with a sentence, nothing changed, and what a recovery makes of it. */
class DamageTest {
    private static final Map<String, Integer> ALL = Map.of(
            "a",
            10,
            "a-large",
            TestStore.LARGE,
            "b",
            2_000,
            "b-large",
            2 << 20,
            "c",
            100,
            "c-large",
            TestStore.LARGE,
            "d",
            1);

    @TempDir
    private Path temp;

    private Path dir;

    /** A store with two generations, a journal behind the last one, and large values in all of them. */
    @BeforeEach
    void write() throws Exception {
        dir = temp.resolve("store");
        try (TestStore store = TestStore.open(dir)) {
            store.put("a", 10).put("a-large", TestStore.LARGE).generation();
            store.put("b", 2_000).put("b-large", 2 << 20).generation();
        }
        try (TestStore store = TestStore.open(dir)) {
            store.put("c", 100).put("c-large", TestStore.LARGE).put("d", 1);
        }
    }

    private StoreException assertRefused(String what) throws IOException {
        Map<String, Integer> before = TestStore.hashes(dir);
        StoreException refused = catchThrowableOfType(
                StoreException.class, () -> MapDb.at(dir).open().close());
        assertThat(refused.kind()).isEqualTo(Kind.CORRUPT);
        assertThat(refused)
                .hasMessageContaining(dir.toString())
                .hasMessageContaining(what)
                .hasMessageContaining("nothing was changed")
                .hasMessageContaining("dunlin store recover --data " + dir);
        assertThat(TestStore.hashes(dir)).as("nothing was changed").isEqualTo(before);
        return refused;
    }

    /** Recovers, and sees that the store is sound afterwards, and goes on. */
    private RecoveryReport recover(Map<String, Integer> expected) throws Exception {
        RecoveryReport report;
        try (TestStore store = new TestStore(MapDb.at(dir).recover())) {
            report = store.engine().recovery();
            assertThat(store.contents()).isEqualTo(expected);
            store.put("z", 1);
        }
        assertThat(report.setAside())
                .isNotEmpty()
                .allSatisfy(file -> assertThat(dir.resolve(file)).exists());
        try (TestStore store = TestStore.open(dir)) {
            assertThat(store.engine().recovery()).isEqualTo(RecoveryReport.clean(false));
            assertThat(store.contents()).hasSize(expected.size() + 1);
            store.delete("z").generation();
            assertThat(store.contents()).isEqualTo(expected);
        }
        return report;
    }

    private Path file(String prefix, int fromTheEnd) throws IOException {
        List<Path> files = Names.valueOf(prefix).in(dir);
        return files.get(files.size() - 1 - fromTheEnd);
    }

    private static Map<String, Integer> without(String... keys) {
        Map<String, Integer> rest = new TreeMap<>(ALL);
        rest.keySet().removeAll(List.of(keys));
        return rest;
    }

    @Test
    void aDamagedGenerationIsNoLoss() throws Exception {
        Path last = file("GENERATION", 0);
        TestStore.flip(last, Files.size(last) / 2);

        assertRefused(last.getFileName() + " is missing or damaged");
        RecoveryReport report = recover(ALL);

        assertThat(report.lostSynced()).isFalse();
        assertThat(report.text()).contains("generation before", "No change that is known to have been stored");
    }

    @Test
    void aMissingGenerationIsNoLoss() throws Exception {
        Path last = file("GENERATION", 0);
        Files.delete(last);

        assertRefused(last.getFileName() + " is missing or damaged");
        assertThat(recover(ALL).lostSynced()).isFalse();
    }

    @Test
    void withoutASoundGenerationOnlyABackupHelps() throws Exception {
        TestStore.flip(file("GENERATION", 0), 5_000);
        TestStore.flip(file("GENERATION", 1), 5_000);
        assertRefused("is missing or damaged");
        Map<String, Integer> before = TestStore.hashes(dir);

        StoreException refused = catchThrowableOfType(
                StoreException.class, () -> MapDb.at(dir).recover().close());

        assertThat(refused.kind()).isEqualTo(Kind.CORRUPT);
        assertThat(refused).hasMessageContaining("can't be recovered").hasMessageContaining("restore a backup");
        assertThat(TestStore.hashes(dir)).isEqualTo(before);
    }

    @Test
    void aMissingCurrentIsFoundAgain() throws Exception {
        Files.delete(dir.resolve("CURRENT"));

        assertRefused("CURRENT is missing or damaged");
        assertThat(recover(ALL).lostSynced()).isFalse();
    }

    @Test
    void everyBitOfCurrentIsChecked() throws Exception {
        byte[] sound = Files.readAllBytes(dir.resolve("CURRENT"));
        for (int at = 0; at < sound.length; at++) {
            TestStore.flip(dir.resolve("CURRENT"), at);
            StoreException refused = catchThrowableOfType(
                    StoreException.class, () -> MapDb.at(dir).open().close());
            assertThat(refused).as("byte %d", at).isNotNull().hasMessageContaining("CURRENT is missing or damaged");
            Files.write(dir.resolve("CURRENT"), sound);
        }
        try (TestStore store = TestStore.open(dir)) {
            assertThat(store.contents()).isEqualTo(ALL);
        }
    }

    @Test
    void aCurrentWithoutGenerationsIsFoundInTheJournal() throws Exception {
        Path young = temp.resolve("young");
        try (TestStore store = TestStore.open(young)) {
            store.put("a", 1).put("b", 2);
        }
        dir = young;
        Files.delete(dir.resolve("CURRENT"));

        assertRefused("CURRENT is missing or damaged");
        assertThat(recover(Map.of("a", 1, "b", 2)).lostSynced()).isFalse();
    }

    @Test
    void aMissingSegmentCutsWhatIsBehind() throws Exception {
        try (TestStore store = TestStore.open(dir)) {
            store.put("e", 1);
        }
        Path gone = file("JOURNAL", 1);
        Files.delete(gone);

        assertRefused(gone.getFileName() + " is missing");
        RecoveryReport report = recover(without("c", "c-large", "d"));

        assertThat(report.lostSynced()).isTrue();
        assertThat(report.text()).contains("messages and states of sessions are lost");
    }

    @Test
    void aDamagedGroupCutsItAndWhatIsBehind() throws Exception {
        TestStore.flip(file("JOURNAL", 0), Segment.HEADER_BYTES + Group.HEADER_BYTES + 20);

        assertRefused("is damaged or not whole");
        RecoveryReport report = recover(without("c", "c-large", "d"));

        assertThat(report.lostSynced()).isTrue();
        assertThat(report.cutBytes()).isPositive();
        assertThat(report.text()).contains("groups of changes behind that are cut");
    }

    @Test
    void aDamagedHeaderOfASegmentCutsItAndWhatIsBehind() throws Exception {
        Path last = file("JOURNAL", 0);
        TestStore.flip(last, 9);

        assertRefused("the header of " + last.getFileName() + " is damaged");
        assertThat(recover(without("c", "c-large", "d")).lostSynced()).isTrue();
    }

    @Test
    void aMissingValueCutsTheJournal() throws Exception {
        Files.delete(file("VALUE", 0)); // of c-large

        assertRefused("is damaged or not whole");
        assertThat(recover(without("c-large", "d")).lostSynced()).isTrue();
    }

    @Test
    void aDamagedValueIsSetAside() throws Exception {
        Path damaged = file("VALUE", 0); // of c-large
        TestStore.flip(damaged, 1_000);
        byte[] content = Files.readAllBytes(damaged);

        assertRefused("is damaged or not whole");
        RecoveryReport report = recover(without("c-large", "d"));

        assertThat(report.setAside())
                .filteredOn(file -> file.endsWith("/" + damaged.getFileName()))
                .singleElement()
                .satisfies(file -> assertThat(dir.resolve(file)).hasBinaryContent(content));
        assertThat(report.text()).contains("1 large message that isn't needed any more");
    }

    @Test
    void aMissingValueOfAGenerationIsLeftOut() throws Exception {
        Path gone = file("VALUE", 1); // of b-large
        Files.delete(gone);

        assertRefused(gone.getFileName() + ", a large value, is missing");
        RecoveryReport report = recover(without("b-large"));

        assertThat(report.lostSynced()).isTrue();
        assertThat(report.text())
                .contains("1 large message is missing or damaged")
                .contains(gone.getFileName().toString());
    }

    @Test
    void aStoreOfAnotherEngineOrFormatIsRefused() throws Exception {
        Files.writeString(dir.resolve("FORMAT"), "dunlin-rocksdb 1\n");
        StoreException other = catchThrowableOfType(
                StoreException.class, () -> MapDb.at(dir).open().close());
        assertThat(other.kind()).isEqualTo(Kind.VERSION);
        assertThat(other).hasMessageContaining("is one of the engine rocksdb, not of mapdb");

        Files.writeString(dir.resolve("FORMAT"), "dunlin-mapdb 2\n");
        StoreException newer = catchThrowableOfType(
                StoreException.class, () -> MapDb.at(dir).recover().close());
        assertThat(newer.kind()).isEqualTo(Kind.VERSION);
        assertThat(newer).hasMessageContaining("use the version that wrote it");
    }
}
