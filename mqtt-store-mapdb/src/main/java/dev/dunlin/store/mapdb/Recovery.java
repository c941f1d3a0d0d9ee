package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.RecoveryReport;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import dev.dunlin.store.mapdb.Current.Stamp;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes a damaged store whole again: the longest prefix of its groups that is sound becomes a new generation, and all old files
 * of the journal and of generations are set aside. It begins with the last generation or, if that is damaged, with the one
 * before: together with the journal since, which is kept for this, nothing is lost then.
 */
final class Recovery {
    private final Path dir;
    private final StringBuilder text = new StringBuilder();
    private final List<String> aside = new ArrayList<>();
    private long cutBytes;
    private boolean lost;

    Recovery(Path dir) {
        this.dir = dir;
    }

    /** Whether the file of a generation is as it was written. */
    static boolean isSound(Path dir, Stamp stamp) throws StoreException {
        Path file = dir.resolve(Names.GENERATION.of(stamp.number()));
        if (stamp.isEmpty()) {
            return true;
        }
        return Files.exists(file) && new Seal(stamp.bytes(), stamp.crc()).equals(Seal.of(file));
    }

    /**
     * Rebuilds the store.
     *
     * @param current what CURRENT says, or null if it doesn't
     * @param damage what was found to be damaged, in words
     */
    RecoveryReport rebuild(StoreFolder folder, @Nullable Current current, Values values, String damage)
            throws IOException, StoreException {
        say("Damaged: " + damage + ".");
        Stamp base = base(current);
        JournalScan scan = JournalScan.of(dir, values, base, lastSegment(current));
        tell(base, current, scan);
        Pins pins = new Pins();
        try (Generation generation = base.isEmpty() ? null : Generation.open(path(base))) {
            Layers layers = new Layers(generation, pins);
            scan.forEach((group, operations, references) -> layers.apply(operations, references));
            Sound entries = new Sound(layers.state().cursor(Stored.FIRST_KEY, Stored.END_KEY), values);
            replaceAll(folder, entries, scan.lastGroup());
            tellMissing(entries.missing);
        }
        tellAside();
        return new RecoveryReport(false, cutBytes, lost, aside, text.toString());
    }

    private Stamp base(@Nullable Current current) throws IOException, StoreException {
        for (Stamp candidate : current == null ? guesses() : candidates(current)) {
            if (current == null || isSound(dir, candidate)) {
                return candidate;
            }
        }
        throw new StoreException(
                Kind.CORRUPT,
                "the store in " + dir + " is damaged in a way that can't be recovered: no generation is sound (" + text
                        + " Nothing was changed): restore a backup");
    }

    private static List<Stamp> candidates(Current current) {
        Stamp previous = current.previous();
        return previous == null ? List.of(current.base()) : List.of(current.base(), previous);
    }

    /** Generations that can be read as a whole, newest first; without any, a journal from its first segment on. */
    private List<Stamp> guesses() throws IOException {
        List<Stamp> guesses = new ArrayList<>();
        for (Path file : Names.GENERATION.in(dir)) {
            long lastGroup = lastGroupIfReadable(file);
            if (lastGroup >= 0) {
                guesses.add(0, new Stamp(Names.GENERATION.number(file), lastGroup, Files.size(file), 0));
            }
        }
        if (guesses.isEmpty() && Files.exists(dir.resolve(Names.JOURNAL.of(Opening.FIRST_SEGMENT)))) {
            guesses.add(Stamp.empty(Opening.FIRST_SEGMENT));
        }
        return guesses;
    }

    private long lastGroupIfReadable(Path file) {
        try (Generation generation = Generation.open(file)) {
            Cursor all = generation.cursor(Stored.FIRST_KEY, null);
            while (all.key() != null) {
                all.advance();
            }
            return References.lastGroup(generation);
        } catch (StoreException e) {
            say(file.getFileName() + " can't be read: " + e.getMessage() + ".");
            return -1;
        }
    }

    private long lastSegment(@Nullable Current current) throws IOException {
        long last = current == null ? 0 : current.lastSegment();
        for (Path file : Names.JOURNAL.in(dir)) {
            last = current == null ? Names.JOURNAL.number(file) : last;
        }
        return last;
    }

