package dev.dunlin.broker.store;

import dev.dunlin.broker.Broker;
import dev.dunlin.broker.BrokerStartException;
import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.rocksdb.RocksDb;
import java.nio.file.Path;
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

/**
 * How long does a broker take to start on a store full of sessions, beside reading the same records from the bare engine?
 *
 * <pre>java -Xmx8g -jar mqtt-benchmarks/target/benchmarks.jar StartBenchmark -p sessions=100000,1000000 -jvmArgs -Xmx8g</pre>
 *
 * {@code broker}: opens the store, takes sessions and subscriptions in, and closes again. {@code bareEngine}: opens the engine,
 * scans the same space, closes. Each session has three subscriptions of its own and never expires.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class StartBenchmark {
    private static final int SUBSCRIPTIONS = 3;
    private static final int SESSIONS_AT_A_TIME = 1_000;
    private static final long FOR_EVER = 0xFFFF_FFFFL;

    /** Sessions in the store; by default only as many as a smoke run wants. */
    @Param("1000")
    int sessions;

    private final Path folder = StoreFixture.newFolder();

    /** Fills the store. */
    @Setup
    public void fill() throws StoreException {
        Store store = StoreFixture.start(folder, Durability.PROCESS);
        ChangeWriter writer = store.writer();
        for (int i = 0; i < sessions; i++) {
            long sid = i + 1L;
            new StoredSession(sid, false, false, FOR_EVER, 1, 70_000, new byte[0], new int[0], new long[0])
                    .write(writer, "device-" + i);
            for (int s = 0; s < SUBSCRIPTIONS; s++) {
                String filter = "fleet/" + i % 1_000 + "/device-" + i + "/" + s;
                new StoredSubscription(filter, QoS.AT_LEAST_ONCE, false, false, 0, null).write(writer, sid);
            }
            if (i % SESSIONS_AT_A_TIME == SESSIONS_AT_A_TIME - 1) {
                StoreFixture.await(store, writer.submit());
            }
        }
        store.close();
    }

    /** From nothing to a broker that accepts connections, and back. */
    @Benchmark
    public int broker() throws BrokerStartException {
        try (Broker broker = Broker.builder().tcp(0).storage(RocksDb.at(folder)).start()) {
            return broker.port("tcp");
        }
    }

    /** The same records. */
    @Benchmark
    public int bareEngine() throws StoreException {
        int[] records = {0};
        try (StorageEngine engine = RocksDb.at(folder).open();
                View view = engine.view()) {
            view.scan(Space.SESSION, new byte[0], null, (key, value) -> ++records[0] > 0);
        }
        return records[0];
    }

    /** Removes the store. */
    @TearDown
    public void delete() {
        StoreFixture.delete(folder);
    }
}
