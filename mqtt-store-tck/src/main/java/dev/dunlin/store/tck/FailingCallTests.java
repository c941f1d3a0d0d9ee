package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.store.tck.ChildMain.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Writes and syncs that fail, once or for good, and then a kill: nothing is acknowledged that isn't there afterwards, and what
 * can go on goes on.
 */
abstract class FailingCallTests extends TckGroup {
    private static final int BATCHES = 300;
    /** The first call that may fail, counted from the opening of the store; what comes before differs a little. */
    private static final int FIRST_CALL = 20;

    FailingCallTests(EngineTck tck) {
        super(tck);
    }

    static List<Arguments> failures() {
        Arguments fullWrite = Arguments.of(Syscalls.WRITE, "ENOSPC");
        Arguments badSync = Arguments.of(Syscalls.SYNC, "EIO");
        Arguments badWrite = Arguments.of(Syscalls.WRITE, "EIO");
        Arguments fullSync = Arguments.of(Syscalls.SYNC, "ENOSPC");
        return Effort.isLong() ? List.of(fullWrite, badSync, badWrite, fullSync) : List.of(fullWrite, badSync);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void goesOnAfterOneFailure(Syscalls calls, String error) throws Exception {
        Run run = new Run(calls, error, "");
        try (Child child = run.start()) {
            child.awaitAlive("all batches", () -> child.ledger().isDone());
            child.kill();
            run.requireInjected();
            assertThat(child.ledger().synced()).isGreaterThanOrEqualTo(BATCHES);
            run.verify(child.ledger());
        }
    }

    @ParameterizedTest
    @MethodSource("failures")
    void acknowledgesNothingWhileAllFail(Syscalls calls, String error) throws Exception {
        Run run = new Run(calls, error, "+");
        try (Child child = run.start()) {
            Ledger ledger = child.ledger();
            child.awaitAlive(
                    "a failure, and attempts to go on",
                    () -> ledger.isDone() || ledger.failures() + ledger.openingsFailed() >= 5);
            child.kill();
            run.requireInjected();
            assertThat(ledger.failures() + ledger.openingsFailed())
                    .as("failures that were reported: %s", child)
                    .isPositive();
            if (ledger.firstFailure() != null) {
                assertThat(ledger.firstFailure()).isIn(error.equals("ENOSPC") ? Kind.FULL : Kind.IO, Kind.IO);
                assertThat(ledger.synced()).as("acknowledged").isEqualTo(ledger.syncedAtFailure());
            }
            run.verify(ledger);
        }
    }

    /** A child whose calls fail. */
    private final class Run {
        private final Syscalls calls;
        private final Path log = folder.resolve("strace");
        private final Strace strace;
        private final ChildPlan plan;
        private final String name;

        Run(Syscalls calls, String error, String andLater) throws Exception {
            Strace.require();
            this.calls = calls;
            long seed = Effort.seed();
            long call = callsUntilOpen(calls) + new SplittableRandom(seed).nextInt(FIRST_CALL, BATCHES / 2);
            plan = ChildPlan.of(Role.PERSIST, seed, BATCHES);
            strace = Strace.failing(log, calls, error, call + andLater);
            name = "seed " + seed + ", " + error + " at call " + call + andLater + " of " + calls;
        }

        /** Loading an engine may need any number of calls, which are none of its own. */
        private long callsUntilOpen(Syscalls watched) throws Exception {
            Path dir = folder.resolve("watched");
            Strace watching = Strace.watching(folder.resolve("strace-open"), watched);
            ChildPlan nothing = ChildPlan.of(Role.PERSIST, 0, 0);
            try (Child child = Child.start(tck, dir, folder, nothing, watching.command())) {
                child.finish();
                return watching.callsUntil(child.marker());
            }
        }

        Child start() throws Exception {
            return Child.start(tck, dir(), folder, plan, strace.command());
        }

        /** An engine that writes through mapped memory doesn't meet a failing write, but none syncs without a call. */
        void requireInjected() throws Exception {
            assertThat(log).exists();
            boolean injected = strace.hasInjected();
            assertThat(injected || calls == Syscalls.WRITE)
                    .as("%s: %d batches were synced without that many calls of %s", name, BATCHES, calls)
                    .isTrue();
            if (!injected) {
                Assumptions.abort("the engine writes without system calls: " + Files.size(log) + " bytes of them");
            }
        }

        void verify(Ledger ledger) throws StoreException {
            try (StorageEngine engine = provider().open()) {
                assertThat(engine.recovery().lostSynced()).as(name).isFalse();
                TestStore.assertPrefix(engine, plan.workload(), ledger.synced());
            } catch (AssertionError | StoreException e) {
                throw new AssertionError(name + ": " + e.getMessage(), e);
            }
        }
    }
}
