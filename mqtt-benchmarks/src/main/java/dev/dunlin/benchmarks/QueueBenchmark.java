package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.store.ChangeWriter;
import dev.dunlin.broker.store.EntryId;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.SessionReader;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredEntry;
import dev.dunlin.store.rocksdb.BareRocksDb;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.rocksdb.RocksDBException;

/**
 * What does a message cost that is queued in the store for an offline session, and what when it is read back?
 *
 * <pre>java -jar mqtt-benchmarks/target/benchmarks.jar QueueBenchmark</pre>
 *
 * Always 64 messages, a page, at the level PROCESS; the score is time per message. {@code enqueue}: 64 changes of one entry
 * each, until the last is written. {@code readBack}: a page of a queue of {@link #QUEUED} by its keys, from table files, as
 * records. {@code through}: enqueued, read back by key, and deleted with one change. {@code bare}: the same keys and values on
 * a RocksDB with the same options, each step one batch or 64 gets, and nothing decoded; {@code bareScan}: a page by an
 * iterator instead.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(QueueBenchmark.PAGE)
public class QueueBenchmark {
    static final int PAGE = 64;
    static final int QUEUED = 100 * PAGE;

    private static final long ENQUEUING = StoreFixture.SID + 1;
    private static final long NEW = 1L << 40;

    private final byte[] key = StoreFixture.entryKey();
    private Path folder;
    private Path bareFolder;
    private Store store;
    private ChangeWriter writer;
    private SessionChanges changes;
    private BareRocksDb rocksDb;
    private byte[] value;
    private long[] queued;
    private long next = NEW;
    private int page;

    /** Fills two queues and reopens them, so that they lie in table files. */
    @Setup
    public void open() throws IOException, StoreException, RocksDBException {
        value = StoreFixture.entryValue();
        folder = StoreFixture.newFolder();
        Store filled = StoreFixture.start(folder, Durability.PROCESS, () -> {});
        queued = StoreFixture.fill(filled, QUEUED);
        filled.close();
        store = StoreFixture.start(folder, Durability.PROCESS, () -> {});
        writer = store.writer();
        changes = new SessionChanges(writer, ENQUEUING);

        bareFolder = StoreFixture.newFolder();
        try (BareRocksDb fill = BareRocksDb.create(bareFolder)) {
            for (long sequence : queued) {
                fill.put(Space.QUEUE, StoreFixture.entry(key, sequence), value);
            }
            fill.write(true);
        }
        rocksDb = BareRocksDb.open(bareFolder);
    }

    @Benchmark
    public long[] enqueue() {
        long[] sequences = new long[PAGE];
        for (int i = 0; i < PAGE; i++) {
            sequences[i] = StoreFixture.enqueue(writer, changes);
        }
        StoreFixture.await(store, sequences[PAGE - 1]);
        return sequences;
    }

    @Benchmark
    public long bareEnqueue() throws RocksDBException {
        long first = next;
        for (; next < first + PAGE; next++) {
            rocksDb.put(Space.QUEUE, StoreFixture.entry(key, next), value);
        }
        rocksDb.write(false);
        return first;
    }

    @Benchmark
    public int readBack() {
        return read(StoreFixture.SID, nextPage());
    }

    @Benchmark
    public long bareReadBack() throws RocksDBException {
        long bytes = 0;
        for (long sequence : nextPage()) {
            bytes += length(rocksDb.get(Space.QUEUE, StoreFixture.entry(key, sequence)));
        }
        return bytes;
    }

    @Benchmark
    public long bareScan() throws RocksDBException {
        return rocksDb.scan(Space.QUEUE, StoreFixture.entry(key, nextPage()[0]), null, PAGE);
    }

    private long[] nextPage() {
        page = (page + 1) % (QUEUED / PAGE);
        return Arrays.copyOfRange(queued, page * PAGE, page * PAGE + PAGE);
    }

    @Benchmark
    public void through() {
        long[] sequences = enqueue();
        read(ENQUEUING, sequences);
        for (long sequence : sequences) {
            changes.entryGone(EntryId.of(sequence, false));
        }
        StoreFixture.await(store, writer.submit());
    }

    @Benchmark
    public long bareThrough() throws RocksDBException {
        long first = bareEnqueue();
        long bytes = 0;
        for (long sequence = first; sequence < next; sequence++) {
            bytes += length(rocksDb.get(Space.QUEUE, StoreFixture.entry(key, sequence)));
        }
        for (long sequence = first; sequence < next; sequence++) {
            rocksDb.delete(Space.QUEUE, StoreFixture.entry(key, sequence));
        }
        rocksDb.write(false);
        return bytes;
    }

    private int read(long sid, long[] sequences) {
        CompletableFuture<SessionReader.Page> read = new CompletableFuture<>();
        store.read(sid, reader -> reader.entries(sequences), (found, failure) -> {
            if (found != null) {
                read.complete(found);
            } else {
                read.completeExceptionally(failure);
            }
        });
        int payloads = 0;
        for (StoredEntry entry : read.join().entries()) {
            payloads += Objects.requireNonNull(entry.message()).packet().readableBytes();
        }
        return payloads;
    }

    private static int length(byte @Nullable [] found) {
        if (found == null) {
            throw new IllegalStateException("an entry is missing");
        }
        return found.length;
    }

    /** What was only enqueued goes, or the stores would grow and grow. */
    @TearDown(Level.Iteration)
    public void deleteEnqueued() throws RocksDBException {
        changes.noEntries();
        StoreFixture.await(store, writer.submit());
        rocksDb.deleteRange(Space.QUEUE, StoreFixture.entry(key, NEW).clone(), StoreFixture.entry(key, next));
    }

    /** Closes both. */
    @TearDown
    public void close() throws IOException, StoreException {
        store.close();
        rocksDb.close();
        StoreFixture.delete(folder);
        StoreFixture.delete(bareFolder);
    }
}
