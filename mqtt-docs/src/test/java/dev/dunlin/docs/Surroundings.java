package dev.dunlin.docs;

import dev.dunlin.broker.Administration;
import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.LocalClient;
import dev.dunlin.broker.spi.Message;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.mapdb.MapDb;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What a reader of statements has around them. Blocks that declare a name themselves hide it. */
public abstract class Surroundings implements AutoCloseable {
    protected final Broker broker = started();
    protected final LocalClient local = broker.local();
    protected final Administration admin = broker.admin();
    protected final MeterRegistry registry = new SimpleMeterRegistry();
    protected final Channel channel = new EmbeddedChannel();
    protected final byte[] password = "secret".getBytes(StandardCharsets.UTF_8);

    protected final Path chain = Path.of("chain.pem");
    protected final Path key = Path.of("key.pem");
    protected final Path authority = Path.of("authority.pem");
    protected final Path lists = Path.of("lists.pem");

    private static Broker started() {
        try {
            return Broker.builder().tcp(0).start();
        } catch (BrokerStartException e) {
            throw new AssertionError(e);
        }
    }

    /** The block. */
    protected abstract void run() throws Exception;

    /** What the reader does with a message, who also says when it is done. */
    protected static CompletionStage<Void> store(Message message) {
        return done(message);
    }

    protected static CompletionStage<Void> work(Message message) {
        return done(message);
    }

    protected static CompletionStage<Void> handle(Message message) {
        return done(message);
    }

    protected static CompletionStage<Void> book(Message message) {
        return done(message);
    }

    private static CompletionStage<Void> done(Message message) {
        return CompletableFuture.completedFuture(message).thenAccept(Message::topic);
    }

    /** What the reader tests with a broker of ours. */
    public record Thermostat(String uri, String name) {
        public boolean start() {
            return uri.isEmpty(); // only compiled
        }
    }

    /** The reader's own engine, as far as pages need it. */
    public interface MyEngine extends StorageEngine {
        long nativeObjects();
    }

    /** Opens it. */
    public record MyStore(Path folder) implements StorageEngineProvider {
        @Override
        public StorageEngine open() throws StoreException {
            return MapDb.at(folder).open();
        }

        @Override
        public StorageEngine recover() throws StoreException {
            return MapDb.at(folder).recover();
        }
    }

    @Override
    public void close() {
        broker.close();
    }
}
