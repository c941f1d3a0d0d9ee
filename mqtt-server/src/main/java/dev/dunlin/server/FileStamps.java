package dev.dunlin.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How files, and those that are in folders, look from outside: size, time and inode differ when they do. Each is for itself: one
 * that never rests keeps no change of another from being seen. One thread.
 */
final class FileStamps {
    private static final String ABSENT = "absent";

    private List<Path> places;
    private final Map<Path, String> known;
    private Map<Path, String> seen;

    /** Looks at them now. */
    FileStamps(List<Path> places) {
        this.places = List.copyOf(places);
        seen = look();
        known = new LinkedHashMap<>(seen);
    }

    /** Looks at other places from now on. What is new among them counts as it is now. */
    void follow(List<Path> others) {
        places = List.copyOf(others);
        known.keySet().removeIf(file -> !isFollowed(file));
        seen.keySet().removeIf(file -> !isFollowed(file));
        look().forEach((file, stamp) -> {
            if (!known.containsKey(file) && !seen.containsKey(file)) {
                known.put(file, stamp);
                seen.put(file, stamp);
            }
        });
    }

    private boolean isFollowed(Path file) {
        Path folder = file.getParent();
        return places.contains(file) || (folder != null && places.contains(folder));
    }

    /** Whether any differs from when it was last told, and doesn't change just now: two looks in a row found it the same. */
    boolean haveChanged() {
        Map<Path, String> now = look();
        known.keySet().forEach(file -> now.putIfAbsent(file, ABSENT));
        boolean changed = false;
        for (Map.Entry<Path, String> entry : now.entrySet()) {
            Path file = entry.getKey();
            String stamp = entry.getValue();
            if (stamp.equals(seen.getOrDefault(file, ABSENT)) && !stamp.equals(known.getOrDefault(file, ABSENT))) {
                known.put(file, stamp);
                changed = true;
            }
        }
        known.values().removeIf(ABSENT::equals);
        seen = now;
        return changed;
    }

    private Map<Path, String> look() {
        Map<Path, String> stamps = new LinkedHashMap<>();
        for (Path place : places) {
            stamps.put(place, stamp(place));
            if (Files.isDirectory(place)) {
                try (Stream<Path> files = Files.list(place)) {
                    files.forEach(file -> stamps.put(file, stamp(file)));
                } catch (IOException | UncheckedIOException e) { // the latter while it was being listed
                    stamps.put(place, "can't be listed");
                }
            }
        }
        return stamps;
    }

    private static String stamp(Path file) {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return now.lastModifiedTime() + " " + now.size() + " " + now.fileKey();
        } catch (IOException e) {
            return ABSENT;
        }
    }
}
