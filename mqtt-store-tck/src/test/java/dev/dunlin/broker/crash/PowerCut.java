package dev.dunlin.broker.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * Makes of the files of a dead broker what a power cut may leave: a {@link Disk} of the trace of its system calls, so that
 * each file counts, whoever wrote and synced it.
 */
final class PowerCut implements Scene.AfterKill {
    private final Path store;
    private final Path base;
    private final Path trace;
    private long lostBytes;
    private int lostNames;

    /** Cuts of a store whose folder isn't there yet. */
    PowerCut(Path store) throws IOException {
        this.store = store;
        base = Files.createDirectory(store.resolveSibling(store.getFileName() + ".certain"));
        trace = store.resolveSibling(store.getFileName() + ".trace");
    }

    /** With its system calls written down. */
    ChildBroker.Setting traced(ChildBroker.Setting setting) {
        return setting.wrapper(Trace.command(trace));
    }

    @Override
    public void change(Random random) throws IOException {
        note(disk().lose(random));
    }

    /** Leaves nothing behind what was synced, as a disk may that has written nothing of its own accord. */
    void loseAll() throws IOException {
        note(disk().loseAll());
    }

    private Disk disk() throws IOException {
        if (Files.notExists(store)) {
            Files.createDirectory(store); // the broker was killed before it came to it
        }
        Disk disk = Disk.after(trace, store, base);
        List<String> differences = disk.differences();
        if (!differences.isEmpty()) { // the model's fault, and no broken promise
            throw new IllegalStateException("files have changed by a call that the model doesn't know: " + differences);
        }
        return disk;
    }

    private void note(Disk.Loss loss) {
        lostBytes += loss.bytes();
        lostNames += loss.names();
    }

    @Override
    public String toString() {
        return lostBytes + " bytes and " + lostNames + " changes of names that were not synced lost";
    }
}
