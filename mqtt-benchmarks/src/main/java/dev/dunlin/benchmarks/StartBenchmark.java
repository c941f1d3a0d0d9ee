package dev.dunlin.benchmarks;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.ChangeWriter;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredSubscription;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.rocksdb.BareRocksDb;
import dev.dunlin.store.rocksdb.RocksDb;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.rocksdb.RocksDBException;

/**
 * How long does a broker take to start on a store full of sessions?
 *
 * <pre>
 * java -jar mqtt-benchmarks/target/benchmarks.jar StartBenchmark -f 3 -wi 0 -i 3 -prof dev.dunlin.benchmarks.Footprint
 * java -jar mqtt-benchmarks/target/benchmarks.jar StartBenchmark -f 1 -wi 0 -i 3 -p sessions=1000000
 * </pre>
 *
 * Varies: the engine, how the broker before has ended, and the number of sessions, each with three subscriptions of its own and
 * nothing queued. {@code broker}: opens the store, brings sessions and subscriptions back, listens; beside the time the profiler
 * tells the processor time, the size of the store, and the heap that store and sessions take then. {@code bareRocksDb}: opens a RocksDB store with
 * the options of our engine and walks through the same records.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class StartBenchmark {
    private static final int SUBSCRIPTIONS = 3;
    private static final int SESSIONS_IN_A_CHANGE = 100;

    /** In the store. */
    @Param("100000")
    int sessions;

    /** How the broker has ended that filled the store. */
    public enum End {
        /** Closed, and closed once more: what RocksDB had in its log is in table files. */
        CLOSED,
        /** Its process was halted. */
        KILLED
    }

    /** A store to start on, a fresh copy each time. */
    @State(Scope.Benchmark)
    public static class Ours {
        /** Its name. */
        @Param({"rocksdb", "mapdb"})
        String engine;

        /** How the broker before has ended. */
        @Param({"CLOSED", "KILLED"})
        End end;

        private Path filled;
        private Path folder;
        private long heapBytes;
        private long cpuNs;
        private @Nullable Broker broker;

        /** Fills the store, in a process of its own if that is to be killed. */
        @Setup
        public void fill(StartBenchmark params) throws IOException, StoreException, InterruptedException {
            filled = StoreFixture.newFolder();
            if (end == End.KILLED) {
                Killed.fill(engine, filled, params.sessions);
                return;
            }
            StorageEngineProvider provider = StoreFixture.at(engine, filled);
            StartBenchmark.fill(provider, params.sessions).close();
            provider.open().close();
        }

        /** Makes a copy. */
        @Setup(Level.Invocation)
        public void copy() throws IOException {
            folder = StoreFixture.newFolder();
            StoreFixture.copy(filled, folder);
            heapBytes = Footprint.heapBytes();
            cpuNs = Footprint.cpuNs();
        }

        /** Measures what was opened, closes it, and removes the copy. */
        @TearDown(Level.Invocation)
        public void close() throws IOException {
            Footprint.noteCpu(Footprint.cpuNs() - cpuNs);
            Footprint.note("heap", Footprint.heapBytes() - heapBytes);
            Footprint.note("disk", Footprint.bytesIn(folder));
            Broker opened = broker;
            if (opened != null) {
                opened.close();
            }
            StoreFixture.delete(folder);
        }

        /** Removes the store. */
        @TearDown
        public void delete() throws IOException {
            StoreFixture.delete(filled);
        }
    }

    /** A database to start on. */
    @State(Scope.Benchmark)
    public static class Bare {
        private Path folder;
        private @Nullable BareRocksDb rocksDb;

        /** Fills it. */
        @Setup
        public void fill(StartBenchmark params) throws IOException, StoreException, RocksDBException {
            folder = StoreFixture.newFolder();
            StartBenchmark.fill(RocksDb.at(folder), params.sessions).close();
            BareRocksDb.open(folder).close(); // what is in the log is in table files from now on
        }

        /** Closes what was opened. */
        @TearDown(Level.Invocation)
        public void close() {
            BareRocksDb opened = rocksDb;
            if (opened != null) {
                opened.close();
            }
        }

        /** Removes it. */
        @TearDown
        public void delete() throws IOException {
            StoreFixture.delete(folder);
        }
    }

    /** A process that fills a store and is gone without closing it. */
    static final class Killed {
        private Killed() {}

        static void fill(String engine, Path folder, int sessions) throws IOException, InterruptedException {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            Killed.class.getName(),
                            engine,
                            folder.toString(),
                            Integer.toString(sessions))
                    .inheritIO()
                    .start();
            if (process.waitFor() != 0) {
                throw new IllegalStateException("the process that fills the store has failed");
            }
        }

        /** Arguments: engine, folder, sessions. */
        public static void main(String[] args) throws StoreException {
            StartBenchmark.fill(StoreFixture.at(args[0], Path.of(args[1])), Integer.parseInt(args[2]));
            Runtime.getRuntime().halt(0);
        }
    }

    private static Store fill(StorageEngineProvider engine, int sessions) throws StoreException {
        Store store = StoreFixture.start(engine, Durability.PROCESS, () -> {});
        ChangeWriter writer = store.writer();
        for (int i = 1; i <= sessions; i++) {
            fill(writer, i);
            if (i % SESSIONS_IN_A_CHANGE == 0 || i == sessions) {
                StoreFixture.await(store, writer.submit());
            }
        }
        return store;
    }

    private static void fill(ChangeWriter writer, int sid) {
        String clientId = "device-" + sid;
        SessionChanges.session(writer, clientId, StoreFixture.session(sid));
        SessionChanges changes = new SessionChanges(writer, sid);
        for (int i = 0; i < SUBSCRIPTIONS; i++) {
            String filter = "fleet/" + sid % 1_000 + "/" + clientId + "/commands/" + i;
            changes.subscribed(new StoredSubscription(filter, QoS.AT_LEAST_ONCE, false, false, 0, null));
        }
    }

    @Benchmark
    public int broker(Ours ours) throws BrokerStartException {
        Broker broker = Broker.builder()
                .tcp(0)
                .storage(StoreFixture.at(ours.engine, ours.folder))
                .start();
        ours.broker = broker;
        return broker.listeners().get(0).port();
    }

    @Benchmark
    public long bareRocksDb(Bare bare) throws StoreException, RocksDBException {
        BareRocksDb rocksDb = BareRocksDb.open(bare.folder);
        bare.rocksDb = rocksDb;
        return rocksDb.scan(Space.SESSION, new byte[0], null, Integer.MAX_VALUE);
    }
}
