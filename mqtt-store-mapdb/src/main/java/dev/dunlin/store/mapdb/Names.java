package dev.dunlin.store.mapdb;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** The numbered files of a store. */
enum Names {
    /** A segment of the journal. */
    JOURNAL("journal-"),
    /** A segment that was used, to be used again. */
    SPARE("spare-"),
    /** A snapshot of all that the segments below its number say. */
    GENERATION("generation-"),
    /** A value with a file of its own. */
    VALUE("value-");

    static final String CURRENT = "CURRENT";
    static final String TEMPORARY = ".tmp";

    private final String prefix;

    Names(String prefix) {
        this.prefix = prefix;
    }

    String of(long number) {
        return prefix + number;
    }

    /** The number of a file of this kind, or -1 if it is none. */
    long number(Path file) {
        String name = file.getFileName().toString();
        return name.matches(prefix + "[0-9]{1,18}") ? Long.parseLong(name.substring(prefix.length())) : -1;
    }

    /** All files of this kind, in the order of their numbers. */
    List<Path> in(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.filter(file -> number(file) >= 0)
                    .sorted(Comparator.comparingLong(this::number))
                    .toList();
        }
    }

    /** Everything in a folder that a store has made, whole or not. */
    static List<Path> own(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.filter(Names::isOwn).toList();
        }
    }

    private static boolean isOwn(Path file) {
        String name = file.getFileName().toString();
        Path whole = name.endsWith(TEMPORARY)
                ? file.resolveSibling(name.substring(0, name.length() - TEMPORARY.length()))
                : file;
        if (whole.getFileName().toString().equals(CURRENT)) {
            return true;
        }
        for (Names kind : values()) {
            if (kind.number(whole) >= 0) {
                return true;
            }
        }
        return false;
    }
}
