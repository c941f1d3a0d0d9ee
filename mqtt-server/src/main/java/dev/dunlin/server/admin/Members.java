package dev.dunlin.server.admin;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The members of an object of JSON that was sent. One that is null is as good as none. */
final class Members {
    private final Map<String, Object> all;

    Members(Map<String, Object> all) {
        this.all = all;
    }

    boolean has(String name) {
        return all.get(name) != null;
    }

    @Nullable
    String textOrNull(String name) throws Problem {
        Object value = all.get(name);
        if (value == null || value instanceof String) {
            return (String) value;
        }
        throw Problem.badRequest("'" + name + "' is a text");
    }

    String text(String name, String otherwise) throws Problem {
        String text = textOrNull(name);
        return text == null ? otherwise : text;
    }

    byte @Nullable [] base64(String name) throws Problem {
        String text = textOrNull(name);
        try {
            return text == null ? null : Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("'" + name + "' is in Base64");
        }
    }

    long number(String name, long otherwise, long min, long max) throws Problem {
        Object value = all.get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Integer || value instanceof Long) {
            long number = ((Number) value).longValue();
            if (number >= min && number <= max) {
                return number;
            }
        }
        throw Problem.badRequest("'" + name + "' is a whole number from " + min + " to " + max);
    }

    boolean flag(String name) throws Problem {
        Object value = all.get(name);
        if (value == null || value instanceof Boolean) {
            return Boolean.TRUE.equals(value);
        }
        throw Problem.badRequest("'" + name + "' is true or false");
    }

    /** An object of texts; empty for none. */
    Map<String, String> texts(String name) throws Problem {
        Map<String, String> texts = new LinkedHashMap<>();
        Object value = all.get(name);
        if (value != null && !(value instanceof Map)) {
            throw Problem.badRequest("'" + name + "' is an object of texts");
        }
        if (value instanceof Map<?, ?> map) {
            for (Map.Entry<?, ?> each : map.entrySet()) {
                if (!(each.getValue() instanceof String text)) {
                    throw Problem.badRequest("'" + name + "' is an object of texts");
                }
                texts.put((String) each.getKey(), text);
            }
        }
        return texts;
    }
}
