package dev.dunlin.server.mosquitto;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What the value of a key may be. */
@FunctionalInterface
interface Value {
    /**
     * The value in what follows the key in its line: a String, Long or Boolean.
     *
     * @param rest without the blank after the key; empty if there is nothing
     * @throws Refusal if it can't be one; the message goes on after the name of the key
     */
    Object of(String rest) throws Refusal;

    int TEXT_BYTES_MAX = 65_535;

    /** How a {@link #LOG_DESTINATION} begins that is a file. */
    String LOG_FILE = "file ";

    /** All of the rest, but for blanks around it. */
    Value TEXT = rest -> {
        String text = rest.strip();
        if (text.isEmpty()) {
            throw Refusal.wrong("has no value");
        }
        if (text.chars().anyMatch(Character::isISOControl)) {
            throw Refusal.wrong("has control characters in its value");
        }
        if (text.length() > TEXT_BYTES_MAX) {
            throw Refusal.wrong("has more than " + TEXT_BYTES_MAX + " characters in its value");
        }
        return text;
    };

    /** The path of a file or folder. Under a locale such as C there are names that Java can't give to the system. */
    Value PATH = rest -> {
        String path = (String) TEXT.of(rest);
        try {
            return Path.of(path).toString();
        } catch (InvalidPathException e) {
            throw Refusal.wrong(
                    "can't be '" + path + "': no path in the locale that the broker runs in (LC_ALL, LANG)");
        }
    };

    /** {@code true}, {@code false}, {@code 1} or {@code 0}. */
    Value FLAG = rest -> switch (word(rest)) {
        case "true", "1" -> true;
        case "false", "0" -> false;
        default -> throw Refusal.wrong("is true or false, not '" + word(rest) + "'");
    };

    /** What goes before topics. */
    Value MOUNT_POINT = rest -> {
        String topic = (String) TEXT.of(rest);
        if (topic.contains("#") || topic.contains("+")) {
            throw Refusal.wrong("can't have wildcards: '" + topic + "'");
        }
        if (!topic.endsWith("/")) {
            throw Refusal.wrong("has to end with /, as in '" + topic + "/', not be '" + topic + "'");
        }
        if (topic.startsWith("$share/")) {
            throw Refusal.wrong("can't begin as a shared filter does: '" + topic + "'");
        }
        return topic;
    };

    /** The largest packet in bytes. Mosquitto's smallest is 20, ours 1,024. */
    Value PACKET_BYTES = rest -> {
        long bytes = (long) number(20, 268_435_460).of(rest);
        if (bytes < 1024) {
            throw Refusal.unsupported("is at least 1024 here, not " + bytes);
        }
        return bytes;
    };

    /** The header of a request for WebSocket in bytes; 0 for the usual bound. */
    Value HEADER_BYTES = rest -> {
        long bytes = (long) number(0, 65_535).of(rest);
        if (bytes > 0 && bytes < 512) {
            throw Refusal.unsupported("is at least 512 here, or 0 for the usual bound, not " + bytes);
        }
        return bytes;
    };

    /** A number of hours, days, weeks, months of 30 days or years of 365, in seconds. */
    Value DURATION = new Value() {
        private static final Map<Character, Long> SECONDS =
                Map.of('h', 3600L, 'd', 86_400L, 'w', 604_800L, 'm', 2_592_000L, 'y', 31_536_000L);

        @Override
        public Object of(String rest) throws Refusal {
            String text = word(rest);
            Long unit = SECONDS.get(text.charAt(text.length() - 1));
            String count = text.substring(0, text.length() - 1);
            if (unit == null || !count.matches("[0-9]{1,10}") || Long.parseLong(count) == 0) {
                throw Refusal.wrong("is a number with h, d, w, m or y, such as 14d, not '" + text + "'");
            }
            return Long.parseLong(count) * unit;
        }
    };

    /** The lowest version of TLS. */
    Value TLS_VERSION = rest -> {
        String version = (String) TEXT.of(rest);
        return switch (version) {
            case "tlsv1.3", "tlsv1.2" -> version;
            case "tlsv1.1" -> throw Refusal.unsupported("is tlsv1.2 at least: there is no TLS 1.1 here");
            default -> throw Refusal.wrong("is tlsv1.2 or tlsv1.3, not '" + version + "'");
        };
    };

    /** Where log lines go; {@code file} with the path of one. */
    Value LOG_DESTINATION = rest -> {
        String text = rest.strip();
        String kind = word(text);
        switch (kind) {
            case "none", "stdout", "stderr", "topic" -> {
                return kind;
            }
            case "file" -> {
                return LOG_FILE + PATH.of(text.substring(kind.length()));
            }
            case "syslog" ->
                throw Refusal.unsupported("can't be syslog: let a service manager take standard error there");
            case "dlt" -> throw Refusal.unsupported("can't be dlt");
            default -> throw Refusal.wrong("is none, stdout, stderr, topic or file, not '" + kind + "'");
        }
    };

    /** Which log lines are written. */
    Value LOG_TYPE = rest -> {
        String type = word(rest);
        return switch (type) {
            case "none", "all", "error", "warning", "notice", "information", "debug", "websockets" -> type;
            case "subscribe", "unsubscribe", "internal" ->
                throw Refusal.unsupported("can't be " + type + ": there are no such lines");
            default -> throw Refusal.wrong("can't be '" + type + "'");
        };
    };

    /** A format of strftime. */
    Value TIME_FORMAT = rest -> {
        String format = (String) TEXT.of(rest);
        TimeFormat.of(format);
        return format;
    };

    /** One of these words. */
    static Value oneOf(String... words) {
        List<String> known = List.of(words);
        return rest -> {
            String word = word(rest);
            if (!known.contains(word)) {
                throw Refusal.wrong("is " + String.join(" or ", known) + ", not '" + word + "'");
            }
            return word;
        };
    }

    /** A whole number. Mosquitto takes what is none for 0, which with many keys means no bound: here it is refused. */
    static Value number(long min, long max) {
        return rest -> {
            String word = word(rest);
            if (!word.matches("[-+]?[0-9]{1,18}")) {
                throw Refusal.wrong("is a number, not '" + word + "'");
            }
            long number = Long.parseLong(word);
            if (number < min || number > max) {
                throw Refusal.wrong("is " + Math.max(min, 0) + " to " + max + ", not " + word);
            }
            return number;
        };
    }

    /** The first word; what stands behind it doesn't count, as with Mosquitto. */
    private static String word(String rest) throws Refusal {
        String text = rest.strip();
        if (text.isEmpty()) {
            throw Refusal.wrong("has no value");
        }
        int blank = text.indexOf(' ');
        return blank < 0 ? text : text.substring(0, blank);
    }
}
