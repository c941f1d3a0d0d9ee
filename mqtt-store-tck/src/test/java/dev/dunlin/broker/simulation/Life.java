package dev.dunlin.broker.simulation;

import dev.dunlin.broker.net.Acceptor;
import dev.dunlin.broker.net.Access;
import dev.dunlin.broker.net.Admission;
import dev.dunlin.broker.net.Layers;
import dev.dunlin.broker.net.Transport;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.Inspector;
import dev.dunlin.broker.session.LoopProbe;
import dev.dunlin.broker.session.Restore;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoreProbe;
import dev.dunlin.broker.testkit.Balance;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.ServerChannel;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A broker from its start to its end, in this thread: its loops, its commit thread and its readers are given turns, one at a
 * time, in an order that the seed decides. A loop that would sleep gets none.
 */
final class Life implements Transport {
    private static final int ROUNDS_MAX = 100_000;

    final Core core;
    private final Setting setting;
    private final VirtualTime time;
    private final Random random;
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true, true);
    private final List<ManualIoEventLoop> eventLoops = new ArrayList<>();
    private final List<SimulatedIo> ios = new ArrayList<>();
    private final List<SimulatedChannel> unaccepted = new ArrayList<>();
    private final SimulatedServer server = new SimulatedServer();
    private final Acceptor acceptor;
    private final Inspector inspector;
    private final Readers readers = new Readers();
    private final @Nullable Store store;
    private final int accepting;
    private long ticketSeen;
    private long commitDueMs;
    private boolean committing;

    /** Starts a broker; with what the store holds, if there is one. */
    Life(Setting setting, VirtualTime time, Random random, @Nullable StorageEngineProvider engine)
            throws StoreException {
        this.setting = setting;
        this.time = time;
        this.random = random;
        store = engine == null
                ? null
                : Store.open(engine, setting.level(), setting.limits(), time, "simulated", readers);
        core = new Core(setting.limits(), time, random, setting.loops(), store);
        for (int i = 0; i < setting.loops(); i++) {
            SessionLoop loop = core.loop(i);
            SimulatedIo io = new SimulatedIo();
            ManualIoEventLoop eventLoop =
                    new ManualIoEventLoop(null, Thread.currentThread(), loop.turns(executor -> io), time);
            loop.bind(eventLoop);
            eventLoops.add(eventLoop);
            ios.add(io);
        }
        inspector = new Inspector(core);
        accepting = random.nextInt(setting.loops());
        if (store != null) {
            takeIn(store);
        }
        acceptor = new Acceptor(
                "simulated",
                new Layers(null, null),
                core,
                this,
                new Access(Authenticator.anonymous(), null),
                new Admission(setting.limits(), core::monotonicMs, InetAddress::isLoopbackAddress));
        acceptor.bind(SimulatedServer.ADDRESS, allocator);
        while (turn(accepting)) {} // it listens
    }

    private void takeIn(Store from) throws StoreException {
        Restore restore = new Restore(core);
        from.recover(restore);
        from.begin(core::wakeAll);
        for (int i = 0; i < eventLoops.size(); i++) {
            SessionLoop loop = core.loop(i);
            loop.enter();
            try {
                SessionProbe.install(restore, loop);
            } finally {
                loop.exit();
            }
        }
    }

    /** A client opens a connection. */
    void connect(Wire wire) {
        unaccepted.add(new SimulatedChannel(wire, eventLoop -> ios.get(indexOf(eventLoop))));
    }

    // ---- turns

    /** Gives a turn to somebody who has something to do, as the seed decides; false if nobody has. */
    boolean step() {
        int actors = eventLoops.size() + 2;
        int first = random.nextInt(actors);
        for (int i = 0; i < actors; i++) {
            if (step((first + i) % actors)) {
                return true;
            }
        }
        return false;
    }

    private boolean step(int actor) {
        if (actor < eventLoops.size()) {
            return turn(actor);
        }
        return actor == eventLoops.size() ? commit() : read();
    }

    private boolean turn(int index) {
        boolean accepts = index == accepting && !unaccepted.isEmpty();
        SimulatedIo io = ios.get(index);
        if (!accepts && !io.isAwake()) {
            return false;
        }
        SessionLoop loop = core.loop(index);
        loop.enter();
        io.running(true);
        try {
            if (accepts) {
                unaccepted.forEach(server::accept);
                unaccepted.clear();
            }
            eventLoops.get(index).run(0);
        } finally {
            io.running(false);
            loop.exit();
        }
        return true;
    }

    /** One step of the commit thread; not while one is under way: then this is called from within a write. */
    private boolean commit() {
        Store to = store;
        if (to == null || committing || !isCommitDue(to)) {
            return false;
        }
        committing = true;
        try {
            ticketSeen = to.lastTicket();
            long waitMs = to.step();
            commitDueMs = waitMs == Long.MAX_VALUE ? waitMs : time.monotonicMs() + waitMs;
        } finally {
            committing = false;
        }
        return true;
    }

    private boolean isCommitDue(Store to) {
        return to.lastTicket() != ticketSeen || time.monotonicMs() >= commitDueMs;
    }

    private boolean read() {
        boolean any = readers.runOne();
        if (any) {
            commitDueMs = 0; // it may have swept
        }
        return any;
    }

    /** The engine may be closed by the commit thread, which waits for readers, and here nobody can wait: they read at once. */
    void direct(boolean now) {
        readers.direct(now);
    }

    /** Whether a write or a sync is under way. */
    boolean isCommitting() {
        return committing;
    }

    // ---- what an administrator does

    /** Drops what waits for a session; answered when that is durable, and not if it fails. */
    void purge(String clientId, LongConsumer answer) {
        SessionLoop home = core.home(clientId);
        home.execute(() -> {
            CompletableFuture<Long> purge = inspector.purge(home, clientId);
            if (purge != null) {
                purge.thenAccept(dropped -> inspector.whenDurable(home, () -> answer.accept(dropped)));
            }
        });
    }

    /** Ends a session; answered when that is durable, if there was one. {@code now} runs at the moment when it ends. */
    void endSession(String clientId, Runnable now, Runnable answer) {
        SessionLoop home = core.home(clientId);
        home.execute(() -> {
            now.run();
            if (home.sessions().endNow(clientId, "ended by an administrator")) {
                inspector.whenDurable(home, answer);
            }
        });
    }

    // ---- what is looked at

    /** What is wrong with a bound of this broker; null if nothing is. */
    @Nullable
    String overLimit() {
        String over = LoopProbe.overLimit(core, setting.slackBytes());
        return over != null || store == null
                ? over
                : StoreProbe.overLimit(store, setting.limits().commitBytesMax() + setting.slackBytes());
    }

    /** Where its deliveries are. */
    Balance books() {
        return Balance.of(core);
    }

    /** Bytes of buffers that are in use. */
    long bufferBytes() {
        return allocator.metric().usedDirectMemory() + allocator.metric().usedHeapMemory();
    }

    // ---- the end

    /** Ends the broker in good order. Everything that is done on the way counts as its last step. */
    void close() {
        server.close();
        for (int i = 0; i < eventLoops.size(); i++) {
            SessionLoop loop = core.loop(i);
            loop.execute(() -> {
                loop.sessions().closing();
                acceptor.disconnectAll(loop);
            });
        }
        acceptor.stop("");
        settle();
        close(Duration.ZERO);
        acceptor.abandonAll();
        if (store != null) {
            readers.direct(true);
            finish(store);
            store.close();
        }
        core.close();
    }

    /** To close it lasts as long as its patience, and on this clock that is for ever. */
    private void finish(Store last) {
        for (int i = 0; last.durable() < last.lastTicket(); i++) {
            require(i < ROUNDS_MAX, "the store doesn't come to rest");
            time.advanceMs(Math.min(10, last.step()));
        }
    }

    private void settle() {
        for (int i = 0; step(); i++) {
            require(i < ROUNDS_MAX, "the broker doesn't come to rest");
        }
    }

    @Override
    public CompletionStage<Void> close(Duration timeout) {
        time.running(true);
        eventLoops.forEach(loop -> loop.shutdownGracefully(0, 0, TimeUnit.SECONDS));
        for (int i = 0; !eventLoops.stream().allMatch(ManualIoEventLoop::isTerminated); i++) {
            require(i < ROUNDS_MAX, "the loops don't end");
            for (int each = 0; each < eventLoops.size(); each++) {
                end(each);
            }
        }
        time.running(false);
        return CompletableFuture.completedFuture(null);
    }

    private void end(int index) {
        SessionLoop loop = core.loop(index);
        loop.enter();
        try {
            eventLoops.get(index).runNow();
        } finally {
            loop.exit();
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new Violation(otherwise);
        }
    }

    // ---- for the broker

    @Override
    public EventLoopGroup group() {
        return eventLoops.get(accepting);
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels() {
        return () -> server;
    }

    @Override
    public boolean isTcp() {
        return false;
    }

    @Override
    public SessionLoop loopOf(EventLoop eventLoop) {
        return core.loop(indexOf(eventLoop));
    }

    private int indexOf(EventLoop eventLoop) {
        return eventLoops.indexOf((ManualIoEventLoop) Objects.requireNonNull(eventLoop));
    }
}
