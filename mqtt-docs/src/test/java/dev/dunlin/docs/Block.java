package dev.dunlin.docs;

import java.util.List;

/**
 * Something on a page that isn't prose.
 *
 * @param page the page's path from the root of the repository
 * @param line of its first line, from 1
 * @param language as the page says it, empty if it doesn't
 * @param text without the fence; lines end with \n
 * @param marks what the comments right above say: {@code not run: ...}, {@code run}, {@code output}, {@code file: ...},
 *     {@code before: ...}
 */
record Block(String page, int line, String language, String text, List<String> marks) {

    boolean isRun() {
        return reason().isEmpty();
    }

    /** Why it isn't run, or empty. */
    String reason() {
        return mark("not run: ");
    }

    /** The name of the file that the reader makes of it, or empty. */
    String file() {
        return mark("file: ");
    }

    /** Commands that a reader has given before, which the page needn't show. */
    List<String> before() {
        String before = mark("before: ");
        return before.isEmpty() ? List.of() : List.of(before.split("; "));
    }

    boolean isMarked(String mark) {
        return marks.contains(mark);
    }

    private String mark(String start) {
        return marks.stream()
                .filter(mark -> mark.startsWith(start))
                .map(mark -> mark.substring(start.length()))
                .findFirst()
                .orElse("");
    }

    String place() {
        return page + ":" + line;
    }

    @Override
    public String toString() {
        return place() + " " + language;
    }
}
