package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
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
 * How long do writes take while queues are filled and emptied for long, the longest of them too, and what does the store take on
 * the disk and on the heap meanwhile?
 *
 * <pre>
 * java -jar mqtt-benchmarks/target/benchmarks.jar ChurnBenchmark -f 1 -wi 0 -i 6 -r 10s -prof dev.dunlin.benchmarks.Footprint
 * java -jar mqtt-benchmarks/target/benchmarks.jar ChurnBenchmark -f 1 -wi 0 -i 6 -r 10s -p liveMiB=1000 -p rate=20000 \
 *   -prof dev.dunlin.benchmarks.Footprint
 * </pre>
 *
 * Varies: the engine, the state at the beginning, which stays as large, and how many messages there are in a second. A message
 * of 64 bytes is appended to one of 10,000 queues, and one is taken from another; 100 messages are a group, written without
 * waiting for the disk, and synced once a second as the broker does it at the level PROCESS. The score is the time of a group,
 * as a distribution; its tail is what a broker waits while a generation or a table file is made. The profiler tells what is live
 * in the store, what its files occupy at the end of an iteration and at most ({@code diskMax}, looked at every 20 ms), and its
 * share of the heap.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ChurnBenchmark {
    private static final int MESSAGES = 100;
    private static final long SYNC_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK_MS = 20;

    /** Its name. */
    @Param({"rocksdb", "mapdb"})
    String engine;

    /** Keys and values, in MiB. */
    @Param("100")
    int liveMiB;

    /** Messages per second; 0: as many as can be. */
    @Param("0")
    int rate;

    private final OpBuffer group = new OpBuffer();
    private Path folder;
    private StorageEngine storage;
    private Queues queues;
    private Watch watch;
    private long heapBytes;
    private long dueNs;
    private long syncedNs;

    /** Fills the store. */
    @Setup
    public void open() throws IOException, StoreException {
        folder = StoreFixture.newFolder();
        queues = new Queues(StoreFixture.entryValue());
        heapBytes = Footprint.heapBytes();
        storage = StoreFixture.at(engine, folder).open();
        queues.fill(storage, (long) liveMiB << 20);
        watch = new Watch(folder);
        watch.start();
    }

    /** The first group of an iteration is due now. */
    @Setup(Level.Iteration)
    public void begin() {
        dueNs = System.nanoTime();
        syncedNs = dueNs;
    }

    /** Waits until a group is due. */
    @Setup(Level.Invocation)
    public void pace() {
        if (rate == 0) {
            return;
        }
        dueNs += TimeUnit.SECONDS.toNanos(MESSAGES) / rate;
        for (long left = dueNs - System.nanoTime(); left > 0; left = dueNs - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    @Benchmark
    public void write() throws StoreException {
        group.clear();
        for (int i = 0; i < MESSAGES; i++) {
            queues.append(group);
            queues.remove(group);
        }
        storage.write(group, false);
        if (System.nanoTime() - syncedNs > SYNC_NS) {
            storage.sync();
            syncedNs = System.nanoTime();
        }
    }

    /** Measures sizes. */
    @TearDown(Level.Iteration)
    public void measure() {
        Footprint.note("live", queues.liveBytes());
        Footprint.note("disk", Footprint.bytesIn(folder));
        Footprint.note("diskMax", watch.bytesMax);
        Footprint.note("heap", Footprint.heapBytes() - heapBytes);
    }

    /** Closes the store. */
    @TearDown
    public void close() throws IOException, StoreException, InterruptedException {
        watch.interrupt();
        watch.join();
        storage.close();
        StoreFixture.delete(folder);
    }

    /** Looks at the size of a folder again and again. */
    private static final class Watch extends Thread {
        private final Path folder;
        private volatile long bytesMax;

        Watch(Path folder) {
            super("disk-watch");
            this.folder = folder;
            setDaemon(true);
        }

        @Override
        public void run() {
            while (!isInterrupted()) {
                bytesMax = Math.max(bytesMax, Footprint.bytesIn(folder));
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MS));
            }
        }
    }
}
