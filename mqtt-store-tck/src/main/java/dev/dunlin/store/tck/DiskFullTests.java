package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.store.tck.ChildMain.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * A disk that fills up, and has room again: the engine says FULL, what it has acknowledged stays readable, it goes on by
 * itself when it can, and the store opens clean afterwards.
 */
abstract class DiskFullTests extends TckGroup {
    private static final int VOLUME_MEBIBYTES = 128;
    private static final int BALLAST_BYTES = 72 << 20;
    private static final int FILE_BYTES_MAX = 32 << 20;
    private static final int LIMIT_UNIT_BYTES = 512;
    private static final int ATTEMPTS_WHILE_FULL = 3;
    private static final int BATCHES_AFTERWARDS = 20;

    private final ChildPlan plan = new ChildPlan(Role.PERSIST, 11, 100_000, 100, Workload.Shape.GROWING);

    DiskFullTests(EngineTck tck) {
        super(tck);
    }

    /** Makes room. */
    private interface Relief {
        void come() throws Exception;
    }

    @Test
    void goesOnWhenTheDiskHasRoomAgain() throws Exception {
        Path volume = Files.createDirectory(folder.resolve("volume"));
        if (!"root".equals(System.getProperty("user.name"))
                || run("mount", "-t", "tmpfs", "-o", "size=" + VOLUME_MEBIBYTES + "m", "tmpfs", volume.toString())
                        != 0) {
            Assumptions.abort("only root may mount a small disk; the limit of file sizes stands in for it");
        }
        try {
            Path ballast = Files.write(volume.resolve("ballast"), new byte[BALLAST_BYTES]);
            Path store = volume.resolve("store");
            try (Child child = Child.start(tck, store, folder, plan)) {
                check(child, store, () -> Files.delete(ballast));
            }
        } finally {
            assertThat(run("umount", volume.toString()))
                    .as("exit code of umount")
                    .isZero();
        }
    }

    @Test
    void goesOnWhenFilesMayGrowAgain() throws Exception {
        Tool.require("sh");
        Tool.require("prlimit");
        String limited = "ulimit -S -f " + FILE_BYTES_MAX / LIMIT_UNIT_BYTES + "; exec \"$@\"";
        try (Child child = Child.start(tck, dir(), folder, plan, List.of("sh", "-c", limited, "sh"))) {
            Relief relief = () -> assertThat(run("prlimit", "--pid", String.valueOf(child.pid()), "--fsize=unlimited"))
                    .as("exit code of prlimit")
                    .isZero();
            check(child, dir(), relief);
        }
    }

    private void check(Child child, Path store, Relief relief) throws Exception {
        Ledger ledger = child.ledger();
        child.awaitAlive(
                "attempts while it is full",
                () -> ledger.failures() > 0 && ledger.failures() + ledger.openingsFailed() >= ATTEMPTS_WHILE_FULL);
        assertThat(ledger.firstFailure()).isEqualTo(Kind.FULL);
        long before = ledger.synced();
        assertThat(before).as("batches before it was full").isPositive();

        relief.come();
        child.awaitAlive("batches afterwards", () -> ledger.synced() >= before + BATCHES_AFTERWARDS);
        child.finish();

        try (StorageEngine engine = tck.provider(store).open()) {
            assertThat(engine.recovery().lostSynced()).isFalse();
            assertThat(engine.recovery().cutBytes()).as("was closed properly").isZero();
            TestStore.assertPrefix(engine, plan.workload(), ledger.synced());
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES))
                .as(command[0] + " ends")
                .isTrue();
        return process.exitValue();
    }
}
