package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import dev.dunlin.store.mapdb.Current.Stamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Opens a store, once: locks the folder, verifies the generation, reads the journal behind it, brings into a new segment what
 * may not be on the disk yet, and removes what nobody names. Damage is CORRUPT, and nothing is changed, until somebody asks for a
 * {@link Recovery}.
 */
final class Opening {
    private static final int FORMAT = 1;
    static final long FIRST_SEGMENT = 1;

    private final Path dir;
    private final MapDbOptions options;
    private final Pins pins = new Pins();
    private RecoveryReport report = RecoveryReport.clean(false);
    private @Nullable Recovery recovery;

    Opening(Path dir, MapDbOptions options) {
        this.dir = dir;
        this.options = options;
    }

    StorageEngine recover() throws StoreException {
        recovery = new Recovery(dir);
        return open();
    }

    StorageEngine open() throws StoreException {
        StorageEngine engine = null;
        StoreFolder folder = null;
        try {
            folder = StoreFolder.take(dir, MapDbEngine.NAME, FORMAT);
            if (folder.isNew()) {
                create(folder);
            }
            engine = reopen(folder);
            return engine;
        } catch (IOException e) {
            throw StoreFolder.failure("Opening the store", dir, e);
        } finally {
            if (engine == null && folder != null) {
                release(folder);
            }
        }
    }

    private void release(StoreFolder folder) throws StoreException {
        try {
            folder.close();
        } catch (IOException e) {
            throw StoreFolder.failure("Opening the store", dir, e);
        }
    }

    private void create(StoreFolder folder) throws IOException {
        for (Path file : Names.own(dir)) {
            Files.delete(file); // of a making that was interrupted
        }
        folder.claim();
        new Current(Stamp.empty(FIRST_SEGMENT), null, FIRST_SEGMENT - 1).write(dir);
        folder.establish();
        report = RecoveryReport.clean(true);
    }

    private MapDbEngine reopen(StoreFolder folder) throws IOException, StoreException {
        Values values = Values.in(dir);
        Current current = Current.read(dir);
        String damage = current == null ? "the file CURRENT is missing or damaged" : damageOf(current.base(), values);
        if (current != null && damage == null) {
            JournalScan scan = JournalScan.of(dir, values, current.base(), current.lastSegment());
            if (!scan.hasLost()) {
                tellEnd(scan);
                return start(folder, current, values, scan);
            }
            damage = scan.end();
        }
        Recovery asked = recovery;
        if (asked == null) {
            throw damaged(String.valueOf(damage));
        }
        recovery = null; // what it has made is sound, or it is no use to try again
        report = asked.rebuild(folder, current, values, String.valueOf(damage));
        return reopen(folder);
    }

    /** What is wrong with a generation and the files that it needs, in words; null if nothing is. */
    private @Nullable String damageOf(Stamp stamp, Values values) throws IOException, StoreException {
        if (!Recovery.isSound(dir, stamp)) {
            return Names.GENERATION.of(stamp.number()) + " is missing or damaged";
        }
        try (Generation generation = open(stamp)) {
            for (ValueRef value : References.of(generation)) {
                if (!values.isThere(value)) {
                    return Names.VALUE.of(value.number()) + ", a large value, is missing or has another size than the "
                            + value.bytes() + " bytes that were written";
                }
            }
        }
        return null;
    }

    private @Nullable Generation open(Stamp stamp) throws StoreException {
        return stamp.isEmpty() ? null : Generation.open(dir.resolve(Names.GENERATION.of(stamp.number())));
    }

    /** A torn end is left out in the next segment; the old one stays as it is until the next generation. */
    private void tellEnd(JournalScan scan) {
        if (scan.end() != null && report.text().isEmpty()) {
            report = new RecoveryReport(
                    false,
                    scan.bytesBehind(),
                    false,
                    List.of(),
                    "The end of the journal is left out, " + scan.bytesBehind() + " bytes: " + scan.end()
                            + ". Nothing of it is known to have been stored for certain: this is what a crash leaves.");
        }
    }

