package dev.dunlin.broker;

import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.store.Store;
import dev.dunlin.codec.QoS;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a broker has counted since its start, and what it has now: see {@link Broker#stats}. Each figure is right by itself, as
 * of a moment ago; two of them need not be of the same moment. Totals never fall while the broker runs, and begin at 0 with
 * each start.
 *
 * @param startedAt wall time of the start
 * @param uptime since then
 * @param connections of clients
 * @param sessions and their subscriptions
 * @param received what clients have sent
 * @param sent what was sent to clients
 * @param dropped deliveries that have ended without being made, for each reason that there is
 * @param queued messages that wait for a session or shared group; of those that are in a store since before the start only what
 *     was read so far
 * @param inflight messages that were sent with QoS 1 or 2 and whose receiver hasn't acknowledged them (with PUBACK or PUBREC)
 * @param retained messages that are retained
 * @param memoryBytes what the broker holds in memory for clients, as {@link Broker#memoryBytes}
 * @param slowConsumers as {@link Broker#slowConsumers}
 * @param store how its store is
 * @param delays how far it is behind
 * @param acknowledgements how long publishers wait for acknowledgements
 * @param eventsLost events that observers were too slow for, in total: see {@link dev.dunlin.broker.spi.BrokerEvent.EventsLost}
 */
public record BrokerStats(
        Instant startedAt,
        Duration uptime,
        Connections connections,
        Sessions sessions,
        Traffic received,
        Traffic sent,
        Map<DropReason, Long> dropped,
        Messages queued,
        Messages inflight,
        Messages retained,
        long memoryBytes,
        int slowConsumers,
        StoreState store,
        Delays delays,
        Acknowledgements acknowledgements,
        long eventsLost) {

    /** Takes a copy of the map. */
    public BrokerStats {
        dropped = Map.copyOf(dropped);
    }

    /**
     * Connections of clients.
     *
     * @param open connections now, whether CONNECT has come or not
     * @param connected clients that have got their CONNACK and are connected now
     * @param mostConnected the most of them at a time
     * @param connects in total: CONNACKs with success
     * @param refusedConnects in total: connections that had sent a CONNECT and ended before such a CONNACK
     */
    public record Connections(int open, int connected, int mostConnected, long connects, long refusedConnects) {}

    /**
     * Sessions.
     *
     * @param connected those that a client is connected with now
     * @param disconnected those that wait for their clients now
     * @param expired in total: those that waited in vain
     * @param subscriptions of all sessions now, shared ones included
     * @param sharedSubscriptions those that are shared
     * @param sharedGroups share names with their filters, that somebody is subscribed to now
     */
    public record Sessions(
            int connected,
            int disconnected,
            long expired,
            long subscriptions,
            long sharedSubscriptions,
            int sharedGroups) {}

    /**
     * Traffic with clients, in one direction, in total. What repeats counts each time. The local client doesn't.
     *
     * @param packets of any type
     * @param bytes of MQTT: without TLS, WebSocket and the PROXY header; sent ones when they are handed to the transport
     * @param publishesQos0 PUBLISH packets of QoS 0
     * @param publishesQos1 those of QoS 1
     * @param publishesQos2 those of QoS 2
     * @param payloadBytes the payloads of all PUBLISH packets
     */
    public record Traffic(
            long packets, long bytes, long publishesQos0, long publishesQos1, long publishesQos2, long payloadBytes) {

        /** PUBLISH packets of any QoS. */
        public long publishes() {
            return publishesQos0 + publishesQos1 + publishesQos2;
        }
    }

    /**
     * Messages that the broker has now.
     *
     * @param messages how many
     * @param bytes what they occupy in memory, approximately
     */
    public record Messages(long messages, long bytes) {}

    /**
     * How far a broker is behind.
     *
     * @param loopLag how long something that came to an event loop has waited there, at most, within the last minute; of the
     *     event loop that is worst
     * @param storeWrite for how long the write of the store that is under way has gone on; zero if there is none
     */
    public record Delays(Duration loopLag, Duration storeWrite) {}

    /**
     * How long clients waited for PUBACK and PUBREC in the last ten seconds: from the moment that a PUBLISH was decoded until its
     * acknowledgement was among the bytes to be flushed, with a store when it was as durable as the broker promises. Measured
     * at one publish per event loop at a time, each of which counts as often as it has taken milliseconds, so that a time in
     * which nothing is acknowledged isn't one slow publish among many. Right to 7 %.
     *
     * @param measured how many publishes were measured; with none, the rest is zero
     * @param median half of them have waited at most so long
     * @param p99 99 of 100 have waited at most so long
     */
    public record Acknowledgements(long measured, Duration median, Duration p99) {
        static Acknowledgements of(Core core) {
            long[] nanos = core.acknowledgementNanos();
            return nanos[0] == 0
                    ? new Acknowledgements(0, Duration.ZERO, Duration.ZERO)
                    : new Acknowledgements(nanos[0], Duration.ofNanos(nanos[1]), Duration.ofNanos(nanos[2]));
        }
    }

    /** How a store is. */
    public enum StoreState {
        /** There is none: everything is in memory. */
        NONE,
        /** It takes everything. */
        WELL,
        /** It has little space, and takes nothing that makes it grow. */
        LITTLE_SPACE,
        /** It can't be written at present. */
        FAILING
    }

    static BrokerStats of(Core core, int open) {
        dev.dunlin.broker.session.Traffic counted = core.traffic();
        int connected = core.connectedClients();
        return new BrokerStats(
                Instant.ofEpochMilli(core.startedWallMs()),
                Duration.ofMillis(core.uptimeMs()),
                new Connections(
                        open, connected, core.mostConnectedClients(), counted.connects(), counted.refusedConnects()),
                new Sessions(
                        connected,
                        Math.max(0, core.sessionCount() - connected),
                        counted.sessionsExpired(),
                        counted.subscriptions(),
                        counted.sharedSubscriptions(),
                        core.sharedGroups()),
                new Traffic(
                        counted.receivedPackets(),
                        counted.receivedBytes(),
                        counted.receivedPublishes(QoS.AT_MOST_ONCE),
                        counted.receivedPublishes(QoS.AT_LEAST_ONCE),
                        counted.receivedPublishes(QoS.EXACTLY_ONCE),
                        counted.receivedPayloadBytes()),
                new Traffic(
                        counted.sentPackets(),
                        counted.sentBytes(),
                        counted.sentPublishes(QoS.AT_MOST_ONCE),
                        counted.sentPublishes(QoS.AT_LEAST_ONCE),
                        counted.sentPublishes(QoS.EXACTLY_ONCE),
                        counted.sentPayloadBytes()),
                dropped(core),
                new Messages(counted.queuedMessages(), counted.queuedBytes()),
                new Messages(counted.inflightMessages(), counted.inflightBytes()),
                new Messages(core.retainedMessages(), core.retainedBytes()),
                core.memory().usedBytes(),
                core.slowConsumers(),
                stateOf(core),
                new Delays(Duration.ofMillis(core.loopLagMs()), Duration.ofMillis(writeMs(core))),
                Acknowledgements.of(core),
                core.eventsLost());
    }

    private static Map<DropReason, Long> dropped(Core core) {
        Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
        for (DropReason reason : DropReason.values()) {
            dropped.put(reason, core.dropped(reason));
        }
        return dropped;
    }

    private static long writeMs(Core core) {
        Store store = core.store();
        return store == null ? 0 : store.writeMs();
    }

    private static StoreState stateOf(Core core) {
        Store store = core.store();
        if (store == null) {
            return StoreState.NONE;
        }
        if (store.isStalled()) {
            return StoreState.FAILING;
        }
        return store.refusesGrowth() ? StoreState.LITTLE_SPACE : StoreState.WELL;
    }
}
