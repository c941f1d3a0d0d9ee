package dev.dunlin.junit;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerBuilder;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.LocalClient;
import dev.dunlin.broker.spi.StorageEngineProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
 * class share one. Test methods may have parameters of the types {@link Broker}, {@link LocalClient} and
 * {@code DunlinExtension}. Its own methods are for the test's threads, not for those of the broker.
 */
public final class DunlinExtension
        implements BeforeAllCallback, AfterAllCallback, BeforeEachCallback, AfterEachCallback, ParameterResolver {
    private static final String TCP = "tcp";
    private static final Duration SETTLE = Duration.ofSeconds(10);

    /** A message may go from loop to loop, and back to be acknowledged. */
    private static final int ROUNDS = 3;

    private final UnaryOperator<BrokerBuilder> configuration;
    private final @Nullable Function<Path, StorageEngineProvider> storage;
    private final @Nullable VirtualClock clock;
    private final List<Recorder> recorders = new CopyOnWriteArrayList<>();
    private volatile @Nullable Broker broker;
    private @Nullable Path folder;
    private int port;

    /** The context for which it was started. */
    private String owner = "";

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
        Recorder recorder = new Recorder(this, filter);
        recorder.subscribe(local());
        recorders.add(recorder);
        return recorder;
    }

    void forget(Recorder recorder) {
        recorders.remove(recorder);
    }

    // ---- time

    /**
     * Lets time pass, in one jump, and returns when the broker has done what was due, and handed it on.
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
     * is handed to its recorders, and to the sockets of its clients as far as they take it.
     */
    public void settle() {
        Broker running = broker();
        try {
            for (int round = 0; round < ROUNDS; round++) {
                running.droppedByClient().toCompletableFuture().get(SETTLE.toMillis(), TimeUnit.MILLISECONDS);
            }
            CompletableFuture.allOf(recorders.stream().map(Recorder::settled).toArray(CompletableFuture<?>[]::new))
                    .get(SETTLE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new IllegalStateException("the broker hasn't come to rest within " + SETTLE.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the broker came to rest", e);
        }
    }

    // ---- its life

    /**
     * Stops the broker, in order: 5.0 clients are told, wills are not published. What is in a store stays there. Does nothing
     * if it isn't running.
     */
    public void stop() {
        Broker running = broker;
        broker = null;
        if (running != null) {
            running.close(Duration.ZERO);
        }
    }

    /**
     * Starts the broker again: at the same port, with its store, and its recorders before the first client.
     *
     * @throws IllegalStateException if it is running, or can't be started
     */
    public void start() {
        if (broker != null) {
            throw new IllegalStateException("the broker is running");
        }
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
        if (broker == null && owner.isEmpty()) {
            owner = context.getUniqueId();
            port = 0;
            start();
        }
    }

    private void end(ExtensionContext context) throws IOException {
        if (!owner.equals(context.getUniqueId())) {
            return;
        }
        owner = "";
        stop();
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
