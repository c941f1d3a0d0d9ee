package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.rocksdb.RocksDb;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * What does a group of changes cost on the RocksDB engine, beside RocksDB's own Java API?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar EngineWriteBenchmark</pre>
 *
 * A group puts {@link #group} values of 128 bytes and deletes as many older ones. {@code engine}: one
 * {@link StorageEngine#write}. {@code rocksdb}: one WriteBatch on a database with default options. Varies: the size of the
 * group, and whether it is synced.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class EngineWriteBenchmark {
    private static final int BEHIND = 10_000;
    private static final byte[] VALUE = new byte[128];

    /** Puts, and deletes, in a group. */
    @Param({"1", "100", "1000"})
    int group;

    /** Whether the disk is waited for. */
    @Param({"false", "true"})
    boolean sync;

    private Path folder;
    private StorageEngine engine;
    private Options options;
    private RocksDB rocksdb;
    private WriteOptions writeOptions;
    private final OpBuffer ops = new OpBuffer();
    private final WriteBatch batch = new WriteBatch();
    private long next = BEHIND;

    /** Opens both. */
    @Setup
    public void open() throws IOException, StoreException, RocksDBException {
        folder = Files.createTempDirectory("dunlin-benchmark");
        engine = RocksDb.at(folder.resolve("engine")).open();
        options = new Options().setCreateIfMissing(true);
        rocksdb = RocksDB.open(options, folder.resolve("rocksdb").toString());
        writeOptions = new WriteOptions().setSync(sync);
    }

    private static byte[] key(long number) {
        return ByteBuffer.allocate(2 * Long.BYTES).putLong(7).putLong(number).array();
    }

    /** Ours. */
    @Benchmark
    public void engine() throws StoreException {
        ops.clear();
        for (int i = 0; i < group; i++, next++) {
            ops.put(Space.QUEUE, ByteBuffer.wrap(key(next)), ByteBuffer.wrap(VALUE));
            ops.delete(Space.QUEUE, ByteBuffer.wrap(key(next - BEHIND)));
        }
        engine.write(ops, sync);
    }

    /** RocksDB's. */
    @Benchmark
    public void rocksdb() throws RocksDBException {
        batch.clear();
        for (int i = 0; i < group; i++, next++) {
            batch.put(key(next), VALUE);
            batch.delete(key(next - BEHIND));
        }
        rocksdb.write(writeOptions, batch);
    }

    /** Closes both. */
    @TearDown
    public void close() throws IOException, StoreException {
        engine.close();
        rocksdb.close();
        options.close();
        writeOptions.close();
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }
}
