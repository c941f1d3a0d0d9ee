package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a {@link CrashingProvider} keeps: whatever it acknowledged, as a prefix of whole batches. */
abstract class SimulatedCrashTests extends TckGroup {
    private static final int ROUNDS = 300;

    SimulatedCrashTests(EngineTck tck) {
        super(tck);
    }

    @BeforeEach
    void onlyIfItCanCrash() {
        StorageEngineProvider provider = provider();
        assumeThat(provider).as("can simulate a crash").isInstanceOf(CrashingProvider.class);
    }

    private void crash(Crash kind) {
        ((CrashingProvider) provider()).crash(kind);
    }

    @Test
    void keepsWhatWasSyncedThroughALossOfPower() throws StoreException {
        TestStore store = open();
        store.put(Space.QUEUE, "a");
        store.engine().sync();
        store.put(Space.QUEUE, "b");
        crash(Crash.POWER);

        try (TestStore again = open()) {
            assertThat(again.keys(Space.QUEUE)).contains("a");
        }
    }

    @Test
    void keepsASyncedBatchAndAllBeforeItThroughALossOfPower() throws StoreException {
        Workload workload = new Workload(1, Workload.Shape.SMALL);
        StorageEngine engine = provider().open();
        engine.write(workload.batch(1), false);
        engine.write(workload.batch(2), false);
        engine.write(workload.batch(3), true);
        crash(Crash.POWER);

        try (TestStore again = open()) {
            TestStore.assertPrefix(again.engine(), workload, 3);
        }
    }

    @Test
    void keepsWhatWasWrittenThroughTheEndOfTheProcess() throws StoreException {
        TestStore store = open();
        store.put(Space.QUEUE, "a");
        crash(Crash.PROCESS);

        try (TestStore again = open()) {
            assertThat(again.keys(Space.QUEUE)).containsExactly("a");
        }
    }

    @Test
    void aCrashedEngineDoesNothingMore() throws StoreException {
        TestStore store = open();
        View view = store.engine().view();
        crash(Crash.PROCESS);

        assertThatThrownBy(() -> store.put(Space.QUEUE, "a")).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> store.engine().sync()).isInstanceOf(StoreException.class);
        assertThatThrownBy(() -> view.get(Space.QUEUE, new byte[1])).isInstanceOf(StoreException.class);
        try (TestStore again = open()) {
            view.close();
            store.close();
            again.put(Space.QUEUE, "b");
            assertThat(again.keys(Space.QUEUE)).containsExactly("b");
        }
    }

    @Test
    void keepsAPrefixThroughAnyRowOfCrashes() throws StoreException {
        long seed = Effort.seed();
        SplittableRandom random = new SplittableRandom(seed);
        Workload workload = new Workload(seed, Workload.Shape.SMALL);
        long synced = 0;
        long kept = 0;
        for (int round = 0; round < ROUNDS; round++) {
            StorageEngine engine = provider().open();
            long number = prefix(engine, workload, kept, seed);
            for (int left = random.nextInt(20); left > 0; left--) {
                boolean sync = random.nextInt(4) == 0;
                engine.write(workload.batch(++number), sync);
                synced = sync ? number : synced;
            }
            Crash kind = random.nextBoolean() ? Crash.POWER : Crash.PROCESS;
            crash(kind);
            kept = kind == Crash.POWER ? synced : number;
        }
        try (StorageEngine engine = provider().open()) {
            assertThat(prefix(engine, workload, kept, seed)).isGreaterThanOrEqualTo(kept);
        }
    }

    private static long prefix(StorageEngine engine, Workload workload, long kept, long seed) throws StoreException {
        try {
            return TestStore.assertPrefix(engine, workload, kept);
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
        }
    }
}
