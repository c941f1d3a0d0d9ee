package dev.dunlin.store.mapdb;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** The file CURRENT of an open store: replaced by who makes segments and by who makes generations. Any thread. */
final class CurrentFile {
    private final Path dir;
    private Current current;

    CurrentFile(Path dir, Current current) {
        this.dir = dir;
        this.current = current;
    }

    synchronized Current get() {
        return current;
    }

    /** Changes what the file says. It is on the disk afterwards; after a failure the old content counts. */
    synchronized void update(UnaryOperator<Current> change) throws IOException {
        Current next = change.apply(current);
        next.write(dir);
        current = next;
    }
}
