package dev.dunlin.broker.spi;

import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.File;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a store, for engines that keep files: held by one engine at a time, from before its files are looked at until
 * they are closed, and known by its file FORMAT. That is one line that says by what the store was written. It is there before
 * the engine's first file, then ending in "new", and it says so until the store was open once: from then on missing files are
 * damage, never a new store.
 *
 * <p>Used by one thread at a time.
 */
public final class StoreFolder implements AutoCloseable {
    private static final String LOCK = "LOCK.dunlin";
    private static final String FORMAT = "FORMAT";
    private static final String PREFIX = "dunlin-";
    private static final String NEW = " new";
    private static final String TEMPORARY = ".tmp";
    private static final Set<String> NO_STORE = Set.of("lost+found", LOCK, FORMAT + TEMPORARY);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    /**
     * Folders held by this process. Static, as the operating system's lock is the process's own: it doesn't stop the same
     * process, and would be gone as soon as anybody here closed the same file.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path dir;
    private final Path real;
    private final String line;
    private final FileChannel channel;

    private StoreFolder(Path dir, Path real, String line, FileChannel channel) {
        this.dir = dir;
        this.real = real;
        this.line = line;
        this.channel = channel;
    }

    /**
     * Takes a folder, making it if it isn't there. Changes nothing in one that it refuses.
     *
     * @param engine the engine's {@link Traits#name name}
     * @param format number of the format that the engine writes and reads
     * @throws StoreException VERSION if it belongs to something else, to another engine or to another format; LOCKED if an
     *     engine of this or another process holds it
     */
    public static StoreFolder take(Path dir, String engine, int format) throws IOException, StoreException {
        String line = PREFIX + engine + " " + format;
        check(dir, engine, line);
        Files.createDirectories(dir);
        Path real = dir.toRealPath();
        if (!HELD.add(real)) {
            throw locked(dir);
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(real.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (tryLock(channel) == null) {
                throw locked(dir);
            }
            return new StoreFolder(dir, real, line, channel);
        } catch (IOException | StoreException | RuntimeException e) {
            HELD.remove(real);
            if (channel != null) {
                channel.close();
            }
            throw e;
        }
    }

    private static void check(Path dir, String engine, String line) throws IOException, StoreException {
        Path file = dir.resolve(FORMAT);
        if (!Files.exists(file)) {
            if (!isEmpty(dir)) {
                throw new StoreException(
                        Kind.VERSION,
                        "the folder " + dir + " is not empty, and has no file FORMAT: it is no store of this kind");
            }
            return;
        }
        String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
        if (text.equals(line) || text.equals(line + NEW)) {
            return;
        }
        String other = engineOf(text);
        throw new StoreException(
                Kind.VERSION,
                other == null || other.equals(engine)
                        ? "the store in " + dir + " has the format \"" + text
                                + "\", and this version of Dunlin reads \"" + line + "\": use the version that wrote it"
                        : "the store in " + dir + " is one of the engine " + other + ", not of " + engine
                                + ": open it with that, or move it by \"dunlin store dump\" and \"load\"");
    }

    /**
     * The name of the engine whose store is in a folder, or null if there is none that says so. Takes no lock.
     *
     * @throws IOException if it can't be read
     */
    public static @Nullable String engineIn(Path dir) throws IOException {
        Path file = dir.resolve(FORMAT);
        return Files.exists(file)
                ? engineOf(Files.readString(file, StandardCharsets.ISO_8859_1).strip())
                : null;
    }

    private static @Nullable String engineOf(String text) {
        return text.matches(PREFIX + "[a-z][a-z0-9-]* [0-9]+(" + NEW + ")?")
                ? text.substring(PREFIX.length(), text.indexOf(' '))
                : null;
    }

    /** The folder, as it was given. */
    public Path dir() {
        return dir;
    }

    /** Whether no store has been open here yet: what an engine finds of its own is the rest of an interrupted making. */
    public boolean isNew() throws IOException {
        Path file = dir.resolve(FORMAT);
        return !Files.exists(file)
                || Files.readString(file, StandardCharsets.ISO_8859_1).contains(NEW);
    }

    /** Marks a {@link #isNew new} folder as one in which a store is being made, on the disk. */
    public void claim() throws IOException {
        writeFormat(dir, line + NEW);
        syncFolder(real.resolve(".."));
    }

    /** From now on it is a store that has been open, on the disk. */
    public void establish() throws IOException {
        writeFormat(dir, line);
    }

    /** Marks another folder as a store like this one: the last step of a backup. */
    public void establish(Path backup) throws IOException {
        writeFormat(backup, line);
    }

    /** Refuses a folder for a backup that isn't empty; one that isn't there is fine. */
    public static void requireEmpty(Path backup) throws IOException, StoreException {
        if (!isEmpty(backup)) {
            throw new StoreException(Kind.IO, "the folder " + backup + " for the backup is not empty");
        }
    }

    /** Makes a new sub-folder for damaged files, named after the time. */
    public Path asideFolder() throws IOException {
        String name = "damaged-"
                + STAMP.format(Instant.ofEpochMilli(TimeSource.system().wallMs()));
        Path folder = dir.resolve(name);
        for (int i = 2; Files.exists(folder); i++) {
            folder = dir.resolve(name + "-" + i);
        }
        return Files.createDirectory(folder);
    }

    /** Writes a small file whole or not at all, on the disk afterwards. */
    public static void replace(Path file, byte[] content) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + TEMPORARY);
        Files.write(temporary, content);
        sync(temporary);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        syncFolder(Objects.requireNonNull(file.toAbsolutePath().getParent()));
    }

    /** Brings a file to the disk. */
    public static void sync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    /** Brings the names of new, renamed and deleted files in a folder to the disk. Windows has no such call, and needs none. */
    public static void syncFolder(Path folder) throws IOException {
        if (File.separatorChar == '\\') {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * A failure of the file system in the words of the storage SPI: FULL for a full disk, a quota or a limit, BUSY if the calling
     * thread was interrupted, else IO.
     */
    public static StoreException failure(String what, Path dir, IOException e) {
        if (e instanceof ClosedByInterruptException) {
            return new StoreException(Kind.BUSY, what + " in " + dir + " was ended before it was through", e);
        }
        return new StoreException(isFull(e) ? Kind.FULL : Kind.IO, what + " in " + dir + " failed: " + why(e), e);
    }

    /** For people, where that is what they have got wrong. */
    private static String why(IOException e) {
        if (e instanceof AccessDeniedException denied) {
            return "no permission for " + denied.getFile();
        }
        if (e instanceof NotDirectoryException file) {
            return file.getFile() + " is no folder";
        }
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return String.valueOf(system.getMessage()); // with the words of the operating system
        }
        return e.toString();
    }

    /** Whether a failure says, in the words of the operating system, that a disk, a quota or a limit is full. */
    public static boolean isFull(Exception failure) {
        String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        return message.contains("no space left")
                || message.contains("file too large")
                || message.contains("quota exceeded");
    }

    /** Lets the folder go. Idempotent. */
    @Override
    public void close() throws IOException {
        if (!channel.isOpen()) {
            return;
        }
        try {
            channel.close();
        } finally {
            HELD.remove(real);
        }
    }

    private static void writeFormat(Path dir, String line) throws IOException {
        replace(dir.resolve(FORMAT), (line + "\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    private static boolean isEmpty(Path dir) throws IOException {
        if (!Files.exists(dir)) {
            return true;
        }
        try (Stream<Path> files = Files.list(dir)) {
            return files.allMatch(file -> NO_STORE.contains(file.getFileName().toString()));
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // this class, loaded a second time by another class loader
        }
    }

    private static StoreException locked(Path dir) {
        return new StoreException(Kind.LOCKED, "the store in " + dir + " is open already, in this process or another");
    }
}
