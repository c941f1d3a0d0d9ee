package dev.dunlin.server.admin;

import dev.dunlin.broker.Administration;
import dev.dunlin.broker.spi.RetainedState;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Who gets what, and what is retained. */
final class TopicSpace {
    private static final int SHOWN_BYTES = 1_024;
    private static final int SHOWN_BYTES_MAX = 65_536;

    /** Of the payloads of a page together: as JSON they take many times that on the heap. */
    private static final int PAGE_BYTES_MAX = 1 << 20;

    private final Administration admin;

    TopicSpace(Administration admin) {
        this.admin = admin;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/api/v1/subscribers", this::subscribers, "topic", "after", "max"),
                Route.get("/api/v1/shared-groups", this::sharedGroups, "after", "max"),
                Route.get("/api/v1/retained", this::retained, "filter", "payloadBytesMax", "after", "max"),
                Route.delete("/api/v1/retained", this::remove, "topic"));
    }

    private Answer subscribers(Request request) throws Problem, InterruptedException {
        String topic = request.required("topic");
        int max = request.max();
        return Clients.page(Request.await(Request.checked(() -> admin.subscribers(topic, request.after(), max))));
    }

    private Answer sharedGroups(Request request) throws Problem, InterruptedException {
        return Clients.page(Request.await(admin.sharedGroups(request.after(), request.max())));
    }

    private Answer retained(Request request) throws Problem, InterruptedException {
        String filter = request.text("filter", "#");
        int shown = request.number("payloadBytesMax", SHOWN_BYTES, 0, SHOWN_BYTES_MAX);
        int max = Math.min(request.max(), PAGE_BYTES_MAX / Math.max(1, shown));
        return Clients.page(
                Request.await(Request.checked(() -> admin.retained(filter, request.after(), max, shown))),
                TopicSpace::view);
    }

    /** One: whoever means several asks for each. */
    private Answer remove(Request request) throws Problem, InterruptedException {
        String topic = request.required("topic");
        if (topic.contains("#") || topic.contains("+")) {
            throw Problem.badRequest("'" + topic + "' is a topic filter, not a topic");
        }
        long removed = Request.await(Request.checked(() -> admin.removeRetained(topic)));
        if (removed == 0) {
            throw Problem.notFound("there is no retained message of this topic");
        }
        return Answer.json(Map.of("removed", removed));
    }

    private static Map<String, Object> view(RetainedState retained) {
        ByteBuffer bytes = retained.payload();
        byte[] shown = new byte[bytes.remaining()];
        bytes.get(shown);
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put("text", text(shown, shown.length < retained.payloadBytes()));
        payload.put("base64", Base64.getEncoder().encodeToString(shown));
        payload.put("bytes", retained.payloadBytes());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("topic", retained.topic());
        view.put("qos", retained.qos());
        view.put("payloadBytes", retained.payloadBytes());
        view.put("expirySeconds", retained.expirySeconds());
        view.put("publisher", retained.publisher());
        view.put("payload", payload);
        return view;
    }

    /** As UTF-8; null if it is none. Of a beginning the last character may be cut in two: it isn't shown. */
    static @Nullable String text(byte[] bytes, boolean isBeginning) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        CharBuffer text = CharBuffer.allocate(bytes.length);
        if (decoder.decode(ByteBuffer.wrap(bytes), text, !isBeginning).isError()) {
            return null;
        }
        return text.flip().toString();
    }
}
