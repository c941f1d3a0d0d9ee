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
        return new Fault(Where.of(e.origin()), isOpen(why) ? "the file ends before each { and [ is closed" : why);
    }

    /** HOCON speaks of parentheses, tokens or commas then, as the case may be. */
    private static boolean isOpen(String why) {
        return why.contains("end of file") && !why.startsWith("Key ");
    }
}
