package dev.dunlin.benchmarks;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Space;
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
 * java -jar mqtt-benchmarks/target/benchmarks.jar StartBenchmark -f 3 -wi 0 -i 3
 * java -jar mqtt-benchmarks/target/benchmarks.jar StartBenchmark -f 1 -wi 0 -i 3 -p sessions=1000000
 * </pre>
 *
 * Varies: the number of sessions, each with three subscriptions of its own and nothing queued. {@code broker}: opens the store,
 * brings sessions and subscriptions back, listens. {@code bareRocksDb}: opens the same files with the same options and walks
 * through the same records.
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

    private Path folder;
    private AutoCloseable opened = () -> {};

    /** Fills the store. */
    @Setup
    public void fill() throws IOException, StoreException, RocksDBException {
        folder = StoreFixture.newFolder();
        Store store = StoreFixture.start(folder, Durability.PROCESS, () -> {});
        ChangeWriter writer = store.writer();
        for (int i = 1; i <= sessions; i++) {
            fill(writer, i);
            if (i % SESSIONS_IN_A_CHANGE == 0 || i == sessions) {
                StoreFixture.await(store, writer.submit());
            }
        }
        store.close();
        BareRocksDb.open(folder).close(); // what is in the log is in table files from now on
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
    public int broker() throws BrokerStartException {
        Broker broker = Broker.builder().tcp(0).storage(RocksDb.at(folder)).start();
        opened = broker;
        return broker.listeners().get(0).port();
    }

    @Benchmark
    public long bareRocksDb() throws IOException, RocksDBException {
        BareRocksDb rocksDb = BareRocksDb.open(folder);
        opened = rocksDb;
        return rocksDb.scan(Space.SESSION, new byte[0], null, Integer.MAX_VALUE);
    }

    /** Closes what was opened. */
    @TearDown(Level.Invocation)
    public void close() throws Exception {
        opened.close();
    }

    /** Removes the store. */
    @TearDown
    public void delete() throws IOException {
        StoreFixture.delete(folder);
    }
}
