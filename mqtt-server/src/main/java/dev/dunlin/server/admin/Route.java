package dev.dunlin.server.admin;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is done for a method and paths of one form.
 *
 * @param template a path whose parameters are in braces, such as {@code /api/v1/clients/{id}}
 * @param known the parameters that its query may have
 */
record Route(String method, String template, Access access, Set<String> known, Handler handler) {
    /** Who may ask. */
    enum Access {
        /** Anybody who reaches the port. */
        FREE,
        /** Who has the token. */
        TOKEN,
        /** As the settings have it. */
        METRICS
    }

    /** Answers a request. */
    @FunctionalInterface
    interface Handler {
        /** On the thread of the request; may block. */
        Answer answer(Request request) throws Problem, IOException, InterruptedException;
    }

    /** A GET for who has the token. */
    static Route get(String template, Handler handler, String... known) {
        return new Route("GET", template, Access.TOKEN, Set.of(known), handler);
    }

    /** A GET for anybody. */
    static Route free(String template, Handler handler) {
        return new Route("GET", template, Access.FREE, Set.of(), handler);
    }

    static Route post(String template, Handler handler, String... known) {
        return new Route("POST", template, Access.TOKEN, Set.of(known), handler);
    }

    static Route delete(String template, Handler handler, String... known) {
        return new Route("DELETE", template, Access.TOKEN, Set.of(known), handler);
    }

    /** HEAD is GET without a body. */
    boolean takes(String asked) {
        return method.equals(asked) || (method.equals("GET") && asked.equals("HEAD"));
    }

    /** The parameters in the path, not decoded; null if it isn't of this form. */
    @Nullable
    List<String> match(String rawPath) {
        String[] wanted = template.split("/", -1);
        String[] given = rawPath.split("/", -1);
        if (wanted.length != given.length) {
            return null;
        }
        List<String> parameters = new ArrayList<>();
        for (int i = 0; i < wanted.length; i++) {
            if (wanted[i].startsWith("{")) {
                if (given[i].isEmpty()) {
                    return null;
                }
                parameters.add(given[i]);
            } else if (!wanted[i].equals(given[i])) {
                return null;
            }
        }
        return parameters;
    }
}
