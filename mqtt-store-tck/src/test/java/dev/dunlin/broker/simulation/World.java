package dev.dunlin.broker.simulation;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.OverflowPolicy;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import dev.dunlin.broker.spi.View;
import dev.dunlin.broker.testkit.Balance;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.tck.Crash;
import dev.dunlin.store.tck.FaultyStore;
import dev.dunlin.store.tck.FaultyStore.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * One run: a broker with its clients, network and store, and everything that may befall them, step by step as the seed decides.
 * A step is one turn of one loop, one step of the commit thread, one piece of bytes on the network, one deed of a client, one
 * moment of time, or one mishap. While the engine writes, steps of everybody else happen within that write.
 */
final class World implements Client.Site, Logs.Listener {
    /** How a line ends by which the broker ends a connection whose wire may still have to take what was written. */
    private static final List<String> ENDS =
            List.of(": too many messages queued", ": the store has no room or can't be written");

    private static final long SLACK_MS = 2_000;
    private static final int TRACE_LINES = 4096;
    private static final int ROUNDS_MAX = 20_000;
    private static final int DRAIN_ROUNDS_MAX = 500;
    private static final int HANGING_STEPS = 400;
    private static final int QUIET_TICK_MS = 50;
    private static final int QUIET_TICKS = 50;

    final long seed;
    final Random random;
    final Setting setting;
    final VirtualTime time = new VirtualTime();
    final Model model = new Model(time, SLACK_MS);
    private final Trace trace = new Trace(time, TRACE_LINES);
    private final FaultyStore store = new FaultyStore();
    private final List<Client> clients = new ArrayList<>();
    private final Vandal vandal;
    private final List<Wire> wires = new ArrayList<>();
    private final Deeds deeds;
    private Life life;
    private long steps;
    private boolean nested;
    private boolean calm;
    private boolean stopping;
    private boolean dieWhenAcknowledged;
    private boolean unwell;
    private @Nullable Client administered;
    private @Nullable Crash crash;
    private @Nullable Throwable fault;

    World(long seed) throws StoreException {
        this.seed = seed;
        random = new Random(seed);
        setting = Setting.of(seed, random);
        Logs.listen(this);
        store.failedWriteLeavesNoTrace(random.nextBoolean());
        store.beforeWrite(batch -> during());
        store.afterWrite(batch -> during());
        deeds = new Deeds(setting, model, random);
        for (int i = 0; i < setting.clients(); i++) {
            clients.add(new Client(deeds.profile(i), this, model));
        }
        vandal = new Vandal(random);
        life = begin();
    }

    /** The seed and its broker, in words. */
    String describe() {
        return "seed " + seed + ": " + setting.level() + ", " + setting.loops() + " loops, " + setting.limits();
    }

    long steps() {
        return steps;
    }

    String trace(String failure) {
        return trace.about(failure);
    }

    /** A number for all that has happened. */
    long digest() {
        return trace.digest();
    }

    private Life begin() throws StoreException {
        boolean before = calm;
        calm = true;
        Life begun = new Life(setting, time, random, setting.isStored() ? store : null);
        calm = before;
        return begun;
    }

    // ---- steps

    /** Runs so many steps, and then to a good end. */
    void run(int count) throws StoreException {
        int untilQuiet = 200;
        while (steps < count) {
            step();
            afterStep();
            if (--untilQuiet == 0) {
                quiet();
                untilQuiet = 100 + random.nextInt(500);
            }
        }
        end();
    }

    private void step() throws StoreException {
        steps++;
        int dice = random.nextInt(1000);
        if (dice < 330) {
            turn();
        } else if (dice < 600) {
            carry();
        } else if (dice < 940) {
            deeds.one(clients.get(random.nextInt(clients.size())));
        } else if (dice < 955) {
            vandal.act(this::connect);
        } else if (dice < 975) {
            time.advanceMs(1 + random.nextInt(30));
        } else if (dice < 983) {
            pass(500 + random.nextInt(4_000));
        } else if (!nested) {
            mishap();
        }
        clients.forEach(Client::look);
        if (unwell) {
            model.trouble();
        }
        String over = life.overLimit();
        Model.require(over == null, "{}", over);
    }

