package dev.dunlin.server.admin;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The file {@code openapi.json}, and whether something is as it says: with the part of JSON Schema that it uses. */
final class OpenApi {
    private static final Set<String> METHODS = Set.of("get", "post", "delete");

    private final Map<String, Object> root = parsed(text());

    private static String text() {
        try (InputStream in = OpenApi.class.getResourceAsStream("openapi.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Map<String, Object> parsed(String json) {
        ConfigParseOptions strict = ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON);
        return ConfigFactory.parseString(json, strict).root().unwrapped();
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    private Map<String, Object> paths() {
        return object(root.get("paths"));
    }

    /** Such as "GET /api/v1/clients/{id}". */
    Set<String> operations() {
        Set<String> all = new TreeSet<>();
        paths().forEach((path, item) -> object(item).keySet().stream()
                .filter(METHODS::contains)
                .forEach(method -> all.add(method.toUpperCase(Locale.ROOT) + " " + path)));
        return all;
    }

    Map<String, Object> operation(String method, String template) {
        return object(object(paths().get(template)).get(method.toLowerCase(Locale.ROOT)));
    }

    /** The names of its parameters of a kind: query or path. */
    Set<String> parameters(Map<String, Object> operation, String in) {
        Set<String> names = new TreeSet<>();
        for (Object each : (List<?>) operation.getOrDefault("parameters", List.of())) {
            if (object(each).get("in").equals(in)) {
                names.add((String) object(each).get("name"));
            }
        }
        return names;
    }

    /** The members that the body of a request may have. */
    Set<String> members(Map<String, Object> operation) {
        Map<String, Object> body = object(operation.get("requestBody"));
        Map<String, Object> type = object(object(body.get("content")).get("application/json"));
        return new TreeSet<>(
                object(resolved(type.get("schema")).get("properties")).keySet());
    }

    /** What is wrong with an answer; empty if it is as it should be. */
    List<String> faults(String method, String path, int status, String mediaType, String body) {
        String template = paths().keySet().stream()
                .filter(each -> path.matches(each.replaceAll("\\{[^}]*}", "[^/]+")))
                .findFirst()
                .orElse(null);
        Map<String, Object> responses = template == null
                ? Map.of("default", Map.of("content", Map.of("application/problem+json", problem())))
                : object(operation(method, template).get("responses"));
        Object response = responses.getOrDefault(Integer.toString(status), responses.get("default"));
        Map<String, Object> content = object(object(response).get("content"));
        String type = mediaType.replaceFirst(";.*", "");
        if (!content.containsKey(type)) {
            return List.of(status + " has " + type + ", not " + content.keySet());
        }
        List<String> faults = new ArrayList<>();
        if (type.endsWith("json")) {
            check("", parsed(body), resolved(object(content.get(type)).get("schema")), faults);
        }
        return faults;
    }

    private static Map<String, Object> problem() {
        return Map.of("schema", Map.of("$ref", "#/components/schemas/Problem"));
    }

    /** What is wrong with a value that should be as this schema says. */
    List<String> faults(Object value, String schema) {
        List<String> faults = new ArrayList<>();
        check("", value, resolved(Map.of("$ref", "#/components/schemas/" + schema)), faults);
        return faults;
    }

    private Map<String, Object> resolved(Object schema) {
        Object ref = object(schema).get("$ref");
        if (ref == null) {
            return object(schema);
        }
        Object at = root;
        for (String step : ((String) ref).substring(2).split("/", -1)) {
            at = object(at).get(step);
        }
        return object(at);
    }

    private void check(String at, Object value, Map<String, Object> schema, List<String> faults) {
        if (schema.get("oneOf") instanceof List<?> several) {
            boolean any = several.stream().anyMatch(each -> {
                List<String> own = new ArrayList<>();
                check(at, value, resolved(each), own);
                return own.isEmpty();
            });
            if (!any) {
                faults.add(at + " is none of " + several);
            }
            return;
        }
        Object type = schema.get("type");
        List<?> types = type instanceof List<?> list ? list : List.of(type);
        if (types.stream().noneMatch(each -> isOf((String) each, value))) {
            faults.add(at + " is " + value + ", not of " + types);
        } else if (schema.get("enum") instanceof List<?> values && !values.contains(value)) {
            faults.add(at + " is " + value + ", not among " + values);
        } else if (value instanceof List<?> list) {
            list.forEach(each -> check(at + "[]", each, resolved(schema.get("items")), faults));
        } else if (value instanceof Map<?, ?>) {
            checkMembers(at, object(value), schema, faults);
        }
    }

    private void checkMembers(String at, Map<String, Object> value, Map<String, Object> schema, List<String> faults) {
        for (Object name : (List<?>) schema.getOrDefault("required", List.of())) {
            if (!value.containsKey(name)) {
                faults.add(at + "." + name + " is missing");
            }
        }
        Map<String, Object> properties = object(schema.getOrDefault("properties", Map.of()));
        Object further = schema.getOrDefault("additionalProperties", true);
        value.forEach((name, member) -> {
            if (properties.containsKey(name)) {
                check(at + "." + name, member, resolved(properties.get(name)), faults);
            } else if (further instanceof Map<?, ?>) {
                check(at + "." + name, member, resolved(further), faults);
            } else if (further.equals(false)) {
                faults.add(at + "." + name + " isn't described");
            }
        });
    }

    private static boolean isOf(String type, Object value) {
        return switch (type) {
            case "null" -> value == null;
            case "string" -> value instanceof String;
            case "boolean" -> value instanceof Boolean;
            case "integer" -> value instanceof Integer || value instanceof Long;
            case "number" -> value instanceof Number;
            case "array" -> value instanceof List;
            case "object" -> value instanceof Map;
            default -> throw new AssertionError("a type that isn't known: " + type);
        };
    }
}
