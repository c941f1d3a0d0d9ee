package dev.dunlin.metrics.micrometer;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStats;
import dev.dunlin.broker.BrokerStats.StoreState;
import dev.dunlin.broker.BrokerStats.Traffic;
import dev.dunlin.broker.spi.DropReason;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a broker counts, and what it has now, as meters of Micrometer: {@code new BrokerMetrics(broker).bindTo(registry)}. Their
 * names begin with {@code dunlin.}; docs/metrics.md lists them. Each has the tag {@code broker}, with the broker's name, so that
 * several brokers of one process may be in one registry. No tag has what clients choose.
 *
 * <p>The broker's event loops are not asked: a registry that reads all meters costs one {@link Broker#stats}, which the meters
 * share for a second. Any thread.
 */
public final class BrokerMetrics implements MeterBinder, AutoCloseable {
    private static final String SECONDS = "seconds";
    private static final double MILLIS = 1_000;
    private static final double NANOS = 1_000_000_000;

    private final Broker broker;
    private final Tags tags;

    /** What it has made. */
    private final List<Bound> bound = new ArrayList<>();

    private record Bound(MeterRegistry registry, Set<Meter> made) {}

    /** Of a broker, with its name in the tag {@code broker}. */
    public BrokerMetrics(Broker broker) {
        this(broker, Tags.empty());
    }

    /**
     * Of a broker, with more tags.
     *
     * @param more on all meters; one named {@code broker} takes the place of the broker's name
     */
    public BrokerMetrics(Broker broker, Iterable<Tag> more) {
        this.broker = broker;
        tags = Tags.of("broker", broker.name()).and(more);
    }

    /**
     * Registers the meters, also with several registries. They keep the broker reachable until they are closed.
     *
     * @throws IllegalStateException if the registry has these meters with these tags, perhaps of another broker of this name
     */
    @Override
    public synchronized void bindTo(MeterRegistry registry) {
        Binding binding =
                new Binding(registry, new Snapshot(broker, registry.config().clock()));
        try {
            binding.bindAll();
        } catch (RuntimeException | Error e) { // as for a meter of another kind under this name
            remove(registry, binding.made);
            throw e;
        }
        if (binding.foundOthers) {
            remove(registry, binding.made);
            throw new IllegalStateException("meters with " + tags + " are registered: name the brokers apart");
        }
        bound.add(new Bound(registry, binding.made));
    }

    /** Takes the meters out of all registries: its own, not those that others have put in their place. */
    @Override
    public synchronized void close() {
        bound.forEach(each -> remove(each.registry, each.made));
        bound.clear();
    }

    /** A registry removes what has the same name and tags. */
    private static void remove(MeterRegistry registry, Set<Meter> made) {
        registry.getMeters().stream().filter(made::contains).forEach(registry::remove);
    }

    /** A set of meters, each the same as itself only. */
    private static Set<Meter> identities() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    /** All meters of one registry. */
    private final class Binding {
        private final MeterRegistry registry;
        private final Snapshot snapshot;

        /** What was there: a registry gives it back where the same is to be registered once more. */
        private final Set<Meter> before = identities();

        private final Set<Meter> made = identities();
        private boolean foundOthers;

        Binding(MeterRegistry registry, Snapshot snapshot) {
            this.registry = registry;
            this.snapshot = snapshot;
            before.addAll(registry.getMeters());
        }

        void bindAll() {
            clients();
            traffic("received", BrokerStats::received);
            traffic("sent", BrokerStats::sent);
            for (DropReason reason : DropReason.values()) {
                counter(
                        "dunlin.dropped",
                        BaseUnits.MESSAGES,
                        "Deliveries that have ended without being made",
                        Tags.of("reason", reason.name().toLowerCase(Locale.ROOT)),
                        stats -> stats.dropped().getOrDefault(reason, 0L));
            }
            messages("queued", "that wait for a session or shared group", BrokerStats::queued);
            messages("inflight", "that were sent and are not acknowledged", BrokerStats::inflight);
            messages("retained", "that are retained", BrokerStats::retained);
            acknowledgements();
            health();
        }

        private void clients() {
            gauge(
                    "dunlin.connections",
                    "connections",
                    "Connections that are open",
                    stats -> stats.connections().open());
            gauge(
                    "dunlin.clients.connected",
                    "clients",
                    "Clients that are connected",
                    stats -> stats.connections().connected());
            gauge(
                    "dunlin.clients.connected.most",
                    "clients",
                    "The most clients that were connected at a time",
                    stats -> stats.connections().mostConnected());
            counter(
                    "dunlin.connects",
                    null,
                    "Connections that were accepted",
                    Tags.empty(),
                    stats -> stats.connections().connects());
            counter(
                    "dunlin.connects.refused",
                    null,
                    "Connections that were refused",
                    Tags.empty(),
                    stats -> stats.connections().refusedConnects());
            gauge(
                    "dunlin.sessions.disconnected",
                    "sessions",
                    "Sessions that wait for their clients",
                    stats -> stats.sessions().disconnected());
            counter(
                    "dunlin.sessions.expired",
                    null,
                    "Sessions that have waited in vain",
                    Tags.empty(),
                    stats -> stats.sessions().expired());
            gauge(
                    "dunlin.subscriptions",
                    null,
                    "Subscriptions, with shared ones",
                    stats -> stats.sessions().subscriptions());
            gauge(
                    "dunlin.subscriptions.shared",
                    null,
                    "Shared subscriptions",
                    stats -> stats.sessions().sharedSubscriptions());
            gauge(
                    "dunlin.shared.groups",
                    null,
                    "Shared groups with a member",
                    stats -> stats.sessions().sharedGroups());
        }