    /** What can't happen within a write. */
    private void afterStep() throws StoreException {
        requireNoFault();
        if (crash != null) {
            restart(Model.Restart.CRASH);
        }
    }

    private void turn() {
        if (crash == null) {
            life.direct(unwell);
            life.step();
        }
    }

    private void carry() {
        if (wires.isEmpty()) {
            return;
        }
        Wire wire = wires.get(random.nextInt(wires.size()));
        int bytes = random.nextInt(4) == 0 ? 1 + random.nextInt(12) : 1 + random.nextInt(4096);
        if (random.nextBoolean() && wire.underWayUp() > 0) {
            wire.carryUp(bytes);
        } else if (wire.underWayDown() > 0) {
            wire.carryDown(bytes);
        }
        forgetOver();
    }

    private void forgetOver() {
        if (wires.size() > 2 * clients.size()) {
            wires.removeIf(Wire::isOver);
        }
    }

    /** Much time passes: what is under way arrives before. */
    private void pass(int ms) {
        if (nested) {
            time.advanceMs(ms / 8);
            return;
        }
        settle();
        time.advanceMs(ms);
        pingIfDue();
        settle();
    }

    private void pingIfDue() {
        clients.stream().filter(Client::mustPing).forEach(Client::ping);
    }

    /** A write is under way: others go on meanwhile, for a moment or, if it hangs, for long. */
    private void during() {
        if (nested || calm || crash != null) {
            return;
        }
        nested = true;
        try {
            int dice = random.nextInt(100);
            int count = dice < 60 ? random.nextInt(4) : dice < 98 ? random.nextInt(40) : HANGING_STEPS;
            for (int i = 0; i < count && crash == null; i++) {
                step();
                if (count == HANGING_STEPS) {
                    time.advanceMs(random.nextInt(40));
                    if (random.nextInt(8) == 0) {
                        deeds.flood(clients.get(random.nextInt(clients.size())));
                    }
                    unwell = true;
                }
            }
            if (crash == null && random.nextInt(60) == 0) {
                crash();
            }
        } catch (StoreException | RuntimeException | Error e) { // the commit thread would take it for the engine's
            fault = e;
        } finally {
            nested = false;
        }
    }

    // ---- mishaps

    private void mishap() throws StoreException {
        int dice = random.nextInt(31);
        if (dice < 4) {
            crash();
        } else if (dice < 6) {
            restart(Model.Restart.ORDERLY);
        } else if (dice == 6) {
            loseClientAndRestart();
        } else if ((dice == 7 || dice == 19) && setting.isStored()) {
            holdBack();
        } else if (dice < 9) {
            jump(random.nextInt(40_000) - 20_000);
            note("the wall clock jumps");
        } else if (dice == 9) {
            heal();
        } else if (dice == 20) {
            loseMember();
        } else if (dice == 28) {
            purge();
        } else if (dice == 29 || dice == 30) {
            endSession();
        } else if (!setting.isStored()) {
            note("spared");
        } else if (dice == 10 || dice == 21) {
            failAndDie();
        } else if (dice == 22) {
            overflow();
        } else if (dice > 22 && dice < 26) {
            comeBackInNeed();
        } else if (dice > 25) {
            repeatAndDie();
        } else {
            failStore(dice);
        }
    }

    /** Somebody dies and stays away until his will must have been published; then the broker is started anew. */
    private void loseClientAndRestart() throws StoreException {
        gather();
        Client lost = connected(each -> each.will() != null);
        if (random.nextBoolean()) {
            lost = connected(each -> each.profile.isFive() && each.profile.isPersistent());
            Client reader = connected(each -> each.profile.isPersistent());
            if (lost != null && reader != null) {
                deeds.subscribeTo(reader, lost, QoS.EXACTLY_ONCE);
                settle();
                deeds.comeWithWill(lost, 1 + random.nextInt(3));
                settle();
            }
        }
        if (lost != null && lost.isConnected()) {
            lost.die();
            pass(5_000);
        }
        if (crash == null && random.nextInt(4) > 0) {
            restart(Model.Restart.ORDERLY);
        } else if (crash == null) {
            crash();
        }
    }

