package dev.dunlin.broker.simulation;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.TimeSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * A part of a {@link Soak}: clients with a {@link Model}, from nothing to nothing. They are random all the time; now and then
 * the broker is killed at once, or all become quiet, the model asks for everything that is owed, and the broker may be stopped
 * in good order. In a chapter of a {@link MixedLoad} the broker lives on: it has run before and runs behind it.
 */
final class Chapter implements Client.Site, Logs.Listener {
    private static final long SLACK_MS = 8_000;
    private static final long PATIENCE_MS = 30_000;
    private static final long SILENCE_MS = 1_500;
    private static final int SLOW_MS = 4_000;
    private static final int STUCK_MS = 20_000;
    private static final int TRACE_LINES = 1 << 17;
    private static final int FLOOD_MESSAGES = 100;
    private static final int FLOOD_BYTES = 40_000;
    private static final int LARGE_BYTES_MAX = 600_000;

    /** More often than somebody is slow, somebody breaks the rules, or publishes a large message. */
    private static final int VANDALS = 50;

    private static final int LARGE_ONES = 5;

    /** Null if the broker lives on. */
    private final @Nullable Path store;

    private final Pace pace;
    private final Figures figures;
    private final long seed;
    private final Random random;
    private final TimeSource time = TimeSource.system();
    private final Model model = new Model(time, SLACK_MS);
    private final Trace trace = new Trace(time, TRACE_LINES);
    private final Setting setting;
    private final Deeds deeds;
    private final List<Client> clients = new ArrayList<>();
    private final Map<Client, SocketWire> wires = new HashMap<>();
    private final Vandal vandal;
    private final Sockets sockets;
    private final Set<Integer> willsSeen = new HashSet<>();
    private final int steadiness;
    private SoakBroker broker;
    private int port;
    private boolean calm;
    private boolean killed;
    private boolean stopping;
    private long killDueMs;
    private long turns;
    private @Nullable Violation fault;

    /**
     * How often something happens, in milliseconds, from one of these to twice of it.
     *
     * @param killMs to the broker; never in a chapter that it outlives
     * @param deeds of clients, in a turn, at most
     * @param rarity in how many turns somebody is slow, once
     * @param turns at least, however slow the machine is
     */
    record Pace(int killMs, int quietMs, int deeds, int rarity, int turns) {}

    /** With a broker of its own, on this store. */
    Chapter(Path store, Pace pace, Figures figures, long seed) {
        this(store, null, Setting.overSockets(seed), pace, figures, seed);
    }

    /** With a broker that lives on, of this setting, which nobody is connected to. */
    Chapter(SoakBroker running, Setting setting, Pace pace, Figures figures, long seed) {
        this(null, running, setting, pace, figures, seed);
    }

    private Chapter(
            @Nullable Path store,
            @Nullable SoakBroker running,
            Setting setting,
            Pace pace,
            Figures figures,
            long seed) {
        this.store = store;
        this.pace = pace;
        this.figures = figures;
        this.seed = seed;
        this.setting = setting;
        random = new Random(seed);
        deeds = new Deeds(setting, model, random);
        for (int i = 0; i < setting.clients(); i++) {
            clients.add(new Client(deeds.profile(i), this, model));
        }
        vandal = new Vandal(random);
        sockets = new Sockets(random);
        steadiness = List.of(0, 60, 95, 99).get(random.nextInt(4));
        broker = running == null ? start() : running;
    }

    String describe() {
        return "seed " + seed + ": " + setting.loops() + " loops, steady in " + steadiness + " of 100 deeds, "
                + setting.limits();
    }

    String trace(String failure) {
        return trace.about(failure);
    }

