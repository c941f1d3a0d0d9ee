package dev.dunlin.broker.session;

import dev.dunlin.broker.routing.Topics;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.codec.QoS;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.function.ToLongFunction;

/**
 * Publishes what the broker counts, under {@code $SYS/broker/}, with the names and formats that Mosquitto has. On one loop, by
 * its timer.
 *
 * <p>What has changed since the last time is published, with QoS 0, and is there for new subscribers as if it were retained:
 * in an index of its own, so that it is in no store and no limit, and ends with the process. While a loop has more to do than
 * it should, nothing is published; the next time says it all.
 */
public final class SysTopics {
    /** What its topics begin with: nobody else may publish there. */
    static final String PREFIX = "$SYS/";

    private static final String BROKER = PREFIX + "broker/";

    /** So low that no replay takes a value for one whose live copy is still to come. */
    private static final long TICKET = 0;

    private final Core core;
    private final SessionLoop loop;
    private final long intervalMs;
    private final String version;
    private final Map<String, String> published = new HashMap<>();
    private final Map<String, LoadAverage> loads = new LinkedHashMap<>();
    private long loadsMs;
    private long heapMax;

    private SysTopics(Core core, long intervalMs) {
        this.core = core;
        this.intervalMs = intervalMs;
        loop = core.loop(0);
        version = "dunlin version " + version();
        loadsMs = core.monotonicMs();
    }

    /**
     * Begins to publish, once the loops run. Any thread.
     *
     * @param intervalMs between two times, above 0
     */
    public static void begin(Core core, long intervalMs) {
        SysTopics topics = new SysTopics(core, intervalMs);
        topics.loop.execute(topics::publish);
    }

    /**
     * Publishes a text with QoS 0, not retained, below the same topic, for whoever subscribes now. Any thread.
     *
     * @throws IllegalArgumentException if that is no topic name
     */
    public static void announce(Core core, String name, String text) {
        if (!Topics.isValidTopic(BROKER + name)) {
            throw new IllegalArgumentException("not a topic name: \"" + BROKER + name + "\"");
        }
        SessionLoop loop = core.loop(0);
        loop.execute(() -> {
            KeptMessage message = KeptMessage.of(Message.of(BROKER + name, text), loop.nowMs());
            try {
                loop.router().routeOwn(message);
            } finally {
                message.release();
            }
        });
    }

    private static String version() {
        try (InputStream in = SysTopics.class.getResourceAsStream("version.properties")) {
            Properties made = new Properties();
            if (in != null) { // it may be missing where jars were made one
                made.load(in);
            }
            return made.getProperty("version", "(unknown)");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void publish() {
        assert loop.inLoop();
        loop.schedule(intervalMs, this::publish);
        if (core.crowdedLoop() == null && !loop.isOutOfMemory()) {
            present().forEach(this::publish);
        }
    }

    private void publish(String name, String value) {
        if (value.equals(published.put(name, value))) {
            return;
        }
        Message said =
                Message.builder(BROKER + name).payload(value).retain(true).build();
        KeptMessage message = KeptMessage.of(said, loop.nowMs());
        KeptMessage before = core.sysTopics.put(said.topic(), message, TICKET); // its reference is the index's
        loop.router().routeOwn(message);
        if (before != null) {
            before.release();
        }
    }

    // ---- the values

    private Map<String, String> present() {
        Traffic counted = core.traffic();
        Map<String, String> now = new LinkedHashMap<>();
        now.put("version", version);
        now.put("uptime", core.uptimeMs() / 1000 + " seconds");
        clients(counted, now::put);
        traffic(counted, now::put);
        stock(counted, now::put);
        loads(counted, now::put);
        return now;
    }

    /** Takes a value. */
    private interface To {
        void put(String name, String value);

        default void put(String name, long value) {
            put(name, Long.toString(value));
        }
    }

    private void clients(Traffic counted, To to) {
        int connected = core.connectedClients();
        int disconnected = Math.max(0, core.sessionCount() - connected);
        to.put("clients/total", (long) connected + disconnected);
        to.put("clients/connected", connected);
        to.put("clients/active", connected);
        to.put("clients/disconnected", disconnected);
        to.put("clients/inactive", disconnected);
        to.put("clients/maximum", core.mostConnectedClients());
        to.put("clients/expired", counted.sessionsExpired());
    }

    private void traffic(Traffic counted, To to) {
        to.put("messages/received", counted.receivedPackets());
        to.put("messages/sent", counted.sentPackets());
        to.put("publish/messages/received", publishes(counted::receivedPublishes));
        to.put("publish/messages/sent", publishes(counted::sentPublishes));
        to.put("publish/messages/dropped", dropped());
        to.put("publish/bytes/received", counted.receivedPayloadBytes());
        to.put("publish/bytes/sent", counted.sentPayloadBytes());
        to.put("bytes/received", counted.receivedBytes());
        to.put("bytes/sent", counted.sentBytes());
    }

    private static long publishes(ToLongFunction<QoS> ofQos) {
        long sum = 0;
        for (QoS qos : QoS.values()) {
            sum += ofQos.applyAsLong(qos);
        }
        return sum;
    }

    private long dropped() {
        long sum = 0;
        for (DropReason reason : DropReason.values()) {
            sum += core.dropped(reason);
        }
        return sum;
    }

    private void stock(Traffic counted, To to) {
        long messages = counted.queuedMessages() + counted.inflightMessages() + core.retainedMessages();
        to.put("subscriptions/count", counted.subscriptions());
        to.put("shared_subscriptions/count", counted.sharedSubscriptions());
        to.put("retained messages/count", core.retainedMessages());
        to.put("messages/stored", messages);
        to.put("store/messages/count", messages);
        to.put("store/messages/bytes", counted.queuedBytes() + counted.inflightBytes() + core.retainedBytes());
        Runtime machine = Runtime.getRuntime();
        long heap = machine.totalMemory() - machine.freeMemory();
        heapMax = Math.max(heapMax, heap);
        to.put("heap/current", heap);
        to.put("heap/maximum", heapMax);
    }

    private void loads(Traffic counted, To to) {
        long elapsedMs = core.monotonicMs() - loadsMs;
        if (elapsedMs > 0) {
            loadsMs += elapsedMs;
            load("messages/received", counted.receivedPackets(), elapsedMs);
            load("messages/sent", counted.sentPackets(), elapsedMs);
            load("publish/received", publishes(counted::receivedPublishes), elapsedMs);
            load("publish/sent", publishes(counted::sentPublishes), elapsedMs);
            load("publish/dropped", dropped(), elapsedMs);
            load("bytes/received", counted.receivedBytes(), elapsedMs);
            load("bytes/sent", counted.sentBytes(), elapsedMs);
            load("connections", counted.connects(), elapsedMs);
        }
        loads.forEach((name, load) -> {
            for (int i = 0; i < LoadAverage.PERIODS.length; i++) {
                to.put(
                        "load/" + name + "/" + LoadAverage.PERIODS[i] + "min",
                        String.format(Locale.ROOT, "%.2f", load.perMinute(i)));
            }
        });
    }

    private void load(String name, long total, long elapsedMs) {
        loads.computeIfAbsent(name, of -> new LoadAverage()).update(total, elapsedMs);
    }
}
