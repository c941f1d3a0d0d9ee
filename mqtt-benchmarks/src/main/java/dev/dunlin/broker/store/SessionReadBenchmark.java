package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.View;
import dev.dunlin.store.rocksdb.RocksDb;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
 * How long does it take to open a session that is only in the store, and to read a page of its queue back, beside the bare
 * engine?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar SessionReadBenchmark</pre>
 *
 * {@code open}: a view, the packet ids and exchanges of the session, the first 64 messages of its queue. {@code bareOpen}: the
 * same three ranges scanned on the engine, nothing decoded. {@code page}: 64 messages by their keys, as a paged-out queue is
 * read. {@code barePage}: the same keys from the engine. Varies: how many messages the queue holds. The store was closed and
 * opened after it was filled, so its entries come from its files.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class SessionReadBenchmark {
    private static final long SID = 7;
    private static final int PAGE = 64;

    /** Messages in the queue. */
    @Param({"100", "10000"})
    int queued;

    private final Path folder = StoreFixture.newFolder();
    private StorageEngine engine;
    private long[] sequences = {};

    /** Fills the queue. */
    @Setup
    public void fill() throws StoreException {
        Store store = StoreFixture.start(folder, Durability.PROCESS);
        long[] all = StoreFixture.fill(store, SID, queued);
        store.close();
        engine = RocksDb.at(folder).open();
        sequences = new long[PAGE];
        System.arraycopy(all, (queued - PAGE) / 2, sequences, 0, PAGE);
    }

    /** As the client comes back. */
    @Benchmark
    public int open() throws StoreException {
        try (View view = engine.view()) {
            SessionReader reader = new SessionReader(view, SID);
            return reader.received().size()
                    + reader.exchanges().size()
                    + reader.entries(0, Long.MAX_VALUE, Set.of()).entries().size();
        }
    }

    /** The same ranges. */
    @Benchmark
    public int bareOpen() throws StoreException {
        int[] found = {0};
        try (View view = engine.view()) {
            for (char kind : new char[] {Keys.RECEIVED, Keys.EXCHANGE}) {
                view.scan(
                        Space.SESSION, Keys.ofSession(kind, SID), Keys.ofSession(kind, SID + 1), (key, value) -> true);
            }
            view.scan(
                    Space.QUEUE,
                    Keys.entry(SID, 0),
                    Keys.entry(SID, Long.MAX_VALUE),
                    (key, value) -> ++found[0] < PAGE);
        }
        return found[0];
    }

    /** As the queue is paged in. */
    @Benchmark
    public int page() throws StoreException {
        try (View view = engine.view()) {
            return new SessionReader(view, SID).entries(sequences).entries().size();
        }
    }

    /** The same keys. */
    @Benchmark
    public int barePage() throws StoreException {
        List<byte[]> keys = new ArrayList<>(PAGE);
        for (long sequence : sequences) {
            keys.add(Keys.entry(SID, sequence));
        }
        try (View view = engine.view()) {
            return view.getAll(Space.QUEUE, keys).size();
        }
    }

    /** Removes the store. */
    @TearDown
    public void delete() throws StoreException {
        engine.close();
        StoreFixture.delete(folder);
    }
}
