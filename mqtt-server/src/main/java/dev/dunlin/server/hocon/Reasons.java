package dev.dunlin.server.hocon;

import com.typesafe.config.ConfigException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

/** Why a file can't be read, in words. */
final class Reasons {
    private Reasons() {}

    static String unreadable(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "can't be read: there is no such file";
        }
        if (e instanceof CharacterCodingException) {
            return "is not UTF-8";
        }
        return "can't be read: " + (e instanceof AccessDeniedException ? "no permission" : e.getMessage());
    }

    /** What HOCON doesn't like; it says where at the beginning of its message. */
    static Fault fault(ConfigException e, Where otherwise) {
        String message = String.valueOf(e.getMessage());
        if (e.origin() == null) {
            return new Fault(otherwise, message);
        }
        String begins = e.origin().description() + ": ";
        boolean said = message.startsWith(begins);
        String why = said ? message.substring(begins.length()) : message;
        // HOCON names a bracket of any kind.
        boolean ends = e instanceof ConfigException.Parse && why.endsWith("end of file");
        return new Fault(Where.of(e.origin()), ends ? "the file ends before each { and [ is closed" : why);
    }
}
