package dev.dunlin.store.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.dunlin.broker.spi.EngineStats;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.store.tck.ChildMain.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What an engine does in a folder: locks it against other processes, tells its size, leaves no file open. */
abstract class DiskTests extends TckGroup {
    private static final Path OPEN_FILES = Path.of("/proc/self/fd");
    private static final int VALUES = 16;

    DiskTests(EngineTck tck) {
        super(tck);
    }

    @Test
    void isLockedAgainstOtherProcesses() throws Exception {
        ChildPlan plan = ChildPlan.of(Role.OPEN, 0, 0);
        try (TestStore store = open()) {
            store.put(Space.QUEUE, "a");
            try (Child child = Child.start(tck, dir(), folder, plan)) {
                child.awaitAlive("an attempt to open", () -> child.ledger().isDone());
                assertThat(child.ledger().firstFailure()).isEqualTo(Kind.LOCKED);
            }
        }
        try (Child child = Child.start(tck, dir(), folder, plan)) {
            child.awaitAlive("the store is open", () -> child.ledger().opened() == 1);
            assertFails(Kind.LOCKED, () -> provider().open());
            child.kill();
        }
        try (TestStore store = open()) {
            assertThat(store.keys(Space.QUEUE)).containsExactly("a");
        }
    }

    @Test
    void tellsWhatItsFilesOccupy() throws Exception {
        try (TestStore store = open()) {
            byte[] value = new byte[1 << 20];
            new Random(1).nextBytes(value);
            for (int i = 0; i < VALUES; i++) {
                store.put(Space.MESSAGE, "key" + i, value);
            }
            store.engine().sync();
            EngineStats stats = store.engine().stats();

            assertThat(stats.diskBytes()).isBetween(VALUES * (long) value.length, 2 * Folders.bytes(dir()) + (1 << 20));
            assertThat(stats.freeBytes()).isPositive();
            assertThat(stats.volumeBytes()).isEqualTo(Files.getFileStore(dir()).getTotalSpace());
        }
    }

    @Test
    void leavesNoFileOpen() throws Exception {
        assumeThat(OPEN_FILES).as("the system tells which files are open").isDirectory();
        for (int i = 0; i < 5; i++) {
            try (TestStore store = open()) {
                store.put(Space.QUEUE, "key" + i);
                assertThat(store.keys(Space.QUEUE)).hasSize(i + 1);
                assertThat(openFiles()).as("while it is open").isNotEmpty();
            }
            assertThat(openFiles()).as("after closing").isEmpty();
        }
    }

    private List<Path> openFiles() throws IOException {
        Path real = dir().toRealPath();
        try (Stream<Path> descriptors = Files.list(OPEN_FILES)) {
            return descriptors
                    .map(DiskTests::target)
                    .filter(file -> file.startsWith(real))
                    .toList();
        }
    }

    /** An empty path for a descriptor that has been closed meanwhile, as that of the listing itself. */
    private static Path target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor);
        } catch (IOException closed) {
            return Path.of("");
        }
    }
}
