package dev.dunlin.store.rocksdb;

import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** RocksDB's files in a folder, by their names; and what a recovery does to them. */
final class StoreFiles {
    private static final String CURRENT = "CURRENT";
    private static final Pattern LOG = Pattern.compile("(\\d+)\\.log");
    private static final Pattern MANIFEST = Pattern.compile("MANIFEST-(\\d+)");
    private static final Pattern ANY =
            Pattern.compile("CURRENT|IDENTITY|(MANIFEST|OPTIONS)-\\d+(\\.dbtmp)?|\\d+\\.(log|sst|blob|dbtmp)");

    private StoreFiles() {}

    /** Files of the write-ahead log from a number on, in the order of their numbers. */
    static List<Path> logs(Path dir, long from) throws IOException {
        return numbered(dir, LOG).stream()
                .filter(file -> number(LOG, file) >= from)
                .toList();
    }

    /** All MANIFEST files, in the order of their numbers. */
    static List<Path> manifests(Path dir) throws IOException {
        return numbered(dir, MANIFEST);
    }

    /** The MANIFEST that CURRENT names, or null if one of the two is missing or damaged. */
    static @Nullable Path currentManifest(Path dir) throws IOException {
        Path current = dir.resolve(CURRENT);
        if (!Files.exists(current)) {
            return null;
        }
        String name = Files.readString(current, StandardCharsets.ISO_8859_1);
        Path manifest = dir.resolve(name.matches("MANIFEST-\\d+\n") ? name.strip() : CURRENT + ".none");
        return Files.exists(manifest) ? manifest : null;
    }

    static void replaceCurrent(Path dir, Path manifest) throws IOException {
        StoreFolder.replace(dir.resolve(CURRENT), (name(manifest) + "\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Removes what an interrupted making of a store has left, in which nothing was ever written. */
    static void deleteUnfinished(Path dir) throws IOException {
        for (Path file : numbered(dir, ANY)) {
            Files.delete(file);
        }
    }

    /** Copies files to a folder, synced. Returns the copies, relative to the store's folder. */
    static List<String> copyAside(Path dir, List<Path> files, Path folder) throws IOException {
        List<String> copies = new ArrayList<>();
        for (Path file : files) {
            Path copy = Files.copy(file, folder.resolve(file.getFileName()));
            StoreFolder.sync(copy);
            copies.add(dir.relativize(copy).toString());
        }
        StoreFolder.syncFolder(folder);
        return copies;
    }

    static void truncate(Path file, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(bytes).force(true);
        }
    }

    private static List<Path> numbered(Path dir, Pattern pattern) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.filter(file -> pattern.matcher(name(file)).matches())
                    .sorted(Comparator.comparing((Path file) -> name(file).length())
                            .thenComparing(StoreFiles::name))
                    .toList();
        }
    }

    private static long number(Pattern pattern, Path file) {
        Matcher matcher = pattern.matcher(name(file));
        return matcher.matches() ? Long.parseLong(matcher.group(1)) : -1;
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }
}
