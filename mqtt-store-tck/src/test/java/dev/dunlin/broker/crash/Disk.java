package dev.dunlin.broker.crash;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is certainly on the disk of a store's folder, and what may be, according to the {@link Trace} of the process that used
 * it.
 *
 * <p>The model is that of POSIX with a journal for its folders, and knows nothing of any engine. What is written to a file, at
 * its end or in the middle, and the file's length are certain when a later {@code fsync} or {@code fdatasync} of this file has
 * returned; until then each page of each write may be lost on its own. That a file came, got another name or was deleted is
 * certain when a later {@code fsync} of the folder has returned; until then the last such changes may be lost, in their order.
 * A call that was under way may have happened or not. Folders in the folder are left alone.
 */
final class Disk implements Trace.Reader {
    private final Path folder;
    private final Path base;

    /** What is certain, and what has been since. */
    private final Map<String, DiskFile> names = new TreeMap<>();

    private final List<NameChange> nameChanges = new ArrayList<>();

    /** As a process sees it. */
    private final Map<String, DiskFile> seen = new TreeMap<>();

    private final Map<Integer, Open> open = new HashMap<>();
    private final Set<Integer> openFolders = new TreeSet<>();
    private boolean sure = true;

    /** A file in the hands of the process. */
    private static final class Open {
        final DiskFile file;
        final boolean appends;
        long position;

        Open(DiskFile file, boolean appends) {
            this.file = file;
            this.appends = appends;
        }
    }

    /** A file comes, moves or goes: at first all names, then only the one that is left. */
    private record NameChange(
            @Nullable String gone,
            @Nullable String come,
            @Nullable DiskFile file,
            int end) {
        void apply(Map<String, DiskFile> names) {
            if (gone != null) {
                names.remove(gone);
            }
            if (come != null) {
                names.put(come, Objects.requireNonNull(file));
            }
        }
    }

    /** How much was lost. */
    record Loss(long bytes, int names) {}

    private Disk(Path folder, Path base) {
        this.folder = folder;
        this.base = base;
    }

    /**
     * The disk at the end of a trace.
     *
     * @param folder the store's
     * @param base a folder with the same files as they were before, all of it certainly on the disk
     */
    static Disk after(Path trace, Path folder, Path base) throws IOException {
        Disk disk = new Disk(folder, base);
        for (String name : namesIn(base)) {
            DiskFile file = new DiskFile(Files.readAllBytes(base.resolve(name)));
            disk.names.put(name, file);
            disk.seen.put(name, file);
        }
        Trace.read(trace, disk);
        return disk;
    }

    private static List<String> namesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    // ---- what the process did

    @Override
    public void closing(int file) {
        open.remove(file);
        openFolders.remove(file);
    }

    @Override
    public void ended(Trace.Call call) {
        switch (call.name()) {
            case "openat" -> opened(call);
            case "rename", "renameat", "renameat2" -> renamed(call);
            case "unlink", "unlinkat" -> unlinked(call);
            case "fsync", "fdatasync" -> synced(call);
            default -> changed(call);
        }
    }

    private @Nullable String nameOf(Path path) {
        return folder.equals(path.getParent()) ? path.getFileName().toString() : null;
    }

    private void opened(Trace.Call call) {
        Path path = call.paths().get(0);
        if (path.equals(folder)) {
            openFolders.add((int) call.result());
        }
        String name = nameOf(path);
        DiskFile file = name == null ? null : seen.get(name);
        if (name == null || (file == null && !call.arguments().contains("O_CREAT"))) {
            return;
        }
        if (file == null) {
            file = new DiskFile(new byte[0]);
            change(call, new NameChange(null, name, file, call.end()));
        } else if (call.arguments().contains("O_TRUNC")) {
            file.resize(0, call.end());
        }
        if (call.isOver()) {
            open.put((int) call.result(), new Open(file, call.arguments().contains("O_APPEND")));
        }
    }