        private void traffic(String direction, Function<BrokerStats, Traffic> of) {
            Tags way = Tags.of("direction", direction);
            counter(
                    "dunlin.packets",
                    null,
                    "Packets of any type",
                    way,
                    stats -> of.apply(stats).packets());
            counter(
                    "dunlin.traffic",
                    BaseUnits.BYTES,
                    "MQTT, without TLS and WebSocket",
                    way,
                    stats -> of.apply(stats).bytes());
            counter(
                    "dunlin.payload",
                    BaseUnits.BYTES,
                    "Payloads of PUBLISH packets",
                    way,
                    stats -> of.apply(stats).payloadBytes());
            publishes(way.and("qos", "0"), stats -> of.apply(stats).publishesQos0());
            publishes(way.and("qos", "1"), stats -> of.apply(stats).publishesQos1());
            publishes(way.and("qos", "2"), stats -> of.apply(stats).publishesQos2());
        }

        private void publishes(Tags way, ToDoubleFunction<BrokerStats> of) {
            counter("dunlin.publishes", null, "PUBLISH packets", way, of);
        }

        private void messages(String name, String which, Function<BrokerStats, BrokerStats.Messages> of) {
            gauge(
                    "dunlin." + name + ".messages",
                    BaseUnits.MESSAGES,
                    "Messages " + which,
                    stats -> of.apply(stats).messages());
            gauge(
                    "dunlin." + name + ".bytes",
                    BaseUnits.BYTES,
                    "What messages occupy " + which,
                    stats -> of.apply(stats).bytes());
        }

        private void health() {
            gauge(
                    "dunlin.memory",
                    BaseUnits.BYTES,
                    "What the broker holds in memory for clients",
                    BrokerStats::memoryBytes);
            gauge(
                    "dunlin.slow.consumers",
                    "clients",
                    "Clients that take nothing of what waits for them",
                    BrokerStats::slowConsumers);
            gauge(
                    "dunlin.loop.lag",
                    SECONDS,
                    "How long an event loop was behind, at most, in the last minute",
                    stats -> stats.delays().loopLag().toMillis() / MILLIS);
            gauge(
                    "dunlin.store.write",
                    SECONDS,
                    "For how long the present write of the store has gone on",
                    stats -> stats.delays().storeWrite().toMillis() / MILLIS);
            trouble(StoreState.LITTLE_SPACE);
            trouble(StoreState.FAILING);
            gauge(
                    "dunlin.uptime",
                    SECONDS,
                    "Since the start of the broker",
                    stats -> stats.uptime().toNanos() / NANOS);
        }

        private void acknowledgements() {
            gauge(
                    "dunlin.acknowledgement.p50",
                    SECONDS,
                    "How long half of the publishes waited for PUBACK or PUBREC, at most, in the last ten seconds",
                    stats -> seconds(stats.acknowledgements(), BrokerStats.Acknowledgements::median));
            gauge(
                    "dunlin.acknowledgement.p99",
                    SECONDS,
                    "How long 99 of 100 publishes waited for PUBACK or PUBREC, at most, in the last ten seconds",
                    stats -> seconds(stats.acknowledgements(), BrokerStats.Acknowledgements::p99));
        }

        /** Not a number where nothing was measured. */
        private static double seconds(
                BrokerStats.Acknowledgements of, Function<BrokerStats.Acknowledgements, Duration> which) {
            return of.measured() == 0 ? Double.NaN : which.apply(of).toNanos() / NANOS;
        }

        private void trouble(StoreState state) {
            gauge(
                    "dunlin.store.trouble",
                    null,
                    "1 while the store has this trouble",
                    Tags.of("reason", state.name().toLowerCase(Locale.ROOT)),
                    stats -> stats.store() == state ? 1 : 0);
        }

        // A registry refers to what a meter is of weakly: its function is what keeps the snapshot.

        private void counter(
                String name, @Nullable String unit, String description, Tags own, ToDoubleFunction<BrokerStats> of) {
            add(FunctionCounter.builder(name, snapshot, any -> of.applyAsDouble(snapshot.stats()))
                    .baseUnit(unit)
                    .description(description)
                    .tags(tags.and(own))
                    .register(registry));
        }

        private void gauge(String name, @Nullable String unit, String description, ToDoubleFunction<BrokerStats> of) {
            gauge(name, unit, description, Tags.empty(), of);
        }

        private void gauge(
                String name, @Nullable String unit, String description, Tags own, ToDoubleFunction<BrokerStats> of) {
            add(Gauge.builder(name, snapshot, any -> of.applyAsDouble(snapshot.stats()))
                    .baseUnit(unit)
                    .description(description)
                    .tags(tags.and(own))
                    .strongReference(true)
                    .register(registry));
        }

        private void add(Meter meter) {
            if (before.contains(meter)) {
                foundOthers = true;
            } else {
                made.add(meter);
            }
        }
    }
}
