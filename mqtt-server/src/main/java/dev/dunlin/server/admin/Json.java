package dev.dunlin.server.admin;

import dev.dunlin.codec.QoS;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON [RFC 8259] of values as Java has them: null, booleans, numbers, texts, instants (ISO 8601), enums (by name; QoS as 0, 1 or 2), arrays
 * of numbers, collections, maps, and records, whose components are the members of an object under their own names.
 */
final class Json {
    private static final String HEX = "0123456789abcdef";

    private final StringBuilder to = new StringBuilder();

    private Json() {}

    static String of(@Nullable Object value) {
        Json json = new Json();
        json.value(value);
        return json.to.toString();
    }

    /** A number in as few digits as say it, in the form that JSON and Prometheus have in common; null, in JSON, for none. */
    static String number(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return "null";
        }
        boolean whole = value == Math.rint(value) && Math.abs(value) < 1L << 53;
        return whole ? Long.toString((long) value) : BigDecimal.valueOf(value).toPlainString();
    }

    private void value(@Nullable Object value) {
        if (value == null) {
            to.append("null");
        } else if (value instanceof Double || value instanceof Float) {
            to.append(number(((Number) value).doubleValue()));
        } else if (value instanceof Number || value instanceof Boolean) {
            to.append(value);
        } else if (value instanceof QoS qos) {
            to.append(qos.level());
        } else if (value instanceof Enum<?> constant) {
            text(constant.name());
        } else if (value instanceof CharSequence || value instanceof Instant) {
            text(value.toString());
        } else {
            nested(value);
        }
    }

    private void nested(Object value) {
        if (value instanceof Map<?, ?> map) {
            object(map);
        } else if (value instanceof Iterable<?> list) {
            array(list.iterator());
        } else if (value instanceof double[] numbers) {
            array(Arrays.stream(numbers).boxed().iterator());
        } else if (value instanceof long[] numbers) {
            array(Arrays.stream(numbers).boxed().iterator());
        } else if (value instanceof Record entry) {
            object(entry);
        } else {
            throw new IllegalArgumentException("there is no JSON of a " + value.getClass());
        }
    }

    private void object(Map<?, ?> map) {
        char before = '{';
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            to.append(before);
            text(String.valueOf(entry.getKey()));
            to.append(':');
            value(entry.getValue());
            before = ',';
        }
        to.append(before == '{' ? "{}" : "}");
    }

    private void object(Record entry) {
        char before = '{';
        for (RecordComponent component : entry.getClass().getRecordComponents()) {
            to.append(before);
            text(component.getName());
            to.append(':');
            value(of(component, entry));
            before = ',';
        }
        to.append(before == '{' ? "{}" : "}");
    }

    private static @Nullable Object of(RecordComponent component, Record entry) {
        try {
            return component.getAccessor().invoke(entry);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a record that can't be read: " + entry.getClass(), e);
        }
    }

    private void array(Iterator<?> elements) {
        to.append('[');
        while (elements.hasNext()) {
            value(elements.next());
            if (elements.hasNext()) {
                to.append(',');
            }
        }
        to.append(']');
    }

    /** Lone surrogates, which no UTF-8 can have, are escaped like control characters. */
    private void text(String text) {
        to.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                to.append('\\').append(c);
            } else if (c < ' ' || c == 0x7F || c == 0x2028 || c == 0x2029 || isLone(text, i)) {
                escape(c);
            } else {
                to.append(c);
            }
        }
        to.append('"');
    }

    private static boolean isLone(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        return Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
    }

    private void escape(char c) {
        to.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            to.append(HEX.charAt(c >> shift & 0xF));
        }
    }
}
