package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngineProvider;
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
import org.openjdk.jmh.annotations.Param;
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
 * Varies: the engine. Always 64 messages, a page, at the level PROCESS; the score is time per message. {@code enqueue}: 64
 * changes of one entry each, until the last is written. {@code readBack}: a page of a queue of {@link #QUEUED} by its keys, from
 * table files or a generation, as records. {@code through}: enqueued, read back by key, and deleted with one change.
 * {@code bare}: the same keys and values on a RocksDB with the options of our engine, each step one batch or 64 gets, and nothing
 * decoded; {@code bareScan}: a page by an iterator instead.
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

    /** A store with a full queue and one that is used. */
    @State(Scope.Benchmark)
    public static class Ours {
        /** Its name. */
        @Param({"rocksdb", "mapdb"})
        String engine;

        private Path folder;
        private Store store;
        private ChangeWriter writer;
        private SessionChanges changes;
        private long[] queued;
        private int page;

        /** Fills a queue, and opens the store anew so that it lies in the files of old entries. */
        @Setup
        public void open() throws IOException, StoreException {
            folder = StoreFixture.newFolder();
            StorageEngineProvider provider = StoreFixture.at(engine, folder);
            Store filled = StoreFixture.start(provider, Durability.PROCESS, () -> {});
            queued = StoreFixture.fill(filled, QUEUED);
            filled.close();
            StoreFixture.settle(provider);
            store = StoreFixture.start(provider, Durability.PROCESS, () -> {});
            writer = store.writer();
            changes = new SessionChanges(writer, ENQUEUING);
        }

        private long[] nextPage() {
            page = (page + 1) % (QUEUED / PAGE);
            return Arrays.copyOfRange(queued, page * PAGE, page * PAGE + PAGE);
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

        /** What was only enqueued goes, or the store would grow and grow. */
        @TearDown(Level.Iteration)
        public void deleteEnqueued() {
            changes.noEntries();
            StoreFixture.await(store, writer.submit());
        }

        /** Closes the store. */
        @TearDown
        public void close() throws IOException {
            store.close();
            StoreFixture.delete(folder);
        }
    }

    /** The same in a database. */
    @State(Scope.Benchmark)
    public static class Bare {
        private final byte[] key = StoreFixture.entryKey();
        private Path folder;
        private BareRocksDb rocksDb;
        private byte[] value;
        private long next = NEW;
        private int page;

        /** Fills a queue, and opens the database anew so that it lies in table files. */
        @Setup
        public void open() throws IOException, StoreException, RocksDBException {
            value = StoreFixture.entryValue();
            folder = StoreFixture.newFolder();
            try (BareRocksDb fill = BareRocksDb.create(folder)) {
                for (long sequence = 0; sequence < QUEUED; sequence++) {
                    fill.put(Space.QUEUE, StoreFixture.entry(key, sequence), value);
                }
                fill.write(true);
            }
            rocksDb = BareRocksDb.open(folder);
        }

        private long nextPage() {
            page = (page + 1) % (QUEUED / PAGE);
            return (long) page * PAGE;
        }

        private long read(long first) throws RocksDBException {
            long bytes = 0;
            for (long sequence = first; sequence < first + PAGE; sequence++) {
                bytes += length(rocksDb.get(Space.QUEUE, StoreFixture.entry(key, sequence)));
            }
            return bytes;
        }

        private static int length(byte @Nullable [] found) {
            if (found == null) {
                throw new IllegalStateException("an entry is missing");
            }
            return found.length;
        }

        /** What was only enqueued goes, or the database would grow and grow. */
        @TearDown(Level.Iteration)
        public void deleteEnqueued() throws RocksDBException {
            rocksDb.deleteRange(Space.QUEUE, StoreFixture.entry(key, NEW).clone(), StoreFixture.entry(key, next));
        }

        /** Closes the database. */
        @TearDown
        public void close() throws IOException {
            rocksDb.close();
            StoreFixture.delete(folder);
        }
    }

    @Benchmark
    public long[] enqueue(Ours ours) {
        long[] sequences = new long[PAGE];
        for (int i = 0; i < PAGE; i++) {
            sequences[i] = StoreFixture.enqueue(ours.writer, ours.changes);
        }
        StoreFixture.await(ours.store, sequences[PAGE - 1]);
        return sequences;
    }

    @Benchmark
    public long bareEnqueue(Bare bare) throws RocksDBException {
        long first = bare.next;
        for (; bare.next < first + PAGE; bare.next++) {
            bare.rocksDb.put(Space.QUEUE, StoreFixture.entry(bare.key, bare.next), bare.value);
        }
        bare.rocksDb.write(false);
        return first;
    }

    @Benchmark
    public int readBack(Ours ours) {
        return ours.read(StoreFixture.SID, ours.nextPage());
    }

    @Benchmark
    public long bareReadBack(Bare bare) throws RocksDBException {
        return bare.read(bare.nextPage());
    }

    @Benchmark
    public long bareScan(Bare bare) throws RocksDBException {
        return bare.rocksDb.scan(Space.QUEUE, StoreFixture.entry(bare.key, bare.nextPage()), null, PAGE);
    }

    @Benchmark
    public void through(Ours ours) {
        long[] sequences = enqueue(ours);
        ours.read(ENQUEUING, sequences);
        for (long sequence : sequences) {
            ours.changes.entryGone(EntryId.of(sequence, false));
        }
        StoreFixture.await(ours.store, ours.writer.submit());
    }

    @Benchmark
    public long bareThrough(Bare bare) throws RocksDBException {
        long first = bareEnqueue(bare);
        long bytes = bare.read(first);
        for (long sequence = first; sequence < bare.next; sequence++) {
            bare.rocksDb.delete(Space.QUEUE, StoreFixture.entry(bare.key, sequence));
        }
        bare.rocksDb.write(false);
        return bytes;
    }
}