    /** Everybody who may connects; the store is well, and nothing happens meanwhile. */
    private void gather() {
        boolean wasCalm = calm;
        calm = true;
        heal();
        clients.stream().filter(Client::mayConnect).forEach(each -> each.connect(false, null, 0));
        settle();
        calm = wasCalm;
    }

    private @Nullable Client connected(Predicate<Client> which) {
        return clients.stream()
                .filter(Client::isConnected)
                .filter(which)
                .findAny()
                .orElse(null);
    }

    /** A write fails and was applied all the same; what it has brought is used up; then the broker dies. */
    private void failAndDie() {
        gather();
        Client reader = connected(each -> each.profile.isPersistent());
        Client client = connected(each -> each != reader);
        if (reader == null || client == null) {
            return;
        }
        deeds.subscribeTo(reader, client, QoS.EXACTLY_ONCE);
        settle();
        note("the next write fails, and is there");
        unwell = true;
        life.direct(true);
        store.failedWritesAreApplied(true);
        store.failNext(Call.WRITE, 1, Kind.IO);
        deeds.publishTo(client, QoS.EXACTLY_ONCE);
        for (int i = 0; i < 4 && crash == null; i++) {
            settle();
            time.advanceMs(300);
            clients.forEach(deeds::one);
        }
        if (crash == null) {
            crash();
        }
    }

    /** A PUBLISH comes twice; as soon as the client has its PUBREC the broker dies. */
    private void repeatAndDie() {
        gather();
        Client reader = connected(each -> each.profile.isPersistent());
        Client client = connected(each -> each != reader && !each.profile.isFive());
        if (reader == null || client == null) {
            return;
        }
        deeds.subscribeTo(reader, client, QoS.EXACTLY_ONCE);
        settle();
        deeds.publishTo(client, QoS.EXACTLY_ONCE);
        if (client.isConnected()) {
            client.repeat();
        }
        dieWhenAcknowledged = true;
        wires.forEach(wire -> wire.carryUp(Integer.MAX_VALUE));
        while (crash == null && life.step()) {
            List.copyOf(wires).forEach(wire -> wire.carryDown(Integer.MAX_VALUE));
        }
        dieWhenAcknowledged = false;
    }

    /** Of two members of a group one dies with what it hasn't acknowledged. */
    private void loseMember() throws StoreException {
        gather();
        Client one = connected(each -> true);
        Client other = connected(each -> each != one);
        if (one == null || other == null) {
            return;
        }
        deeds.share(one);
        deeds.share(other);
        settle();
        deeds.publishShared(other);
        deeds.publishShared(other);
        settle();
        if (one.hasWire()) {
            one.die();
            gather();
        }
        if (crash == null) {
            quiet();
        }
    }

    /** A queue overflows; what is left of it is taken; then the broker is started anew. */
    private void overflow() throws StoreException {
        calm = true;
        gather();
        Client reader = connected(each -> each.profile.isPersistent());
        Client client = connected(each -> each != reader);
        if (reader == null || client == null) {
            calm = false;
            return;
        }
        deeds.subscribeTo(reader, client, QoS.AT_LEAST_ONCE);
        settle();
        if (reader.hasWire()) {
            reader.die();
        }
        for (int i = 0; i < 45 && client.isConnected(); i++) {
            deeds.publishTo(client, QoS.AT_LEAST_ONCE);
            settle();
        }
        gather();
        for (int i = 0; i < 45; i++) {
            deeds.steady(reader);
            settle();
        }
        calm = false;
        restart(Model.Restart.ORDERLY);
    }

