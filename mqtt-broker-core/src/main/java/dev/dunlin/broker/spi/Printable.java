package dev.dunlin.broker.spi;

/**
 * What clients choose, as far as one line of a log may show it: client identifiers, topics, reason strings. Such text may hold
 * line breaks, what drives a terminal, or what turns the direction of writing. Any thread.
 */
public final class Printable {
    private Printable() {}

    /** The text, with a question mark in the place of each code point that isn't printable. */
    public static String text(String text) {
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            if (!is(text.codePointAt(i))) {
                return replaced(text);
            }
        }
        return text;
    }

    private static String replaced(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints().forEach(c -> line.appendCodePoint(is(c) ? c : '?'));
        return line.toString();
    }

    /**
     * Whether a code point can neither hide nor feign what is beside it: no control or format character, no separator of lines,
     * no half of a pair, nothing private or unassigned, nor what stands for bytes that are no text.
     */
    public static boolean is(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> codePoint != '\uFFFD';
        };
    }
}
