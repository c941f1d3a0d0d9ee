package dev.dunlin.store.mapdb;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mapdb.CC;

/**
 * The native library that MapDB makes lz4-java load, to hash faster, where there is one for the platform. It is unpacked into
 * the temporary folder and deleted at an orderly end only: whoever is killed leaves it, each time. So its name is deleted as
 * soon as it is loaded, where the system keeps a deleted file for who uses it, and tells which one that is.
 */
final class UnpackedLibrary {
    private static final Path MAPPED_FILES = Path.of("/proc/self/maps");
    private static final Pattern LIBRARY = Pattern.compile("(?m) (/[^\n]*/liblz4-java-[^/\n]*\\.so)$");

    private UnpackedLibrary() {}

    /** Loaded, and so run, once. */
    private static final class Once {
        static final boolean DELETED = delete();
    }

    /** Has it loaded, and deletes it, once per process. Returns whether there was one. Any thread. */
    static boolean forget() {
        return Once.DELETED;
    }

    private static boolean delete() {
        if (!Files.exists(MAPPED_FILES)) {
            return false;
        }
        try {
            Class.forName(CC.class.getName(), true, CC.class.getClassLoader()); // whose fields load it
            Matcher library = LIBRARY.matcher(Files.readString(MAPPED_FILES, StandardCharsets.UTF_8));
            return library.find() && Files.deleteIfExists(Path.of(library.group(1)));
        } catch (IOException | ClassNotFoundException e) {
            return false; // it is deleted at the end of the JVM then, as it would be anyway
        }
    }
}
