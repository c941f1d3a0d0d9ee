package dev.dunlin.server.mosquitto;

import java.nio.file.Path;

/**
 * A line of a file.
 *
 * @param line from 1; 0 for the file as a whole
 */
public record Place(Path file, int line) {
    /** As compilers write it. */
    @Override
    public String toString() {
        return line == 0 ? file.toString() : file + ":" + line;
    }
}
