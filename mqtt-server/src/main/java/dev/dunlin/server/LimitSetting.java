package dev.dunlin.server;

import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.server.hocon.Bounds;
import dev.dunlin.server.mosquitto.Nearest;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * One bound of {@link Limits} as the command line says it: its name there, and its value.
 *
 * @param value of the type that the bound has
 */
record LimitSetting(String name, Object value) {
    private static final Pattern NUMBER = Pattern.compile("([0-9]{1,18})([A-Za-z]*)");
    private static final long KIB = 1 << 10;
    private static final Map<String, Long> BYTES =
            Map.of("", 1L, "B", 1L, "KiB", KIB, "MiB", KIB * KIB, "GiB", KIB * KIB * KIB);
    private static final Map<String, Long> MILLISECONDS = Map.of("", 1L, "ms", 1L, "s", 1000L);
    private static final Map<String, Long> SECONDS = Map.of("", 1L, "s", 1L);
    private static final Map<String, Long> PLAIN = Map.of("", 1L);

    /**
     * These limits with others of these bounds; of two for one bound the last one counts.
     *
     * @throws IllegalArgumentException naming a bound that is out of its range
     */
    static Limits applied(List<LimitSetting> settings, Limits to) {
        if (settings.isEmpty()) { // as usual: a start has no use for reflection then
            return to;
        }
        Map<String, Object> bounds = new HashMap<>();
        settings.forEach(setting -> bounds.put(setting.name, setting.value));
        return Bounds.with(to, bounds);
    }

    /** Takes {@code NAME=VALUE}. */
    static final class Converter implements ITypeConverter<LimitSetting> {
        @Override
        public LimitSetting convert(String text) {
            int equals = text.indexOf('=');
            if (equals < 0) {
                throw new TypeConversionException("'" + text + "' is not NAME=VALUE, such as connectionsMax=1000");
            }
            RecordComponent bound = bound(text.substring(0, equals));
            String value = text.substring(equals + 1);
            return new LimitSetting(bound.getName(), value(bound, value));
        }
    }

    private static RecordComponent bound(String name) {
        RecordComponent[] all = Limits.class.getRecordComponents();
        for (RecordComponent bound : all) {
            if (bound.getName().equals(name)) {
                return bound;
            }
        }
        List<String> names =
                new ArrayList<>(Arrays.stream(all).map(RecordComponent::getName).toList());
        String nearest = Nearest.of(names, name);
        names.sort(Comparator.naturalOrder());
        throw new TypeConversionException(
                "there is no limit '" + name + "'; did you mean " + nearest + "? Known: " + String.join(", ", names));
    }

    private static Object value(RecordComponent bound, String text) {
        Class<?> type = bound.getType();
        if (type == boolean.class) {
            return oneOf(List.of(true, false), bound, text);
        }
        if (type == OverflowPolicy.class) {
            return oneOf(List.of(OverflowPolicy.values()), bound, text);
        }
        long number = number(bound.getName(), text);
        if (type == long.class) {
            return number;
        }
        if (number != (int) number) {
            throw new TypeConversionException(
                    bound.getName() + " is at most " + Integer.MAX_VALUE + ", not '" + text + "'");
        }
        return (int) number;
    }

    /** In the words of a command line: small letters and hyphens. */
    private static Object oneOf(List<?> values, RecordComponent bound, String text) {
        for (Object value : values) {
            if (word(value).equals(text)) {
                return value;
            }
        }
        List<String> words = values.stream().map(LimitSetting::word).toList();
        throw new TypeConversionException(
                bound.getName() + " is " + String.join(" or ", words) + ", not '" + text + "'");
    }

    private static String word(Object value) {
        return value.toString().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static long number(String name, String text) {
        Map<String, Long> units = units(name);
        Matcher parts = NUMBER.matcher(text);
        Long unit = parts.matches() ? units.get(parts.group(2)) : null;
        if (unit == null) {
            String known = String.join(
                    ", ",
                    units.keySet().stream().filter(u -> !u.isEmpty()).sorted().toList());
            throw new TypeConversionException(
                    name + " is a number" + (known.isEmpty() ? "" : ", or one with " + known) + ", not '" + text + "'");
        }
        try {
            return Math.multiplyExact(Long.parseLong(parts.group(1)), unit);
        } catch (ArithmeticException e) {
            throw new TypeConversionException(name + " is too large: '" + text + "'");
        }
    }

    /** By the name of a bound, which has its unit in it. */
    private static Map<String, Long> units(String name) {
        if (name.contains("Bytes")) {
            return BYTES;
        }
        if (name.endsWith("Seconds")) {
            return SECONDS;
        }
        return name.endsWith("Ms") ? MILLISECONDS : PLAIN;
    }
}
