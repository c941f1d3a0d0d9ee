package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.tck.ChildMain.Role;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code kill -9} of a JVM that uses the store: what was acknowledged, synced or not, is there afterwards, as a prefix of whole
 * batches. One store goes through all kills of a test.
 */
abstract class KillTests extends TckGroup {
    private static final long ENDLESS = Long.MAX_VALUE;
    private static final int BATCHES_MAX = 1_500;
    private static final int POINT_BATCHES = 250;

    KillTests(MemoryEngineTck tck) {
        super(tck);
    }

    @Test
    void keepsWhatWasAcknowledgedWhenKilledAtRandom() throws Exception {
        long seed = Effort.seed();
        SplittableRandom random = new SplittableRandom(seed);
        ChildPlan plan = ChildPlan.of(Role.WRITE, seed, ENDLESS);
        Workload workload = plan.workload();
        long there = 0;
        for (int kill = 1; kill <= Effort.kills(); kill++) {
            long target = there + 1 + random.nextInt(BATCHES_MAX);
            try (Child child = Child.start(tck, dir(), folder, plan)) {
                child.awaitAlive("batch " + target, () -> child.ledger().written() >= target);
                child.kill();
                there = verify(workload, Math.max(there, child.ledger().written()), "seed " + seed + ", kill " + kill);
            }
        }
        assertThat(there).isPositive();
    }

    @ParameterizedTest
    @EnumSource(Syscalls.class)
    void keepsWhatWasAcknowledgedWhenKilledAt(Syscalls point) throws Exception {
        Strace.require();
        long seed = Effort.seed();
        SplittableRandom random = new SplittableRandom(seed);
        ChildPlan plan = ChildPlan.of(Role.WRITE, seed, POINT_BATCHES);
        Workload workload = plan.workload();
        long calls = countCalls(plan, point);
        Folders.delete(dir());
        long there = 0;
        for (int kill = 1; kill <= Effort.killsPerPoint() && calls > 0; kill++) {
            long call = 1 + random.nextLong(calls);
            String name = "seed " + seed + ", killed at call " + call + " of " + calls + " of " + point;
            Strace strace = Strace.killing(folder.resolve("strace" + kill), point, call);
            try (Child child = Child.start(tck, dir(), folder, plan, strace.command())) {
                int exit = child.awaitEnd();
                assertThat(exit).as("%s: killed, or just done: %s", name, child).isIn(0, Strace.KILLED);
                there = verify(workload, Math.max(there, child.ledger().written()), name);
            }
        }
        assertThat(there)
                .as("some batches got through, or nothing was to be killed")
                .isGreaterThanOrEqualTo(0);
    }

    /** How often a thread of the child makes such a call while nothing happens to it, at most. */
    private long countCalls(ChildPlan plan, Syscalls point) throws Exception {
        Strace strace = Strace.watching(folder.resolve("strace"), point);
        try (Child child = Child.start(tck, dir(), folder, plan, strace.command())) {
            assertThat(child.awaitEnd()).as("exit code of %s", child).isZero();
        }
        return strace.callsOfBusiestThread();
    }

    private long verify(Workload workload, long acknowledged, String name) throws StoreException {
        try (StorageEngine engine = provider().open()) {
            assertThat(engine.recovery().lostSynced()).as(name).isFalse();
            return TestStore.assertPrefix(engine, workload, acknowledged);
        } catch (AssertionError | StoreException e) {
            throw new AssertionError(name + ": " + e.getMessage(), e);
        }
    }
}
