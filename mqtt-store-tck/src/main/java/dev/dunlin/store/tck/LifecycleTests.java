package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.Traits;
import dev.dunlin.broker.spi.View;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Opening, closing, locking, backup, compaction, figures. */
abstract class LifecycleTests extends TckGroup {
    LifecycleTests(EngineTck tck) {
        super(tck);
    }

    @Test
    void keepsEverythingOverCloseAndOpen() throws StoreException {
        Workload workload = new Workload(1, Workload.Shape.MIXED);
        for (int opening = 0; opening < 5; opening++) {
            try (TestStore store = open()) {
                TestStore.assertPrefix(store.engine(), workload, opening * 20L);
                for (int i = 1; i <= 20; i++) {
                    store.engine().write(workload.batch(opening * 20L + i), i % 7 == 0);
                }
            }
        }
        try (TestStore store = open()) {
            assertThat(TestStore.assertPrefix(store.engine(), workload, 100)).isEqualTo(100);
        }
    }

    @Test
    void saysWhetherTheStoreWasThereBefore() throws StoreException {
        try (TestStore store = open()) {
            assertThat(store.engine().recovery().created()).isTrue();
            store.put(Space.META, "a");
        }
        try (TestStore store = open()) {
            assertThat(store.engine().recovery()).isEqualTo(RecoveryReport.clean(false));
        }
    }

    @Test
    void recoversASoundStoreWithAllThatIsInIt() throws StoreException {
        try (TestStore store = open()) {
            store.put(Space.QUEUE, "a", "b");
        }
        try (TestStore store = new TestStore(provider().recover())) {
            assertThat(store.keys(Space.QUEUE)).containsExactly("a", "b");
            assertThat(store.engine().recovery().lostSynced()).isFalse();
        }
    }

    @Test
    void isOpenOnlyOnce() throws StoreException {
        try (TestStore store = open()) {
            assertFails(Kind.LOCKED, () -> provider().open());
            assertFails(Kind.LOCKED, () -> provider().recover());
            assertFails(Kind.LOCKED, () -> provider().open());
            store.put(Space.QUEUE, "a");
            assertThat(store.keys(Space.QUEUE)).containsExactly("a");
        }
        try (TestStore store = open()) {
            assertThat(store.keys(Space.QUEUE)).containsExactly("a");
        }
    }

    @Test
    void twoStoresAreApart() throws StoreException {
        try (TestStore one = open();
                TestStore other = TestStore.open(tck.provider(folder.resolve("other")))) {
            one.put(Space.QUEUE, "a");
            other.put(Space.QUEUE, "b");

            assertThat(one.keys(Space.QUEUE)).containsExactly("a");
            assertThat(other.keys(Space.QUEUE)).containsExactly("b");
        }
    }

