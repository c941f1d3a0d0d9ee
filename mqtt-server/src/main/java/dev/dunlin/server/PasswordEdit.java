package dev.dunlin.server;

import dev.dunlin.auth.Passwords;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.StoreFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A change of a password file, written to a new file beside it that takes its place at the end: until then, and if it is closed
 * before, the file is as it was. While the new file is there nobody else changes this one. Lines that aren't meant stay as they
 * are, byte for byte, as do owner and permissions.
 */
final class PasswordEdit implements AutoCloseable {
    /** Bytes as characters and back: what isn't text stays what it is. */
    private static final Charset BYTES = StandardCharsets.ISO_8859_1;

    /** Some editors begin a file with it. The broker passes over it; it isn't part of the first line. */
    private static final String BYTE_ORDER_MARK = inFile("\uFEFF");

    private final Path file;
    private final Path part;
    private final FileChannel channel;
    private final List<String> lines = new ArrayList<>();
    private String mark = "";
    private boolean anew; // the file isn't there, and nobody else's shall be replaced
    private boolean finished;

    private PasswordEdit(Path file, Path part, FileChannel channel) {
        this.file = file;
        this.part = part;
        this.channel = channel;
    }

    /** Of a file that is there. */
    static PasswordEdit of(Path path) throws StoreException, IOException {
        Path file = path.toRealPath(); // what a link stands for is changed, and the link stays
        PasswordEdit edit = begin(file);
        try {
            edit.keepOwner();
            edit.read();
            return edit;
        } catch (StoreException | IOException e) {
            edit.close();
            throw e;
        }
    }

    /** Of a file that isn't there; with force, or shall be another. */
    static PasswordEdit ofNew(Path path, boolean force) throws StoreException, IOException {
        requirePlace(path, true, force); // again, as a person has typed since
        if (Files.exists(path)) {
            PasswordEdit edit = of(path);
            edit.lines.clear();
            edit.mark = "";
            return edit;
        }
        PasswordEdit edit = begin(path.toAbsolutePath().normalize());
        edit.anew = !force;
        return edit;
    }

    /** Refuses to make a new file where there is one, and to change one that isn't there. */
    static void requirePlace(Path path, boolean create, boolean force) throws StoreException {
        if (!Files.exists(path) && Files.isSymbolicLink(path)) {
            throw new StoreException(Kind.IO, "the password file " + path + " is a link to a file that is not there");
        }
        if (!create && !Files.exists(path)) {
            throw new StoreException(Kind.IO, "the password file " + path + " is not there: -c makes it");
        }
        if (create && !force && Files.exists(path)) {
            throw new StoreException(Kind.IO, "the password file " + path + " is there already: --force replaces it");
        }
    }

    private static PasswordEdit begin(Path file) throws StoreException, IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        FileAttribute<?>[] mine =
                file.getFileSystem().supportedFileAttributeViews().contains("posix")
                        ? new FileAttribute<?>[] {
                            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                        }
                        : new FileAttribute<?>[0];
        try {
            Set<StandardOpenOption> anew = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            return new PasswordEdit(file, part, FileChannel.open(part, anew, mine));
        } catch (FileAlreadyExistsException e) {
            throw new StoreException(
                    Kind.IO,
                    part + " is there already: somebody is changing the file now, or was stopped; delete it then",
                    e);
        }
    }

    private void keepOwner() throws StoreException, IOException {
        PosixFileAttributeView from = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        PosixFileAttributeView to = Files.getFileAttributeView(part, PosixFileAttributeView.class);
        if (from == null || to == null) {
            return;
        }
        PosixFileAttributes wanted = from.readAttributes();
        PosixFileAttributes now = to.readAttributes();
        try {
            if (!wanted.group().equals(now.group())) {
                to.setGroup(wanted.group());
            }
            if (!wanted.owner().equals(now.owner())) {
                to.setOwner(wanted.owner());
            }
        } catch (IOException e) {
            throw new StoreException(
                    Kind.IO,
                    "the password file " + file + " would get another owner: change it as " + wanted.owner(),
                    e);
        }
        to.setPermissions(wanted.permissions());
    }

    private void read() throws IOException {
        String text = Files.readString(file, BYTES);
        mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
        int from = mark.length();
        while (from < text.length()) {
            int end = text.indexOf('\n', from);
            int next = end < 0 ? text.length() : end + 1;
            lines.add(text.substring(from, next));
            from = next;
        }
    }

    /** The name of the user that a line is about, as it stands there; null for a comment or an empty line. */
    private static @Nullable String userOf(String line) {
        if (line.startsWith("#") || line.isBlank()) {
            return null;
        }
        int colon = line.indexOf(':');
        return (colon < 0 ? line : line.substring(0, colon)).trim();
    }

    private static String inFile(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), BYTES);
    }

    /** Sets the hash of a user, in its place if it is there, else at the end. */
    void set(String user, String hash) {
        String name = inFile(user);
        String line = name + ":" + hash + "\n";
        int place = -1;
        for (int i = lines.size() - 1; i >= 0; i--) {
            if (name.equals(userOf(lines.get(i)))) {
                if (place >= 0) {
                    lines.remove(place); // one is enough, and the last one counts
                }
                place = i;
            }
        }
        if (place >= 0) {
            lines.set(place, line);
        } else {
            endLastLine();
            lines.add(line);
        }
    }

    private void endLastLine() {
        int last = lines.size() - 1;
        if (last >= 0 && !lines.get(last).endsWith("\n")) {
            lines.set(last, lines.get(last) + "\n");
        }
    }

    /** Takes a user out. */
    void delete(String user) throws StoreException {
        String name = inFile(user);
        if (!lines.removeIf(line -> name.equals(userOf(line)))) {
            throw new StoreException(Kind.IO, "there is no user '" + user + "' in " + file);
        }
    }

    /** Hashes what isn't; returns how many that were. */
    int upgrade(Passwords hashing) throws StoreException {
        int hashed = 0;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            String name = userOf(line);
            if (name == null) {
                continue;
            }
            int colon = line.indexOf(':');
            String password = colon < 0 ? "" : line.substring(colon + 1).trim();
            if (Passwords.isHash(password)) {
                continue;
            }
            String fault = name.isEmpty() ? "has no user" : fault(password);
            if (fault != null) {
                throw new StoreException(Kind.IO, "line " + (i + 1) + " of " + file + " " + fault);
            }
            lines.set(i, name + ":" + hashing.hash(password.getBytes(BYTES)) + "\n");
            hashed++;
        }
        return hashed;
    }

    private static @Nullable String fault(String password) {
        if (password.isEmpty()) {
            return "has no password";
        }
        if (password.indexOf(':') >= 0) {
            return "has a second colon, and Mosquitto's passwords end there";
        }
        return password.matches("\\$(6|7|argon2[a-z]*)\\$.*") ? "has a hash that can't be read" : null;
    }

    /** Brings it to the disk, and to its place. */
    void finish() throws StoreException, IOException {
        ByteBuffer bytes = ByteBuffer.wrap((mark + String.join("", lines)).getBytes(BYTES));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(true);
        channel.close();
        if (anew) {
            requirePlace(file, true, false); // of somebody who doesn't look for the part, as mosquitto_passwd
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        finished = true;
        try {
            StoreFolder.syncFolder(Objects.requireNonNull(file.getParent()));
        } catch (IOException e) {
            throw new StoreException(
                    Kind.IO,
                    "the password file " + file + " is changed, but a loss of power may undo that: " + Words.of(e),
                    e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (!finished) {
            Files.deleteIfExists(part);
        }
    }
}
