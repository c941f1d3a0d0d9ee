package dev.dunlin.auth;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The lines of an access file, read as Mosquitto 2.0 does. */
final class AclParser {
    private final Path file;
    private final AccessRules.Builder builder = AccessRules.builder();

    /** Where rules for topics go: to the user named last. */
    private AccessRules.Section section = builder.anonymous();

    private int line;
    private int rules;

    AclParser(Path file) {
        this.file = file;
    }

    AccessRules rules(List<String> lines) throws AuthFileException {
        for (String text : lines) {
            line++;
            // Mosquitto's comments begin at the very first character.
            if (!text.startsWith("#") && !text.isBlank()) {
                read(text.trim());
            }
        }
        return builder.build();
    }

    /** Once they are read: "12 rules". */
    String summary() {
        return rules == 1 ? "1 rule" : rules + " rules";
    }

    private void read(String text) throws AuthFileException {
        String word = firstWord(text);
        String rest = text.substring(word.length()).trim();
        switch (word) {
            case "user" -> {
                if (rest.isEmpty()) {
                    throw fault("names no user");
                }
                section = builder.user(rest);
            }
            case "topic" -> rule(section, rest);
            case "pattern" -> rule(builder.pattern(), rest);
            case "#" -> throw fault("has a space before its #, which has to be the first character of a comment");
            default -> throw fault("begins with '" + word + "', which is none of user, topic, pattern and #");
        }
    }

    private void rule(AccessRules.Section to, String text) throws AuthFileException {
        if (text.isEmpty()) {
            throw fault("names no topic");
        }
        String access = firstWord(text);
        String filter = text.substring(access.length()).trim();
        if (filter.isEmpty()) { // one word is a topic, whichever it is
            filter = access;
            access = "readwrite";
        }
        String fault = Filters.fault(filter);
        if (fault != null) {
            throw fault("has a topic '" + filter + "' that " + fault);
        }
        rules++;
        if (add(to, access, filter) == null) {
            throw fault("has '" + access + "' in the place of read, write, readwrite, subscribe or deny");
        }
    }

    private static AccessRules.@Nullable Section add(AccessRules.Section to, String access, String filter) {
        return switch (access) {
            case "read" -> to.read(filter);
            case "write" -> to.write(filter);
            case "readwrite" -> to.readWrite(filter);
            case "deny" -> to.deny(filter);
            case "subscribe" -> to.subscribe(filter);
            default -> null;
        };
    }

    /** Words are separated by spaces; a tab is part of one. */
    private static String firstWord(String text) {
        int end = text.indexOf(' ');
        return end < 0 ? text : text.substring(0, end);
    }

    private AuthFileException fault(String what) {
        return new AuthFileException(file, line, what);
    }
}