    private void tell(Stamp base, @Nullable Current current, JournalScan scan) {
        cutBytes = scan.bytesBehind();
        lost = scan.hasLost();
        if (current != null && base.number() != current.base().number()) {
            say("The store was read from the generation before that and the journal since.");
        }
        if (scan.end() != null) {
            say("The journal is sound up to its group " + scan.lastGroup() + "; then " + scan.end() + ".");
        }
        long known = scan.lastSeen() - scan.lastGroup();
        if (known > 0) {
            say("At least " + known + (known == 1 ? " group" : " groups") + " of changes behind that "
                    + (known == 1 ? "is" : "are") + " cut, " + scan.bytesBehind() + " bytes.");
        }
        say(
                lost
                        ? "A part of what is missing had been stored for certain: messages and states of sessions are lost."
                        : "No change that is known to have been stored for certain is lost.");
    }

    private void tellMissing(List<ValueRef> missing) {
        if (missing.isEmpty()) {
            return;
        }
        lost = true;
        String first = Names.VALUE.of(missing.get(0).number());
        String last = Names.VALUE.of(missing.get(missing.size() - 1).number());
        say(
                missing.size() == 1
                        ? "1 large message is missing or damaged and left out: " + first + "."
                        : missing.size() + " large messages are missing or damaged and left out: " + first + " to "
                                + last + ".");
    }

    private void tellAside() {
        long values = aside.stream()
                .filter(file -> Names.VALUE.number(dir.resolve(file)) >= 0)
                .count();
        List<String> others = aside.subList(0, aside.size() - (int) values);
        say("The files as they were are kept: " + String.join(", ", others) + ".");
        if (values > 0) {
            say("Beside them " + values + (values == 1 ? " large message that isn't" : " large messages that aren't")
                    + " needed any more " + (values == 1 ? "is" : "are") + " kept.");
        }
    }

    /** Writes the new generation and names it; only then the old files go, of which there are links in another folder. */
    private void replaceAll(StoreFolder folder, Sound entries, long lastGroup) throws IOException, StoreException {
        Path target = folder.asideFolder();
        Map<Path, Path> old = link(target);
        long number = 1;
        for (Path file : old.keySet()) {
            number = Math.max(number, 1 + Math.max(Names.JOURNAL.number(file), Names.GENERATION.number(file)));
        }
        Stamp plan = new Stamp(number, lastGroup, 0, 0);
        References written = new References(entries, lastGroup, () -> false);
        Stamp stamp = Checkpoints.write(path(plan), plan, written);
        linkUnneeded(target, written.found());
        new Current(stamp, null, number - 1).write(dir);
        for (Path file : old.keySet()) {
            Files.delete(file);
        }
        StoreFolder.syncFolder(dir);
    }

    private Map<Path, Path> link(Path target) throws IOException {
        Map<Path, Path> links = new TreeMap<>();
        List<Path> files = new ArrayList<>(Names.GENERATION.in(dir));
        files.addAll(Names.JOURNAL.in(dir));
        for (Path file : files) {
            links.put(file, link(target, file));
        }
        StoreFolder.syncFolder(target);
        return links;
    }

    /** Values of what is left out, which the next opening removes. */
    private void linkUnneeded(Path target, List<ValueRef> needed) throws IOException {
        Set<Long> numbers = new HashSet<>();
        needed.forEach(value -> numbers.add(value.number()));
        for (Path file : Names.VALUE.in(dir)) {
            if (!numbers.contains(Names.VALUE.number(file))) {
                link(target, file);
            }
        }
        StoreFolder.syncFolder(target);
    }

    private Path link(Path target, Path file) throws IOException {
        Path link = target.resolve(file.getFileName());
        try {
            Files.createLink(link, file);
        } catch (UnsupportedOperationException | FileSystemException e) { // not every file system has links
            StoreFolder.sync(Files.copy(file, link, StandardCopyOption.REPLACE_EXISTING));
        }
        aside.add(dir.relativize(link).toString());
        return link;
    }

    private Path path(Stamp stamp) {
        return dir.resolve(Names.GENERATION.of(stamp.number()));
    }

    private void say(String sentence) {
        text.append(text.isEmpty() ? "" : " ").append(sentence);
    }

    /** Leaves out values whose files are missing. */
    private static final class Sound implements Cursor {
        private final Cursor entries;
        private final Values values;
        private final List<ValueRef> missing = new ArrayList<>();

        Sound(Cursor entries, Values values) throws StoreException {
            this.entries = entries;
            this.values = values;
            skip();
        }

        @Override
        public byte @Nullable [] key() {
            return entries.key();
        }

        @Override
        public byte[] value() {
            return entries.value();
        }

        @Override
        public void advance() throws StoreException {
            entries.advance();
            skip();
        }

        private void skip() throws StoreException {
            while (entries.key() != null && Stored.isReference(entries.value())) {
                ValueRef value = Stored.reference(entries.value());
                if (values.isSound(value)) {
                    return;
                }
                missing.add(value);
                entries.advance();
            }
        }
    }
}
