package dev.dunlin.server.admin;

import java.util.LinkedHashMap;
import java.util.Map;

/** Why a request isn't answered as it was meant: becomes {@code application/problem+json} [RFC 9457]. */
final class Problem extends Exception {
    private static final long serialVersionUID = 1;

    private static final Map<Integer, String> TITLES = Map.ofEntries(
            Map.entry(400, "Bad Request"),
            Map.entry(401, "Unauthorized"),
            Map.entry(404, "Not Found"),
            Map.entry(405, "Method Not Allowed"),
            Map.entry(413, "Content Too Large"),
            Map.entry(415, "Unsupported Media Type"),
            Map.entry(421, "Misdirected Request"),
            Map.entry(500, "Internal Server Error"),
            Map.entry(503, "Service Unavailable"));

    private final int status;

    /** @param detail a sentence for who has asked */
    Problem(int status, String detail) {
        super(detail, null, false, false); // nobody reads its stack
        this.status = status;
    }

    static Problem badRequest(String detail) {
        return new Problem(400, detail);
    }

    static Problem notFound(String detail) {
        return new Problem(404, detail);
    }

    static Problem busy(String detail) {
        return new Problem(503, detail);
    }

    int status() {
        return status;
    }

    Answer answer() {
        return answer(Map.of());
    }

    /** @param further members that only this kind of problem has, in their order */
    Answer answer(Map<String, Object> further) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", "about:blank");
        body.put("title", TITLES.getOrDefault(status, "Problem"));
        body.put("status", status);
        body.put("detail", getMessage());
        body.putAll(further);
        Answer answer = Answer.json(status, "application/problem+json", body);
        return status == 401 ? answer.with("WWW-Authenticate", "Bearer") : answer;
    }
}
