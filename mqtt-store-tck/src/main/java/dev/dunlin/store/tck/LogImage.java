package dev.dunlin.store.tck;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The files of a store as a crash would leave them, and which part of which file each batch has changed: the file that changes
 * with every batch is the log, whatever its format. A log may be preallocated.
 */
final class LogImage {
    private static final byte[] MISSING = {};

    private final Path dir;
    private final List<Map<Path, byte[]>> notes = new ArrayList<>();

    /** What is done to the log. */
    enum Damage {
        /** It ends there. */
        CUT,
        /** One bit of the byte is turned over. */
        FLIP
    }

    LogImage(Path dir) {
        this.dir = dir;
    }

    /** Takes note of all files: once before the first batch, then after each. */
    void note() throws IOException {
        Map<Path, byte[]> files = new HashMap<>();
        for (Path file : Folders.files(dir)) {
            files.put(file, Files.readAllBytes(dir.resolve(file)));
        }
        notes.add(files);
    }

    /** The log: the only file, or that of several with the most changes, that changes with every batch. */
    Path log() {
        Path log = null;
        for (Path file : notes.get(batches()).keySet()) {
            boolean always = true;
            for (int batch = 1; batch <= batches(); batch++) {
                always &= changedEnd(file, batch) > 0;
            }
            if (always && (log == null || spread(file) > spread(log))) {
                log = file;
            }
        }
        return Objects.requireNonNull(log, "no file of the store changes with every batch");
    }

    /** Index of the first byte that a batch has changed. */
    int begin() {
        return changedBegin(log(), 1);
    }

    /** Index behind the last byte that a batch has changed. */
    int end() {
        return changedEnd(log(), batches());
    }

    /** How many batches end at or before an index of the log. */
    int wholeBatches(int at) {
        int whole = 0;
        while (whole < batches() && changedEnd(log(), whole + 1) <= at) {
            whole++;
        }
        return whole;
    }

    /** Writes the files as last noted, with a damaged log, into a folder. */
    void write(Path target, Damage damage, int at) throws IOException {
        Path log = log();
        for (Map.Entry<Path, byte[]> file : notes.get(batches()).entrySet()) {
            byte[] bytes = file.getValue();
            if (file.getKey().equals(log)) {
                bytes = damage == Damage.CUT ? Arrays.copyOf(bytes, at) : bytes.clone();
                if (damage == Damage.FLIP) {
                    bytes[at] ^= (byte) (1 << at % 8);
                }
            }
            writeFile(target.resolve(file.getKey()), bytes);
        }
    }

    /** Leaves what is preallocated a hole. */
    private static void writeFile(Path file, byte[] bytes) throws IOException {
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        int used = bytes.length;
        while (used > 0 && bytes[used - 1] == 0) {
            used--;
        }
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.write(bytes, 0, used);
            out.setLength(bytes.length);
        }
    }

    private int batches() {
        return notes.size() - 1;
    }

    private int spread(Path file) {
        return changedEnd(file, batches()) - changedBegin(file, 1);
    }

    private int changedBegin(Path file, int batch) {
        return Math.max(0, Arrays.mismatch(at(file, batch - 1), at(file, batch)));
    }

    /** 0 if it hasn't changed. */
    private int changedEnd(Path file, int batch) {
        byte[] before = at(file, batch - 1);
        byte[] after = at(file, batch);
        int end = after.length;
        if (end == before.length) {
            while (end > 0 && after[end - 1] == before[end - 1]) {
                end--;
            }
        }
        return end;
    }

    private byte[] at(Path file, int note) {
        return notes.get(note).getOrDefault(file, MISSING);
    }
}
