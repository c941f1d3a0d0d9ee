package dev.dunlin.broker.simulation.mutants;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A replacement in one main source file of the core.
 *
 * @param file below the package {@code dev.dunlin.broker}, as {@code session/Replies.java}
 * @param oldText must occur exactly once; how it is broken into lines and indented doesn't count
 * @param newText what stands there then
 */
record Patch(String file, String oldText, String newText) {
    static Patch of(String file, String oldText, String newText) {
        return new Patch(file, oldText, newText);
    }

    /** The fully qualified name of the class in the file. */
    String className() {
        return "dev.dunlin.broker." + file.replace(".java", "").replace('/', '.');
    }

    /**
     * Replaces.
     *
     * @throws IllegalStateException if the old text isn't there, or more than once: then the mutant is void
     */
    String apply(String source, String mutant) {
        Matcher found = pattern().matcher(source);
        if (!found.find()) {
            throw new IllegalStateException("mutant " + mutant + ": its old text is not in " + file + ": " + oldText);
        }
        int from = found.start();
        int to = found.end();
        if (found.find(from + 1)) {
            throw new IllegalStateException(
                    "mutant " + mutant + ": its old text is in " + file + " more than once: " + oldText);
        }
        return source.substring(0, from) + newText.strip() + source.substring(to);
    }

    private Pattern pattern() {
        return Pattern.compile(
                Arrays.stream(oldText.strip().split("\\s+")).map(Pattern::quote).collect(Collectors.joining("\\s+")));
    }
}
