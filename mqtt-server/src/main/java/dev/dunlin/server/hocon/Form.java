package dev.dunlin.server.hocon;

import static java.time.temporal.ChronoUnit.MILLIS;
import static java.time.temporal.ChronoUnit.SECONDS;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OverflowPolicy;
import java.lang.reflect.RecordComponent;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the value of a key may be. */
@FunctionalInterface
interface Form {
    /**
     * The value: a Boolean, Integer, Long, String or Duration, or a list of Strings.
     *
     * @param value not null, and no {@code null} of the file
     * @throws IllegalArgumentException if it can't be one; the message goes on after the name of the key
     */
    Object of(ConfigValue value);

    /** What HOCON calls true and false. */
    Form FLAG = value -> switch (text(value)) {
        case "true", "yes", "on" -> true;
        case "false", "no", "off" -> false;
        default -> throw wrong("true or false", value);
    };

    /** One that isn't empty, or there would be no telling it from a mistake. */
    Form TEXT = value -> {
        String text = text(value);
        if (text.isBlank() || text.chars().anyMatch(Character::isISOControl)) {
            throw wrong("a text without control characters", value);
        }
        return text;
    };

    /** One that may be empty. */
    Form ANY_TEXT = Form::text;

    /** The path of a file or folder. Under a locale such as C there are names that Java can't give to the system. */
    Form PATH = value -> {
        String text = (String) TEXT.of(value);
        try {
            return Path.of(text).toString();
        } catch (InvalidPathException e) {
            throw wrong("a path in the locale that the broker runs in (LC_ALL, LANG)", value);
        }
    };

    /** A list, or a single one that needs no brackets. */
    static Form listOf(Form one) {
        return value -> {
            List<String> all = new ArrayList<>();
            for (ConfigValue each : value instanceof ConfigList list ? list : List.of(value)) {
                all.add((String) one.of(each));
            }
            return List.copyOf(all);
        };
    }

    /** One of these words. */
    static Form oneOf(String... words) {
        List<String> known = List.of(words);
        return value -> {
            String word = text(value);
            if (!known.contains(word)) {
                throw wrong(String.join(" or ", known), value);
            }
            return word;
        };
    }

    /** A text that this takes as it is, or throws an IllegalArgumentException for. */
    static Form checked(String expected, UnaryOperator<String> taken) {
        return value -> {
            try {
                return taken.apply(text(value));
            } catch (IllegalArgumentException e) {
                throw wrong(expected, value);
            }
        };
    }

    /** A whole number. */
    static Form number(int min, int max) {
        return value -> {
            String text = text(value);
            if (text.matches("-?[0-9]{1,18}")) {
                long number = Long.parseLong(text);
                if (number >= min && number <= max) {
                    return (int) number;
                }
            }
            throw wrong("a whole number from " + min + " to " + max, value);
        };
    }

    /** A time with its unit, or 0; without a unit nobody could say which one was meant. */
    static Form time(Duration min, Duration max) {
        return value -> {
            String text = text(value);
            Duration time = text.equals("0") ? Duration.ZERO : text.matches("[0-9.]+") ? null : duration(value);
            boolean inside = time != null && time.compareTo(min) >= 0 && time.compareTo(max) <= 0;
            if (time == null || (!time.isZero() && !inside)) {
                throw wrong(
                        "0, or a time from " + min.toSeconds() + " s to " + max.toSeconds() + " s such as 10s", value);
            }
            return time;
        };
    }

    /** A bound of {@link Limits}, in the unit that its name has, or in any other of that kind. */
    static Form bound(RecordComponent bound) {
        Class<?> type = bound.getType();
        if (type == boolean.class) {
            return FLAG;
        }
        if (type == OverflowPolicy.class) {
            Form words =
                    oneOf(Stream.of(OverflowPolicy.values()).map(Form::word).toArray(String[]::new));
            return value -> OverflowPolicy.valueOf(
                    words.of(value).toString().toUpperCase(Locale.ROOT).replace('-', '_'));
        }
        return value -> {
            long number = quantity(bound.getName(), value);
            if (type == int.class && number != (int) number) {
                throw wrong("at most " + Integer.MAX_VALUE, value);
            }
            Object typed = type == int.class ? (Object) (int) number : (Object) number;
            return inRange(bound.getName(), typed);
        };
    }

    private static String word(OverflowPolicy policy) {
        return policy.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The record knows the ranges, and says them after the name. */
    private static Object inRange(String name, Object number) {
        try {
            Bounds.with(Limits.STANDALONE, Map.of(name, number));
            return number;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(String.valueOf(e.getMessage()).substring(name.length() + 1), e);
        }
    }

    private static long quantity(String name, ConfigValue value) {
        String text = text(value);
        if (text.matches("[0-9]{1,18}")) {
            return Long.parseLong(text);
        }
        if (name.contains("Bytes")) {
            return bytes(value);
        }
        boolean seconds = name.endsWith("Seconds");
        if (!seconds && !name.endsWith("Ms")) {
            throw wrong("a whole number", value);
        }
        Duration time = text.matches("[0-9.]+") ? null : duration(value);
        // Part of a unit would be 0, which often is "never".
        if (time == null || time.isNegative() || !time.equals(time.truncatedTo(seconds ? SECONDS : MILLIS))) {
            throw wrong(
                    "a number of " + (seconds ? "seconds" : "milliseconds") + ", or one with its unit such as 10s",
                    value);
        }
        return seconds ? time.toSeconds() : time.toMillis();
    }

    private static long bytes(ConfigValue value) {
        try {
            return alone(value).getMemorySize(KEY).toBytesBigInteger().longValueExact();
        } catch (ConfigException | ArithmeticException e) {
            throw wrong("a number of bytes, or one with its unit such as 64 MiB", value);
        }
    }

    /** Null if it is none. */
    private static @Nullable Duration duration(ConfigValue value) {
        try {
            return alone(value).getDuration(KEY);
        } catch (ConfigException e) {
            return null; // the caller says what is expected, in its own words
        }
    }

    String KEY = "value";

    private static Config alone(ConfigValue value) {
        return value.atKey(KEY);
    }

    /** As it stands in the file: 1.20 isn't 1.2. */
    private static String text(ConfigValue value) {
        if (value instanceof ConfigObject || value instanceof ConfigList) {
            throw wrong("one value", value);
        }
        try {
            return alone(value).getString(KEY);
        } catch (ConfigException e) { // a null in a list
            throw wrong("one value", value);
        }
    }

    private static IllegalArgumentException wrong(String expected, ConfigValue value) {
        String given = value instanceof ConfigObject
                ? "a section"
                : value instanceof ConfigList ? "a list" : "'" + value.unwrapped() + "'";
        return new IllegalArgumentException("is " + expected + ", not " + given);
    }
}
