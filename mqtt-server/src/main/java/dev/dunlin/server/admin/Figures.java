package dev.dunlin.server.admin;

import dev.dunlin.broker.BrokerStats;
import dev.dunlin.broker.BrokerStats.Messages;
import dev.dunlin.broker.BrokerStats.StoreState;
import dev.dunlin.broker.BrokerStats.Traffic;
import dev.dunlin.broker.spi.DropReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The figures of a broker: the one list of which {@code /metrics} and the JSON are two ways to write it. Names are those that
 * {@code mqtt-metrics-micrometer} has for Prometheus, where it has one; those of one name stand together.
 */
final class Figures {
    static final String RECEIVED_PER_SECOND = "dunlin_publishes_received_per_second";
    static final String SENT_PER_SECOND = "dunlin_publishes_sent_per_second";
    static final String BYTES_RECEIVED_PER_SECOND = "dunlin_received_bytes_per_second";
    static final String BYTES_SENT_PER_SECOND = "dunlin_sent_bytes_per_second";
    static final String DROPPED_PER_SECOND = "dunlin_dropped_messages_per_second";
    static final String CONNECTIONS = "dunlin_connections";
    static final String QUEUED = "dunlin_queued_messages";
    static final String ACKNOWLEDGEMENT_P50 = "dunlin_acknowledgement_p50_seconds";
    static final String ACKNOWLEDGEMENT_P99 = "dunlin_acknowledgement_p99_seconds";
    static final String LOOP_LAG = "dunlin_loop_lag_seconds";

    private static final double MILLIS = 1e3;
    private static final double NANOS = 1e9;

    private final BrokerStats stats;
    private final List<Figure> all = new ArrayList<>();

    private Figures(BrokerStats stats) {
        this.stats = stats;
    }

    /**
     * All but the drops by reason.
     *
     * @param now of the last second
     * @param lately of the last ten seconds
     */
    static List<Figure> of(BrokerStats stats, Rates now, Rates lately) {
        Figures figures = new Figures(stats);
        figures.clients();
        figures.rates(now, "", "in the last second");
        figures.rates(lately, "_over_10s", "in the last ten seconds");
        figures.traffic();
        figures.messages("queued", "Messages that wait for a session or shared group", stats.queued());
        figures.messages("inflight", "Messages that were sent and are not acknowledged", stats.inflight());
        figures.messages("retained", "Messages that are retained", stats.retained());
        figures.health();
        return List.copyOf(figures.all);
    }

    /** Deliveries that have ended without being made, for each reason that there is. */
    static List<Figure> drops(BrokerStats stats) {
        Figures figures = new Figures(stats);
        for (DropReason reason : DropReason.values()) {
            figures.add(
                    "dunlin_dropped_messages_total",
                    Map.of("reason", word(reason)),
                    stats.dropped().getOrDefault(reason, 0L),
                    Unit.MESSAGES,
                    Figure.Type.COUNTER,
                    "Deliveries that have ended without being made");
        }
        return List.copyOf(figures.all);
    }

    /** As labels have it. */
    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private void clients() {
        BrokerStats.Connections connections = stats.connections();
        gauge(CONNECTIONS, connections.open(), Unit.CONNECTIONS, "Connections that are open");
        gauge("dunlin_clients_connected_clients", connections.connected(), Unit.CLIENTS, "Clients that are connected");
        gauge(
                "dunlin_clients_connected_most_clients",
                connections.mostConnected(),
                Unit.CLIENTS,
                "The most clients that were connected at a time");
        counter("dunlin_connects_total", connections.connects(), "Connections that were accepted");
        counter("dunlin_connects_refused_total", connections.refusedConnects(), "Connections that were refused");
        BrokerStats.Sessions sessions = stats.sessions();
        gauge(
                "dunlin_sessions_disconnected_sessions",
                sessions.disconnected(),
                Unit.SESSIONS,
                "Sessions that wait for their clients");
        counter("dunlin_sessions_expired_total", sessions.expired(), "Sessions that have waited in vain");
        gauge("dunlin_subscriptions", sessions.subscriptions(), Unit.NONE, "Subscriptions, with shared ones");
        gauge("dunlin_subscriptions_shared", sessions.sharedSubscriptions(), Unit.NONE, "Shared subscriptions");
        gauge("dunlin_shared_groups", sessions.sharedGroups(), Unit.NONE, "Shared groups with a member");
    }

