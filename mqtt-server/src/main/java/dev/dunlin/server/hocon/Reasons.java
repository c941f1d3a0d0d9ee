package dev.dunlin.server.hocon;

import com.typesafe.config.ConfigException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;

/** Why a file can't be read, in words. */
final class Reasons {
    /** How HOCON begins if only a bracket can be what is missing. */
    private static final List<String> OPEN = List.of(
            "expecting a close parentheses",
            "Expecting close brace",
            "List should have ended with ]",
            "List should have ] or",
            "List should have had new element");

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
        return new Fault(Where.of(e.origin()), why.contains("end of file") ? atTheEnd(why) : why);
    }

    /** HOCON speaks of parentheses, tokens or commas where a bracket is open, as the case may be. */
    private static String atTheEnd(String why) {
        if (OPEN.stream().anyMatch(why::startsWith)) {
            return "the file ends before each { and [ is closed";
        }
        return why.startsWith("Expecting a value") ? "the value is missing, or a bracket is open" : why;
    }
}
