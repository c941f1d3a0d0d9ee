package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.OpBuffer;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.store.rocksdb.RocksDb;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
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

/**
 * How many durable messages a second does the commit pipeline bring through, beside the bare engine?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar PipelineBenchmark</pre>
 *
 * A message is an entry that is put and, {@link #UNDER_WAY} messages later, deleted. {@code pipeline}: one loop stages and
 * submits, the commit thread groups and writes, a {@link DurabilityGate} lets a reply go for each; at most
 * {@link #UNDER_WAY} replies are held, as with as many publishers that wait for their PUBACK. {@code bareEngine}: the same
 * keys and values in groups of {@link #groupSize} written straight to the engine, one after the other. Varies: the level.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@OperationsPerInvocation(PipelineBenchmark.MESSAGES)
public class PipelineBenchmark {
    static final int MESSAGES = 20_000;
    static final int UNDER_WAY = 1_000;

    private static final long SID = 7;

    /** PROCESS doesn't wait for the disk, POWER does. */
    @Param({"PROCESS", "POWER"})
    Durability level;

    /** Messages in a group of the bare engine: half of what is under way, as the pipeline's groups have at the best. */
    @Param("500")
    int groupSize;

    private final Path folder = StoreFixture.newFolder();
    private final Path bareFolder = StoreFixture.newFolder();
    private Store store;
    private StorageEngine bare;
    private ChangeWriter writer;
    private byte[] value = {};
    private long next = UNDER_WAY;
    private long left;

    /** Opens both. */
    @Setup
    public void open() throws StoreException {
        store = StoreFixture.start(folder, level);
        writer = store.writer();
        bare = RocksDb.at(bareFolder).open();
        ChangeWriter sample = store.writer();
        StoredEntry.writeInline(sample, SID, StoreFixture.Delivery.QOS_1, StoreFixture.Sample.OF_64_BYTES, 1);
        int keyBytes = 2 * Long.BYTES;
        value = new byte[sample.buffer().readableBytes() - OpBuffer.HEADER_BYTES - keyBytes];
        sample.buffer().getBytes(OpBuffer.HEADER_BYTES + keyBytes, value);
        sample.close();
    }

    /** Submits, is told, and goes on. */
    @Benchmark
    public long pipeline() {
        DurabilityGate gate = new DurabilityGate(store.durable());
        left = 0;
        SessionChanges changes = new SessionChanges(writer, SID);
        long[] tickets = new long[UNDER_WAY];
        for (int i = 0; i < MESSAGES; i++) {
            if (i >= UNDER_WAY) {
                changes.entryGone(EntryId.of(tickets[i % UNDER_WAY], false));
            }
            long ticket = StoreFixture.enqueue(writer, SID);
            tickets[i % UNDER_WAY] = ticket;
            gate.hold(ticket, () -> left++);
            while (i - left >= UNDER_WAY) {
                gate.durable(store.durable());
            }
        }
        while (left < MESSAGES) {
            gate.durable(store.durable());
        }
        return left;
    }

    /** Writes the same. */
    @Benchmark
    public long bareEngine() throws StoreException {
        OpBuffer group = new OpBuffer();
        for (int i = 0; i < MESSAGES; i += groupSize) {
            for (int m = 0; m < groupSize; m++, next++) {
                group.put(Space.QUEUE, ByteBuffer.wrap(Keys.entry(SID, next)), ByteBuffer.wrap(value));
                group.delete(Space.QUEUE, ByteBuffer.wrap(Keys.entry(SID, next - UNDER_WAY)));
            }
            bare.write(group, level == Durability.POWER);
            group.clear();
        }
        return next;
    }

    /** Closes both. */
    @TearDown
    public void close() throws StoreException {
        store.close();
        bare.close();
        StoreFixture.delete(folder);
        StoreFixture.delete(bareFolder);
    }
}
