package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
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

/**
 * How long does it take to open a store with large queues, and to write all of it anew?
 *
 * <pre>
 * java -jar mqtt-benchmarks/target/benchmarks.jar ReopenBenchmark -f 1 -wi 0 -i 3 -prof dev.dunlin.benchmarks.Footprint
 * java -jar mqtt-benchmarks/target/benchmarks.jar ReopenBenchmark -f 1 -wi 0 -i 3 -p liveMiB=1000,2000
 * </pre>
 *
 * Varies: the engine and the state, messages of 64 bytes in 10,000 queues. {@code open}: the engine alone, until it can be
 * written to; the last files of its log are to be read. {@code compact}: on MapDB the next generation; on RocksDB all levels
 * become one, which the broker never asks for.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ReopenBenchmark {
    /** Its name. */
    @Param({"rocksdb", "mapdb"})
    String engine;

    /** Keys and values, in MiB. */
    @Param("100")
    int liveMiB;

    private final OpBuffer group = new OpBuffer();
    private Path folder;
    private Queues queues;
    private long heapBytes;
    private long cpuNs;
    private StorageEngine storage;

    /** Fills the store, and leaves it open. */
    @Setup
    public void fill() throws IOException, StoreException {
        folder = StoreFixture.newFolder();
        queues = new Queues(StoreFixture.entryValue());
        heapBytes = Footprint.heapBytes();
        storage = StoreFixture.at(engine, folder).open();
        queues.fill(storage, (long) liveMiB << 20);
    }

    /** One more message. */
    @Setup(Level.Invocation)
    public void change() throws StoreException {
        group.clear();
        queues.append(group);
        storage.write(group, true);
        cpuNs = Footprint.cpuNs();
    }

    /** To be opened again. */
    @State(Scope.Benchmark)
    public static class Closed {
        private ReopenBenchmark store;

        /** Closes it. */
        @Setup(Level.Invocation)
        public void close(ReopenBenchmark opened) throws StoreException {
            store = opened;
            store.storage.close();
            store.cpuNs = Footprint.cpuNs();
        }
    }

    @Benchmark
    public void open(Closed closed) throws StoreException {
        closed.store.storage = StoreFixture.at(engine, folder).open();
    }

    @Benchmark
    public void compact() throws StoreException {
        storage.compact(Space.QUEUE);
    }

    /** Measures sizes. */
    @TearDown(Level.Iteration)
    public void measure() {
        Footprint.noteCpu(Footprint.cpuNs() - cpuNs);
        Footprint.note("live", queues.liveBytes());
        Footprint.note("disk", Footprint.bytesIn(folder));
        Footprint.note("heap", Footprint.heapBytes() - heapBytes);
    }

    /** Closes the store. */
    @TearDown
    public void close() throws IOException, StoreException {
        storage.close();
        StoreFixture.delete(folder);
    }
}
