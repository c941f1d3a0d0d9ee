package dev.dunlin.broker.session;

import dev.dunlin.benchmarks.StoreFixture;
import dev.dunlin.broker.net.SocketTransport;
import dev.dunlin.broker.spi.DropReason;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Space;
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
 * Varies: the messages in its queue, all of them older than the process, in table files that the system has in memory.
 * {@code load}: what happens between CONNECT and CONNACK on the loop and a reader thread: QoS 2 packet ids, exchanges, the
 * first page of the queue, as messages in the session. {@code bareFirstPage}: a RocksDB with the same options reads the 64
 * entries of that page by an iterator.
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

    private final byte[] key = StoreFixture.entryKey();
    private Path folder;
    private Path bareFolder;
    private Store store;
    private Core core;
    private SocketTransport transport;
    private BareRocksDb rocksDb;

    /** Fills two queues and reopens them. */
    @Setup
    public void open() throws IOException, StoreException, RocksDBException {
        folder = StoreFixture.newFolder();
        Store filled = StoreFixture.start(folder, Durability.PROCESS, () -> {});
        StoreFixture.fill(filled, entries);
        filled.close();
        store = StoreFixture.start(folder, Durability.PROCESS, () -> {});
        core = new Core(Limits.STANDALONE, TimeSource.system(), new Random(1), 1, store);
        transport = new SocketTransport("session-open", core);

        bareFolder = StoreFixture.newFolder();
        byte[] value = StoreFixture.entryValue();
        try (BareRocksDb fill = BareRocksDb.create(bareFolder)) {
            for (int i = 1; i <= entries; i++) {
                fill.put(Space.QUEUE, StoreFixture.entry(key, i), value);
                if (i % BATCH == 0 || i == entries) {
                    fill.write(false);
                }
            }
        }
        rocksDb = BareRocksDb.open(bareFolder);
    }

    @Benchmark
    public int load() {
        CompletableFuture<Integer> loaded = new CompletableFuture<>();
        SessionLoop loop = core.loop(0);
        loop.execute(() -> {
            Session session = new Session(StoreFixture.SID, loop, core, "device-701", true);
            session.log.notLoaded(RECORD);
            session.log.load(RECORD, store, PAGE).whenDone(() -> {
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
    public long bareFirstPage() throws RocksDBException {
        return rocksDb.scan(Space.QUEUE, StoreFixture.entry(key, 0), null, PAGE);
    }

    /** Closes both. */
    @TearDown
    public void close() throws IOException {
        transport.close(CLOSE).toCompletableFuture().join();
        store.close();
        core.close();
        rocksDb.close();
        StoreFixture.delete(folder);
        StoreFixture.delete(bareFolder);
    }
}
