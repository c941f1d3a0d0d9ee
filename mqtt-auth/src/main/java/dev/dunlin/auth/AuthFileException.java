package dev.dunlin.auth;

import java.io.IOException;
import java.nio.file.Path;

/** A password or access file can't be used. The message is one sentence for a person, with the file and the line. */
public final class AuthFileException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Path file;
    private final int line;

    AuthFileException(Path file, int line, String what) {
        super(line == 0 ? file + " " + what : "line " + line + " of " + file + " " + what);
        this.file = file;
        this.line = line;
    }

    /** The file. */
    public Path file() {
        return file;
    }

    /** The line, from 1; 0 if it is about the file as a whole. */
    public int line() {
        return line;
    }
}
