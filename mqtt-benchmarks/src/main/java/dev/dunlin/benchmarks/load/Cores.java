package dev.dunlin.benchmarks.load;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Broker and generator get a core each, where that can be had: a figure of CPU then doesn't hold cache misses of the other. */
final class Cores {
    private static final Path TASKSET = Path.of("/usr/bin/taskset");

    private Cores() {}

    /** What a command begins with to run on this core. */
    static List<String> pinned(int core) {
        return canPin() ? List.of(TASKSET.toString(), "-c", String.valueOf(core)) : List.of();
    }

    static boolean canPin() {
        return Runtime.getRuntime().availableProcessors() > 1 && Files.isExecutable(TASKSET);
    }
}
