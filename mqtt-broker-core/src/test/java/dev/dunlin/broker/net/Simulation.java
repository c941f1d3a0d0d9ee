package dev.dunlin.broker.net;

import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.Restore;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.session.SessionProbe;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.store.Store;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.ServerChannel;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A whole broker and its clients in one thread: several session loops on virtual time, joined to clients by in-memory
 * channels. A seed decides everything that may vary: the order in which the loops have their turns, the broker's random
 * numbers and with them the homes of the clients.
 */
final class Simulation implements Transport, TimeSource, AutoCloseable {
    private static final int QUIET_ROUNDS = 8;
    private static final int ROUNDS_MAX = 100_000;

    final Core core;
    final Acceptor acceptor;
    private final Random random;
    private final MockTicker ticker = Ticker.newMockTicker();
    private final Ticker loopTicker = new LoopTicker();
    private final List<ManualIoEventLoop> eventLoops = new ArrayList<>();
    private final ManualIoEventLoop clients =
            new ManualIoEventLoop(null, Thread.currentThread(), LocalIoHandler.newFactory(), loopTicker);
    private final List<Channel> opened = new ArrayList<>();
    private final LocalAddress address = new LocalAddress(Simulation.class);

    private final @Nullable Store store;
    private boolean closing;
    private boolean closingStore;

    /** Opens the store of a simulated broker. */
    @FunctionalInterface
    interface Stored {
        Store open(TimeSource time) throws StoreException;
    }

    /** In memory. */
    Simulation(long seed, int loops, Limits limits) {
        this(seed, loops, limits, null);
    }

    /** With a store, if there is to be one: its commit thread has its turns among the loops. */
    Simulation(long seed, int loops, Limits limits, @Nullable Stored stored) {
        this(seed, loops, limits, stored, ByteBufAllocator.DEFAULT);
    }

    /** The broker's connections take their buffers from this allocator. */
    Simulation(long seed, int loops, Limits limits, @Nullable Stored stored, ByteBufAllocator allocator) {
        store = stored == null ? null : open(stored);
        random = new Random(seed);
        core = new Core(limits, this, random, loops, store);
        for (int i = 0; i < loops; i++) {
            SessionLoop loop = core.loop(i);
            ManualIoEventLoop eventLoop = new ManualIoEventLoop(
                    null, Thread.currentThread(), loop.turns(LocalIoHandler.newFactory()), loopTicker);
            loop.bind(eventLoop);
            eventLoops.add(eventLoop);
        }
        if (store != null) {
            takeIn(store);
        }
        acceptor = new Acceptor(
                "local",
                new Layers(null, null),
                core,
                this,
                new Access(Authenticator.anonymous(), null),
                new Admission(limits, core::monotonicMs, InetAddress::isLoopbackAddress));
        acceptor.bind(address, allocator);
        settle();
    }

    private Store open(Stored stored) {
        try {
            return stored.open(this);
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
    }

    private void takeIn(Store from) {
        Restore restore = new Restore(core);
        try {
            from.recover(restore);
            from.begin(core::wakeAll);
        } catch (StoreException e) {
            throw new AssertionError(e);
        }
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

    /** Opens a channel to the broker. */
    SimulatedClient open() {
        SimulatedClient client = new SimulatedClient(this);
        client.opened(open(client));
        return client;
    }

    /** Opens a channel to the broker, with a handler of the caller's. */
    Channel open(ChannelHandler handler) {
        Channel channel = new Bootstrap()
                .group(clients)
                .channel(LocalChannel.class)
                .handler(handler)
                .connect(address)
                .channel();
        settle();
        opened.add(channel);
        return channel;
    }

    /** A client id whose home is the loop with this index. */
    String idAt(int loop, String prefix) {
        for (int i = 0; ; i++) {
            if (core.home(prefix + i).index() == loop) {
                return prefix + i;
            }
        }
    }

    /** Gives every loop turns, in an order that the seed decides, until nothing happens any more. */
    void settle() {
        int quiet = 0;
        for (int round = 0; quiet < QUIET_ROUNDS; round++) {
            if (round == ROUNDS_MAX) {
                throw new AssertionError("not quiet after " + ROUNDS_MAX + " rounds");
            }
            quiet = round() == 0 ? quiet + 1 : 0;
        }
    }

    /** One turn of every loop. Returns how much they did. */
    int round() {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < eventLoops.size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);
        int work = clients.runNow();
        for (int i : order) {
            work += turn(i);
            work += store != null && random.nextBoolean() ? commit() : 0;
        }
        return work + commit();
    }

    /** One step of the commit thread. */
    int commit() {
        return store != null && store.step() == 0 ? 1 : 0;
    }

    /** One turn of one loop. */
    int turn(int index) {
        SessionLoop loop = core.loop(index);
        loop.enter();
        try {
            return eventLoops.get(index).runNow();
        } finally {
            loop.exit();
        }
    }

    /** Lets time pass, and the loops do what is due. */
    void advance(Duration duration) {
        tick(duration);
        settle();
    }

    /** Lets time pass; nobody has a turn yet. */
    void tick(Duration duration) {
        ticker.advance(duration.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public long monotonicMs() {
        if (closingStore) { // which waits for time to pass if it fails
            tick(Duration.ofMillis(10));
        }
        return TimeUnit.NANOSECONDS.toMillis(ticker.nanoTime());
    }

    @Override
    public long wallMs() {
        return monotonicMs();
    }

    @Override
    public EventLoopGroup group() {
        return eventLoops.get(0); // accepts everything; CONNECT moves a client to its home
    }

    @Override
    public ChannelFactory<? extends ServerChannel> serverChannels() {
        return LocalServerChannel::new;
    }

    @Override
    public boolean isTcp() {
        return false;
    }

    @Override
    public SessionLoop loopOf(EventLoop eventLoop) {
        return core.loop(eventLoops.indexOf((ManualIoEventLoop) eventLoop));
    }

    @Override
    public CompletionStage<Void> close(Duration timeout) {
        opened.forEach(Channel::close);
        settle();
        closing = true;
        clients.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        eventLoops.forEach(loop -> loop.shutdownGracefully(0, 0, TimeUnit.SECONDS));
        for (int i = 0; !eventLoops.stream().allMatch(ManualIoEventLoop::isTerminated); i++) {
            if (i == ROUNDS_MAX) {
                throw new AssertionError("the loops don't end");
            }
            round();
        }
        if (store != null) {
            closingStore = true;
            store.close();
        }
        core.close();
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public void close() {
        close(Duration.ZERO);
    }

    /** Time stands still for the loops too, but not when they are to end: Netty would sleep until it has moved. */
    private final class LoopTicker implements Ticker {
        @Override
        public long initialNanoTime() {
            return ticker.initialNanoTime();
        }

        @Override
        public long nanoTime() {
            if (closing) {
                ticker.advance(1, TimeUnit.MICROSECONDS);
            }
            return ticker.nanoTime();
        }

        @Override
        public void sleep(long delay, TimeUnit unit) throws InterruptedException {
            ticker.sleep(delay, unit);
        }
    }
}