    @Test
    void takesNothingOnceItIsClosed() throws StoreException {
        TestStore store = open();
        store.put(Space.QUEUE, "a");
        store.close();
        store.close();

        assertThatThrownBy(() -> store.put(Space.QUEUE, "b")).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.engine().sync()).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.engine().view()).isInstanceOf(StoreException.class);
        assertThat(store.engine().stats()).isNotNull();
        try (TestStore again = open()) {
            assertThat(again.keys(Space.QUEUE)).containsExactly("a");
        }
    }

    @Test
    void aBackupIsAStore() throws StoreException {
        Path backup = folder.resolve("backup");
        Workload workload = new Workload(2, Workload.Shape.MIXED);
        try (TestStore store = open()) {
            for (int i = 1; i <= 50; i++) {
                store.engine().write(workload.batch(i), false);
            }
            store.engine().backup(backup);
            store.engine().write(workload.batch(51), true);
        }
        try (TestStore copy = TestStore.open(tck.provider(backup))) {
            assertThat(TestStore.assertPrefix(copy.engine(), workload, 50)).isEqualTo(50);
            assertThat(copy.engine().recovery().lostSynced()).isFalse();
            copy.engine().write(workload.batch(51), true);
            assertThat(TestStore.lastBatch(copy.engine())).isEqualTo(51);
        }
    }

    @Test
    void aBackupIsAMomentBesideTheWriter() throws Exception {
        Path backup = Files.createDirectory(folder.resolve("backup"));
        Workload workload = new Workload(3, Workload.Shape.MIXED);
        long before;
        long last = 0;
        try (TestStore store = open()) {
            for (int i = 0; i < 20; i++) {
                store.engine().write(workload.batch(++last), false);
            }
            before = last;
            CompletableFuture<Void> copying = CompletableFuture.runAsync(() -> {
                try {
                    store.engine().backup(backup);
                } catch (StoreException e) {
                    throw new AssertionError(e);
                }
            });
            while (!copying.isDone() && last < 100_000) {
                store.engine().write(workload.batch(++last), last % 100 == 0);
            }
            await(copying);
        }
        try (TestStore copy = TestStore.open(tck.provider(backup))) {
            assertThat(TestStore.assertPrefix(copy.engine(), workload, before)).isLessThanOrEqualTo(last);
        }
    }

    @Test
    void closingEndsABackup() throws Exception {
        for (int round = 0; round < 5; round++) {
            Path backup = folder.resolve("backup" + round);
            TestStore store = open();
            store.put(Space.MESSAGE, "a" + round, new byte[4 << 20]);
            CompletableFuture<Boolean> copying = CompletableFuture.supplyAsync(() -> isBackedUp(store, backup));
            store.close();
            boolean whole = copying.get(1, TimeUnit.MINUTES);
            assertBackup(backup, whole, "a" + round);
            try (TestStore again = open()) {
                assertThat(again.keys(Space.MESSAGE)).hasSize(round + 1);
            }
        }
    }

    @Test
    void anInterruptEndsABackup() throws Exception {
        Path backup = folder.resolve("backup");
        try (TestStore store = open()) {
            store.put(Space.MESSAGE, "a", new byte[4 << 20]);
            boolean whole;
            Thread.currentThread().interrupt();
            try {
                whole = isBackedUp(store, backup);
            } finally {
                Thread.interrupted();
            }
            assertBackup(backup, whole, "a");
            store.put(Space.MESSAGE, "b");
            store.engine().backup(folder.resolve("next"));
        }
        assertBackup(folder.resolve("next"), true, "a", "b");
    }

    /** Whether a backup got through, and wasn't ended with BUSY or never begun. */
    private static boolean isBackedUp(TestStore store, Path backup) {
        try {
            store.engine().backup(backup);
            return true;
        } catch (StoreException e) {
            assertThat(e.kind()).as(e.toString()).isEqualTo(Kind.BUSY);
            return false;
        }
    }

    private void assertBackup(Path backup, boolean whole, String... keys) throws StoreException {
        if (whole) {
            try (TestStore copy = TestStore.open(tck.provider(backup))) {
                assertThat(copy.keys(Space.MESSAGE)).contains(keys);
            }
        }
    }

    private static void await(CompletableFuture<Void> work) throws Exception {
        try {
            work.get(1, TimeUnit.MINUTES);
        } catch (ExecutionException e) {
            throw new AssertionError("the backup failed", e.getCause());
        }
    }

    @Test
    void compactsWithoutAChangeToBeSeen() throws StoreException {
        Workload workload = new Workload(4, Workload.Shape.MIXED);
        try (TestStore store = open()) {
            for (int i = 1; i <= 100; i++) {
                store.engine().write(workload.batch(i), false);
            }
            try (View view = store.engine().view()) {
                store.engine().write(workload.batch(101), false);
                for (Space space : Space.values()) {
                    store.engine().compact(space);
                }
                assertThat(workload.after(100).difference(Contents.of(view))).isEmpty();
            }
            assertThat(TestStore.assertPrefix(store.engine(), workload, 101)).isEqualTo(101);
        }
    }

    @Test
    void opensAgainWhateverTheLastChangeWas() throws StoreException {
        for (int last = 0; last < 4; last++) {
            OpBuffer ops = new OpBuffer();
            TestStore.put(ops, Space.QUEUE, "b", "");
            switch (last) {
                case 0 -> ops.delete(Space.QUEUE, TestStore.bytes("none"));
                case 1 -> ops.deleteRange(Space.QUEUE, TestStore.bytes("a"), TestStore.bytes("a"));
                case 2 -> ops.deleteRange(Space.QUEUE, TestStore.bytes("c"), TestStore.bytes("d"));
                default -> ops.clear();
            }
            try (TestStore store = open()) {
                store.engine().write(ops, false);
                for (Space space : Space.values()) {
                    store.engine().compact(space);
                }
            }
            try (TestStore store = open()) {
                assertThat(store.keys(Space.QUEUE)).as("last change %d", last).containsExactly("b");
            }
        }
    }

    @Test
    void tellsFiguresThatCanBe() throws StoreException {
        try (TestStore store = open()) {
            store.put(Space.MESSAGE, "a", new byte[8 << 20]);
            EngineStats stats = store.engine().stats();

            assertThat(stats.diskBytes()).isGreaterThanOrEqualTo(EngineStats.UNKNOWN);
            assertThat(stats.memoryBytes()).isGreaterThanOrEqualTo(EngineStats.UNKNOWN);
            assertThat(stats.freeBytes()).isBetween(EngineStats.UNKNOWN, stats.volumeBytes());
        }
    }

    @Test
    void alwaysTellsTheSameTraits() throws StoreException {
        Traits first;
        try (TestStore store = open()) {
            first = store.engine().traits();
            store.put(Space.META, "a");
            assertThat(store.engine().traits()).isEqualTo(first);
        }
        assertThat(first.name()).matches("[a-z][a-z0-9-]*");
        try (TestStore store = open()) {
            assertThat(store.engine().traits()).isEqualTo(first);
        }
    }

    @Test
    void givesEveryNativeHandleBack() throws Exception {
        try (TestStore store = open()) {
            long idle = tck.nativeHandles(store.engine());
            useEverything(store, 1);
            assertThat(tck.nativeHandles(store.engine())).isEqualTo(idle);
            try (View view = store.engine().view()) {
                TestStore.keys(view, Space.QUEUE, "", null);
                long inUse = tck.nativeHandles(store.engine());
                assertThat(inUse > idle || idle == EngineTck.UNCOUNTED)
                        .as("a view counts: %d, without one %d", inUse, idle)
                        .isTrue();
            }
            useEverything(store, 10);
            assertThat(tck.nativeHandles(store.engine())).isEqualTo(idle);
        }
        StorageEngine closed = provider().open();
        View left = closed.view();
        left.close();
        closed.close();
        assertThat(tck.nativeHandles(closed)).as("after closing").isIn(0L, EngineTck.UNCOUNTED);
    }

    private void useEverything(TestStore store, int times) throws StoreException {
        for (int i = 0; i < times; i++) {
            store.put(Space.QUEUE, "a" + i, "b" + i);
            store.get(Space.QUEUE, "a");
            store.keys(Space.QUEUE);
            try (View view = store.engine().view()) {
                assertFails(
                        Kind.BUSY,
                        () -> view.scan(Space.QUEUE, new byte[0], null, (key, value) -> {
                            throw new StoreException(Kind.BUSY, "enough");
                        }));
            }
            store.engine().compact(Space.QUEUE);
        }
    }
}
