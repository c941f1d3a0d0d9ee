package dev.dunlin.broker.crash;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.codec.testkit.RequiresTool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a {@link Disk} makes of the calls of a process that uses its files in the ways that engines do. */
@RequiresTool("strace")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DiskTest {
    private static final int PAGE_BYTES = 4_096;
    private static final int PAGES = 8;
    private static final int SYNCED_PAGES = 2;
    private static final int WRITTEN_PAGES = 6;

    @TempDir
    private Path temp;

    private Path store;
    private Path base;

    /** The process: what it does is in its methods, and what it has synced in their names. */
    static final class Scribe {
        private Scribe() {}

        public static void main(String[] args) throws IOException {
            Path dir = Path.of(args[0]);
            Files.writeString(dir.resolve("never-synced"), "x");
            preallocateSynced(dir.resolve("journal"));
            makeSynced(dir.resolve("CURRENT"), "1");
            makeSynced(dir.resolve("old"), "old");
            makeSynced(dir.resolve("shrunk"), "certain, and a tail");
            makeSynced(dir.resolve("recycled-1"), "segment");
            syncFolder(dir);
            changeInPlaceSyncingTheFirst(dir.resolve("journal"));
            makeSynced(dir.resolve("CURRENT.new"), "2");
            Files.move(dir.resolve("CURRENT.new"), dir.resolve("CURRENT"), StandardCopyOption.ATOMIC_MOVE);
            Files.delete(dir.resolve("old"));
            Files.move(dir.resolve("recycled-1"), dir.resolve("recycled-2"));
            try (FileChannel file = FileChannel.open(dir.resolve("shrunk"), StandardOpenOption.WRITE)) {
                file.truncate("certain".length());
            }
            appendSyncingTheFirst(dir.resolve("never-synced"));
        }

        private static void preallocateSynced(Path path) throws IOException {
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                for (int i = 0; i < PAGES / 2; i++) {
                    file.write(ByteBuffer.allocate(2 * PAGE_BYTES), 2L * i * PAGE_BYTES);
                }
                file.force(true);
            }
        }

        private static void makeSynced(Path path, String text) throws IOException {
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                file.write(ByteBuffer.wrap(text.getBytes(US_ASCII)));
                file.force(true);
            }
        }

        private static void syncFolder(Path dir) throws IOException {
            try (FileChannel folder = FileChannel.open(dir, StandardOpenOption.READ)) {
                folder.force(true);
            }
        }

        private static void changeInPlaceSyncingTheFirst(Path path) throws IOException {
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
                file.write(page(1), 0);
                file.write(page(2), PAGE_BYTES);
                file.force(false);
                byte[] rest = new byte[(WRITTEN_PAGES - SYNCED_PAGES) * PAGE_BYTES];
                for (int i = SYNCED_PAGES; i < WRITTEN_PAGES; i++) {
                    page(i + 1).get(rest, (i - SYNCED_PAGES) * PAGE_BYTES, PAGE_BYTES);
                }
                file.write(ByteBuffer.wrap(rest), (long) SYNCED_PAGES * PAGE_BYTES);
            }
        }

        private static void appendSyncingTheFirst(Path path) throws IOException {
            try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
                file.seek(file.length());
                file.write(new byte[] {'y'});
                file.getFD().sync();
            }
            Files.writeString(path, "z", StandardOpenOption.APPEND);
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.APPEND)) {
                file.write(new ByteBuffer[] {ByteBuffer.wrap(new byte[] {'1'}), ByteBuffer.wrap(new byte[] {'2'})});
            }
        }

        private static ByteBuffer page(int number) {
            byte[] page = new byte[PAGE_BYTES];
            Arrays.fill(page, (byte) number);
            return ByteBuffer.wrap(page);
        }
    }

    @BeforeEach
    void scribble() throws Exception {
        store = Files.createDirectory(temp.resolve("store"));
        base = Files.createDirectory(temp.resolve("base"));
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(Trace.command(temp.resolve("trace")))).inheritIO();
        builder.command()
                .addAll(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Scribe.class.getName(),
                        store.toString()));
        assertThat(builder.start().waitFor()).isZero();
    }

    private Disk disk() throws IOException {
        return Disk.after(temp.resolve("trace"), store, base);
    }

    private Map<String, String> files() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.list(store)) {
            for (Path file : all.toList()) {
                files.put(file.getFileName().toString(), Files.readString(file, ISO_8859_1));
            }
        }
        return files;
    }

    @Test
    void withAllChangesItIsWhatTheProcessHasLeft() throws IOException {
        assertThat(files()).containsEntry("never-synced", "xyz12").containsEntry("CURRENT", "2");

        assertThat(disk().differences()).isEmpty();

        Files.writeString(store.resolve("CURRENT"), "3");
        Files.delete(store.resolve("journal"));
        Files.createFile(store.resolve("another"));
        assertThat(disk().differences()).hasSize(3);
    }

    @Test
    void withoutThemItIsWhatWasSynced() throws IOException {
        Disk.Loss loss = disk().loseAll();

        Map<String, String> left = files();
        assertThat(left.remove("journal")).hasSize(PAGES * PAGE_BYTES).matches("\u0001{4096}\u0002{4096}\u0000*");
        assertThat(left)
                .isEqualTo(Map.of(
                        "never-synced", "xy",
                        "CURRENT", "1",
                        "old", "old",
                        "shrunk", "certain, and a tail",
                        "recycled-1", "segment"));
        assertThat(loss.bytes()).isEqualTo((WRITTEN_PAGES - SYNCED_PAGES) * PAGE_BYTES + "z12".length());
        assertThat(loss.names()).isEqualTo(4);
        assertThat(base).isDirectoryContaining(file -> file.endsWith("journal"));
    }

    @Test
    void whatWasNotSyncedIsThereOrNot() throws IOException {
        Random random = new Random(7);
        Set<String> names = new TreeSet<>();
        Set<String> pages = new TreeSet<>();
        Set<Integer> shrunk = new TreeSet<>();
        for (int i = 0; i < 200; i++) {
            disk().lose(random);
            Map<String, String> left = files();
            names.add(left.get("CURRENT") + left.containsKey("old") + left.containsKey("recycled-1"));
            shrunk.add(left.get("shrunk").length());
            pages.add(pages(left.get("journal")));
            assertThat(left.get("never-synced")).startsWith("xy");
            assertThat(left.keySet()).containsAnyOf("recycled-1", "recycled-2");
            clear(base);
        }
        assertThat(names).containsExactlyInAnyOrder("1truetrue", "2truetrue", "2falsetrue", "2falsefalse");
        assertThat(shrunk).contains("certain".length(), "certain, and a tail".length());
        assertThat(pages)
                .allMatch(each -> each.startsWith("12") && each.endsWith("00"))
                .contains("12345600", "12000000", "12345000", "12005600", "12345g00")
                .anyMatch(each -> each.matches("12(3045|0406|3056|0450)..|12340600|12305600|12045600|12300600"));
    }

    /** A digit for each page: what was written there, 0 for what was before, g for anything else. */
    private static String pages(String journal) {
        StringBuilder pages = new StringBuilder();
        for (int i = 0; i < PAGES; i++) {
            String page = journal.substring(i * PAGE_BYTES, (i + 1) * PAGE_BYTES);
            boolean isWhole = page.chars().allMatch(each -> each == page.charAt(0));
            pages.append(isWhole ? (char) ('0' + page.charAt(0)) : 'g');
        }
        return pages.toString();
    }

    private static void clear(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            files.forEach(file -> {
                try {
                    Files.delete(file);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
