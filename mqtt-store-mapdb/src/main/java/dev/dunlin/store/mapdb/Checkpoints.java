package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import dev.dunlin.store.mapdb.Current.Stamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes generations in the background, one at a time: the frozen overlay and the last generation are merged into a new file,
 * which takes the place of both, and of the journal that they came from.
 *
 * <p>The generation before the last one, and the journal since, stay until the next is begun: if a file of the last one is ever
 * damaged, the store can be read from there without a loss.
 */
final class Checkpoints {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);

    private final Parts parts;
    private final Executor background;
    /** Of the frozen layer: the generation that it is to become, and values that were replaced in it. The writer's. */
    private @Nullable Stamp planned;

    private List<ValueRef> replaced = List.of();
    /** Numbers of values that the last generation doesn't need, but the one before may. The running checkpoint's. */
    private List<Long> dead;

    private @Nullable CompletableFuture<Void> running;
    /** Whether the log says that none can be made. The running checkpoint's. */
    private boolean told;

    private final Object deleting = new Object();
    /** Changed under {@link #deleting}. */
    private volatile boolean closing;

    /** What a generation is made from and changes. */
    record Parts(Path dir, CurrentFile current, Layers layers, Values values, Spares spares, Pins pins) {}

    /**
     * Checkpoints of a store.
     *
     * @param dead numbers of values that its last generation and the journal behind it don't need
     */
    Checkpoints(Parts parts, List<Long> dead, Executor background) {
        this.parts = parts;
        this.dead = dead;
        this.background = background;
    }

    /** Whether one is being made. The writer. */
    boolean isRunning() {
        return running != null && !running.isDone();
    }

    /**
     * Begins one, or once more the one that has failed. The writer, between two groups.
     *
     * @param segment the first segment with groups that are not in the overlay
     * @param lastGroup the last group that is
     * @return whether the overlay was taken, and a new one begun
     */
    boolean begin(long segment, long lastGroup) {
        assert !isRunning() : "one at a time";
        boolean takes = planned == null || !parts.layers.isFrozen();
        if (takes) {
            replaced = parts.layers.freeze();
            planned = new Stamp(segment, lastGroup, 0, 0);
        }
        Stamp plan = Objects.requireNonNull(planned);
        List<ValueRef> old = replaced;
        running = CompletableFuture.runAsync(() -> make(plan, old), background);
        return takes;
    }

    /** Waits for the one that is being made. The writer. */
    void await() throws StoreException {
        CompletableFuture<Void> last = running;
        if (last == null) {
            return;
        }
        try {
            last.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof StoreException failure) {
                throw new StoreException(failure.kind(), String.valueOf(failure.getMessage()), failure);
            }
            throw e;
        }
    }

    /** Waits until none is being made, whatever becomes of it. The writer. */
    void settle() {
        CompletableFuture<Void> last = running;
        if (last != null) {
            last.exceptionally(failure -> null).join(); // who fails has said so in the log, and is begun again
        }
    }

    /** Lets the one that is being made end, unfinished. The writer. */
    void close() {
        synchronized (deleting) {
            closing = true;
        }
        settle();
    }

    /** What the last generation occupies, in bytes. */
    long generationBytes() {
        return parts.current.get().base().bytes();
    }

    private void make(Stamp plan, List<ValueRef> replacedValues) {
        try {
            dropPrevious();
            References entries = new References(parts.layers.frozenAndBase(), plan.lastGroup(), () -> closing);
            Path file = parts.dir.resolve(Names.GENERATION.of(plan.number()));
            Stamp stamp = write(file, plan, entries);
            Generation built = name(stamp, file, unneeded(entries.found(), replacedValues));
            told = false;
            Generation old = parts.layers.replaceBase(built);
            if (old != null) {
                parts.pins.retire(old::close);
            }
        } catch (IOException e) {
            throw failed(StoreFolder.failure("Writing a generation", parts.dir, e));
        } catch (StoreException e) {
            throw failed(e);
        } catch (RuntimeException | Error e) { // out of memory, say: the next attempt may have more
            throw failed(new StoreException(Kind.IO, "Writing a generation in " + parts.dir + " failed: " + e, e));
        }
    }

    /** Opens a generation and makes it the last one, on the disk. */
    private Generation name(Stamp stamp, Path file, List<Long> unneeded) throws IOException, StoreException {
        Generation built = Generation.open(file);
        boolean named = false;
        try {
            parts.current.update(old -> old.withBase(stamp));
            dead = unneeded;
            named = true;
            return built;
        } finally {
            if (!named) {
                built.close();
            }
        }
    }

    private CompletionException failed(StoreException failure) {
        if (!closing && !told) {
            told = true;
            LOG.warn("store: no new generation, the journal grows until there is one: {}", failure.getMessage());
        }
        return new CompletionException(failure);
    }

    /** Writes a generation into a file of this name, on the disk afterwards. */
    static Stamp write(Path file, Stamp plan, References entries) throws IOException, StoreException {
        Path temporary = file.resolveSibling(file.getFileName() + Names.TEMPORARY);
        try {
            Seal seal = Generation.build(temporary, entries);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            StoreFolder.syncFolder(Objects.requireNonNull(file.getParent()));
            return new Stamp(plan.number(), plan.lastGroup(), seal.bytes(), seal.crc32c());
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private List<Long> unneeded(List<ValueRef> needed, List<ValueRef> replacedValues) throws StoreException {
        Set<ValueRef> kept = new HashSet<>(needed);
        List<Long> unneeded = new ArrayList<>();
        replacedValues.forEach(value -> unneeded.add(value.number()));
        for (ValueRef value : References.of(parts.layers.base())) {
            if (!kept.contains(value)) {
                unneeded.add(value.number());
            }
        }
        return unneeded;
    }

    /** The last generation is about to become the one before: what only its predecessor needs goes. */
    private void dropPrevious() throws IOException {
        Current now = parts.current.get();
        Stamp previous = now.previous();
        if (previous == null) {
            return;
        }
        parts.current.update(Current::withoutPrevious);
        List<Long> values = dead;
        dead = List.of();
        parts.pins.retire(() -> delete(previous, values));
        for (long number = previous.number(); number < now.base().number(); number++) {
            parts.spares.give(parts.dir.resolve(Names.JOURNAL.of(number)));
        }
    }

    /**
     * Deletes a generation and values that nobody needs any more. Not when a backup has kept them until after the closing: then the
     * folder may be another engine's, which removes them when it opens, and uses their numbers again.
     */
    private void delete(Stamp generation, List<Long> values) throws IOException {
        synchronized (deleting) {
            if (!closing) {
                Files.deleteIfExists(parts.dir.resolve(Names.GENERATION.of(generation.number())));
                parts.values.delete(values);
            }
        }
    }

    /** FULL, as a sentence, for a journal that may not grow any more. */
    static StoreException tooFarBehind(Path dir, StoreException cause) {
        Kind kind = cause.kind() == Kind.BUSY ? Kind.IO : cause.kind();
        return new StoreException(
                kind,
                "the journal in " + dir + " may not grow further without a new generation: " + cause.getMessage(),
                cause);
    }
}