    private void rates(Rates rates, String suffix, String when) {
        Unit messages = Unit.MESSAGES_PER_SECOND;
        Unit bytes = Unit.BYTES_PER_SECOND;
        gauge(RECEIVED_PER_SECOND + suffix, rates.publishesReceived(), messages, "PUBLISH packets of clients " + when);
        gauge(SENT_PER_SECOND + suffix, rates.publishesSent(), messages, "PUBLISH packets to clients " + when);
        gauge(BYTES_RECEIVED_PER_SECOND + suffix, rates.bytesReceived(), bytes, "MQTT of clients " + when);
        gauge(BYTES_SENT_PER_SECOND + suffix, rates.bytesSent(), bytes, "MQTT to clients " + when);
        gauge(DROPPED_PER_SECOND + suffix, rates.dropped(), messages, "Deliveries that were not made " + when);
    }

    private record Way(Map<String, String> label, Traffic traffic) {}

    private void traffic() {
        List<Way> ways = List.of(
                new Way(Map.of("direction", "received"), stats.received()),
                new Way(Map.of("direction", "sent"), stats.sent()));
        for (Way way : ways) {
            add(
                    "dunlin_packets_total",
                    way.label,
                    way.traffic.packets(),
                    Unit.NONE,
                    Figure.Type.COUNTER,
                    "Packets of any type");
        }
        for (Way way : ways) {
            long bytes = way.traffic.bytes();
            String help = "MQTT, without TLS and WebSocket";
            add("dunlin_traffic_bytes_total", way.label, bytes, Unit.BYTES, Figure.Type.COUNTER, help);
        }
        for (Way way : ways) {
            long bytes = way.traffic.payloadBytes();
            add(
                    "dunlin_payload_bytes_total",
                    way.label,
                    bytes,
                    Unit.BYTES,
                    Figure.Type.COUNTER,
                    "Payloads of PUBLISH packets");
        }
        for (Way way : ways) {
            publishes(way, "0", way.traffic.publishesQos0());
            publishes(way, "1", way.traffic.publishesQos1());
            publishes(way, "2", way.traffic.publishesQos2());
        }
    }

    private void publishes(Way way, String qos, long number) {
        Map<String, String> labels = new TreeMap<>(way.label);
        labels.put("qos", qos);
        add("dunlin_publishes_total", labels, number, Unit.NONE, Figure.Type.COUNTER, "PUBLISH packets");
    }

    private void messages(String name, String which, Messages of) {
        gauge("dunlin_" + name + "_messages", of.messages(), Unit.MESSAGES, which);
        gauge("dunlin_" + name + "_bytes", of.bytes(), Unit.BYTES, which + ": what they occupy");
    }

    private void health() {
        gauge("dunlin_memory_bytes", stats.memoryBytes(), Unit.BYTES, "What the broker holds in memory for clients");
        gauge(
                "dunlin_slow_consumers_clients",
                stats.slowConsumers(),
                Unit.CLIENTS,
                "Clients that take nothing of what waits for them");
        BrokerStats.Acknowledgements acknowledgements = stats.acknowledgements();
        boolean measured = acknowledgements.measured() > 0;
        gauge(
                ACKNOWLEDGEMENT_P50,
                measured ? acknowledgements.median().toNanos() / NANOS : Double.NaN,
                Unit.SECONDS,
                "How long half of the publishes waited for PUBACK or PUBREC, at most, in the last ten seconds");
        gauge(
                ACKNOWLEDGEMENT_P99,
                measured ? acknowledgements.p99().toNanos() / NANOS : Double.NaN,
                Unit.SECONDS,
                "How long 99 of 100 publishes waited for PUBACK or PUBREC, at most, in the last ten seconds");
        gauge(
                LOOP_LAG,
                stats.delays().loopLag().toMillis() / MILLIS,
                Unit.SECONDS,
                "How long an event loop was behind, at most, in the last minute");
        gauge(
                "dunlin_store_write_seconds",
                stats.delays().storeWrite().toMillis() / MILLIS,
                Unit.SECONDS,
                "For how long the present write of the store has gone on");
        for (StoreState trouble : Arrays.asList(StoreState.LITTLE_SPACE, StoreState.FAILING)) {
            add(
                    "dunlin_store_trouble",
                    Map.of("reason", word(trouble)),
                    stats.store() == trouble ? 1 : 0,
                    Unit.NONE,
                    Figure.Type.GAUGE,
                    "1 while the store has this trouble");
        }
        gauge("dunlin_uptime_seconds", stats.uptime().toNanos() / NANOS, Unit.SECONDS, "Since the start of the broker");
    }

    private void gauge(String name, Number value, Unit unit, String help) {
        add(name, Map.of(), value, unit, Figure.Type.GAUGE, help);
    }

    private void counter(String name, Number value, String help) {
        add(name, Map.of(), value, Unit.NONE, Figure.Type.COUNTER, help);
    }

    private void add(String name, Map<String, String> labels, Number value, Unit unit, Figure.Type type, String help) {
        all.add(new Figure(name, labels, value.doubleValue(), unit, type, help));
    }
}
