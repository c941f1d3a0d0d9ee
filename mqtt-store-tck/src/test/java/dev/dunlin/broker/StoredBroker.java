package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;
import static dev.dunlin.broker.testkit.Packets.puback;
import static dev.dunlin.broker.testkit.Packets.pubcomp;
import static dev.dunlin.broker.testkit.Packets.pubrec;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.ReceivedPublish;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Packet;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * A broker whose store outlives it: one process after the other on the same contents. Each process has a {@link FaultyStore} of
 * its own, so that what a crashed one still does touches nothing.
 */
final class StoredBroker implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final long EXPIRY_SECONDS = 100_000;

    private final UnaryOperator<BrokerBuilder> configuration;
    private final Durability level;
    private final WatchedStore contents = new WatchedStore();
    private FaultyStore store;
    private TestBroker broker;

    private StoredBroker(Durability level, UnaryOperator<BrokerBuilder> configuration) {
        this.level = level;
        this.configuration = configuration;
        store = new FaultyStore(contents);
        broker = startOn(store);
    }

    /** On an empty store, at the level POWER. */
    static StoredBroker start() {
        return start(builder -> builder);
    }

    static StoredBroker start(Limits limits) {
        return start(builder -> builder.limits(limits));
    }

    static StoredBroker start(UnaryOperator<BrokerBuilder> configuration) {
        return start(Durability.POWER, configuration);
    }

    static StoredBroker start(Durability level, UnaryOperator<BrokerBuilder> configuration) {
        return new StoredBroker(level, configuration);
    }

    private TestBroker startOn(FaultyStore on) {
        return TestBroker.start(builder -> configuration.apply(builder).storage(on, level));
    }

    // ---- processes

    /** The broker of the present process. */
    TestBroker broker() {
        return broker;
    }

    /** The store of the present process, to be told what to do wrong. */
    FaultyStore store() {
        return store;
    }

    /** Ends this process properly. */
    void stop() {
        broker.close();
    }

    /** Begins the next one. */
    void startAgain() {
        startAgain(prepared -> {});
    }

    /** Begins the next one on a store that is prepared to fail. */
    void startAgain(Consumer<FaultyStore> preparation) {
        store = new FaultyStore(contents);
        preparation.accept(store);
        broker = startOn(store);
    }

    /** Ends this process properly and begins the next one. */
    void restart() {
        stop();
        startAgain();
    }

    /** Crashes; the store is there for who wants to change it. */
    void crashOnly(Crash kind) {
        crash(store, kind);
        broker.close();
    }

    /** Crashes a store whose broker won't come back: as a hook, in the middle of a write. */
    static void crash(FaultyStore store, Crash kind) {
        store.failAll(Call.OPEN, Kind.CORRUPT);
        store.crash(kind);
    }

    /** Crashes, and begins the next process. */
    void crash(Crash kind) {
        crashOnly(kind);
        startAgain();
    }

    /** What the store holds: now, or when the process has ended. */
    WatchedStore contents() {
        return contents;
    }

    /** The broker's side of the store. */
    Store core() {
        return Objects.requireNonNull(broker.broker().core().store());
    }

    /** Returns when nothing is under way to the store any more, from the start of the broker neither. */
    void awaitQuiet() {
        broker.settle();
        TestBroker.eventually("nothing is under way", () -> {
            return core().durable() == core().lastTicket() && contents.isSwept();
        });
    }

    /** Has writes stand still, those of a change that is on its way included. */
    void stall() {
        store.stall(Call.WRITE);
    }

    /** Returns when a write stands still. */
    void awaitStalled() {
        try {
            store.awaitStalled(Call.WRITE, PATIENCE);
        } catch (TimeoutException | InterruptedException e) {
            throw new AssertionError("no write stands still", e);
        }
    }

    /** Writes go on. */
    void release() {
        store.release(Call.WRITE);
    }

    /** Returns when all changes of what clients have sent so far are durable, those too that nobody waits for. */
    void sync() {
        broker.settle();
        WireClient last = broker.send(MqttVersion.V5, persistent("sync").cleanStart());
        last.expect(connack());
        last.leave();
    }

    // ---- clients

    /** A CONNECT of a client whose session outlives its connection. */
    static ConnectPacket persistent(String id) {
        return connect(id).sessionExpiry(EXPIRY_SECONDS);
    }

    /** A client with a new session that outlives its connection. */
    WireClient made(MqttVersion version, String id) {
        WireClient c = broker.send(version, persistent(id));
        c.expect(connack());
        return c;
    }

    /** A client with a new session that outlives its connection. */
    WireClient made(String id) {
        return made(MqttVersion.V5, id);
    }

    /** A client that finds its session. */
    WireClient back(MqttVersion version, String id) {
        WireClient c = broker.send(version, persistent(id));
        c.expect(connack().sessionPresent());
        return c;
    }

    /** A client that finds its session. */
    WireClient back(String id) {
        return back(MqttVersion.V5, id);
    }

    /** A client with a new session and a subscription, gone again. */
    void away(String id, String filter, int qos) {
        made(id).subscribed(filter, qos).leave();
        broker.settle(); // that it has left is on its way to the store, before what comes next
    }

    /**
     * Takes so many messages, acknowledges all of them to the end, and sees that nothing else comes.
     *
     * @return their payloads in the order of arrival; "again: " before one with DUP
     */
    static List<String> takeAll(WireClient c, int messages) {
        return take(c, messages).stream()
                .map(each -> (each.dup() ? "again: " : "") + each.text())
                .toList();
    }

    /** As {@link #takeAll}. */
    static List<ReceivedPublish> take(WireClient c, int messages) {
        List<ReceivedPublish> came = new ArrayList<>();
        int open = 0;
        while (came.size() < messages || open > 0) {
            Object packet = c.receive();
            if (packet instanceof ReceivedPublish publish) {
                came.add(publish);
                if (publish.qos() == QoS.AT_LEAST_ONCE) {
                    c.send(puback(publish.packetId()));
                } else if (publish.qos() == QoS.EXACTLY_ONCE) {
                    c.send(pubrec(publish.packetId()));
                    open++;
                }
            } else if (packet instanceof Packet.Ack ack && ack.type() == PacketType.PUBREL) {
                c.send(pubcomp(ack.packetId()));
                open--;
            } else {
                throw new AssertionError("expected a message, but came " + packet + " behind " + came);
            }
        }
        c.expectNothing();
        return came;
    }

    @Override
    public void close() {
        store.heal();
        broker.close();
    }
}
