package dev.dunlin.server.admin;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStats.StoreState;
import dev.dunlin.broker.ListenerAddress;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How the broker is, as a whole. */
final class Overview {
    private static final String OPEN_API = "openapi.json";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final Broker broker;
    private final ServerTraits traits;
    private final Sampler sampler;
    private final AdminHttp.Stopping stopping;
    private final Instant startedAt;

    Overview(Broker broker, ServerTraits traits, Sampler sampler, AdminHttp.Stopping stopping) {
        this.broker = broker;
        this.traits = traits;
        this.sampler = sampler;
        this.stopping = stopping;
        startedAt = broker.stats().startedAt();
    }

    static Answer openApi(Request request) throws IOException {
        try (InputStream in = Overview.class.getResourceAsStream(OPEN_API)) {
            if (in == null) {
                throw new IllegalStateException(OPEN_API + " is not on the class path");
            }
            return Answer.of(200, "application/json", in.readAllBytes());
        }
    }

    Answer live(Request request) {
        return live();
    }

    static Answer live() {
        return Answer.json(Map.of("status", "up"));
    }

    /** Before there is a broker. */
    static Answer starting() {
        return Answer.json(503, "application/json", Map.of("status", "starting"));
    }

    Answer ready(Request request) {
        String status = status();
        return Answer.json(status.equals("ready") ? 200 : 503, "application/json", Map.of("status", status));
    }

    private String status() {
        if (stopping.hasBegun()) {
            return "stopping";
        }
        if (sampler.isStale()) {
            return "stalled";
        }
        return sampler.last().store() == StoreState.FAILING ? "store failed" : "ready";
    }

    Answer metrics(Request request) {
        return Answer.of(200, PROMETHEUS, sampler.last().prometheus());
    }

    Answer overview(Request request) {
        Sample sample = sampler.last();
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("name", broker.name());
        view.put("version", traits.version());
        view.put("startedAt", startedAt);
        view.put("uptimeSeconds", sample.value("dunlin_uptime_seconds"));
        view.put("store", traits.store());
        view.put("durability", traits.durability());
        view.put("storeState", Figures.word(sample.store()));
        view.putAll(sample.view());
        view.put("listeners", listeners());
        return Answer.json(view);
    }

    private List<Map<String, Object>> listeners() {
        return broker.listeners().stream().map(Overview::view).toList();
    }

    private static Map<String, Object> view(ListenerAddress listener) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("name", listener.name());
        view.put("uri", listener.uri());
        view.put("kind", listener.scheme());
        view.put("host", listener.host());
        view.put("port", listener.port());
        view.put("path", listener.path());
        return view;
    }

    Answer history(Request request) throws Problem {
        return Answer.json(sampler.history().view(request.number("seconds", 300, 1, History.SAMPLES)));
    }

    /** As SIGHUP does it. If something has failed the rest may count already, so that is said too. */
    Answer reload(Request request) throws Problem, InterruptedException {
        ReloadReport outcome = Request.await(traits.reload().get());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("reloaded", outcome.reloaded());
        view.put("needRestart", outcome.needRestart());
        if (outcome.failed().isEmpty()) {
            return Answer.json(view);
        }
        view.put("failed", outcome.failed());
        return Problem.badRequest(String.join("; ", outcome.failed())).answer(view);
    }
}
