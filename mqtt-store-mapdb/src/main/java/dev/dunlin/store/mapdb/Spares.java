package dev.dunlin.store.mapdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/** Segments that aren't needed any more, kept to be used again: their room is theirs already. Any thread. */
final class Spares {
    private final Path dir;
    private final int countMax;
    private final long bytesMax;
    private final Deque<Path> files = new ArrayDeque<>();
    private long nextNumber = 1;

    /** No spares yet. At most {@code countMax} of at most {@code bytesMax} each are kept, the others deleted. */
    Spares(Path dir, int countMax, long bytesMax) {
        this.dir = dir;
        this.countMax = countMax;
        this.bytesMax = bytesMax;
    }

    /** Takes over what an earlier run has left. */
    synchronized void adopt() throws IOException {
        for (Path file : Names.SPARE.in(dir)) {
            nextNumber = Names.SPARE.number(file) + 1;
            if (mayKeep(file)) {
                files.add(file);
            } else {
                Files.delete(file);
            }
        }
    }

    /** Takes a segment that nobody needs any more. Nothing if it isn't there. */
    synchronized void give(Path segment) throws IOException {
        if (!Files.exists(segment)) {
            return;
        }
        if (!mayKeep(segment)) {
            Files.delete(segment);
            return;
        }
        files.add(Files.move(segment, dir.resolve(Names.SPARE.of(nextNumber++))));
    }

    /** A large batch makes a segment of its size, that others would take long to fill. */
    private boolean mayKeep(Path file) throws IOException {
        return files.size() < countMax && Files.size(file) <= bytesMax;
    }

    synchronized @Nullable Path take() {
        return files.poll();
    }

    /** What they occupy. */
    synchronized long bytes() throws IOException {
        long bytes = 0;
        for (Path file : files) {
            bytes += Files.size(file);
        }
        return bytes;
    }
}
