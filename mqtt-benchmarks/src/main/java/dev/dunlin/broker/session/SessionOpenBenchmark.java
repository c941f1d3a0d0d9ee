package dev.dunlin.broker.session;

import dev.dunlin.benchmarks.StoreFixture;
import dev.dunlin.broker.net.SocketTransport;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredSession;
import dev.dunlin.store.rocksdb.BareRocksDb;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.rocksdb.RocksDBException;

/**
 * How long does a client that comes back wait for its session, of which everything is only in the store?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar SessionOpenBenchmark</pre>
 *
 * Varies: the engine, and the messages in the queue, all of them older than the process, in table files or a generation that the
 * system has in memory. {@code load}: what happens between CONNECT and CONNACK on the loop and a reader thread: QoS 2 packet
 * ids, exchanges, the first page of the queue, as messages in the session. {@code bareFirstPage}: a RocksDB with the options of
 * our engine reads the 64 entries of that page by an iterator.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class SessionOpenBenchmark {
    private static final int PAGE = 64;
    private static final int BATCH = 1_000;
    private static final Duration CLOSE = Duration.ofSeconds(10);
    private static final StoredSession RECORD = StoreFixture.session(StoreFixture.SID);

    /** In the queue. */
    @Param({"10", "1000", "100000"})
    int entries;

    /** A store with a full queue. */
    @State(Scope.Benchmark)
    public static class Ours {
        /** Its name. */
        @Param({"rocksdb", "mapdb"})
        String engine;

        private Path folder;
        private Store store;
        private Core core;
        private SocketTransport transport;

        /** Fills a queue, and opens the store anew so that it lies in the files of old entries. */
        @Setup
        public void open(SessionOpenBenchmark params) throws IOException, StoreException {
            folder = StoreFixture.newFolder();
            StorageEngineProvider provider = StoreFixture.at(engine, folder);
            Store filled = StoreFixture.start(provider, Durability.PROCESS, () -> {});
            StoreFixture.fill(filled, params.entries);
            filled.close();
            StoreFixture.settle(provider);
            store = StoreFixture.start(provider, Durability.PROCESS, () -> {});
            core = new Core(Limits.STANDALONE, TimeSource.system(), new Random(1), 1, store);
            transport = new SocketTransport("session-open", core);
        }

        /** Closes the store. */
        @TearDown
        public void close() throws IOException {
            transport.close(CLOSE).toCompletableFuture().join();
            store.close();
            core.close();
            StoreFixture.delete(folder);
        }
    }

    /** A database with the same queue. */
    @State(Scope.Benchmark)
    public static class Bare {
        private final byte[] key = StoreFixture.entryKey();
        private Path folder;
        private BareRocksDb rocksDb;

        /** Fills a queue, and opens the database anew so that it lies in table files. */
        @Setup
        public void open(SessionOpenBenchmark params) throws IOException, StoreException, RocksDBException {
            folder = StoreFixture.newFolder();
            byte[] value = StoreFixture.entryValue();
            try (BareRocksDb fill = BareRocksDb.create(folder)) {
                for (int i = 1; i <= params.entries; i++) {
                    fill.put(Space.QUEUE, StoreFixture.entry(key, i), value);
                    if (i % BATCH == 0 || i == params.entries) {
                        fill.write(false);
                    }
                }
            }
            rocksDb = BareRocksDb.open(folder);
        }

        /** Closes the database. */
        @TearDown
        public void close() throws IOException {
            rocksDb.close();
            StoreFixture.delete(folder);
        }
    }

    @Benchmark
    public int load(Ours ours) {
        CompletableFuture<Integer> loaded = new CompletableFuture<>();
        SessionLoop loop = ours.core.loop(0);
        loop.execute(() -> {
            Session session = new Session(StoreFixture.SID, loop, ours.core, "device-701", true);
            session.log.notLoaded(RECORD);
            session.log.load(RECORD, ours.store).whenDone(() -> {
                loaded.complete(session.queue.size());
                session.queue.forget(DropReason.BROKER_CLOSED);
            });
        });
        int messages = loaded.join();
        if (messages != Math.min(entries, PAGE)) {
            throw new IllegalStateException(messages + " messages were loaded");
        }
        return messages;
    }

    @Benchmark
    public long bareFirstPage(Bare bare) throws RocksDBException {
        return bare.rocksDb.scan(Space.QUEUE, StoreFixture.entry(bare.key, 0), null, PAGE);
    }
}
