package dev.dunlin.server.mosquitto;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files that {@code include_dir} brings in, in their order. */
final class IncludedFiles {
    private static final String SUFFIX = ".conf";

    private IncludedFiles() {}

    static List<Path> in(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(
                            file -> name(file).endsWith(SUFFIX) && name(file).length() > SUFFIX.length())
                    .sorted((one, other) -> compare(name(one), name(other)))
                    .toList();
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    /** By letters, of which the large one comes before its small one; as Mosquitto does, at the first difference. */
    static int compare(String one, String other) {
        for (int i = 0; i < Math.min(one.length(), other.length()); i++) {
            char a = one.charAt(i);
            char b = other.charAt(i);
            int byLetter = Character.compare(Character.toUpperCase(a), Character.toUpperCase(b));
            if (a != b) {
                return byLetter != 0 ? byLetter : Character.compare(a, b);
            }
        }
        return Integer.compare(one.length(), other.length());
    }
}
