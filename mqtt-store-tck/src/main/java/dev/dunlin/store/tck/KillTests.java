package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.tck.ChildMain.Role;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * {@code kill -9} of a JVM that uses the store: what was acknowledged, synced or not, is there afterwards, as a prefix of whole
 * batches. One store goes through all kills of a test.
 */
abstract class KillTests extends TckGroup {
    private static final long ENDLESS = Long.MAX_VALUE;
    private static final int BATCHES_MAX = 1_500;
    private static final int POINT_BATCHES = 210;
    /** The store is made by these; killed among them there may be none yet, but there must not be half of one. */
    private static final int FIRST_CALLS = 4;

    KillTests(EngineTck tck) {
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
            String name = "seed " + seed + ", kill " + kill + " at batch " + target;
            try (Child child = Child.start(tck, dir(), folder, plan)) {
                child.awaitAlive(name, () -> child.ledger().written() >= target);
                child.kill();
                there = verify(dir(), workload, child.ledger().written(), name);
                assertThat(there).as(name).isGreaterThanOrEqualTo(target);
            }
        }
    }

    /** At system calls that a run without a kill has made: once per kind in a build. */
    @TestFactory
    Stream<DynamicTest> keepsWhatWasAcknowledgedWhenKilledAt() throws Exception {
        Strace.require();
        long seed = Effort.seed();
        ChildPlan plan = ChildPlan.of(Role.WRITE, seed, POINT_BATCHES);
        Strace strace = Strace.watching(folder.resolve("strace"), Syscalls.values());
        try (Child child = Child.start(tck, folder.resolve("watched"), folder, plan, strace.command())) {
            assertThat(child.awaitEnd()).as("exit code of %s", child).isZero();
        }
        return Arrays.stream(Syscalls.values()).map(point -> {
            long calls = strace.callsOfBusiestThread(point);
            return DynamicTest.dynamicTest(point.name(), () -> killAt(point, calls, plan));
        });
    }

    /** One store goes through all kills at a kind of call. */
    private void killAt(Syscalls point, long calls, ChildPlan plan) throws Exception {
        Assumptions.assumeTrue(calls > 0, "the engine makes no call of " + point);
        Path dir = folder.resolve(point.name());
        SplittableRandom random = new SplittableRandom(plan.seed());
        long there = 0;
        for (int kill = 1; kill <= Effort.killsPerPoint(); kill++) {
            long call = 1 + random.nextLong(kill == 1 ? Math.min(calls, FIRST_CALLS) : calls);
            String name = "seed " + plan.seed() + ", killed at call " + call + " of " + calls + " of " + point;
            Strace strace = Strace.killing(folder.resolve(point + "-" + kill), point, call);
            try (Child child = Child.start(tck, dir, folder, plan, strace.command())) {
                int exit = child.awaitEnd();
                assertThat(exit).as("%s: killed, or just done: %s", name, child).isIn(0, Strace.KILLED);
                there = verify(
                        dir, plan.workload(), Math.max(there, child.ledger().written()), name);
            }
        }
    }

    private long verify(Path dir, Workload workload, long acknowledged, String name) {
        try (StorageEngine engine = tck.provider(dir).open()) {
            assertThat(engine.recovery().lostSynced()).as(name).isFalse();
            return TestStore.assertPrefix(engine, workload, acknowledged);
        } catch (AssertionError | StoreException e) {
            throw new AssertionError(name + ": " + e.getMessage(), e);
        }
    }
}
