package dev.dunlin.server.admin;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A request that somebody may make, with what its path, its query and its body say. */
final class Request {
    /** Of a body: a payload of 1 MiB in the longest form that JSON has for it. */
    private static final int BODY_BYTES_MAX = 6 * Publishing.PAYLOAD_BYTES_MAX + (64 << 10);

    /** How long the broker may take for an answer. */
    private static final int PATIENCE_SECONDS = 30;

    /** Refusals that may be over in a moment; all others are for what was asked. */
    private static final Set<ReasonCode> PASSING =
            Set.of(ReasonCode.SERVER_SHUTTING_DOWN, ReasonCode.SERVER_BUSY, ReasonCode.QUOTA_EXCEEDED);

    private final List<String> parameters;
    private final Map<String, String> query;
    private final String contentType;
    private final InputStream body;

    /**
     * Reads the query.
     *
     * @param parameters of the path, decoded
     * @param rawQuery as it came; null for none
     * @throws Problem if that can't be read, or has what isn't known here
     */
    Request(List<String> parameters, @Nullable String rawQuery, Set<String> known, String contentType, InputStream body)
            throws Problem {
        this.parameters = parameters;
        query = query(rawQuery);
        for (String name : query.keySet()) {
            if (!known.contains(name)) {
                throw Problem.badRequest("there is no parameter '" + name + "' here"
                        + (known.isEmpty() ? "" : ", only " + String.join(", ", known)));
            }
        }
        this.contentType = contentType;
        this.body = body;
    }

    private static Map<String, String> query(@Nullable String raw) throws Problem {
        Map<String, String> query = new LinkedHashMap<>();
        if (raw == null || raw.isEmpty()) {
            return query;
        }
        for (String each : raw.split("&", -1)) {
            int equals = each.indexOf('=');
            String name = ofForm(equals < 0 ? each : each.substring(0, equals));
            if (query.put(name, equals < 0 ? "" : ofForm(each.substring(equals + 1))) != null) {
                throw Problem.badRequest("the parameter '" + name + "' is there twice");
            }
        }
        return query;
    }

    /** As browsers and most libraries write a query: a blank is a plus sign, and a plus sign %2B. */
    private static String ofForm(String text) throws Problem {
        return decoded(text.replace('+', ' '));
    }

    /** Undoes percent-encoding [RFC 3986 section 2.1]. */
    static String decoded(String text) throws Problem {
        byte[] raw = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(raw.length);
        for (int i = 0; i < raw.length; i++) {
            if (raw[i] != '%') {
                bytes.put(raw[i]);
                continue;
            }
            int high = i + 2 < raw.length ? Character.digit(raw[i + 1], 16) : -1;
            int low = i + 2 < raw.length ? Character.digit(raw[i + 2], 16) : -1;
            if (high < 0 || low < 0) {
                throw Problem.badRequest("there is a % without two hexadecimal digits behind it");
            }
            bytes.put((byte) (high << 4 | low));
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw Problem.badRequest("what is percent-encoded is no UTF-8");
        }
    }

    boolean hasParameter() {
        return !parameters.isEmpty();
    }

    /** The one parameter in the path. */
    String parameter() {
        return parameters.get(0);
    }

    // ---- the query

    String text(String name, String otherwise) {
        return query.getOrDefault(name, otherwise);
    }

    String required(String name) throws Problem {
        String text = query.get(name);
        if (text == null || text.isEmpty()) {
            throw Problem.badRequest("the parameter '" + name + "' is missing");
        }
        return text;
    }

    int number(String name, int otherwise, int min, int max) throws Problem {
        String text = query.get(name);
        if (text == null) {
            return otherwise;
        }
        if (text.matches("[0-9]{1,9}") && Integer.parseInt(text) >= min && Integer.parseInt(text) <= max) {
            return Integer.parseInt(text);
        }
        throw Problem.badRequest("'" + name + "' is a whole number from " + min + " to " + max);
    }

    boolean flag(String name) throws Problem {
        return switch (query.getOrDefault(name, "false")) {
            case "true" -> true;
            case "false" -> false;
            default -> throw Problem.badRequest("'" + name + "' is true or false");
        };
    }

    /** How many items a page is to have at most. */
    int max() throws Problem {
        return number("max", 100, 1, 1_000);
    }

    /** Behind which item a page begins. */
    String after() {
        return text("after", "");
    }

    // ---- the body

    /** Its members, of which each has to be known. Values are as {@code ConfigValue.unwrapped} has them. */
    Members members(Set<String> known) throws Problem, IOException {
        if (!contentType.split(";", 2)[0].strip().equalsIgnoreCase("application/json")) {
            throw new Problem(415, "the body is application/json");
        }
        byte[] bytes = body.readNBytes(BODY_BYTES_MAX + 1);
        if (bytes.length > BODY_BYTES_MAX) {
            throw new Problem(413, "the body has more than " + BODY_BYTES_MAX + " bytes");
        }
        Map<String, Object> members = parsed(bytes);
        for (String name : members.keySet()) {
            if (!known.contains(name)) {
                throw Problem.badRequest("there is no member '" + name + "' here, only " + String.join(", ", known));
            }
        }
        return new Members(members);
    }

    private static Map<String, Object> parsed(byte[] bytes) throws Problem {
        ConfigParseOptions strict =
                ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON).setOriginDescription("the body");
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return ConfigFactory.parseString(text, strict).root().unwrapped();
        } catch (CharacterCodingException e) {
            throw Problem.badRequest("the body is no UTF-8");
        } catch (ConfigException | StackOverflowError e) { // the latter of a thousand brackets
            throw Problem.badRequest("the body is no object of JSON");
        }
    }

    // ---- the broker

    /** What is asked of the broker, where an argument may be wrong. */
    static <T> CompletionStage<T> checked(Supplier<CompletionStage<T>> question) throws Problem {
        try {
            return question.get();
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest(String.valueOf(e.getMessage()));
        }
    }

    /** What the broker answers. Blocks. */
    static <T> T await(CompletionStage<T> stage) throws Problem, InterruptedException {
        try {
            return stage.toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw Problem.busy("the broker has not answered within " + PATIENCE_SECONDS + " s");
        } catch (ExecutionException e) {
            throw problem(e.getCause());
        }
    }

    private static Problem problem(@Nullable Throwable failure) {
        if (failure instanceof RejectedException rejected) {
            String why = "the broker refuses: " + rejected.reason();
            return PASSING.contains(rejected.reason()) ? Problem.busy(why) : Problem.badRequest(why);
        }
        if (failure instanceof StoreException) {
            return Problem.busy("the store: " + failure.getMessage());
        }
        if (failure instanceof IllegalArgumentException) {
            return Problem.badRequest(String.valueOf(failure.getMessage()));
        }
        throw new IllegalStateException("the broker has failed", failure);
    }
}
