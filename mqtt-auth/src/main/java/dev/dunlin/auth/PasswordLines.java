package dev.dunlin.auth;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The lines of a password file, read as Mosquitto 2.0 does. */
final class PasswordLines {
    /** Faults are logged one by one up to here. */
    private static final int FAULTS_MAX = 10;

    private final Path file;
    private final Map<String, PasswordHash> hashes = new HashMap<>();
    private final List<AuthFileException> faults = new ArrayList<>();

    private PasswordLines(Path file) {
        this.file = file;
    }

    /** A line {@code user:hash}, with either empty if it isn't there. */
    record Line(String user, String hash) {
        /** What a line says; null for a comment or an empty line. */
        static @Nullable Line of(String text) {
            if (text.startsWith("#") || text.isBlank()) {
                return null;
            }
            String[] parts = text.split(":", 3);
            return new Line(parts[0].trim(), parts.length == 1 ? "" : parts[1].trim());
        }
    }

    static PasswordLines read(Path file, List<String> lines) throws AuthFileException {
        PasswordLines read = new PasswordLines(file);
        for (int i = 0; i < lines.size(); i++) {
            Line line = Line.of(lines.get(i));
            if (line != null) {
                read.add(line, i + 1);
            }
        }
        if (read.hashes.isEmpty() && !read.faults.isEmpty()) {
            throw read.faults.get(0);
        }
        return read;
    }

    private void add(Line line, int number) throws AuthFileException {
        if (line.user.isEmpty()) {
            faults.add(new AuthFileException(file, number, "names no user"));
            return;
        }
        hashes.remove(line.user); // whatever the line is: a password that was meant to be changed shall not go on
        try {
            hashes.put(line.user, PasswordHash.of(line.hash));
        } catch (PasswordHash.Unusable e) {
            AuthFileException fault = new AuthFileException(file, number, "has " + e.getMessage());
            if (e.isForLackOfALibrary()) {
                throw fault;
            }
            faults.add(fault);
        }
    }

    Map<String, PasswordHash> hashes() {
        return hashes;
    }

    /** A sentence for each line that lets nobody in; the first of them, and how many more. */
    List<String> faults() {
        List<String> sentences = new ArrayList<>();
        for (AuthFileException fault : faults.subList(0, Math.min(FAULTS_MAX, faults.size()))) {
            sentences.add(fault.getMessage() + ": it lets nobody in");
        }
        if (faults.size() > FAULTS_MAX) {
            sentences.add(file + " has " + (faults.size() - FAULTS_MAX) + " more lines that let nobody in");
        }
        return sentences;
    }

    /** For the log: "3 users". */
    String summary() {
        return hashes.size() == 1 ? "1 user" : hashes.size() + " users";
    }
}
