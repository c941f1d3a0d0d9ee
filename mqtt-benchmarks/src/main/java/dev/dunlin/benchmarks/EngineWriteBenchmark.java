package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.rocksdb.BareRocksDb;
import dev.dunlin.store.rocksdb.RocksDb;
import java.io.IOException;
import java.nio.ByteBuffer;
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
import org.rocksdb.RocksDBException;

/**
 * What does a group of operations cost on the RocksDB engine, beside RocksDB's own Java API?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar EngineWriteBenchmark</pre>
 *
 * Varies: the operations in a group, and whether the disk is waited for. Every other operation puts an entry of a queue, as
 * it is stored of a message of 64 bytes, the others delete the one that was put 1,000 entries before. {@code engine} fills an
 * {@link OpBuffer} and has it written; {@code bareRocksDb} fills and writes a WriteBatch, on a database with the same options.
 * The score is time per group.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class EngineWriteBenchmark {
    private static final int BEHIND = 1_000;

    /** In a group. */
    @Param({"1", "10", "100", "1000"})
    int operations;

    /** Whether the disk is waited for. */
    @Param({"false", "true"})
    boolean sync;

    private Path folder;
    private StorageEngine engine;
    private BareRocksDb rocksDb;
    private byte[] value;
    private final byte[] key = StoreFixture.entryKey();
    private final OpBuffer group = new OpBuffer();
    private long next = 2 * BEHIND;

    /** Opens both. */
    @Setup
    public void open() throws IOException, StoreException, RocksDBException {
        value = StoreFixture.entryValue();
        folder = StoreFixture.newFolder();
        engine = RocksDb.at(folder.resolve("engine")).open();
        rocksDb = BareRocksDb.create(folder.resolve("bare"));
    }

    @Benchmark
    public void engine() throws StoreException {
        group.clear();
        for (int i = 0; i < operations; i++, next++) {
            if (isPut()) {
                group.put(Space.QUEUE, ByteBuffer.wrap(key()), ByteBuffer.wrap(value));
            } else {
                group.delete(Space.QUEUE, ByteBuffer.wrap(key()));
            }
        }
        engine.write(group, sync);
    }

    @Benchmark
    public void bareRocksDb() throws RocksDBException {
        for (int i = 0; i < operations; i++, next++) {
            if (isPut()) {
                rocksDb.put(Space.QUEUE, key(), value);
            } else {
                rocksDb.delete(Space.QUEUE, key());
            }
        }
        rocksDb.write(sync);
    }

    private boolean isPut() {
        return next % 2 == 0;
    }

    private byte[] key() {
        return StoreFixture.entry(key, isPut() ? next / 2 : next / 2 - BEHIND);
    }

    /** Closes both. */
    @TearDown
    public void close() throws IOException, StoreException {
        engine.close();
        rocksDb.close();
        StoreFixture.delete(folder);
    }
}
