package dev.dunlin.server.mosquitto;

import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** A format of C's strftime, as one of Java's. */
public final class TimeFormat {
    /** By the letter after the percent sign, in English, as the C locale has them. */
    private static final Map<Character, String> PATTERNS = patterns();

    private TimeFormat() {}

    private static Map<Character, String> patterns() {
        Map<Character, String> patterns = new HashMap<>(Map.of(
                'Y', "yyyy", 'm', "MM", 'd', "dd", 'H', "HH", 'M', "mm", 'S', "ss", 'z', "xx", 'Z', "zzz", 'I', "hh"));
        patterns.putAll(Map.of(
                'p', "a", 'y', "yy", 'j', "DDD", 'a', "EEE", 'A', "EEEE", 'b', "MMM", 'B', "MMMM", 'h', "MMM", 'e',
                "ppd"));
        patterns.putAll(Map.of(
                'F', "yyyy-MM-dd", 'T', "HH:mm:ss", 'R', "HH:mm", 'D', "MM/dd/yy", 'c', "EEE MMM ppd HH:mm:ss yyyy"));
        return patterns;
    }

    /**
     * The formatter.
     *
     * @throws Refusal if the format has what isn't known here
     */
    static DateTimeFormatter of(String format) throws Refusal {
        DateTimeFormatterBuilder builder = new DateTimeFormatterBuilder();
        boolean directive = false;
        for (char c : (format + (format.endsWith("%") ? " " : "")).toCharArray()) {
            String pattern = directive ? PATTERNS.get(c) : null;
            if (directive && c != '%' && pattern == null) {
                throw Refusal.unsupported("can't have %" + c + " here");
            }
            if (pattern != null) {
                builder.appendPattern(pattern);
            } else if (directive || c != '%') {
                builder.appendLiteral(c);
            }
            directive = !directive && c == '%';
        }
        return builder.toFormatter(Locale.ROOT);
    }
}
