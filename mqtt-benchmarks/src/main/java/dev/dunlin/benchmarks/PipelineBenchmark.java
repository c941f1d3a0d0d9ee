package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
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
 * Varies: the level, and the number of loops. A message is a change that puts an entry and deletes an earlier one.
 * {@code pipeline}: {@link PublishingLoop}s with {@link #WINDOW} messages under way in all submit and wait, the commit thread
 * groups, writes and wakes them. {@code bareEngine} writes the same operations to the engine, {@code bareRocksDb} to a
 * database with the same options, in one thread that waits for nobody, in groups as large as those of the pipeline were on
 * average: each fork runs that first, and prints it.
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

    private final List<PublishingLoop> publishers = new ArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final OpBuffer group = new OpBuffer();
    private final byte[] key = StoreFixture.entryKey();
    private final byte[] stamp = new byte[Long.BYTES];
    private Path folder;
    private Store store;
    private StorageEngine engine;
    private BareRocksDb rocksDb;
    private byte[] value;
    private int groupMessages;
    private long next = WINDOW;
    private final AtomicLong groups = new AtomicLong();

    /** Opens all three, and finds the size of the pipeline's groups. */
    @Setup
    public void open() throws IOException, StoreException, RocksDBException {
        value = StoreFixture.entryValue();
        folder = StoreFixture.newFolder();
        engine = RocksDb.at(folder.resolve("engine")).open();
        rocksDb = BareRocksDb.create(folder.resolve("bare"));
        store = StoreFixture.start(folder.resolve("store"), level, this::advanced);
        for (int i = 0; i < loops; i++) {
            publishers.add(new PublishingLoop(store, WINDOW / loops));
        }
        long before = 0;
        for (int i = 0; i < TRIALS; i++) { // the last one counts
            before = groups.get();
            pipeline();
        }
        groupMessages = (int) (MESSAGES / (groups.get() - before));
        System.out.println(groupMessages + " messages in a group");
    }

    private void advanced() {
        groups.incrementAndGet();
        for (PublishingLoop publisher : publishers) {
            publisher.wake();
        }
    }

    @Benchmark
    public void pipeline() {
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (PublishingLoop publisher : publishers) {
            running.add(CompletableFuture.runAsync(() -> publisher.publish(MESSAGES / loops), threads));
        }
        running.forEach(CompletableFuture::join);
    }

    @Benchmark
    public void bareEngine() throws StoreException {
        for (int left = MESSAGES; left > 0; left -= groupMessages) {
            group.clear();
            for (int i = Math.min(left, groupMessages); i > 0; i--, next++) {
                StoreFixture.entry(key, next);
                group.put(Space.QUEUE, ByteBuffer.wrap(key), ByteBuffer.wrap(value));
                StoreFixture.entry(key, next - WINDOW);
                group.delete(Space.QUEUE, ByteBuffer.wrap(key));
            }
            group.put(Space.META, ByteBuffer.wrap(LAST_TICKET), ByteBuffer.wrap(stamp));
            group.put(Space.META, ByteBuffer.wrap(LAST_SEEN), ByteBuffer.wrap(stamp));
            engine.write(group, level == Durability.POWER);
        }
    }

    @Benchmark
    public void bareRocksDb() throws RocksDBException {
        for (int left = MESSAGES; left > 0; left -= groupMessages) {
            for (int i = Math.min(left, groupMessages); i > 0; i--, next++) {
                rocksDb.put(Space.QUEUE, StoreFixture.entry(key, next), value);
                rocksDb.delete(Space.QUEUE, StoreFixture.entry(key, next - WINDOW));
            }
            rocksDb.put(Space.META, LAST_TICKET, stamp);
            rocksDb.put(Space.META, LAST_SEEN, stamp);
            rocksDb.write(level == Durability.POWER);
        }
    }

    /** Closes all. */
    @TearDown
    public void close() throws IOException, StoreException {
        threads.shutdown();
        store.close();
        engine.close();
        rocksDb.close();
        StoreFixture.delete(folder);
    }
}
