package dev.dunlin.broker;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.net.Acceptor;
import dev.dunlin.broker.net.Access;
import dev.dunlin.broker.net.Admission;
import dev.dunlin.broker.net.InProcessSockets;
import dev.dunlin.broker.net.Layers;
import dev.dunlin.broker.net.SocketTransport;
import dev.dunlin.broker.net.Transport;
import dev.dunlin.broker.session.Authorizers;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.Link;
import dev.dunlin.broker.session.Restore;
import dev.dunlin.broker.session.SessionLoop;
import dev.dunlin.broker.session.SysTopics;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.Store;
import dev.dunlin.codec.PacketType;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.Property;
import dev.dunlin.codec.ReasonCode;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelFuture;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * A running MQTT broker. Start one with {@link #builder}; several in one JVM are normal. Any thread.
 *
 * <pre>{@code
 * try (Broker broker = Broker.builder().tcp(0).start()) {
 *     broker.local().publish(Message.of("a/b", "hi"));
 * }
 * }</pre>
 */
public final class Broker implements AutoCloseable {
    private static final Duration DRAIN = Duration.ofSeconds(1);

    /** How long loops may take to tell their clients. */
    private static final Duration TELL = Duration.ofSeconds(1);

    private static final Duration DRAIN_MAX = Duration.ofDays(365);
    private static final Duration DRAIN_LOOK = Duration.ofMillis(20);
    private static final Duration LOOPS_END = Duration.ofSeconds(10);

    /** However short the drain, observers have this time to be told what has happened. */
    private static final Duration EVENTS_MIN = Duration.ofSeconds(1);

    private final String name;
    private final Core core;
    private final Transport transport;
    private final Handlers handlers;
    private final LocalClient local;

    /** Made when somebody asks for it: most hosts never do. */
    private @Nullable Administration admin;

    private final LiveLimits bounds;
    private final InProcess inProcess;
    private final SocketFactory sockets;
    private final Map<Listener, Acceptor> acceptors = new LinkedHashMap<>();
    private final Map<Listener, Layers> layered;

    /** What listeners go by that were given other files than at the start; under the lock of {@link #layered}. */
    private final Map<String, Tls> otherTls = new HashMap<>();

    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private boolean closing;

    /** What closes it; null until it is closed. */
    private volatile @Nullable Thread closer;

    private Broker(
            String name,
            Core core,
            Transport transport,
            Map<Listener, Layers> layered,
            InProcess inProcess,
            Handlers handlers) {
        this.name = name;
        this.core = core;
        this.transport = transport;
        this.layered = layered;
        this.inProcess = inProcess;
        this.handlers = handlers;
        bounds = new LiveLimits(core, inProcess);
        sockets = new InProcessSockets(inProcess.sockets(), inProcess.allocator());
        local = new LocalClient(core, inProcess, handlers.executor());
        Events events = core.events();
        if (events != null) {
            events.start();
        }
    }

    /** A broker to be configured. */
    public static BrokerBuilder builder() {
        return new BrokerBuilder();
    }

    static Broker start(
            String name,
            Core core,
            Map<Listener, Layers> listeners,
            Access access,
            Admission admission,
            ByteBufAllocator allocator,
            Handlers handlers,
            Consumer<LocalClient> early)
            throws BrokerStartException {
        Store store = core.store();
        core.authorizers(authorizers(listeners.keySet(), access));
        Restore restore = new Restore(core);
        if (store != null) {
            OpenedStore.read(store, restore, core);
        }
        Transport transport = new SocketTransport(name, core);
        InProcess inProcess = inProcess(core, transport, access, admission, allocator);
        Broker broker = new Broker(name, core, transport, listeners, inProcess, handlers);
        if (store != null) {
            broker.takeIn(store, restore);
        }
        broker.begin(early);
        for (Listener listener : listeners.keySet()) {
            Limits own = listener.limits();
            Acceptor acceptor = new Acceptor(
                    listener.name(),
                    listeners.get(listener),
                    core,
                    transport,
                    listener.access(access),
                    own == null ? admission : admission.ofListener(own));
            broker.acceptors.put(listener, acceptor);
            broker.bounds.add(listener.name(), acceptor, own);
            try {
                Binding.bind(listener, acceptor, allocator);
            } catch (BrokerStartException e) {
                broker.close();
                throw e;
            }
        }
        return broker;
    }

    private static InProcess inProcess(
            Core core, Transport transport, Access access, Admission admission, ByteBufAllocator allocator) {
        Layers none = new Layers(null, null);
        Acceptor sockets = new Acceptor(InProcess.SOCKETS, none, core, transport, access, admission);
        Access all = new Access(Authenticator.anonymous(), null);
        Admission silent = admission.ofListener(InProcess.ofSessions(core.limits()));
        Acceptor sessions = new Acceptor(InProcess.SESSIONS, none, core, transport, all, silent);
        return new InProcess(sockets, sessions, allocator);
    }

    private static Authorizers authorizers(Collection<Listener> listeners, Access access) {
        Authorizers all = new Authorizers(access.authorizer());
        all.put(InProcess.SOCKETS, access.authorizer());
        all.put(InProcess.SESSIONS, null);
        listeners.forEach(
                listener -> all.put(listener.name(), listener.access(access).authorizer()));
        return all;
    }

    /** User code, before anybody can connect. */
    private void begin(Consumer<LocalClient> early) {
        try {
            early.accept(local);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** The loops run: they take in what was in the store, before anybody can connect. */
    private void takeIn(Store store, Restore restore) throws BrokerStartException {
        store.start();
        try {
            restore.install();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
            throw new BrokerStartException(BrokerStartException.Kind.STORE_FAILED, "interrupted", e);
        }
    }

    /** Its name: {@link BrokerBuilder#name}. */
    public String name() {
        return name;
    }

    /**
     * The port that a listener is bound to, on all of its addresses.
     *
     * @throws IllegalArgumentException if there is no listener of that name, or it is a Unix domain socket
     */
    public int port(String listener) {
        for (ListenerAddress address : listeners()) {
            if (address.name().equals(listener)) {
                if (address.port() == 0) {
                    throw new IllegalArgumentException(listener + " is at " + address.uri() + " and has no port");
                }
                return address.port();
            }
        }
        throw new IllegalArgumentException("no listener is named " + listener);
    }

    /** Where the broker listens, in the order of configuration; a listener with several addresses is there several times. */
    public List<ListenerAddress> listeners() {
        List<ListenerAddress> addresses = new ArrayList<>();
        acceptors.forEach((listener, acceptor) -> addresses.addAll(listener.addresses(acceptor.address())));
        return addresses;
    }

    /**
     * How many clients are slow consumers now: they have taken nothing of what waits for them for
     * {@link dev.dunlin.broker.spi.Limits#slowConsumerMs}.
     */
    public int slowConsumers() {
        return core.slowConsumers();
    }

    /**
     * What was dropped, by client and reason: of the clients that lost something last, 1,024 for each event loop. Without
     * QoS 0 messages for clients that are away ({@link DropReason#OFFLINE_QOS_0}), which nobody expects to get. What a client
     * published and was refused counts as its own.
     *
     * @return completes on an event loop; never, if the broker is closed meanwhile
     */
    public CompletionStage<Map<String, Map<DropReason, Long>>> droppedByClient() {
        Map<String, Map<DropReason, Long>> all = new ConcurrentHashMap<>();
        CompletableFuture<?>[] asked = new CompletableFuture<?>[core.loopCount()];
        for (int i = 0; i < asked.length; i++) {
            SessionLoop loop = core.loop(i);
            asked[i] = CompletableFuture.runAsync(() -> loop.drops().byClient(all), loop::execute);
        }
        return CompletableFuture.allOf(asked).thenApply(done -> all);
    }

    /**
     * What the broker has counted, and what it has now. Costs the event loops nothing, and the caller a few microseconds for
     * each event loop. May trail the event loops by a moment.
     */
    public BrokerStats stats() {
        return BrokerStats.of(
                core,
                allAcceptors().stream().mapToInt(Acceptor::openConnections).sum());
    }

    /** What the broker's bounds are now: as it was built, or as they were changed last. Any thread. */
    public Limits limits() {
        return core.limits();
    }

    /**
     * What the bounds of a listener are now: its own ({@link Listener#limits(Limits)}), or else the broker's. Any thread.
     *
     * @throws IllegalArgumentException if there is no listener of that name
     */
    public Limits limits(String listener) {
        return bounds.of(listener);
    }

    /**
     * Gives the running broker other bounds; docs/limits.md says of each when that takes effect. Nothing that is there is taken
     * away for a bound that is lower now: connections, sessions, subscriptions, and retained and queued messages stay, and
     * what would be one more is refused, dropped or held up as ever; but a client that has taken nothing for longer than a new
     * {@code stuckConsumerMs} is closed. Connections keep what they came with, above all what CONNACK has told them. A listener with bounds of its own keeps those that weren't the broker's when they were given.
     *
     * <p>Any thread, several at once: each change is whole, and the last one stays. Doesn't block.
     *
     * @param changed best made of {@link #limits()}, by its {@code with} methods
     * @return completes on an event loop when all of these go by them; never, if the broker is closed meanwhile
     */
    public CompletionStage<Void> changeLimits(Limits changed) {
        return bounds.change(changed);
    }

    /**
     * As {@link #changeLimits(Limits)}, for a listener that was started with bounds of its own. One that wasn't shares them, and
     * the count of its addresses, with others until the next start.
     *
     * @param changed differs from {@link #limits()} in nothing but what a listener may have of its own
     * @throws IllegalArgumentException if there is no listener of that name, it was started without bounds of its own, or a
     *     listener can't have one of these
     */
    public CompletionStage<Void> changeLimits(String listener, Limits changed) {
        return bounds.change(listener, changed);
    }

    /** What the broker holds in memory for clients, approximately, in bytes; see {@code Limits.memoryBudgetBytes}. */
    public long memoryBytes() {
        return core.memory().usedBytes();
    }

    /**
     * Sockets that lead to this broker without leaving the process: for MQTT clients that take a {@link SocketFactory}, such as
     * Eclipse Paho ({@code options.setSocketFactory(broker.socketFactory())}). Whatever address they are connected to is left
     * unused, but must be one that can be resolved, such as {@code tcp://localhost}.
     *
     * <p>To the broker such a client is like any other: it authenticates, and it is slowed down when it is too fast or, as a
     * reader, too slow. Its address is {@code in-process}, and so is the name of its listener. A socket's read and write block
     * its thread, a read for as long as {@link java.net.Socket#setSoTimeout} says; no thread of the broker may use one.
     */
    public SocketFactory socketFactory() {
        return sockets;
    }

    /**
     * Reads the files of all listeners with TLS again: certificates, keys, whom clients' certificates are trusted by, and
     * revocation lists. Connections that are open stay; handshakes that begin afterwards go by what was read, and no session of
     * before can be resumed. A listener whose files can't be used, all of them together, goes on with what it has; that is
     * logged. Calls that overlap are one after the other. Any thread; returns at once.
     *
     * @return completes on a thread of its own; what failed is in the result
     */
    public CompletionStage<TlsReload> reloadTls() {
        return reloadTls(Map.of());
    }

    /**
     * As {@link #reloadTls()}, with other files, passwords of keys, versions or cipher suites for some listeners, by their names.
     * One that can use what it is given goes by that from then on, and so does a later {@link #reloadTls()}.
     *
     * @throws IllegalArgumentException if there is no such listener with TLS, or it would differ in whether clients need a
     *     certificate, may have one, or take their user names from it
     */
    public CompletionStage<TlsReload> reloadTls(Map<String, Tls> others) {
        Map<String, Tls> wanted = Map.copyOf(others);
        TlsReload.check(layered.keySet(), wanted);
        return CompletableFuture.supplyAsync(() -> readTls(wanted), task -> {
            Thread reader = new Thread(task, name + "-tls");
            reader.setDaemon(true);
            reader.start();
        });
    }

    private TlsReload readTls(Map<String, Tls> wanted) {
        synchronized (layered) { // who reads last is the last to replace
            return TlsReload.of(layered, otherTls, wanted);
        }
    }

    /** The client within this process. */
    public LocalClient local() {
        return local;
    }

    /** What an administrator asks of this broker, and does with it. */
    public synchronized Administration admin() {
        Administration made = admin;
        if (made == null) {
            made = new Administration(this, core, handlers.executor());
            admin = made;
        }
        return made;
    }

    /**
     * Publishes a text below {@code $SYS/broker/}, where no client may publish, with QoS 0 and not retained: for what a host has
     * to say of the broker, such as its log. Any thread; doesn't block. What is said after the end is lost.
     *
     * @param name what follows, such as "log/W"
     * @throws IllegalArgumentException if that is no topic name
     */
    public void announce(String name, String text) {
        SysTopics.announce(core, name, text);
    }

    /**
     * How many deliveries have ended without being made, for this reason, since the start. May trail the event loops by a
     * moment.
     */
    public long dropped(DropReason reason) {
        return core.dropped(reason);
    }

    /**
     * Ends the connection of a client: a 5.0 client gets DISCONNECT with the reason and the text, one of 3.1 or 3.1.1 is just
     * closed. Its will is published, its session stays as long as it was to stay. Returns at once; nothing happens if the
     * client isn't connected when its event loop gets there. Any thread.
     *
     * @param reason one that a server may send in DISCONNECT, 0x80 and above
     * @param text the reason string; empty for none
     * @throws IllegalArgumentException for a reason that DISCONNECT can't carry, or a text of more than 65,535 bytes or with
     *     U+0000 in it
     */
    public void disconnect(String clientId, ReasonCode reason, String text) {
        if (!reason.isError() || !reason.allowedIn(PacketType.DISCONNECT)) {
            throw new IllegalArgumentException("no DISCONNECT of a server says " + reason);
        }
        requireString(Property.REASON_STRING, text);
        onConnection(clientId, link -> link.disconnect(reason, text));
    }

    /**
     * As {@link #disconnect}, and tells a 5.0 client where to go instead [5.0 section 4.11].
     *
     * @param reason USE_ANOTHER_SERVER, for now, or SERVER_MOVED, for good
     * @param serverReference host names, each with a port if need be, separated by spaces
     * @throws IllegalArgumentException for another reason, or a reference of more than 65,535 bytes or with U+0000 in it
     */
    public void redirect(String clientId, ReasonCode reason, String serverReference) {
        if (reason != ReasonCode.USE_ANOTHER_SERVER && reason != ReasonCode.SERVER_MOVED) {
            throw new IllegalArgumentException("no server reference goes with " + reason);
        }
        requireString(Property.SERVER_REFERENCE, serverReference);
        onConnection(clientId, link -> link.redirect(reason, serverReference));
    }

    /** Refuses here, not on the event loop, what MQTT can't carry. */
    private static void requireString(Property property, String text) {
        Properties.builder().add(property, text);
    }

    private void onConnection(String clientId, Consumer<Link> task) {
        SessionLoop home = core.home(clientId);
        home.execute(() -> {
            Link link = home.sessions().link(clientId);
            if (link != null) {
                task.accept(link);
            }
        });
    }

    /**
     * Copies the store while the broker goes on. The copy holds everything that was acknowledged before this call, and perhaps
     * what came meanwhile; a broker on it begins as it would if this one had been killed then ({@code kill -9}). At the
     * completion all of the copy is on the disk. Until then it is under another name, the folder's with ".partial" at its end.
     *
     * <p>One at a time. Durable work goes on beside it, slower where both need the same disk. A close of the broker ends a
     * backup under way. Any thread; returns at once.
     *
     * @param emptyDir a folder that is empty or doesn't exist yet, not in the store's own; it is replaced
     * @return completes on a thread of the backup's own. Fails with {@link StoreException}, and then has left nothing: BUSY if
     *     another backup is under way, the store has failed and isn't back, or the broker closes; FULL if there is no room; or
     *     IO, also for a folder that isn't empty. Fails with IllegalStateException if there is no store.
     */
    public CompletionStage<StoreBackup> backup(Path emptyDir) {
        Store store = core.store();
        if (store == null) {
            return CompletableFuture.failedFuture(
                    new IllegalStateException("there is no store to back up: this broker keeps everything in memory"));
        }
        CompletableFuture<StoreBackup> result = new CompletableFuture<>();
        store.backup(emptyDir, (copy, failure) -> {
            if (copy == null) {
                result.completeExceptionally(Objects.requireNonNull(failure));
            } else {
                result.complete(new StoreBackup(copy.folder(), copy.bytes()));
            }
        });
        return result;
    }

    Core core() {
        return core;
    }

    Map<Listener, Acceptor> acceptors() {
        return acceptors;
    }

    /** Of local sessions. */
    Acceptor localSessions() {
        return inProcess.sessions();
    }

    /** Of the clients in this process. */
    Acceptor inProcess() {
        return inProcess.sockets();
    }

    private List<Acceptor> allAcceptors() {
        List<Acceptor> all = new ArrayList<>(acceptors.values());
        all.add(inProcess.sockets());
        all.add(inProcess.sessions());
        return all;
    }

    /** Closes and waits until nothing of the broker is left; as {@link #close(Duration)} with a drain of one second. */
    @Override
    public void close() {
        close(DRAIN);
    }

    /**
     * Closes and waits until nothing of the broker is left; as {@link #closeAsync(Duration)}.
     *
     * @throws IllegalStateException on a thread of the broker's, for which it would wait
     */
    public void close(Duration drain) {
        Events events = core.events();
        boolean isCloser = Thread.currentThread() == closer && !closed.isDone();
        if (isCloser || core.running() != null || (events != null && events.isCaller())) {
            throw new IllegalStateException("close() would wait for the very thread that calls it: use closeAsync()");
        }
        closeAsync(drain).toCompletableFuture().join();
    }

    /** As {@link #closeAsync(Duration, String)}, and clients aren't told where to go. */
    public CompletionStage<Void> closeAsync(Duration drain) {
        return closeAsync(drain, "");
    }

    /**
     * Closes, gently. No new connections come in. While the drain lasts, clients that are connected get what is queued for them
     * and may acknowledge it; one that publishes is disconnected at once, and what it publishes isn't acknowledged, so that
     * nothing is lost. When nothing is left to be sent, or the drain is over, 5.0 clients get DISCONNECT with 0x8B (server
     * shutting down), or 0x9C (use another server) if there is one. Wills are not published; sessions in memory are gone,
     * those in a store stay there. A second call changes nothing.
     *
     * <p>Observers are told everything at the end, for as long as the drain lasts, but at least a second. One that isn't done by then
     * is interrupted, and has another second in which it is told of all drops at once, in one sum for each reason. One that
     * hangs for ever is left behind with its thread: of what it hasn't been told, {@link BrokerStats#eventsLost} says how
     * much, and the sum of its drops is short.
     *
     * @param drain how long clients may take to get what is queued for them; 0 not to wait for them; at most 365 days
     * @param serverReference where 5.0 clients should go instead [5.0 section 4.11]: host names, each with a port if need be,
     *     separated by spaces; empty for nowhere
     * @return completes when the event loops have ended and the handlers have too, or were interrupted after the drain; those
     *     of {@link BrokerBuilder#handlerExecutor} aren't waited for. If a part of the broker fails at its end the others end
     *     all the same, and then this fails with what that part threw
     * @throws IllegalArgumentException for a reference of more than 65,535 bytes or with U+0000 in it
     */
    public synchronized CompletionStage<Void> closeAsync(Duration drain, String serverReference) {
        requireString(Property.SERVER_REFERENCE, serverReference);
        if (!closing) {
            closing = true;
            Duration atMost = drain.compareTo(DRAIN_MAX) > 0 ? DRAIN_MAX : drain;
            Thread thread = new Thread(() -> shutDown(atMost, serverReference), name + "-close");
            thread.setDaemon(true);
            closer = thread;
            thread.start();
        }
        return closed;
    }

    private void shutDown(Duration drain, String serverReference) {
        Steps steps = new Steps();
        steps.run(this::endBackups);
        for (Acceptor acceptor : allAcceptors()) {
            steps.run(() -> acceptor.stop(serverReference).forEach(ChannelFuture::awaitUninterruptibly));
        }
        steps.run(() -> drainClients(drain));
        steps.run(this::disconnectClients);
        steps.run(() -> transport.close(LOOPS_END).toCompletableFuture().join());
        allAcceptors().forEach(acceptor -> steps.run(acceptor::abandonAll));
        steps.run(local::close);
        steps.run(() -> admin().close());
        steps.run(this::closeStore);
        steps.run(() -> admin().endTraces());
        steps.run(() -> handlers.end(drain));
        Events events = core.events();
        if (events != null) { // observers are told what has happened until now
            steps.run(() -> core.tellRestOfDrops(events));
            steps.run(() -> events.close(Math.max(drain.toMillis(), EVENTS_MIN.toMillis())));
        }
        steps.run(core::close);
        steps.complete(closed);
    }

    /** Steps of an end, each of which is taken whatever has become of those before. */
    private static final class Steps {
        private @Nullable Throwable failure;

        void run(Runnable step) {
            try {
                step.run();
            } catch (Throwable e) { // told at the end
                if (failure == null) {
                    failure = e;
                } else if (failure != e) {
                    failure.addSuppressed(e);
                }
            }
        }

        void complete(CompletableFuture<Void> closed) {
            if (failure == null) {
                closed.complete(null);
            } else {
                closed.completeExceptionally(failure);
            }
        }
    }

    private void endBackups() {
        Store store = core.store();
        if (store != null) {
            store.endBackups();
        }
    }

    private void closeStore() {
        Store store = core.store();
        if (store != null) {
            store.close();
        }
    }

    /** Waits until the clients have got all, or the time is over. */
    private void drainClients(Duration drain) {
        if (drain.isZero() || drain.isNegative()) {
            return;
        }
        onEachLoop(loop -> allAcceptors().forEach(acceptor -> acceptor.drain(loop)), TELL);
        // What one loop has handed to another meanwhile isn't seen by both: so all must say it twice in a row.
        int drained = 0;
        for (long leftMs = drain.toMillis(); drained < 2 && leftMs > 0; leftMs -= DRAIN_LOOK.toMillis()) {
            AtomicInteger waiting = new AtomicInteger(core.loopCount());
            boolean answered = onEachLoop(
                    loop -> {
                        if (loop.sessions().areDrained()) {
                            waiting.decrementAndGet();
                        }
                    },
                    TELL);
            leftMs -= answered ? 0 : TELL.toMillis();
            drained = waiting.get() == 0 ? drained + 1 : 0;
            if (drained == 0) {
                await(new CountDownLatch(1), DRAIN_LOOK);
            }
        }
    }

    /** Returns whether all have done it in time. */
    private boolean onEachLoop(Consumer<SessionLoop> task, Duration timeout) {
        CountDownLatch done = new CountDownLatch(core.loopCount());
        for (int i = 0; i < core.loopCount(); i++) {
            SessionLoop loop = core.loop(i);
            loop.execute(() -> {
                task.accept(loop);
                done.countDown();
            });
        }
        return await(done, timeout);
    }

    private static boolean await(CountDownLatch latch, Duration timeout) {
        try {
            return latch.await(timeout.toMillis(), TimeUnit.MILLISECONDS); // what isn't done by then is left undone
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void disconnectClients() {
        // If loops are busy for longer, their connections are cut off with them.
        onEachLoop(
                loop -> {
                    loop.sessions().closing();
                    allAcceptors().forEach(acceptor -> acceptor.disconnectAll(loop));
                },
                TELL);
    }
}
