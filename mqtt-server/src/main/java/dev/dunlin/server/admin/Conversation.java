package dev.dunlin.server.admin;

import com.sun.net.httpserver.HttpExchange;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.ListenerAddress;
import dev.dunlin.server.admin.Route.Access;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One request and its answer: who asks, and for what. On the request's thread. */
final class Conversation {
    private static final Set<String> WILDCARDS = Set.of("0.0.0.0", "::");
    private static final String API = "/api";

    private final HttpExchange exchange;
    private final Door door;
    private final Routes routes;
    private final Broker broker;
    private final AdminHttp.Stopping stopping;
    private final String path;
    private String host = "";

    Conversation(HttpExchange exchange, Door door, Routes routes, Broker broker, AdminHttp.Stopping stopping) {
        this.exchange = exchange;
        this.door = door;
        this.routes = routes;
        this.broker = broker;
        this.stopping = stopping;
        String raw = exchange.getRequestURI().getRawPath();
        path = raw == null ? "" : raw;
    }

    Answer answer(boolean metricsAreFree) throws Problem, IOException, InterruptedException {
        host = door.requireHost(exchange.getRequestHeaders());
        boolean api = path.equals(API) || path.startsWith(API + "/");
        if (api) { // also what there isn't: who has no token learns nothing
            door.requireToken(exchange.getRequestHeaders(), exchange.getRemoteAddress());
        }
        List<Route> here =
                routes.all().stream().filter(route -> route.match(path) != null).toList();
        if (here.isEmpty()) {
            throw Problem.notFound("there is nothing at " + path);
        }
        Route route = here.stream()
                .filter(each -> each.takes(exchange.getRequestMethod()))
                .findFirst()
                .orElse(null);
        if (route == null) {
            String allowed = String.join(", ", routes.methods(here));
            return new Problem(405, path + " has " + allowed).answer().with("Allow", allowed);
        }
        if (route.access() == Access.METRICS && !metricsAreFree) {
            door.requireToken(exchange.getRequestHeaders(), exchange.getRemoteAddress());
        }
        if (api && stopping.hasBegun()) {
            throw Problem.busy("the broker stops");
        }
        return route.handler().answer(request(route));
    }

    private Request request(Route route) throws Problem {
        List<String> parameters = new ArrayList<>();
        List<String> raw = route.match(path);
        for (String each : raw == null ? List.<String>of() : raw) {
            parameters.add(Request.decoded(each));
        }
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        return new Request(
                parameters,
                exchange.getRequestURI().getRawQuery(),
                route.known(),
                type == null ? "" : type,
                exchange.getRequestBody());
    }

    /** What every answer has. */
    Map<String, String> headers() {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
                        + webSockets() + "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("Referrer-Policy", "no-referrer");
        headers.put("Cache-Control", path.startsWith(API) ? "no-store" : "no-cache");
        return headers;
    }

    /** Where the page may speak MQTT; a listener on all addresses is where the page is. */
    private String webSockets() {
        StringBuilder origins = new StringBuilder();
        for (ListenerAddress listener : broker.listeners()) {
            if (listener.scheme().startsWith("ws")) {
                boolean everywhere = WILDCARDS.contains(listener.host());
                String at = listener.host().contains(":") ? "[" + listener.host() + "]" : listener.host();
                if (!everywhere || !host.isEmpty()) {
                    origins.append(' ').append(listener.scheme()).append("://");
                    origins.append(everywhere ? host : at).append(':').append(listener.port());
                }
            }
        }
        return origins.toString();
    }
}
