package dev.dunlin.broker;

import dev.dunlin.broker.events.Events;
import dev.dunlin.broker.net.Access;
import dev.dunlin.broker.net.Admission;
import dev.dunlin.broker.net.Layers;
import dev.dunlin.broker.net.TrustedProxies;
import dev.dunlin.broker.session.Core;
import dev.dunlin.broker.session.Interceptors;
import dev.dunlin.broker.session.SysTopics;
import dev.dunlin.broker.spi.AuthResult;
import dev.dunlin.broker.spi.Authenticator;
import dev.dunlin.broker.spi.Authorizer;
import dev.dunlin.broker.spi.BrokerObserver;
import dev.dunlin.broker.spi.ConnectRequest;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.Interceptor;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.OnFailure;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.store.Store;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Configures and starts a {@link Broker}. Not thread-safe; may be used again for another broker.
 *
 * <p>Secure by default: a listener that other machines can reach needs an {@link #authenticator}, certificates of its clients
 * ({@link Tls#clientCertificates(Path)}), or an explicit {@link #allowAnonymous}. A listener on loopback or a Unix domain
 * socket, and this process itself ({@link Broker#socketFactory}), lets everybody in unless there is an authenticator.
 */
public final class BrokerBuilder {
    private static final int EMBEDDED_LOOPS_MAX = 4;
    private static final String LOOPBACK = "127.0.0.1";

    private final List<Listener> listeners = new ArrayList<>();
    private String name = "dunlin";
    private int loops = Math.min(Runtime.getRuntime().availableProcessors(), EMBEDDED_LOOPS_MAX);
    private Limits limits = Limits.EMBEDDED;
    private @Nullable Authenticator authenticator;
    private @Nullable Authorizer authorizer;
    private boolean anonymousAllowed;
    private @Nullable StorageEngineProvider storage;
    private Durability durability = Durability.MEMORY;
    private TimeSource time = TimeSource.system();
    private RandomGenerator random = new SecureRandom();
    private ByteBufAllocator allocator = PooledByteBufAllocator.DEFAULT;
    private boolean upgradeQoS;
    private boolean tcpNoDelay = true;
    private @Nullable Executor handlerExecutor;
    private Duration sysInterval = Duration.ZERO;
    private final List<Interceptor> interceptors = new ArrayList<>();
    private Duration interceptorTimeout = Duration.ofSeconds(10);
    private OnFailure interceptorFailure = OnFailure.REJECT;
    private Consumer<LocalClient> early = local -> {};
    private final List<BrokerObserver> observers = new ArrayList<>();
    private Predicate<InetAddress> uncounted = InetAddress::isLoopbackAddress;

    BrokerBuilder() {}

    /** The prefix of the names of the broker's threads; default "dunlin". */
    public BrokerBuilder name(String prefix) {
        name = prefix;
        return this;
    }

    /** Listens for MQTT over TCP on loopback, as "tcp". */
    public BrokerBuilder tcp(int port) {
        return listen(Listener.tcp(LOOPBACK, port));
    }

    /**
     * Listens for MQTT over TLS on loopback, as "tls"; see {@link Tls#pem(Path, Path)}.
     *
     * @param chain PEM file with the server's certificate and those that lead to its root
     * @param key PEM file with its private key
     */
    public BrokerBuilder tls(int port, Path chain, Path key) {
        return listen(Listener.tcp(LOOPBACK, port).tls(Tls.pem(chain, key)).name("tls"));
    }

    /**
     * Listens for MQTT over WebSocket on loopback, as "ws".
     *
     * @param path what clients ask for, "/mqtt" by custom
     */
    public BrokerBuilder webSocket(int port, String path) {
        return listen(Listener.webSocket(LOOPBACK, port, path));
    }

    /** Adds a listener. Without any, only the local client reaches the broker. */
    public BrokerBuilder listen(Listener listener) {
        listeners.add(listener);
        return this;
    }

    /**
     * The number of event loops.
     *
     * @param count 1 to 1,024; default the number of processors, at most 4
     * @throws IllegalArgumentException outside of that range
     */
    public BrokerBuilder loops(int count) {
        if (count < 1 || count > 1024) {
            throw new IllegalArgumentException("loops is 1 to 1024, not " + count);
        }
        loops = count;
        return this;
    }

    /** The bounds of what clients can make grow; default {@link Limits#EMBEDDED}. */
    public BrokerBuilder limits(Limits bounds) {
        limits = bounds;
        return this;
    }

    /** Who may connect. */
    public BrokerBuilder authenticator(Authenticator who) {
        authenticator = who;
        return this;
    }

    /** What those may do who are let in; without it, everything. {@link Broker#local} may do everything in any case. */
    public BrokerBuilder authorizer(Authorizer what) {
        authorizer = what;
        return this;
    }

    /** {@link #authenticator} and {@link #authorizer} in one. */
    public BrokerBuilder security(Authenticator who, Authorizer what) {
        return authenticator(who).authorizer(what);
    }

    /** Lets everybody in, also through listeners that other machines can reach. Excludes an authenticator. */
    public BrokerBuilder allowAnonymous() {
        anonymousAllowed = true;
        return this;
    }

    /**
     * Keeps sessions, their messages under way and retained messages in a store, safe from a power cut: as
     * {@link #storage(StorageEngineProvider, Durability)} with {@link Durability#POWER}.
     */
    public BrokerBuilder storage(StorageEngineProvider engine) {
        return storage(engine, Durability.POWER);
    }

    /**
     * Keeps sessions, their messages under way and retained messages in a store. Without this call everything is in memory.
     *
     * @param engine a store that nobody else has open; the broker opens and closes it
     * @param level what an acknowledgement promises: PROCESS or POWER
     * @throws IllegalArgumentException for MEMORY, which needs no store
     */
    public BrokerBuilder storage(StorageEngineProvider engine, Durability level) {
        if (level == Durability.MEMORY) {
            throw new IllegalArgumentException("MEMORY is the level of a broker without a store");
        }
        storage = engine;
        durability = level;
        return this;
    }

    /**
     * Whether subscribers are sent every message with the QoS that they were granted, also if it was published with a lower
     * one; the acknowledgements of publishers stay what they are. Default false: the lower of the two [5.0:MQTT-3.8.4-8],
     * [3.1.1:MQTT-3.8.4-6]. What was published before, and is in a store, stays as it was.
     */
    public BrokerBuilder upgradeQoS(boolean upgrade) {
        upgradeQoS = upgrade;
        return this;
    }

    /** Whether TCP sends small packets at once ({@code TCP_NODELAY}), on all listeners; default true. */
    public BrokerBuilder tcpNoDelay(boolean atOnce) {
        tcpNoDelay = atOnce;
        return this;
    }

    /**
     * How often the broker publishes what it counts under {@code $SYS/broker/}, with Mosquitto's names: see docs/sys-topics.md.
     * Default {@link Duration#ZERO}: never.
     *
     * @param interval 0, or 1 ms to 24 hours; ten seconds are common
     * @throws IllegalArgumentException outside of that range
     */
    public BrokerBuilder sysInterval(Duration interval) {
        boolean outside = interval.compareTo(Duration.ofMillis(1)) < 0 || interval.compareTo(Duration.ofDays(1)) > 0;
        if (!interval.isZero() && outside) {
            throw new IllegalArgumentException("the interval is 0, or 1 ms to 24 hours, not " + interval);
        }
        sysInterval = interval;
        return this;
    }

    /**
     * Where the handlers of the local client run, and what depends on its stages; default are threads of the broker, as many as
     * are at work. The executor is not shut down with the broker. It must have a thread for each handler that blocks at a
     * time; one thread per task, such as {@code Executors.newVirtualThreadPerTaskExecutor()}, is fine: a task lives until its
     * handler has nothing more to do. If it takes no task, messages for handlers are dropped, and local sessions end.
     *
     * @param executor safe for any thread; must not run tasks on the thread that brings them
     */
    public BrokerBuilder handlerExecutor(Executor executor) {
        handlerExecutor = executor;
        return this;
    }

    /**
     * Tells an observer what happens in the broker: who comes and goes, what is refused, dropped or nearly full, how the store is.
     * May be called several times; see {@link BrokerObserver} for the thread. Without any nothing of that is made.
     */
    public BrokerBuilder observe(BrokerObserver observer) {
        observers.add(Objects.requireNonNull(observer, "observer"));
        return this;
    }

    /**
     * Runs this when what is in the store has been read and before the first listener is bound: a local subscription that is
     * made here misses nothing that clients publish. Several run in the order of the calls, on the thread that starts the
     * broker; what one throws ends the start, and {@link #start} throws it.
     */
    public BrokerBuilder beforeListening(Consumer<? super LocalClient> task) {
        early = early.andThen(task);
        return this;
    }

    /** Adds one that sees what clients do, and may change or refuse it: behind those that were added before. */
    public BrokerBuilder intercept(Interceptor interceptor) {
        interceptors.add(Objects.requireNonNull(interceptor, "interceptor"));
        return this;
    }

    /**
     * How long each {@link #intercept interceptor} may take to answer; then it has failed. Default 10 s. A CONNECT has
     * {@link Limits#connectTimeoutMs()} in any case.
     *
     * @param atMost 1 ms to 24 hours
     * @throws IllegalArgumentException outside of that range
     */
    public BrokerBuilder interceptorTimeout(Duration atMost) {
        if (atMost.compareTo(Duration.ofMillis(1)) < 0 || atMost.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("an interceptor has 1 ms to 24 hours, not " + atMost);
        }
        interceptorTimeout = atMost;
        return this;
    }

    /** What becomes of something when an {@link #intercept interceptor} that is asked about it fails. Default REJECT. */
    public BrokerBuilder interceptorFailure(OnFailure policy) {
        interceptorFailure = Objects.requireNonNull(policy, "policy");
        return this;
    }

    /**
     * Another clock, for tests: default {@link TimeSource#system()}. Timers stay with the event loops' own unless the clock has
     * alarms. What waits for the machine, such as a close of the broker, goes by the system's clock in any case.
     */
    public BrokerBuilder time(TimeSource source) {
        time = source;
        return this;
    }

    /** Another source of randomness; safe for any thread. */
    BrokerBuilder random(RandomGenerator source) {
        random = source;
        return this;
    }

    /** Another allocator for everything that the broker buffers. */
    BrokerBuilder allocator(ByteBufAllocator buffers) {
        allocator = buffers;
        return this;
    }

    /** Which addresses no bound of addresses is about: loopback, unless a test has nothing else. */
    BrokerBuilder uncounted(Predicate<InetAddress> addresses) {
        uncounted = addresses;
        return this;
    }

    /**
     * Starts the broker: when this returns, it accepts connections.
     *
     * @throws BrokerStartException if it can't; nothing of it is left behind
     */
    public Broker start() throws BrokerStartException {
        NettyVersions.check();
        checkAccess();
        checkNames();
        checkLimits();
        Map<Listener, Layers> layered = layered();
        Store store = storage == null ? null : OpenedStore.open(storage, durability, limits, time, name);
        Core core = new Core(limits, time, random, loops, store, upgradeQoS);
        core.interceptors(
                new Interceptors(List.copyOf(interceptors), interceptorTimeout.toMillis(), interceptorFailure),
                InProcess.SESSIONS);
        Authenticator who = authenticator == null ? BrokerBuilder::byCertificate : authenticator;
        Admission admission = new Admission(limits, core::monotonicMs, uncounted);
        if (!observers.isEmpty()) {
            Events events = new Events(name, observers, limits.queuedEventsMax(), core::wallMs);
            core.observe(events);
            admission.observe(events);
        }
        Access access = new Access(who, authorizer);
        Broker started = Broker.start(name, core, layered, access, admission, allocator, handlers(), early);
        if (!sysInterval.isZero()) {
            SysTopics.begin(core, sysInterval.toMillis());
        }
        return started;
    }

    private Handlers handlers() {
        return handlerExecutor == null ? Handlers.threads(name) : Handlers.of(handlerExecutor);
    }

    /** Without an authenticator: whoever could come so far comes in, under the name in its certificate if that is to count. */
    static CompletionStage<AuthResult> byCertificate(ConnectRequest request) {
        String name = request.certificateName();
        return CompletableFuture.completedFuture(
                AuthResult.accept(name == null ? Identity.ANONYMOUS : new Identity(name)));
    }

    private void checkAccess() throws BrokerStartException {
        if (anonymousAllowed && authenticator != null) {
            throw config("allowAnonymous() and an authenticator exclude each other");
        }
        for (Listener listener : listeners) {
            String host = listener.unguardedHost();
            if (host != null && !anonymousAllowed && authenticator == null) {
                throw config("listener " + listener.name() + " on " + host
                        + " can be reached by other machines: give an authenticator, require certificates of clients, or"
                        + " say that anonymous clients are allowed");
            }
        }
    }

    private void checkNames() throws BrokerStartException {
        Set<String> names = new HashSet<>(Set.of(InProcess.SOCKETS, InProcess.SESSIONS));
        for (Listener listener : listeners) {
            if (!names.add(listener.name())) {
                throw config("two listeners are named " + listener.name());
            }
        }
    }

    private void checkLimits() throws BrokerStartException {
        for (Listener listener : listeners) {
            Limits own = listener.limits();
            String fault = own == null ? null : ListenerLimits.fault(listener.name(), own, limits);
            if (fault != null) {
                throw config(fault);
            }
        }
    }

    /** Reads certificates and keys, before a store is opened or a port bound. */
    private Map<Listener, Layers> layered() throws BrokerStartException {
        Map<Listener, Layers> layered = new LinkedHashMap<>();
        for (Listener listener : listeners) {
            Tls tls = listener.tls();
            layered.put(
                    listener,
                    new Layers(
                            tls == null ? null : tls.layer(),
                            listener.webSocketPath(),
                            listener.terms().webSocketOrigins(),
                            proxies(listener),
                            tcpNoDelay));
        }
        return layered;
    }

    private static @Nullable TrustedProxies proxies(Listener listener) throws BrokerStartException {
        TrustedProxies proxies = listener.proxies();
        if (proxies != null && !TrustedProxies.canReadHeaders()) {
            throw config("listener " + listener.name()
                    + " expects the PROXY protocol: put netty-codec-haproxy on the class path");
        }
        return proxies;
    }

    private static BrokerStartException config(String message) {
        return new BrokerStartException(BrokerStartException.Kind.CONFIG, message, null);
    }
}
