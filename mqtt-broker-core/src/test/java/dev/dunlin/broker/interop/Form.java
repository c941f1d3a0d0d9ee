package dev.dunlin.broker.interop;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Fields in the encoding of web forms, which has no line breaks: names can occur more than once. Immutable. */
public record Form(List<Map.Entry<String, String>> fields) {
    /** No field. */
    public static final Form EMPTY = new Form(List.of());

    /** From what {@link #toString} gives. */
    public static Form parse(String encoded) {
        return new Form(Stream.of(encoded.split("&"))
                .map(field -> field.split("=", 2))
                .map(pair -> Map.entry(decode(pair[0]), decode(pair[1])))
                .toList());
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    /** With one more field. */
    public Form with(String name, Object value) {
        List<Map.Entry<String, String>> more = new ArrayList<>(fields);
        more.add(Map.entry(name, value.toString()));
        return new Form(List.copyOf(more));
    }

    /** With the field, unless the value is empty. */
    Form withUnlessEmpty(String name, String value) {
        return value.isEmpty() ? this : with(name, value);
    }

    /** Whether there is a field of this name. */
    public boolean has(String name) {
        return !all(name).isEmpty();
    }

    /** The value of a field that is there. */
    public String get(String name) {
        return all(name).get(0);
    }

    String get(String name, String otherwise) {
        return has(name) ? get(name) : otherwise;
    }

    /** The values of all fields of a name, in their order. */
    public List<String> all(String name) {
        return fields.stream()
                .filter(field -> field.getKey().equals(name))
                .map(Map.Entry::getValue)
                .toList();
    }

    /** Encoded. */
    @Override
    public String toString() {
        return fields.stream()
                .map(field -> encode(field.getKey()) + "=" + encode(field.getValue()))
                .collect(Collectors.joining("&"));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
