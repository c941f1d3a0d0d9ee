package dev.dunlin.server.admin;

import dev.dunlin.broker.Broker;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Everything that can be asked for. {@code openapi.json} says the same to programs. */
final class Routes {
    private final List<Route> all;

    Routes(Broker broker, ServerTraits traits, Sampler sampler, AdminHttp.Stopping stopping) {
        Overview overview = new Overview(broker, traits, sampler, stopping);
        Streams streams = new Streams(broker.admin(), sampler, stopping);
        List<Route> routes = new ArrayList<>(PageFiles.routes(PageFiles.FOLDER));
        routes.add(Route.free("/openapi.json", Overview::openApi));
        routes.add(Route.free("/health/live", overview::live));
        routes.add(Route.free("/health/ready", overview::ready));
        routes.add(new Route("GET", "/metrics", Route.Access.METRICS, Set.of(), overview::metrics));
        routes.add(Route.get("/api/v1/overview", overview::overview));
        routes.add(Route.get("/api/v1/history", overview::history, "seconds"));
        routes.add(Route.get("/api/v1/stream", streams::samples));
        routes.add(Route.post("/api/v1/traces", streams::trace));
        routes.add(Route.post("/api/v1/reload", overview::reload));
        routes.addAll(new Clients(broker.admin()).routes());
        routes.addAll(new TopicSpace(broker.admin()).routes());
        routes.add(Route.post("/api/v1/publish", new Publishing(broker.local())::publish));
        all = List.copyOf(routes);
    }

    List<Route> all() {
        return all;
    }

    /** The methods that these take, in their order. */
    Set<String> methods(List<Route> routes) {
        Set<String> methods = new TreeSet<>();
        for (Route route : routes) {
            methods.add(route.method());
            if (route.method().equals("GET")) {
                methods.add("HEAD");
            }
        }
        return methods;
    }
}