    private void renamed(Trace.Call call) {
        String from = nameOf(call.paths().get(0));
        String to = nameOf(call.paths().get(1));
        if (from != null || to != null) {
            DiskFile file = from == null ? null : seen.get(from);
            change(call, new NameChange(from, file == null ? null : to, file, call.end()));
        }
    }

    private void unlinked(Trace.Call call) {
        String name = nameOf(call.paths().get(0));
        if (name != null) {
            change(call, new NameChange(name, null, null, call.end()));
        }
    }

    private void change(Trace.Call call, NameChange change) {
        sure &= call.isOver();
        nameChanges.add(change);
        change.apply(seen);
    }

    private void synced(Trace.Call call) {
        if (!call.isOver()) {
            return;
        }
        Open file = open.get(call.file());
        if (file != null) {
            file.file.synced(call.begin());
        } else if (openFolders.contains(call.file())) {
            while (!nameChanges.isEmpty() && nameChanges.get(0).end < call.begin()) {
                nameChanges.remove(0).apply(names);
            }
        }
    }

    private void changed(Trace.Call call) {
        Open target = open.get(call.file());
        if (target == null) {
            return;
        }
        boolean changes = true;
        switch (call.name()) {
            case "write", "writev" -> {
                long at = target.appends ? target.file.length() : target.position;
                byte[] bytes = call.written();
                target.file.write(at, bytes, call.end());
                target.position = at + bytes.length;
            }
            case "pwrite64", "pwritev" -> target.file.write(call.numberFromEnd(0), call.written(), call.end());
            case "ftruncate" -> target.file.resize(call.numberFromEnd(0), call.end());
            case "fallocate" -> allocated(target.file, call);
            default -> {
                target.position = call.result(); // lseek
                changes = false;
            }
        }
        sure &= call.isOver() || !changes;
    }

    private static void allocated(DiskFile file, Trace.Call call) {
        if (!call.arguments().contains("FALLOC_FL_")) { // with a flag the length stays
            file.resize(Math.max(file.length(), call.numberFromEnd(0) + call.numberFromEnd(1)), call.end());
        }
    }

    // ---- what may be left of it

    /** Names of files that aren't in the folder as this model says that the process has left them. Empty is right. */
    List<String> differences() throws IOException {
        List<String> different = new ArrayList<>();
        if (sure) {
            Set<String> all = new TreeSet<>(seen.keySet());
            all.addAll(namesIn(folder));
            for (String name : all) {
                DiskFile file = seen.get(name);
                Path real = folder.resolve(name);
                if (file == null || !Files.exists(real)) {
                    different.add(name + (file == null ? " is there" : " is not there"));
                } else if (!file.isAll(Files.readAllBytes(real))) {
                    different.add(name + " has " + Files.size(real) + " bytes, of " + file.length());
                }
            }
        }
        return different;
    }

    /** Leaves in the folder and in the base what is certain, and nothing else. */
    Loss loseAll() throws IOException {
        return leave(0, DiskFile.Fate.LOST);
    }

    /** Leaves in the folder and in the base what is certain, and some of the rest. */
    Loss lose(Random random) throws IOException {
        return leave(random.nextInt(nameChanges.size() + 1), DiskFile.Fate.of(random));
    }

    private Loss leave(int changesKept, DiskFile.Fate fate) throws IOException {
        Map<String, DiskFile> left = new TreeMap<>(names);
        nameChanges.subList(0, changesKept).forEach(change -> change.apply(left));
        long lostBytes = 0;
        for (Path place : List.of(folder, base)) {
            for (String name : namesIn(place)) {
                Files.delete(place.resolve(name));
            }
        }
        for (Map.Entry<String, DiskFile> file : left.entrySet()) {
            DiskFile.Left content = file.getValue().leave(fate);
            lostBytes += content.lostBytes();
            Files.write(folder.resolve(file.getKey()), content.bytes());
            Files.write(base.resolve(file.getKey()), content.bytes());
        }
        return new Loss(lostBytes, nameChanges.size() - changesKept);
    }
}
