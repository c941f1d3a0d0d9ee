package dev.dunlin.server.admin;

import com.sun.net.httpserver.HttpExchange;
import dev.dunlin.broker.ListenerAddress;
import dev.dunlin.server.admin.Route.Access;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One request and its answer: who asks, and for what. On the request's thread. */
final class Conversation {
    private static final String API = "/api";
    private static final String HEALTH = "/health/";

    private final HttpExchange exchange;
    private final Door door;
    private final AdminHttp.@Nullable Serving serving;
    private final AdminHttp.Stopping stopping;
    private final String path;
    private String host = "";

    /** @param serving null as long as the broker starts */
    Conversation(HttpExchange exchange, Door door, AdminHttp.@Nullable Serving serving, AdminHttp.Stopping stopping) {
        this.exchange = exchange;
        this.door = door;
        this.serving = serving;
        this.stopping = stopping;
        String raw = exchange.getRequestURI().getRawPath();
        path = raw == null ? "" : raw;
    }

    /** Whether it only asks how the process is: that is answered whatever else there is to do. */
    boolean isAboutHealth() {
        return path.startsWith(HEALTH);
    }

    /** Whether it is for who has the token, as {@link #admit} has seen to. */
    boolean isForTheToken() {
        return path.equals(API) || path.startsWith(API + "/");
    }

    /** Refuses who may not ask at all; who has no token learns not even what there is. */
    void admit() throws Problem {
        boolean old = exchange.getProtocol().equals("HTTP/1.0");
        host = door.requireHost(exchange.getRequestHeaders(), old && isAboutHealth());
        if (serving != null && isForTheToken()) {
            door.requireToken(exchange.getRequestHeaders(), exchange.getRemoteAddress());
        }
    }

    Answer answer(boolean metricsAreFree) throws Problem, IOException, InterruptedException {
        AdminHttp.Serving now = serving;
        if (now == null) {
            return starting();
        }
        Routes routes = now.routes();
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
        if (isForTheToken() && stopping.hasBegun()) {
            throw Problem.busy("the broker stops");
        }
        return route.handler().answer(request(route));
    }

    private Answer starting() throws Problem {
        return switch (path) {
            case HEALTH + "live" -> Overview.live();
            case HEALTH + "ready" -> Overview.starting();
            default -> throw Problem.busy("the broker starts");
        };
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

    /** Whether that is no address of a machine, but all that it has, however it is written. */
    private static boolean isEverywhere(String host) {
        byte[] address = NetUtil.createByteArrayFromIpAddressString(host);
        try {
            return address != null && InetAddress.getByAddress(address).isAnyLocalAddress();
        } catch (UnknownHostException e) { // of a number of bytes that no address has
            throw new IllegalStateException(host, e);
        }
    }

    /** Where the page may speak MQTT; a listener on all addresses is where the page is. */
    private String webSockets() {
        StringBuilder origins = new StringBuilder();
        List<ListenerAddress> listeners =
                serving == null ? List.of() : serving.broker().listeners();
        for (ListenerAddress listener : listeners) {
            if (listener.scheme().startsWith("ws")) {
                boolean everywhere = isEverywhere(listener.host());
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
