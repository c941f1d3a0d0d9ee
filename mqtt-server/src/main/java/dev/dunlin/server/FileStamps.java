package dev.dunlin.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** How files, and what is in folders, look from outside: size, time and inode differ when they do. One thread. */
final class FileStamps {
    private final List<Path> places;
    private List<String> known;
    private List<String> seen;

    /** Looks at them now. */
    FileStamps(List<Path> places) {
        this.places = List.copyOf(places);
        known = look();
        seen = known;
    }

    /** Whether they differ from when this was last true, and don't change just now: two looks in a row found the same. */
    boolean haveChanged() {
        List<String> now = look();
        boolean still = now.equals(seen);
        seen = now;
        if (!still || now.equals(known)) {
            return false;
        }
        known = now;
        return true;
    }

    private List<String> look() {
        List<String> stamps = new ArrayList<>();
        for (Path place : places) {
            stamps.add(stamp(place));
            if (Files.isDirectory(place)) {
                try (Stream<Path> files = Files.list(place)) {
                    files.sorted().map(FileStamps::stamp).forEach(stamps::add);
                } catch (IOException e) {
                    stamps.add("can't be listed");
                }
            }
        }
        return stamps;
    }

    private static String stamp(Path file) {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return file + " " + now.lastModifiedTime() + " " + now.size() + " " + now.fileKey();
        } catch (IOException e) {
            return file + " is not there";
        }
    }
}