    /** Writes everything that is known to a file. */
    void write(Path file) {
        try (Writer to = Files.newBufferedWriter(file)) {
            trace.write(to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- the course of it

    /** Runs for so long, and then to a good end. */
    void run(long ms) {
        try {
            port = broker.port(this);
            long endMs = time.monotonicMs() + ms;
            killDueMs = livesOn() ? Long.MAX_VALUE / 2 : soon(pace.killMs);
            long quietDueMs = soon(pace.quietMs);
            while (time.monotonicMs() < endMs || turns < pace.turns) {
                busy();
                if (killed) {
                    afterKill();
                } else if (time.monotonicMs() >= quietDueMs) {
                    quiet();
                    if (!livesOn() && random.nextInt(3) == 0) {
                        stop();
                        open();
                    }
                    quietDueMs = soon(pace.quietMs);
                }
            }
            end();
            figures.add(model);
        } finally {
            if (!livesOn()) {
                broker.kill();
            }
            sockets.close();
        }
    }

    private boolean livesOn() {
        return store == null;
    }

    private long soon(int ms) {
        return time.monotonicMs() + ms + random.nextInt(ms);
    }

    private void busy() {
        if (time.monotonicMs() >= killDueMs + pace.killMs / 4) { // no acknowledgement came to do it at
            kill();
        }
        for (int left = random.nextInt(pace.deeds); left > 0; left--) {
            Client client = clients.get(random.nextInt(clients.size()));
            if (random.nextInt(100) < steadiness) {
                deeds.steady(client);
            } else {
                deeds.one(client);
            }
        }
        int dice = random.nextInt(pace.rarity);
        if (dice == 0) {
            slowConsumer();
        } else if (dice < pace.rarity / VANDALS) {
            vandal.act(end -> sockets.connect(port, end));
        }
        if (livesOn() && random.nextInt(pace.rarity / LARGE_ONES) == 0) {
            large();
        }
        turn(random.nextInt(4));
    }

    private void turn(long waitMs) {
        turns++;
        sockets.turn(waitMs);
        broker.listen(this);
        clients.forEach(Client::look);
        if (!killed && !stopping) {
            clients.stream().filter(Client::mustPing).forEach(Client::ping);
        }
        for (Session session : model.sessions()) {
            figures.owedMax = Math.max(figures.owedMax, session.owed.size());
        }
        if (fault != null) {
            throw fault;
        }
    }

    /** Somebody doesn't read for a while, and others publish more than what is in between can hold. */
    private void slowConsumer() {
        Client slow = clients.get(random.nextInt(clients.size()));
        Client fast = clients.get(random.nextInt(clients.size()));
        SocketWire wire = wires.get(slow);
        if (wire == null || !slow.isConnected() || !fast.isConnected() || slow == fast) {
            return;
        }
        figures.slowConsumers++;
        note(slow, "doesn't read");
        wire.pause(500 + random.nextInt(livesOn() && random.nextInt(4) == 0 ? STUCK_MS : SLOW_MS));
        deeds.flood(fast, FLOOD_MESSAGES, FLOOD_BYTES);
    }

    /** Somebody publishes a message that arrives, and leaves, in many pieces. */
    private void large() {
        Client client = clients.get(random.nextInt(clients.size()));
        if (client.isConnected()) {
            figures.largeMessages++;
            deeds.large(client, LARGE_BYTES_MAX / 6 + random.nextInt(LARGE_BYTES_MAX));
        }
    }

    // ---- mishaps

    private void kill() {
        if (!killed) {
            note("kill -9");
            figures.kills++;
            killed = true;
            broker.kill();
        }
    }

    private void afterKill() {
        over(Model.Restart.CRASH);
        if (random.nextInt(5) == 0) {
            broker = start();
            boolean ended = broker.awaitEnd(300 + random.nextInt(1_000));
            Model.require(!ended, "the broker does not start");
            note("kill -9 while it starts");
            figures.killsWhileStarting++;
            killed = true;
            broker.kill();
            over(Model.Restart.CRASH);
        }
        open();
        killDueMs = soon(pace.killMs);
    }

    /** All is quiet: it is stopped in good order. */
    private void stop() {
        note("stops in good order");
        figures.stops++;
        stopping = true;
        model.wills().stopping();
        broker.stop();
        long endMs = time.monotonicMs() + PATIENCE_MS;
        while (broker.isAlive()) {
            turn(20);
            Model.require(time.monotonicMs() < endMs, "the broker does not stop");
        }
        over(Model.Restart.ORDERLY);
    }

    /** It is dead, or dying: what it has said and sent still comes. */
    private void over(Model.Restart how) {
        stopping = true;
        int status = broker.end(this);
        sockets.readToEnd();
        clients.forEach(Client::look);
        Model.require(how == Model.Restart.CRASH || status == 0, "the broker ended with {}", status);
        for (Client client : clients) {
            Model.require(!client.hasWire(), "{} has a connection to nobody", client.id());
        }
        model.restarted(how);
        stopping = false;
        killed = false;
    }

    private SoakBroker start() {
        Durability level = random.nextBoolean() ? Durability.POWER : Durability.PROCESS;
        boolean restless = random.nextBoolean();
        note("starts at {}{}", level, restless ? ", restless" : "");
        return SoakBroker.start(new SoakBroker.Start(Objects.requireNonNull(store), level, restless, seed));
    }

    private void open() {
        broker = start();
        port = broker.port(this);
    }

    // ---- rest

    /** Nobody does anything, but for acknowledging if they are to, until nothing has come for a while. */
    private void settle(boolean acknowledges) {
        calm = true;
        sockets.resume();
        long beginMs = time.monotonicMs();
        long lastMs = beginMs;
        boolean stands = false;
        while (time.monotonicMs() - lastMs < SILENCE_MS) {
            long before = sockets.bytesRead();
            turn(10);
            if (acknowledges) {
                clients.forEach(deeds::drain);
            }
            boolean waits = sockets.hasUnsent() || clients.stream().anyMatch(Client::waits);
            boolean patient = time.monotonicMs() - beginMs < PATIENCE_MS;
            if (sockets.bytesRead() != before || (waits && patient)) {
                lastMs = time.monotonicMs();
            } else if (waits && !stands) {
                stands = true;
                broker.dumpThreads();
            }
        }
        calm = false;
    }

    private void quiet() {
        settle(false);
        note("all is quiet");
        figures.quietPhases++;
        clients.forEach(Client::requireAnswered);
        model.quiet();
    }

    /** Everybody comes back, gets what is owed, and goes for good: then nothing may be left of them. */
    private void end() {
        settle(false); // a CONNECT that is still under way would take over the next one
        settle(true);
        quiet();
        clients.forEach(deeds::clear);
        settle(true);
        quiet();
        for (int i = 0; i < clients.size(); i++) {
            deeds.leave(clients.get(i));
            if (i == clients.size() / 2) {
                settle(true);
                quiet();
            }
        }
        settle(true);
        quiet();
        clients.forEach(Client::disconnect);
        settle(false);
        if (livesOn()) {
            turn(0);
        } else {
            stop();
        }
    }

    // ---- for the clients

    @Override
    public Connection connect(Client client) {
        SocketWire former = wires.get(client);
        figures.connections++;
        figures.takeovers += former != null && former.isAbandoned() ? 1 : 0;
        SocketWire wire = sockets.connect(port, client);
        wires.put(client, wire);
        return wire;
    }

    @Override
    public void note(Client client, String what, Object... about) {
        figures.noted(what, about);
        if (what.startsWith("gets PUBLISH") && (Integer) about[0] >= 0) {
            int message = (Integer) about[0];
            boolean will = message < model.messages.size() && model.messages.get(message).will;
            figures.wills += will && willsSeen.add(message) ? 1 : 0;
        }
        trace.note(turns, client.id(), what, about);
    }

    private void note(String what, Object... about) {
        trace.note(turns, "broker", what, about);
    }

    @Override
    public boolean mayClose(Client client) {
        return killed || stopping;
    }

    @Override
    public void acknowledged() {
        if (!calm && time.monotonicMs() >= killDueMs) {
            kill();
        }
    }

    // ---- for what the broker says

    @Override
    public void dropped(String session, long n, String topic, String reason) {
        note("drops {} for {} on {}: {}", n, session, topic, reason);
        figures.dropped(reason, n);
        model.dropped(session, n, topic, reason);
    }

    @Override
    public void logged(Level level, String logger, String line, @Nullable Throwable cause) {
        note("{}: {}", level, line);
        if (level == Level.ERROR) {
            fault = new Violation("the broker logs: " + line);
        }
    }
}
