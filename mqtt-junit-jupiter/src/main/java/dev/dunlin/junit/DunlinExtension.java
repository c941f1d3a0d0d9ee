package dev.dunlin.junit;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.LocalClient;
import dev.dunlin.broker.spi.RejectedException;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.codec.ReasonCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests a broker on an ephemeral port of loopback. Nothing is shared between brokers, and nothing is left of one: tests
 * may run in parallel.
 *
 * <pre>{@code
 * @RegisterExtension
 * final DunlinExtension dunlin = new DunlinExtension().withVirtualClock();
 *
 * @Test
 * void saysGoodbye() {
 *     Recorder status = dunlin.record("status/#");
 *     connectMyDevice(dunlin.uri());
 *     dunlin.advance(Duration.ofMinutes(2));
 *     assertEquals("gone", status.next().payloadText());
 * }
 * }</pre>
 *
 * <p>In a field that isn't static every test has a broker of its own; in a static one, or with {@code @ExtendWith}, those of a
 * class share one, and so do those of an instance for the whole class ({@code Lifecycle.PER_CLASS}). Classes that inherit a
 * static one share it as long as one of them runs. Test methods may have parameters of the types {@link Broker}, {@link LocalClient} and
 * {@code DunlinExtension}. Its own methods are for the test's threads, not for those of the broker.
 */
