package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.Store;
import dev.dunlin.store.rocksdb.BareRocksDb;
import dev.dunlin.store.rocksdb.RocksDb;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.rocksdb.RocksDBException;

/**
 * How many durable messages a second does the way through the commit pipeline and the gates bring, beside the bare engine?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar PipelineBenchmark</pre>
 *
 * Varies: the engine, the level, and the number of loops. A message is a change that puts an entry and deletes an earlier one.
 * {@code pipeline}: {@link PublishingLoop}s with {@link #WINDOW} messages under way in all submit and wait, the commit thread
 * groups, writes and wakes them. {@code bareEngine} writes the same operations to the engine, {@code bareRocksDb} to a
 * database with the options of our engine, in one thread that waits for nobody, in groups as large as those of the pipeline
 * were on average: each fork runs that first (for {@code bareRocksDb} on RocksDB), and prints it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@OperationsPerInvocation(PipelineBenchmark.MESSAGES)
public class PipelineBenchmark {
    static final int MESSAGES = 40_000;

    /** As of 50 publishers with 20 unacknowledged messages each. */
    static final int WINDOW = 1_000;

    private static final int TRIALS = 5;
    private static final byte[] LAST_TICKET = "lastTicket".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] LAST_SEEN = "lastSeen".getBytes(StandardCharsets.US_ASCII);

    /** PROCESS doesn't wait for the disk, POWER does. */
    @Param({"PROCESS", "POWER"})
    Durability level;

    /** Threads that submit. */
    @Param({"1", "2"})
    int loops;

    private final byte[] key = StoreFixture.entryKey();
    private final byte[] stamp = new byte[Long.BYTES];
    private byte[] value;
    private long next = WINDOW;

    /** A pipeline, and how large the groups are that it makes. */
    private static final class Pipeline {
        private final List<PublishingLoop> publishers = new CopyOnWriteArrayList<>();
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private final AtomicLong groups = new AtomicLong();
        private final Store store;

        Pipeline(StorageEngineProvider engine, PipelineBenchmark params) throws StoreException {
            store = StoreFixture.start(engine, params.level, this::advanced);
            for (int i = 0; i < params.loops; i++) {
                publishers.add(new PublishingLoop(store, WINDOW / params.loops));
            }
        }

        private void advanced() {
            groups.incrementAndGet();
            for (PublishingLoop publisher : publishers) {
                publisher.wake();
            }
        }

        void publish() {
            List<CompletableFuture<Void>> running = new ArrayList<>();
            for (PublishingLoop publisher : publishers) {
                running.add(CompletableFuture.runAsync(() -> publisher.publish(MESSAGES / publishers.size()), threads));
            }
            running.forEach(CompletableFuture::join);
        }

        int groupMessages() {
            long before = 0;
            for (int i = 0; i < TRIALS; i++) { // the last one counts
                before = groups.get();
                publish();
            }
            int messages = (int) (MESSAGES / (groups.get() - before));
            System.out.println(messages + " messages in a group");
            return messages;
        }

        void close() {
            threads.shutdown();
            store.close();
        }
    }

    /** A pipeline on an engine, and another store of it without one. */
    @State(Scope.Benchmark)
    public static class Ours {
        /** Its name. */
        @Param({"rocksdb", "mapdb"})
        String engine;

        private final OpBuffer group = new OpBuffer();
        private Path folder;
        private Pipeline pipeline;
        private StorageEngine bare;
        private int groupMessages;

        /** Opens both, and finds the size of the pipeline's groups. */
        @Setup
        public void open(PipelineBenchmark params) throws IOException, StoreException {
            folder = StoreFixture.newFolder();
            bare = StoreFixture.at(engine, folder.resolve("engine")).open();
            pipeline = new Pipeline(StoreFixture.at(engine, folder.resolve("store")), params);
            groupMessages = pipeline.groupMessages();
        }

        /** Closes both. */
        @TearDown
        public void close() throws IOException, StoreException {
            pipeline.close();
            bare.close();
            StoreFixture.delete(folder);
        }
    }

    /** A database. */
    @State(Scope.Benchmark)
    public static class Bare {
        private Path folder;
        private BareRocksDb rocksDb;
        private int groupMessages;

        /** Opens it, and finds the size of a pipeline's groups. */
        @Setup
        public void open(PipelineBenchmark params) throws IOException, StoreException, RocksDBException {
            folder = StoreFixture.newFolder();
            Pipeline pipeline = new Pipeline(RocksDb.at(folder.resolve("store")), params);
            groupMessages = pipeline.groupMessages();
            pipeline.close();
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
    public void pipeline(Ours ours) {
        ours.pipeline.publish();
    }

    @Benchmark
    public void bareEngine(Ours ours) throws StoreException {
        OpBuffer group = ours.group;
        for (int left = MESSAGES; left > 0; left -= ours.groupMessages) {
            group.clear();
            for (int i = Math.min(left, ours.groupMessages); i > 0; i--, next++) {
                StoreFixture.entry(key, next);
                group.put(Space.QUEUE, ByteBuffer.wrap(key), ByteBuffer.wrap(value));
                StoreFixture.entry(key, next - WINDOW);
                group.delete(Space.QUEUE, ByteBuffer.wrap(key));
            }
            group.put(Space.META, ByteBuffer.wrap(LAST_TICKET), ByteBuffer.wrap(stamp));
            group.put(Space.META, ByteBuffer.wrap(LAST_SEEN), ByteBuffer.wrap(stamp));
            ours.bare.write(group, level == Durability.POWER);
        }
    }

    @Benchmark
    public void bareRocksDb(Bare bare) throws RocksDBException {
        BareRocksDb rocksDb = bare.rocksDb;
        for (int left = MESSAGES; left > 0; left -= bare.groupMessages) {
            for (int i = Math.min(left, bare.groupMessages); i > 0; i--, next++) {
                rocksDb.put(Space.QUEUE, StoreFixture.entry(key, next), value);
                rocksDb.delete(Space.QUEUE, StoreFixture.entry(key, next - WINDOW));
            }
            rocksDb.put(Space.META, LAST_TICKET, stamp);
            rocksDb.put(Space.META, LAST_SEEN, stamp);
            rocksDb.write(level == Durability.POWER);
        }
    }
}