    private MapDbEngine start(StoreFolder folder, Current current, Values values, JournalScan scan)
            throws IOException, StoreException {
        CurrentFile file = new CurrentFile(dir, current);
        Spares spares = new Spares(dir, options.sparesMax(), options.segmentBytes());
        Background background = new Background(dir);
        Generation base = open(current.base());
        Journal journal = null;
        boolean started = false;
        try {
            Layers layers = new Layers(base, pins);
            List<Long> unneeded = removeLeftovers(current, base, scan, spares);
            journal = Journal.begin(dir, file, spares, options.segmentBytes(), background);
            Checkpoints.Parts shared = new Checkpoints.Parts(dir, file, layers, values, spares, pins);
            Checkpoints checkpoints = new Checkpoints(shared, unneeded, background);
            GroupWriter writer = new GroupWriter(
                    new GroupWriter.Parts(dir, journal, layers, values, checkpoints),
                    options,
                    scan.durable(),
                    scan.bytes());
            replay(scan, layers, values, writer);
            MapDbEngine engine = new MapDbEngine(
                    folder, new MapDbEngine.Parts(writer, journal, checkpoints, shared, background), report);
            started = true;
            return engine;
        } finally {
            if (!started) {
                close(background, base, journal);
            }
        }
    }

    /**
     * Applies the journal. What may not be on the disk, though it can be read, is written once more, into new files: after a
     * failed sync the old ones can't be trusted. Copies of large values go again if there is no room for all: every attempt would
     * leave some.
     */
    private static void replay(JournalScan scan, Layers layers, Values values, GroupWriter writer)
            throws IOException, StoreException {
        List<Long> copies = new ArrayList<>();
        boolean done = false;
        try {
            scan.forEach((group, operations, references) -> {
                if (group.number() <= scan.durable()) {
                    layers.apply(operations, references);
                } else {
                    List<ValueRef> copied = values.copy(references);
                    copied.forEach(value -> copies.add(value.number()));
                    writer.repeat(operations, copied);
                    if (writer.syncedGroup() == group.number() - 1) {
                        copies.clear(); // this group says now that those before are on the disk
                        copied.forEach(value -> copies.add(value.number()));
                    }
                }
            });
            writer.sync();
            done = true;
        } finally {
            if (!done) {
                values.delete(copies);
            }
        }
    }

    /**
     * Deletes what CURRENT doesn't name.
     *
     * @return numbers of values that the generation and the journal behind it don't need, if the generation before may
     */
    private List<Long> removeLeftovers(Current current, @Nullable Generation base, JournalScan scan, Spares spares)
            throws IOException, StoreException {
        Stamp previous = current.previous();
        for (Path file : Names.own(dir)) {
            long journal = Names.JOURNAL.number(file);
            long generation = Names.GENERATION.number(file);
            boolean unneeded = file.toString().endsWith(Names.TEMPORARY)
                    || journal > current.lastSegment()
                    || (journal >= 0 && journal < current.firstSegment())
                    || (generation >= 0
                            && generation != current.base().number()
                            && (previous == null || generation != previous.number()));
            if (unneeded) {
                Files.delete(file);
            }
        }
        spares.adopt();
        return unneededValues(current, base, scan);
    }

    private List<Long> unneededValues(Current current, @Nullable Generation base, JournalScan scan)
            throws IOException, StoreException {
        Set<Long> needed = new HashSet<>(scan.needed());
        References.of(base).forEach(value -> needed.add(value.number()));
        List<Long> unneeded = new ArrayList<>();
        for (Path file : Names.VALUE.in(dir)) {
            if (!needed.contains(Names.VALUE.number(file))) {
                unneeded.add(Names.VALUE.number(file));
            }
        }
        if (current.previous() != null) {
            return unneeded;
        }
        for (long number : unneeded) {
            Files.delete(dir.resolve(Names.VALUE.of(number)));
        }
        return List.of();
    }

    private static void close(Background background, @Nullable Generation base, @Nullable Journal journal)
            throws IOException, StoreException {
        try (background;
                base;
                journal) {
            // in the reverse order
        }
    }

    private StoreException damaged(String what) {
        String advice = report.text().isEmpty()
                ? ", and nothing was changed: restore a backup, or run \"dunlin store recover --data " + dir
                        + "\" to open what is sound"
                : " also after a recovery: restore a backup";
        return new StoreException(Kind.CORRUPT, "the store in " + dir + " is damaged (" + what + ")" + advice);
    }
}
