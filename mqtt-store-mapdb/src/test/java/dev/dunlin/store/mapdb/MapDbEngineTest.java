package dev.dunlin.store.mapdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the kit can't know: generations, segments and files of values come and go as they should. */
class MapDbEngineTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MIB = 1 << 20;

    @TempDir
    private Path temp;

    private Path dir() {
        return temp.resolve("store");
    }

    @Test
    void isFoundByItsName() throws Exception {
        StorageEngineProvider.Named named = ServiceLoader.load(StorageEngineProvider.Named.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(engine -> engine.name().equals("mapdb"))
                .findAny()
                .orElseThrow();
        try (TestStore store = new TestStore(named.at(dir()).open())) {
            assertThat(store.engine().traits().name()).isEqualTo("mapdb");
            assertThat(store.put("a", 1).contents()).containsOnlyKeys("a");
        }
        assertThat(Files.readString(dir().resolve("FORMAT"))).isEqualTo("dunlin-mapdb 1\n");
    }

    @Test
    void optionsHaveRanges() {
        assertThatThrownBy(() -> new MapDbOptions(MIB - 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("journalBytes = 1048575");
        assertThatThrownBy(() -> MapDbOptions.DEFAULT.withJournalBytes((4L << 30) + 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** Puts and deletes of all sizes, through many generations and some openings, beside a map. */
    @Test
    void showsTheSameThroughGenerationsAndOpenings() throws Exception {
        Map<String, Integer> model = new TreeMap<>();
        int[] sizes = {1, 100, 1_023, 1_024, 5_000, 65_000, TestStore.LARGE, 300_000};
        int next = 0;
        for (int opening = 0; opening < 4; opening++) {
            try (TestStore store = TestStore.open(dir())) {
                assertThat(store.contents()).isEqualTo(model);
                for (int i = 0; i < 200; i++, next++) {
                    String key = "key" + next * 7 % 150;
                    if (next % 3 == 2) {
                        store.delete(key);
                        model.remove(key);
                    } else {
                        store.put(key, sizes[next % sizes.length]);
                        model.put(key, sizes[next % sizes.length]);
                    }
                }
                assertThat(store.contents()).isEqualTo(model);
            }
        }
        assertThat(TestStore.files(dir(), "generation-")).isNotEmpty();
        try (TestStore store = TestStore.open(dir())) {
            assertThat(store.generation().contents()).isEqualTo(model);
        }
    }

    @Test
    void aJournalThatHasGrownBecomesAGenerationAndItsSegmentsAreUsedAgain() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            await().atMost(PATIENCE).pollInSameThread().pollDelay(Duration.ZERO).until(() -> {
                for (int i = 0; i < 100; i++) {
                    store.put("key" + i, 10_000);
                }
                return TestStore.files(dir(), "spare-").length > 0 || firstSegment() > 20;
            });
            assertThat(store.engine().stats().diskBytes()).isLessThan(16 * MIB);
        }
        assertThat(TestStore.files(dir(), "generation-")).hasSizeBetween(1, 2);
        assertThat(firstSegment()).isGreaterThan(1);
    }

    private long firstSegment() throws IOException {
        return Names.JOURNAL.number(Names.JOURNAL.in(dir()).get(0));
    }

    @Test
    void aLargeValueGoesWithTheGenerationAfterTheNext() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", TestStore.LARGE).put("b", TestStore.LARGE).generation();
            store.put("a", 1).generation();
            assertThat(TestStore.files(dir(), "value-"))
                    .as("the generation before needs it")
                    .containsExactly("value-1", "value-2");
            store.put("c", 1).generation();
            assertThat(TestStore.files(dir(), "value-")).containsExactly("value-2");
            assertThat(store.contents()).isEqualTo(Map.of("a", 1, "b", TestStore.LARGE, "c", 1));
        }
    }

    @Test
    void aLargeValueThatWasReplacedBeforeAGenerationGoesToo() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", TestStore.LARGE)
                    .put("a", TestStore.LARGE)
                    .delete("a")
                    .generation();
            store.put("b", 1).generation();
            assertThat(TestStore.files(dir(), "value-")).isEmpty();
        }
    }

    @Test
    void aLargeValueThatNobodyNamesGoesAtTheOpening() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", TestStore.LARGE);
        }
        Files.write(dir().resolve("value-77"), new byte[10]);
        try (TestStore store = TestStore.open(dir())) {
            assertThat(TestStore.files(dir(), "value-")).containsExactly("value-1");
            store.put("b", TestStore.LARGE);
            assertThat(TestStore.files(dir(), "value-")).as("no number twice").containsExactly("value-1", "value-78");
        }
    }

    /** What was written but not synced is written once more when it is opened, also large values, and again next time. */
    @Test
    void whatWasNotSyncedIsThereAfterEveryCrash() throws Exception {
        Path crashed;
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", 1)
                    .putUnsynced("b", TestStore.LARGE)
                    .putUnsynced("c", 5)
                    .putUnsynced("d", TestStore.LARGE);
            crashed = TestStore.copy(dir(), temp.resolve("crash0"));
        }
        Map<String, Integer> expected =
                new TreeMap<>(Map.of("a", 1, "b", TestStore.LARGE, "c", 5, "d", TestStore.LARGE));
        for (int crash = 1; crash <= 3; crash++) {
            try (TestStore store = TestStore.open(crashed)) {
                assertThat(store.contents()).isEqualTo(expected);
                store.putUnsynced("e" + crash, TestStore.LARGE);
                expected.put("e" + crash, TestStore.LARGE);
                crashed = TestStore.copy(crashed, temp.resolve("crash" + crash));
            }
        }
        try (TestStore store = TestStore.open(crashed)) {
            assertThat(store.engine().recovery().lostSynced()).isFalse();
            assertThat(store.generation().contents()).isEqualTo(expected);
        }
    }

    @Test
    void aViewKeepsWhatItShowsThroughGenerations() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", 10).put("b", TestStore.LARGE).generation();
            try (View view = store.engine().view()) {
                Map<String, Integer> shown = TestStore.contents(view);
                store.delete("a").delete("b").generation();
                store.put("c", 1).generation();
                store.put("d", 1).generation();

                assertThat(TestStore.contents(view)).isEqualTo(shown).containsOnlyKeys("a", "b");
                assertThat(TestStore.files(dir(), "value-")).hasSize(1);
            }
            assertThat(TestStore.files(dir(), "value-"))
                    .as("when the view is closed")
                    .isEmpty();
            assertThat(store.contents()).containsOnlyKeys("c", "d");
        }
    }

    @Test
    void whatAnInterruptedCheckpointHasLeftIsRemoved() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", 1).generation().put("b", 2);
        }
        Files.write(dir().resolve("generation-99.tmp"), new byte[100]);
        Files.write(dir().resolve("generation-99"), new byte[100]);
        Files.write(dir().resolve("journal-99"), new byte[100]);
        Files.write(dir().resolve("CURRENT.tmp"), new byte[100]);
        try (TestStore store = TestStore.open(dir())) {
            assertThat(store.engine().recovery()).isEqualTo(RecoveryReport.clean(false));
            assertThat(TestStore.files(dir(), null))
                    .doesNotContain("generation-99.tmp", "generation-99", "journal-99", "CURRENT.tmp");
            assertThat(store.contents()).containsOnlyKeys("a", "b");
        }
    }

    /** A folder in the way of the file stands for any reason why a generation can't be written. */
    @Test
    void withoutAGenerationTheJournalGrowsToABoundAndGoesOnAfterwards() throws Exception {
        Map<String, Integer> written = new HashMap<>();
        try (TestStore store = TestStore.open(dir())) {
            for (int number = 2; number < 200; number++) {
                Files.createDirectories(dir().resolve("generation-" + number + ".tmp/in the way"));
            }
            StoreException refused = catchThrowableOfType(StoreException.class, () -> {
                for (int i = 0; i < 2_000; i++) {
                    store.put("key" + i, 10_000);
                    written.put("key" + i, 10_000);
                }
            });
            assertThat(refused).hasMessageContaining("may not grow further without a new generation");
            assertThat(written).hasSizeBetween(200, 1_000);
            assertThat(store.contents()).isEqualTo(written);

            for (int number = 2; number < 200; number++) {
                Files.delete(dir().resolve("generation-" + number + ".tmp/in the way"));
                Files.delete(dir().resolve("generation-" + number + ".tmp"));
            }
            await().atMost(PATIENCE)
                    .pollInSameThread()
                    .ignoreException(StoreException.class)
                    .until(() -> {
                        store.put("last", 1);
                        return true;
                    });
            written.put("last", 1);
            assertThat(store.generation().contents()).isEqualTo(written);
        }
        try (TestStore store = TestStore.open(dir())) {
            assertThat(store.contents()).isEqualTo(written);
        }
    }

    @Test
    void closesWhileAGenerationIsBeingMade() throws Exception {
        Map<String, Integer> written = new HashMap<>();
        try (TestStore store = TestStore.open(dir())) {
            for (int i = 0; i < 120; i++) {
                store.put("key" + i, 10_000);
                written.put("key" + i, 10_000);
            }
        }
        assertThat(TestStore.files(dir(), "generation-")).noneMatch(name -> name.endsWith(".tmp"));
        // A pool has terminated a moment before its last thread has.
        await().atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                        .noneMatch(thread -> thread.getName().startsWith("dunlin-mapdb-store")));
        try (TestStore store = TestStore.open(dir())) {
            assertThat(store.contents()).isEqualTo(written);
        }
    }

    @Test
    void aBackupHasItsOwnLargeValues() throws Exception {
        Path backup = temp.resolve("backup");
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", TestStore.LARGE)
                    .put("b", 3 * MIB)
                    .generation()
                    .put("c", TestStore.LARGE)
                    .put("d", 1);
            store.engine().backup(backup);
            store.delete("a").delete("b").delete("c").generation();
            store.put("e", 1).generation();
            assertThat(TestStore.files(dir(), "value-")).isEmpty();
        }
        try (TestStore copy = TestStore.open(backup)) {
            assertThat(copy.contents())
                    .isEqualTo(Map.of("a", TestStore.LARGE, "b", 3 * MIB, "c", TestStore.LARGE, "d", 1));
        }
    }

    @Test
    void aBackupIntoAFolderWithFilesIsRefused() throws Exception {
        Path backup = Files.createDirectory(temp.resolve("backup"));
        Files.writeString(backup.resolve("precious"), "text");
        try (TestStore store = TestStore.open(dir())) {
            assertThatThrownBy(() -> store.engine().backup(backup))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("is not empty");
        }
        assertThat(TestStore.files(backup, null)).containsExactly("precious");
    }

    @Test
    void sizesFollowWhatIsThere() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            long empty = store.engine().stats().diskBytes();
            for (int i = 0; i < 16; i++) {
                store.put("key" + i, MIB);
            }
            assertThat(store.engine().stats().diskBytes()).isBetween(empty + 16 * MIB, empty + 24 * MIB);
            for (int i = 0; i < 16; i++) {
                store.delete("key" + i);
            }
            store.generation().put("a", 1).generation();
            EngineStats stats = store.engine().stats();
            assertThat(stats.diskBytes())
                    .as("two small generations, and the journal with its spares")
                    .isLessThan(empty + 8 * MIB);
            assertThat(stats.freeBytes()).isBetween(1L, stats.volumeBytes());
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void leavesNoUnpackedLibraryToWhoIsKilled() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", 1).generation();
        }
        assertThat(Files.readAllLines(Path.of("/proc/self/maps")))
                .filteredOn(line -> line.contains("liblz4-java"))
                .allMatch(line -> line.endsWith("(deleted)"));
    }

    @Test
    void anInterruptedReaderHarmsNobody() throws Exception {
        try (TestStore store = TestStore.open(dir())) {
            store.put("a", TestStore.LARGE).put("b", 1).generation();
            Thread.currentThread().interrupt();
            try {
                store.contents(); // reads, or fails: both are right
            } catch (StoreException e) {
                assertThat(e.kind()).isEqualTo(Kind.BUSY);
            }
            assertThat(Thread.interrupted()).isTrue();
            assertThat(store.contents()).containsOnlyKeys("a", "b");
        }
    }
}
