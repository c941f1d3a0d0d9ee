package dev.dunlin.store.mapdb;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The segment that groups are appended to, and the next one, which is made ahead in the background. The writer's. */
final class Journal implements AutoCloseable {
    /** Many stores are opened and never written much. */
    private static final long FIRST_BYTES = 256 << 10;

    private final Path dir;
    private final CurrentFile current;
    private final Spares spares;
    private final long segmentBytes;
    private final Executor background;
    private Segment active;
    private @Nullable CompletableFuture<Segment> next;

    private Journal(Path dir, CurrentFile current, Spares spares, long segmentBytes, Executor background)
            throws IOException {
        this.dir = dir;
        this.current = current;
        this.spares = spares;
        this.segmentBytes = segmentBytes;
        this.background = background;
        active = make(current.get().lastSegment() + 1, Math.min(FIRST_BYTES, segmentBytes));
    }

    /** Begins a new segment behind the last one. */
    static Journal begin(Path dir, CurrentFile current, Spares spares, long segmentBytes, Executor background)
            throws IOException {
        return new Journal(dir, current, spares, segmentBytes, background);
    }

    /** The segment that is appended to. */
    Segment active() {
        return active;
    }

    /** Whether a group of this size belongs to the next segment. */
    boolean isFullFor(long bytes) {
        return active.isUsed() && !active.hasRoomFor(bytes);
    }

    /** Goes on in the next segment, when the old one is on the disk. Leaves everything as it was if there is no room for it. */
    void roll() throws IOException {
        Segment following = takeNext();
        active.close();
        active = following;
    }

    /** Appends a group, for which room was {@link Segment#reserve reserved}. */
    void append(ByteBuffer group) throws IOException {
        active.append(group);
        if (next == null && active.isHalfFull()) {
            long number = active.number() + 1;
            next = CompletableFuture.supplyAsync(() -> makeOrFail(number), background);
        }
    }

    private Segment takeNext() throws IOException {
        CompletableFuture<Segment> ahead = next;
        next = null;
        if (ahead == null) {
            return make(active.number() + 1, segmentBytes);
        }
        try {
            return ahead.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            throw e;
        }
    }

    private Segment makeOrFail(long number) {
        try {
            return make(number, segmentBytes);
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    private Segment make(long number, long bytes) throws IOException {
        Segment segment = Segment.make(dir, number, bytes, spares.take());
        boolean named = false;
        try {
            current.update(old -> old.withLastSegment(number));
            named = true;
            return segment;
        } finally {
            if (!named) {
                segment.close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        Segment last = active;
        try (last) {
            if (next != null) {
                takeNext().close();
            }
        }
    }
}
