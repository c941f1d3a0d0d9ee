package dev.dunlin.broker;

import static dev.dunlin.broker.testkit.Packets.connack;
import static dev.dunlin.broker.testkit.Packets.connect;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.testkit.ConnectPacket;
import dev.dunlin.broker.testkit.WireClient;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
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
        store = new FaultyStore(contents);
        broker = startOn(store);
    }

    /** Ends this process properly and begins the next one. */
    void restart() {
        stop();
        startAgain();
    }

    /** Crashes; the store is there for who wants to change it. */
    void crashOnly(Crash kind) {
        store.failAll(Call.OPEN, Kind.CORRUPT); // this process doesn't come back
        store.crash(kind);
        broker.close();
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
    }

    @Override
    public void close() {
        store.heal();
        broker.close();
    }
}
