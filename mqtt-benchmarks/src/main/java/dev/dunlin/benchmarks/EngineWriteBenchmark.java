package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.rocksdb.BareRocksDb;
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
 * What does a group of operations cost on an engine, beside RocksDB's own Java API?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar EngineWriteBenchmark</pre>
 *
 * Varies: the engine, the operations in a group, and whether the disk is waited for. Every other operation puts an entry of a
 * queue, as it is stored of a message of 64 bytes, the others delete the one that was put 1,000 entries before. {@code engine}
 * fills an {@link OpBuffer} and has it written; {@code bareRocksDb} fills and writes a WriteBatch, on a database with the
 * options of our engine. The score is time per group.
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

    private byte[] value;
    private final byte[] key = StoreFixture.entryKey();
    private long next = 2 * BEHIND;

    /** An open engine. */
    @State(Scope.Benchmark)
    public static class Opened {
        /** Its name. */
        @Param({"rocksdb", "mapdb"})
        String engine;

        private final OpBuffer group = new OpBuffer();
        private Path folder;
        private StorageEngine storage;

        /** Opens it. */
        @Setup
        public void open() throws IOException, StoreException {
            folder = StoreFixture.newFolder();
            storage = StoreFixture.at(engine, folder).open();
        }

        /** Closes it. */
        @TearDown
        public void close() throws IOException, StoreException {
            storage.close();
            StoreFixture.delete(folder);
        }
    }

    /** An open database. */
    @State(Scope.Benchmark)
    public static class Bare {
        private Path folder;
        private BareRocksDb rocksDb;

        /** Opens it. */
        @Setup
        public void open() throws IOException, StoreException, RocksDBException {
            folder = StoreFixture.newFolder();
            rocksDb = BareRocksDb.create(folder.resolve("bare"));
        }

        /** Closes it. */
        @TearDown
        public void close() throws IOException {
            rocksDb.close();
            StoreFixture.delete(folder);
        }
    }

    /** Finds out what an entry looks like. */
    @Setup
    public void encode() throws IOException, StoreException {
        value = StoreFixture.entryValue();
    }

    @Benchmark
    public void engine(Opened opened) throws StoreException {
        OpBuffer group = opened.group;
        group.clear();
        for (int i = 0; i < operations; i++, next++) {
            if (isPut()) {
                group.put(Space.QUEUE, ByteBuffer.wrap(key()), ByteBuffer.wrap(value));
            } else {
                group.delete(Space.QUEUE, ByteBuffer.wrap(key()));
            }
        }
        opened.storage.write(group, sync);
    }

    @Benchmark
    public void bareRocksDb(Bare bare) throws RocksDBException {
        for (int i = 0; i < operations; i++, next++) {
            if (isPut()) {
                bare.rocksDb.put(Space.QUEUE, key(), value);
            } else {
                bare.rocksDb.delete(Space.QUEUE, key());
            }
        }
        bare.rocksDb.write(sync);
    }

    private boolean isPut() {
        return next % 2 == 0;
    }

    private byte[] key() {
        return StoreFixture.entry(key, isPut() ? next / 2 : next / 2 - BEHIND);
    }
}