    /** An administrator drops what waits for somebody who is away: no crash brings it back. */
    private void purge() throws StoreException {
        calm = true;
        gather();
        Client reader = connected(each -> each.profile.isPersistent());
        Client client = connected(each -> each != reader);
        if (reader == null || client == null) {
            calm = false;
            return;
        }
        deeds.subscribeTo(reader, client, QoS.AT_LEAST_ONCE);
        settle();
        if (reader.hasWire()) {
            reader.die();
            settle();
        }
        int first = model.messages.size();
        for (int i = 0; i < 3 && client.isConnected(); i++) {
            deeds.publishTo(client, random.nextBoolean() ? QoS.AT_LEAST_ONCE : QoS.EXACTLY_ONCE);
            settle();
        }
        List<Message> waited = List.copyOf(model.messages.subList(first, model.messages.size()));
        if (random.nextBoolean()) { // then the store has them, and nobody else
            restart(Model.Restart.ORDERLY);
            calm = true;
        }
        note("an administrator drops what waits for {}", reader.id());
        life.purge(reader.id(), dropped -> model.purged(reader.id(), waited));
        settle();
        calm = false;
        if (random.nextBoolean()) {
            crash();
        }
    }

    /** An administrator ends a session, be its client there or not: it is gone, with all that was its. */
    private void endSession() {
        gather();
        Client client = connected(each -> each.profile.isPersistent());
        if (client == null) {
            return;
        }
        calm = true;
        if (random.nextBoolean()) {
            client.die();
        }
        note("an administrator ends the session of {}", client.id());
        administered = client;
        model.ending(client.id());
        boolean[] answered = {false};
        life.endSession(client.id(), () -> model.endedByBroker(client.id()), () -> answered[0] = true);
        settle();
        for (int i = 0; i < 5 && !answered[0]; i++) { // the store comes back first
            time.advanceMs(1_100);
            settle();
        }
        Model.require(answered[0] && !client.hasWire(), "the session of {} is not ended", client.id());
        model.endedForGood(client.id());
        administered = null;
        calm = false;
        if (random.nextBoolean()) {
            crash();
        }
    }

    /** There is little space, and the publish of a 3.x client waits for more; meanwhile the client comes back without a past. */
    private void holdBack() {
        Client client = connected(each -> !each.profile.isFive());
        Client reader = connected(each -> each != client && each.profile.isPersistent());
        if (client == null || reader == null) {
            return;
        }
        deeds.subscribeTo(reader, client, QoS.AT_LEAST_ONCE);
        settle();
        haveLittleSpace();
        for (int i = 0; i < 3 && client.isConnected(); i++) { // with the first one the broker notices it
            time.advanceMs(1_100);
            deeds.publishTo(client, QoS.AT_LEAST_ONCE);
            settle();
        }
        if (crash == null && client.isConnected()) {
            client.abandon();
            client.connect(true, null, 0);
            settle();
        }
        if (crash == null && client.isConnected()) {
            deeds.subscribeTo(client, client, QoS.AT_LEAST_ONCE);
            settle();
        }
        if (crash == null) {
            heal();
            time.advanceMs(1_100);
            settle();
        }
    }

    private void haveLittleSpace() {
        unwell = true;
        life.direct(true);
        note("there is little space");
        store.freeBytes(1 << 20, 1 << 30);
    }

    /** Somebody is gone while there is no room for his will, and comes back. */
    private void comeBackInNeed() {
        gather();
        Client lost = connected(each -> each.profile.isPersistent());
        Client reader = connected(each -> each != lost && each.profile.isPersistent());
        if (lost == null || reader == null) {
            return;
        }
        deeds.subscribeTo(reader, lost, QoS.EXACTLY_ONCE);
        settle();
        deeds.comeWithWill(lost, 0);
        settle();
        haveLittleSpace();
        for (int i = 0; i < 2 && crash == null; i++) { // with the first one the broker notices it
            time.advanceMs(1_100);
            deeds.publishTo(reader, QoS.AT_LEAST_ONCE);
            settle();
        }
        if (crash == null && lost.isConnected()) {
            lost.abandon();
            lost.connect(false, null, 0);
            settle();
        }
        if (crash == null && random.nextBoolean()) {
            crash();
        }
    }

