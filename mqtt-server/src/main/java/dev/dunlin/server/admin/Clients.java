package dev.dunlin.server.admin;

import dev.dunlin.broker.Administration;
import dev.dunlin.broker.spi.ClientInfo;
import dev.dunlin.broker.spi.Page;
import dev.dunlin.broker.spi.SessionState;
import dev.dunlin.codec.ReasonCode;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Sessions and their clients. */
final class Clients {
    /** Of a query: browsers take "." and ".." out of a path, however they are written. */
    private static final String CLIENT_ID = "clientId";

    private static final String WHY = "disconnected by an administrator";

    private final Administration admin;

    Clients(Administration admin) {
        this.admin = admin;
    }

    List<Route> routes() {
        List<Route> routes = new ArrayList<>();
        routes.add(Route.get("/api/v1/clients", this::list, "after", "max", "slow"));
        routes.addAll(ofOne("/api/v1/clients/{id}"));
        routes.addAll(ofOne("/api/v1/client", CLIENT_ID));
        return routes;
    }

    /** @param name of the parameter of the query that says which; none if the path does */
    private List<Route> ofOne(String one, String... name) {
        String[] ofAPage =
                Stream.concat(Stream.of("after", "max"), Stream.of(name)).toArray(String[]::new);
        return List.of(
                Route.get(one, this::one, name),
                Route.get(one + "/subscriptions", this::subscriptions, ofAPage),
                Route.get(one + "/queue", this::queue, ofAPage),
                Route.get(one + "/inflight", this::inflight, ofAPage),
                Route.post(one + "/disconnect", this::disconnect, name),
                Route.delete(one, this::end, name),
                Route.delete(one + "/queue", this::purge, name));
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

    private static String id(Request request) throws Problem {
        return request.hasParameter() ? request.parameter() : request.required(CLIENT_ID);
    }

    private SessionState session(Request request) throws Problem, InterruptedException {
        return Request.await(admin.session(id(request)))
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
        if (!Request.await(admin.endSession(id(request)))) {
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