public final class DunlinExtension
        implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private static final String TCP = "tcp";
    private static final Duration SETTLE = Duration.ofSeconds(10);

    /** How long a stop waits for what recorders are still to get. */
    private static final Duration STOP = Duration.ofSeconds(1);

    /** A message may go from loop to loop, and back to be acknowledged. */
    private static final int ROUNDS = 3;

    private final UnaryOperator<BrokerBuilder> configuration;
    private final @Nullable Function<Path, StorageEngineProvider> storage;
    private final @Nullable VirtualClock clock;
    private final List<Recorder> recorders = new CopyOnWriteArrayList<>();
    private volatile @Nullable Broker broker;

    /** Held over each change of what follows, of the broker, and of who records. */
    private final Object life = new Object();

    private @Nullable Path folder;
    private int port;

    /** The contexts that have it: several, if classes share a static one and run in parallel. The last to end stops it. */
    private final Set<String> owners = new HashSet<>();

    /** A broker as it comes, with everything in memory. */
    public DunlinExtension() {
        this(builder -> builder, null, null);
    }

    private DunlinExtension(
            UnaryOperator<BrokerBuilder> configuration,
            @Nullable Function<Path, StorageEngineProvider> storage,
            @Nullable VirtualClock clock) {
        this.configuration = configuration;
        this.storage = storage;
        this.clock = clock;
    }

    // ---- how it is to be

    /**
     * One that is configured by this as well, at every start. There is a listener "tcp" already; others must have another name.
     */
    public DunlinExtension configured(UnaryOperator<BrokerBuilder> further) {
        return new DunlinExtension(
                builder -> further.apply(configuration.apply(builder)), storage, clock == null ? null : newClock());
    }

    /**
     * One that has a store, in a temporary folder that goes with it: {@code stored(MapDb::at)}.
     *
     * @param engine given a folder that is empty at the first start
     */
    public DunlinExtension stored(Function<Path, StorageEngineProvider> engine) {
        return new DunlinExtension(configuration, engine, clock == null ? null : newClock());
    }

    /** One whose time stands still, but for {@link #advance}. It begins at 2030-01-01T00:00Z. */
    public DunlinExtension withVirtualClock() {
        return new DunlinExtension(configuration, storage, newClock());
    }

    private static VirtualClock newClock() {
        return new VirtualClock(Instant.parse("2030-01-01T00:00:00Z"));
    }

    // ---- the broker

    /**
     * The broker.
     *
     * @throws IllegalStateException if it isn't running
     */
    public Broker broker() {
        Broker running = broker;
        if (running == null) {
            throw new IllegalStateException("the broker isn't running");
        }
        return running;
    }

    /** Its local client. */
    public LocalClient local() {
        return broker().local();
    }

    /** The port of its listener "tcp", on 127.0.0.1. Stays the same when it is started again. */
    public int port() {
        return broker().port(TCP);
    }

    /** Where it listens, as {@code tcp://127.0.0.1:<port>}. */
    public String uri() {
        return "tcp://127.0.0.1:" + port();
    }

    /**
     * Records from now on what is published to topics that this filter matches; retained messages come as well.
     *
     * @throws IllegalArgumentException if it isn't a topic filter
     */
    public Recorder record(String filter) {
        synchronized (life) {
            Recorder recorder = new Recorder(this, filter);
            recorder.subscribe(local());
            recorders.add(recorder);
            return recorder;
        }
    }

    /** It records no more, and not after a start either. */
    void forget(Recorder recorder) {
        synchronized (life) {
            recorders.remove(recorder);
            recorder.unsubscribe();
        }
    }

    // ---- time

    /**
     * Lets time pass, in one jump, and returns when the broker has done what was due, and handed it on, as {@link #settle}.
     *
     * @param by 0 or more; what is less than a millisecond is cut off
     * @throws IllegalStateException without {@link #withVirtualClock}
     */
    public void advance(Duration by) {
        clock().advance(by);
        settle();
    }

    /**
     * Its clock.
     *
     * @throws IllegalStateException without {@link #withVirtualClock}
     */
    public VirtualClock clock() {
        if (clock == null) {
            throw new IllegalStateException("this broker goes by the system's clock: see withVirtualClock()");
        }
        return clock;
    }

    /**
     * Returns when the broker has finished what it had: all it has acknowledged, and all that was published locally before,
     * is handed to its recorders, and to the sockets of its clients as far as they take it. It doesn't wait for what others have
     * still to say: authenticators, authorizers and interceptors that answer later.
     *
     * @throws IllegalStateException if the broker isn't running, or is closed meanwhile, or hasn't come to rest within 10 seconds
     */
    public void settle() {
        Exception failure = settle(broker(), SETTLE);
        if (failure instanceof TimeoutException) {
            throw new IllegalStateException(
                    "the broker hasn't come to rest within " + SETTLE.toSeconds() + " s", failure);
        } else if (failure != null) {
            throw new IllegalStateException("the broker hasn't come to rest: " + failure, failure);
        }
    }

    /** Returns why it hasn't come to rest; null if it has. */
    private @Nullable Exception settle(Broker running, Duration atMost) {
        CompletableFuture<Void> closed = closed(running);
        long end = System.nanoTime() + atMost.toNanos();
        try {
            for (int round = 0; round < ROUNDS; round++) {
                await(running.droppedByClient().toCompletableFuture(), closed, end);
            }
            CompletableFuture<?>[] recorded =
                    recorders.stream().map(Recorder::settled).toArray(CompletableFuture<?>[]::new);
            await(CompletableFuture.allOf(recorded), closed, end);
            return null;
        } catch (TimeoutException | ExecutionException e) {
            return e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return e;
        }
    }

    /** Fails if the broker is closed: then its loops answer nothing any more. Else it stays open. */
    private static CompletableFuture<Void> closed(Broker running) {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        running.admin().session("").whenComplete((none, failure) -> {
            if (failure instanceof RejectedException rejected && rejected.reason() == ReasonCode.SERVER_SHUTTING_DOWN) {
                closed.completeExceptionally(failure);
            }
        });
        return closed;
    }

    private static void await(CompletableFuture<?> what, CompletableFuture<Void> closed, long end)
            throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture.anyOf(what, closed).get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    // ---- its life

    /**
     * Stops the broker, in order: 5.0 clients are told, wills are not published. What is in a store stays there. Recorders get
     * what {@link #settle} would have waited for, unless that takes longer than a second. Does nothing if it isn't running.
     */
    public void stop() {
        Broker running = broker;
        if (running != null) {
            settle(running, STOP); // whether or not: a broker that doesn't come to rest can be stopped
        }
        close();
    }

    private void close() {
        synchronized (life) {
            Broker running = broker;
            broker = null;
            if (running != null) {
                running.close(Duration.ZERO);
                recorders.forEach(Recorder::unsubscribe);
            }
        }
    }

    /**
     * Starts the broker again: at the same port, with its store, and its recorders before the first client.
     *
     * @throws IllegalStateException if it is running, or can't be started
     */
    public void start() {
        synchronized (life) {
            if (broker != null) {
                throw new IllegalStateException("the broker is running");
            }
            startNow();
        }
    }

    private void startNow() {
        BrokerBuilder builder = Broker.builder().name("test").tcp(port);
        builder.beforeListening(local -> recorders.forEach(recorder -> recorder.subscribe(local)));
        if (clock != null) {
            builder.time(clock);
        }
        if (storage != null) {
            builder.storage(storage.apply(folder()));
        }
        try {
            Broker started = configuration.apply(builder).start();
            broker = started;
            port = started.port(TCP);
        } catch (BrokerStartException e) {
            throw new IllegalStateException("the broker doesn't start: " + e.getMessage(), e);
        }
    }

    /** Stops the broker and starts it again. */
    public void restart() {
        stop();
        start();
    }

    private Path folder() {
        Path made = folder;
        if (made == null) {
            try {
                made = Files.createTempDirectory("dunlin-test");
            } catch (IOException e) {
                throw new UncheckedIOException("there is no folder for the store", e);
            }
            folder = made;
        }
        return made.resolve("store");
    }

    private void begin(ExtensionContext context) {
        synchronized (life) {
            boolean first = owners.isEmpty();
            if (first && broker != null) {
                return; // somebody has started it without JUnit, and ends it
            }
            owners.add(context.getUniqueId());
            if (first) {
                port = 0;
                startNow();
            }
        }
    }

    private void end(ExtensionContext context) throws IOException {
        synchronized (life) {
            if (!owners.remove(context.getUniqueId()) || !owners.isEmpty()) {
                return;
            }
            try {
                close();
            } finally {
                clear();
            }
        }
    }

    private void clear() throws IOException {
        recorders.clear();
        Path made = folder;
        folder = null;
        if (made != null) {
            delete(made);
        }
    }

    private static void delete(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    // ---- for JUnit

    @Override
    public void beforeAll(ExtensionContext context) {
        begin(context);
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        end(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        begin(context);
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        end(context);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == Broker.class || type == LocalClient.class || type == DunlinExtension.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        if (type == DunlinExtension.class) {
            return this;
        }
        return type == Broker.class ? broker() : local();
    }
}