    private void jump(long ms) {
        time.jumpWallMs(ms);
        model.jumped();
    }

    private void failStore(int dice) {
        unwell = true;
        life.direct(true);
        store.failedWritesAreApplied(random.nextBoolean());
        Call call = random.nextBoolean() ? Call.WRITE : Call.SYNC;
        switch (dice) {
            case 11, 12 -> {
                note("the next {} fails", call);
                store.failNext(call, 1 + random.nextInt(3), Kind.IO);
            }
            case 13 -> {
                note("the disk is full");
                store.failNext(Call.WRITE, 1 + random.nextInt(6), Kind.FULL);
            }
            case 14 -> {
                note("the store can't be opened");
                store.failNext(Call.SYNC, Kind.IO);
                store.failNext(Call.OPEN, 1 + random.nextInt(3), Kind.IO);
            }
            case 15 -> {
                note("the next write is a bug");
                store.throwNext(call, new IllegalStateException("planted"));
            }
            default -> haveLittleSpace();
        }
    }

    private void heal() {
        note("the store is well again");
        store.heal();
        store.freeBytes(1L << 40, 1L << 40);
    }

    /** The broker is gone: now, or when the write that is under way has come back. */
    private void crash() {
        boolean power = setting.level() == Durability.POWER && random.nextBoolean();
        crash = power ? Crash.POWER : Crash.PROCESS;
        note("crash: {}{}", crash, life.isCommitting() ? " within a write" : "");
        store.crash(crash);
        life.direct(true);
    }

    private void restart(Model.Restart how) throws StoreException {
        heal();
        if (how == Model.Restart.ORDERLY) {
            if (unwell) {
                quiet();
            }
            stop();
        } else {
            loseConnections();
        }
        crash = null;
        unwell = false;
        if (random.nextInt(4) == 0) {
            jump(random.nextInt(20_000) - 5_000);
        }
        time.advanceMs(random.nextInt(1_000));
        model.restarted(setting.isStored() ? how : Model.Restart.FORGETFUL);
        note("starts");
        life = begin();
    }

    /** What the broker has written still arrives, or not. */
    private void loseConnections() {
        for (Wire wire : List.copyOf(wires)) {
            wire.brokerEnded();
            if (random.nextInt(5) > 0) {
                wire.carryDown(Integer.MAX_VALUE);
            }
        }
        stopping = true;
        for (Client client : clients) {
            if (client.hasWire()) {
                client.cut();
            }
            client.look();
        }
        stopping = false;
        wires.clear();
    }

    private void stop() {
        note("stops in good order");
        calm = true;
        settle();
        stopping = true;
        model.wills().stopping();
        life.close();
        for (Wire wire : List.copyOf(wires)) {
            wire.carryDown(Integer.MAX_VALUE);
        }
        clients.forEach(Client::look);
        loseConnections();
        calm = false;
        long left = life.bufferBytes();
        Model.require(left == 0, "{} bytes of buffers are left", left);
    }

    // ---- rest

    /** Lets everything arrive and be worked off that is under way. */
    private void settle() {
        for (int i = 0; i < ROUNDS_MAX && crash == null; i++) {
            boolean any = false;
            life.direct(unwell);
            while (crash == null && life.step()) {
                steps++;
                any = true;
            }
            for (Wire wire : List.copyOf(wires)) {
                if (wire.underWayUp() > 0) {
                    wire.carryUp(Integer.MAX_VALUE);
                    any = true;
                }
                if (wire.underWayDown() > 0) {
                    wire.carryDown(Integer.MAX_VALUE);
                    any = true;
                }
            }
            clients.forEach(Client::look);
            if (!any) {
                break;
            }
            Model.require(i < ROUNDS_MAX - 1, "the broker doesn't come to rest");
        }
    }

