package dev.dunlin.server.admin;

import dev.dunlin.broker.Administration;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Page;
import dev.dunlin.broker.spi.SessionState;
import dev.dunlin.codec.ReasonCode;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Sessions and their clients. */
final class Clients {
    private static final String ONE = "/api/v1/clients/{id}";
    private static final String WHY = "disconnected by an administrator";

    private final Administration admin;

    Clients(Administration admin) {
        this.admin = admin;
    }

    List<Route> routes() {
        return List.of(
                Route.get("/api/v1/clients", this::list, "after", "max", "slow"),
                Route.get(ONE, this::one),
                Route.get(ONE + "/subscriptions", this::subscriptions, "after", "max"),
                Route.get(ONE + "/queue", this::queue, "after", "max"),
                Route.get(ONE + "/inflight", this::inflight, "after", "max"),
                Route.post(ONE + "/disconnect", this::disconnect),
                Route.delete(ONE, this::end),
                Route.delete(ONE + "/queue", this::purge));
    }

    /** A page of a list, as JSON has it. */
    static <T> Answer page(Page<T> page, Function<T, ?> view) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("items", page.items().stream().map(view).toList());
        object.put("next", page.next());
        return Answer.json(object);
    }

    /** One whose items are written as they are. */
    static Answer page(Page<?> page) {
        return page(page, item -> item);
    }

    private Answer list(Request request) throws Problem, InterruptedException {
        return page(
                Request.await(
                        request.flag("slow")
                                ? admin.slowSessions(request.after(), request.max())
                                : admin.sessions(request.after(), request.max())),
                Clients::view);
    }

    private SessionState session(Request request) throws Problem, InterruptedException {
        return Request.await(admin.session(request.parameter()))
                .orElseThrow(() -> Problem.notFound("there is no session of this client"));
    }

    private Answer one(Request request) throws Problem, InterruptedException {
        return Answer.json(view(session(request)));
    }

    private Answer subscriptions(Request request) throws Problem, InterruptedException {
        String id = session(request).clientId();
        return page(Request.await(admin.subscriptions(id, request.after(), request.max())));
    }

    private Answer queue(Request request) throws Problem, InterruptedException {
        String id = session(request).clientId();
        int max = request.max();
        return page(Request.await(Request.checked(() -> admin.queue(id, request.after(), max))));
    }

    private Answer inflight(Request request) throws Problem, InterruptedException {
        String id = session(request).clientId();
        int max = request.max();
        return page(Request.await(Request.checked(() -> admin.inflight(id, request.after(), max))));
    }

    private Answer disconnect(Request request) throws Problem, InterruptedException {
        SessionState session = session(request);
        admin.disconnect(session.clientId(), ReasonCode.ADMINISTRATIVE_ACTION, WHY);
        return Answer.json(Map.of("disconnected", session.isConnected()));
    }

    private Answer end(Request request) throws Problem, InterruptedException {
        if (!Request.await(admin.endSession(request.parameter()))) {
            throw Problem.notFound("there is no session of this client");
        }
        return Answer.json(Map.of("ended", true));
    }

    private Answer purge(Request request) throws Problem, InterruptedException {
        String id = session(request).clientId();
        return Answer.json(Map.of("dropped", Request.await(admin.purgeQueue(id))));
    }

    // ---- as JSON has them

    private static Map<String, Object> view(SessionState session) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("clientId", session.clientId());
        view.put("connected", session.isConnected());
        view.put("client", view(session.client()));
        view.put("since", session.since());
        view.put("expirySeconds", session.expirySeconds());
        view.put("expiresAt", session.expiresAt());
        view.put("keepAliveSeconds", session.keepAliveSeconds());
        view.put("willTopic", session.willTopic());
        view.put("subscriptions", session.subscriptions());
        view.put("queuedMessages", session.queuedMessages());
        view.put("queuedBytes", session.queuedBytes());
        view.put("inflight", session.inflight());
        view.put("stored", session.stored());
        view.put("slow", session.slow());
        Map<String, Long> dropped = new TreeMap<>();
        session.dropped().forEach((reason, number) -> dropped.put(Figures.word(reason), number));
        view.put("dropped", dropped);
        return view;
    }

    private static @Nullable Map<String, Object> view(@Nullable ClientInfo client) {
        if (client == null) {
            return null;
        }
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("user", client.identity().name());
        view.put("version", client.version());
        view.put("remoteAddress", text(client));
        view.put("listener", client.listener());
        return view;
    }

    /** Without the slash before it that Java has where there was no name. */
    private static String text(ClientInfo client) {
        String text = client.remoteAddress().toString();
        return text.startsWith("/") && client.remoteAddress() instanceof InetSocketAddress ? text.substring(1) : text;
    }
}
