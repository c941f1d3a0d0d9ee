package dev.dunlin.broker.crash;

import dev.dunlin.broker.testkit.Packets;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * A broker that is killed again and again under load, always with the same store, and its clients, who check what they get.
 *
 * <p>A round: clients connect; publishers send QoS 1 and QoS 2, partly retained; one group of sessions takes part, slowly,
 * the other is offline; somebody subscribes and unsubscribes; wills wait for their time. At a random moment the broker is
 * killed and started again, sometimes killed once more in the middle of its start. Then every client comes back to its session, publishers finish what is open, subscribers drain
 * what is theirs, and the round is over when everything that was acknowledged has arrived.
 *
 * <p>A round counts if at the kill at least {@link #AT_RISK_MIN} messages were acknowledged and not delivered, and a QoS 2
 * exchange was open in each of its four states.
 */
final class Scene implements AutoCloseable {
    private static final int AT_RISK_MIN = 200;
    private static final int PUBLISHERS = 4;
    private static final int LOAD_MS_MIN = 50;
    private static final int LOAD_MS_SPREAD = 500;
    private static final int START_KILLED_EVERY = 5;
    private static final int START_KILLED_MS_MIN = 200;
    private static final int START_KILLED_MS_SPREAD = 600;
    private static final int ATTEMPTS_LEFT_OUT_MAX = 5;
    private static final long PATIENCE_SECONDS = 30;

    private final ChildBroker.Setting setting;
    private final Random random;
    private final AfterKill afterKill;
    private final Wires wires = new Wires();
    private final List<MessageStream> messages = new ArrayList<>();
    private final List<MessageStream> retained = new ArrayList<>();
    private final List<Publisher> publishers = new ArrayList<>();
    private final List<Subscriber> online = new ArrayList<>();
    private final List<Subscriber> offline = new ArrayList<>();
    private final WillClient willAtKill;
    private final WillClient willBeforeKill;
    private final WillClient willNever;
    private final Churner churner = new Churner(wires);
    private final Totals totals = new Totals();
    private ChildBroker broker;

    /** What happens to the files of the dead broker. */
    interface AfterKill {
        void change(Random random) throws Exception;
    }

    /** How it went. */
    static final class Totals {
        int rounds;
        int notRun;
        long atRisk;
        int atRiskMin = Integer.MAX_VALUE;
        long acknowledged;

        @Override
        public String toString() {
            return rounds + " rounds, " + atRisk + " acknowledged messages at risk (at least " + atRiskMin
                    + " each) of " + acknowledged + ", nothing lost; " + notRun + " rounds not counted";
        }
    }

    Scene(ChildBroker.Setting setting, long seed, AfterKill afterKill) {
        this.setting = setting;
        this.afterKill = afterKill;
        random = new Random(seed);
        makePublishers();
        willAtKill = new WillClient(wires, "will-at-kill", stream("all/will-at-kill"), 1);
        willBeforeKill = new WillClient(wires, "will-before-kill", stream("all/will-before-kill"), 1);
        willNever = new WillClient(wires, "will-never", stream("all/will-never"), WillClient.NEVER_SECONDS);
        online.add(subscriber("online-all", MqttVersion.V5, "all/#", 0, ""));
        online.add(subscriber("online-slow", MqttVersion.V5, "all/+/2", 20, "/2"));
        online.add(subscriber("online-3", MqttVersion.V3_1_1, "all/+/1", 0, "/1"));
        offline.add(subscriber("offline-all", MqttVersion.V5, "all/#", 0, ""));
        offline.add(subscriber("offline-3", MqttVersion.V3_1_1, "all/#", 0, ""));
        offline.add(new Subscriber(
                wires,
                new Subscriber.Named("offline-alone", MqttVersion.V5),
                "alone/#",
                100,
                messages,
                each -> each.topic.startsWith("alone/")));
        broker = ChildBroker.start(setting);
    }

    private void makePublishers() {
        for (int i = 0; i < PUBLISHERS; i++) {
            List<MessageStream> own = new ArrayList<>();
            for (int qos = 1; qos <= 2; qos++) {
                own.add(new MessageStream("all/" + i + "/" + qos, qos, false));
                own.add(new MessageStream("alone/" + i + "/" + qos, qos, false));
            }
            messages.addAll(own);
            for (int qos = 1; qos <= 2; qos++) {
                MessageStream last = new MessageStream("retained/" + i + "/" + qos, qos, true);
                own.add(last);
                retained.add(last);
            }
            MqttVersion version = i % 2 == 0 ? MqttVersion.V5 : MqttVersion.V3_1_1;
            publishers.add(new Publisher(wires, "publisher-" + i, version, own, random));
        }
    }

    private MessageStream stream(String topic) {
        MessageStream stream = new MessageStream(topic, 2, false);
        messages.add(stream);
        return stream;
    }

    private Subscriber subscriber(String clientId, MqttVersion version, String filter, int receiveMaximum, String end) {
        return new Subscriber(
                wires,
                new Subscriber.Named(clientId, version),
                filter,
                receiveMaximum,
                messages,
                each -> each.topic.startsWith("all/") && each.topic.endsWith(end));
    }

    // ---- rounds

    /** Runs so many rounds that count. */
    Totals run(int rounds) throws Exception {
        connect();
        offline.forEach(each -> each.connect(broker.port()));
        while (totals.rounds < rounds) {
            try {
                round();
            } catch (AssertionError e) {
                throw new Violation("round " + (totals.rounds + totals.notRun) + ": " + e.getMessage(), e);
            }
            if (totals.notRun > ATTEMPTS_LEFT_OUT_MAX + rounds / 2) {
                throw new AssertionError("too many rounds do not count: " + totals);
            }
        }
        totals.acknowledged = Stream.concat(messages.stream(), retained.stream())
                .mapToLong(each -> each.acknowledged.cardinality())
                .sum();
        return totals;
    }

    private void connect() {
        int port = broker.port();
        publishers.forEach(each -> each.connect(port));
        online.forEach(each -> each.connect(port));
    }

    private void round() throws Exception {
        sendOfflineAway();
        List.of(willAtKill, willBeforeKill, willNever).forEach(each -> each.connect(broker.port()));
        churner.connect(broker.port());
        load();
        kill();
        count();
        afterKill.change(random);
        if (random.nextInt(START_KILLED_EVERY) == 0) {
            ChildBroker.startAndKill(setting, START_KILLED_MS_MIN + random.nextInt(START_KILLED_MS_SPREAD));
            afterKill.change(random);
        }
        broker = ChildBroker.start(setting);
        churner.check(broker.port());
        checkRetained();
        connect();
        offline.forEach(each -> each.connect(broker.port()));
        await("everything has arrived", () -> step(false), this::isDrained);
    }

    private void sendOfflineAway() {
        await(
                "the offline ones are ready",
                () -> step(false),
                () -> offline.stream().allMatch(Subscriber::isReady));
        offline.forEach(Subscriber::disconnect);
        await(
                "the offline ones are away",
                () -> step(false),
                () -> offline.stream().allMatch(Subscriber::isDisconnected));
    }

    private void load() {
        await(
                "everybody is there",
                () -> step(true),
                () -> Stream.of(willAtKill, willBeforeKill, willNever).allMatch(WillClient::isConnected)
                        && online.stream().allMatch(Subscriber::isReady));
        long now = System.nanoTime();
        long end = now + TimeUnit.MILLISECONDS.toNanos(LOAD_MS_MIN + random.nextInt(LOAD_MS_SPREAD));
        long losing = now + random.nextLong(end - now);
        await("a load", () -> step(true), () -> {
            if (System.nanoTime() >= losing) {
                willBeforeKill.lose();
            }
            return System.nanoTime() >= end && isUnderLoad();
        });
    }

    /** One turn of the wires, and the work of all clients. */
    private void step(boolean load) {
        wires.turn(1);
        publishers.forEach(each -> each.work(load));
        online.forEach(each -> each.work(!load));
        offline.forEach(each -> each.work(!load));
        if (load) {
            churner.work();
        }
    }

    private void await(String what, Runnable step, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new Violation(
                        "not within " + PATIENCE_SECONDS + " s: " + what + "; " + publishers + online + offline);
            }
            step.run();
        }
    }

    private boolean isUnderLoad() {
        return hasOpenInEachState() && atRisk() >= AT_RISK_MIN;
    }

    private void kill() {
        List.of(willAtKill, willBeforeKill, willNever).forEach(WillClient::killed);
        wires.mute(); // what was written last is on its way
        broker.kill();
        wires.readToEnd();
        messages.forEach(MessageStream::killed);
        retained.forEach(MessageStream::killed);
    }

    private void count() {
        int atRisk = atRisk();
        if (hasOpenInEachState() && atRisk >= AT_RISK_MIN) {
            totals.rounds++;
            totals.atRisk += atRisk;
            totals.atRiskMin = Math.min(totals.atRiskMin, atRisk);
        } else {
            totals.notRun++;
        }
    }

    private boolean hasOpenInEachState() {
        return publishers.stream().anyMatch(each -> each.waitingForPubrec() > 0)
                && publishers.stream().anyMatch(each -> each.waitingForPubcomp() > 0)
                && online.stream().anyMatch(each -> each.owesPubrec() > 0)
                && online.stream().anyMatch(each -> each.owesPubcomp() > 0);
    }

    /** Messages that were acknowledged and that at least one of their subscribers hasn't got. */
    private int atRisk() {
        Map<MessageStream, BitSet> missing = new HashMap<>();
        for (List<Subscriber> group : List.of(online, offline)) {
            for (Subscriber each : group) {
                each.inboxes()
                        .forEach(inbox -> missing.computeIfAbsent(inbox.stream, s -> new BitSet())
                                .or(inbox.missing()));
            }
        }
        return missing.values().stream().mapToInt(BitSet::cardinality).sum();
    }

    private boolean isDrained() {
        return publishers.stream().allMatch(Publisher::isIdle)
                && online.stream().allMatch(Subscriber::isComplete)
                && offline.stream().allMatch(Subscriber::isComplete);
    }

    // ---- retained messages

    /** Before any publisher comes back: only what the store has kept counts. */
    private void checkRetained() {
        Map<String, String> values = new HashMap<>();
        try (WireClient reader =
                WireClient.connect(broker.port(), MqttVersion.V5).login("reader")) {
            reader.subscribed("retained/#", 1);
            while (!retained.stream().allMatch(each -> values.containsKey(each.topic) || !each.mustBeRetained())) {
                take((ReceivedPublish) reader.receive(), values, reader);
            }
            reader.send(Packets.pingreq());
            while (reader.receive() instanceof ReceivedPublish publish) { // until PINGRESP
                take(publish, values, reader);
            }
            reader.leave();
        }
        retained.forEach(each -> each.checkRetained(values.get(each.topic)));
    }

    private static void take(ReceivedPublish publish, Map<String, String> values, WireClient reader) {
        values.put(publish.topic(), publish.text());
        reader.send(Packets.puback(publish.packetId()));
    }

    @Override
    public void close() {
        wires.close();
        broker.close();
    }
}