    /** The store is well and nothing moves any more: then nothing may be owed to anybody who has room. */
    private void quiet() throws StoreException {
        calm = true;
        heal();
        for (int i = 0; i < QUIET_TICKS; i++) {
            settle();
            pingIfDue();
            time.advanceMs(QUIET_TICK_MS);
        }
        settle();
        requireNoFault();
        unwell = false;
        note("all is quiet");
        clients.forEach(Client::requireAnswered);
        model.quiet();
        Balance books = life.books();
        Model.require(books.missing() == 0, "the books don't balance: {}", books);
        calm = false;
    }

    /** Everybody comes back, gets what is owed, and goes for good: then nothing may be left of them. */
    private void end() throws StoreException {
        drain();
        for (Client client : clients) {
            deeds.leave(client);
            quiet();
        }
        quiet();
        stop();
        model.restarted(setting.isStored() ? Model.Restart.ORDERLY : Model.Restart.FORGETFUL);
        if (setting.isStored()) {
            sweep();
            requireEmptyStore();
        }
    }

    private void drain() throws StoreException {
        int rounds = 0;
        for (boolean more = true; more; rounds++) {
            more = false;
            Model.require(rounds < DRAIN_ROUNDS_MAX, "what is queued doesn't come to an end");
            if (rounds
                    == DRAIN_ROUNDS_MAX / 10) { // a policy that disconnects may not let them repeat what they publish
                clients.forEach(Client::giveUp);
            }
            for (Client client : clients) {
                more |= deeds.drain(client);
            }
            quiet();
        }
    }

    /** What crashes have left is removed at the next start. */
    private void sweep() throws StoreException {
        life = begin();
        quiet();
        stop();
    }

    private void requireEmptyStore() throws StoreException {
        try (StorageEngine engine = store.open();
                View view = engine.view()) {
            for (Space space : List.of(Space.SESSION, Space.QUEUE, Space.MESSAGE)) {
                view.scan(space, new byte[0], null, (key, value) -> {
                    throw new Violation("something is left in space " + space + ": " + key + " " + value);
                });
            }
        }
    }

    // ---- for the clients

    @Override
    public Wire connect(Client client) {
        return connect((Connection.End) client);
    }

    private Wire connect(Connection.End end) {
        Wire wire = new Wire(end, 256 + random.nextInt(4096));
        wires.add(wire);
        life.connect(wire);
        return wire;
    }

    @Override
    public void note(Client client, String what, Object... about) {
        trace.note(steps, client.id(), what, about);
    }

    private void note(String what, Object... about) {
        trace.note(steps, "broker", what, about);
    }

    @Override
    public boolean mayClose(Client client) {
        return client == administered
                || stopping
                || unwell
                || crash != null
                || setting.limits().queueOverflow() == OverflowPolicy.DISCONNECT;
    }

    @Override
    public void acknowledged() {
        boolean mayDie = !calm && setting.isStored() && crash == null;
        if (mayDie && (dieWhenAcknowledged || random.nextInt(life.isCommitting() ? 20 : 150) == 0)) {
            crash();
        }
    }

    @Override
    public void acknowledged(Message message) {
        deeds.acknowledged(message);
        acknowledged();
    }

    // ---- for the logs

    @Override
    public void dropped(String session, long n, String topic, String reason) {
        note("drops {} for {} on {}: {}", n, session, topic, reason);
        if (crash == null) {
            model.dropped(session, n, topic, reason);
        }
    }

    @Override
    public void logged(Level level, String logger, String line, @Nullable Throwable cause) {
        note("{}: {}", level, line);
        ENDS.stream()
                .filter(line::endsWith)
                .forEach(end -> model.endedByBroker(line.substring("client ".length(), line.length() - end.length())));
        boolean aboutStore = logger.startsWith("dev.dunlin.broker.store.") || line.contains("can't be read");
        if (level == Level.ERROR && !(aboutStore && (unwell || crash != null)) && crash == null) {
            Violation found = new Violation("the broker logs: " + line);
            found.initCause(cause);
            fault = found;
        }
    }

    private void requireNoFault() {
        Throwable found = fault;
        if (found instanceof Violation violation) {
            throw violation;
        } else if (found != null) {
            throw new AssertionError(found);
        }
    }
}
