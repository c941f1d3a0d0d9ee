package dev.dunlin.benchmarks;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.Space;
import dev.dunlin.broker.spi.StorageEngine;
import dev.dunlin.broker.spi.StorageEngineProvider;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.broker.spi.View;
import dev.dunlin.broker.store.ChangeWriter;
import dev.dunlin.broker.store.SessionChanges;
import dev.dunlin.broker.store.Store;
import dev.dunlin.broker.store.StoredEntry;
import dev.dunlin.broker.store.StoredMessage;
import dev.dunlin.broker.store.StoredSession;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.mapdb.MapDb;
import dev.dunlin.store.rocksdb.RocksDb;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Stores in temporary folders, and what is written into them: QoS 1 messages of 64 bytes, each for one session. */
public final class StoreFixture {
    /** The session. */
    public static final long SID = 7;

    private static final int UNDER_WAY = 10_000;
    private static final int NEXT_PACKET = 70_000;

    private static final StoredMessage.Kept MESSAGE = new Sample(
            PublishFrame.of(
                    "fleet/7/device-701/status",
                    Properties.EMPTY,
                    -1,
                    new byte[Samples.PAYLOAD_BYTES],
                    MqttVersion.V5,
                    true),
            QoS.AT_LEAST_ONCE,
            false,
            "publisher-17");
    private static final Delivery DELIVERY = new Delivery(QoS.AT_LEAST_ONCE, false, new int[0]);

    private record Sample(PublishFrame frame, QoS qos, boolean retainFlag, String publisher)
            implements StoredMessage.Kept {}

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Delivery(QoS qos, boolean retainFlag, int[] subscriptionIds) implements StoredEntry.Delivery {}

    private static byte @Nullable [] entryValue;

    private StoreFixture() {}

    /** A store of an engine, "rocksdb" or "mapdb", in a folder. */
    public static StorageEngineProvider at(String engine, Path folder) {
        return switch (engine) {
            case "rocksdb" -> RocksDb.at(folder);
            case "mapdb" -> MapDb.at(folder);
            default -> throw new IllegalArgumentException("engine = " + engine + ": rocksdb or mapdb");
        };
    }

    /** A folder for a store. */
    public static Path newFolder() throws IOException {
        return Files.createTempDirectory("dunlin-benchmark");
    }

    /**
     * Moves what is in a closed store from its log to the files that it is read from once it is old: a RocksDB store does so when
     * it is opened, a MapDB store when a generation is made.
     */
    public static void settle(StorageEngineProvider store) throws StoreException {
        try (StorageEngine engine = store.open()) {
            if (store instanceof MapDb) {
                engine.compact(Space.QUEUE);
            }
        }
    }

    /** Removes a folder with all that is in it. */
    public static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        }
    }

    /** Copies the files of a store that nobody has open. */
    public static void copy(Path from, Path to) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(from)) {
            for (Path file : files) {
                if (Files.isRegularFile(file)) {
                    Files.copy(file, to.resolve(file.getFileName()));
                }
            }
        }
    }

    /** A store whose commit thread runs; tells {@code advanced} of each group. */
    public static Store start(StorageEngineProvider engine, Durability level, Runnable advanced) throws StoreException {
        Store store = Store.open(
                engine, level, Limits.STANDALONE, TimeSource.system(), "benchmark", Executors.newFixedThreadPool(1));
        store.begin(advanced);
        store.start();
        return store;
    }

    /** Submits an entry of the session with what is staged already; returns the ticket, its sequence. */
    public static long enqueue(ChangeWriter writer, SessionChanges changes) {
        changes.inline(DELIVERY, MESSAGE, 1);
        return writer.submit();
    }

    /** The record of a session without connection, will and exchanges. */
    public static StoredSession session(long sid) {
        return new StoredSession(
                sid, false, false, Limits.NEVER_EXPIRES, 1, NEXT_PACKET, new byte[0], new int[0], new long[0]);
    }

    /** Makes the session, or its queue would belong to nobody, and fills the queue; returns the sequences. */
    public static long[] fill(Store store, int messages) {
        ChangeWriter writer = store.writer();
        SessionChanges.session(writer, "device-701", session(SID));
        SessionChanges changes = new SessionChanges(writer, SID);
        long[] sequences = new long[messages];
        for (int i = 0; i < messages; i++) {
            sequences[i] = enqueue(writer, changes);
            await(store, sequences[Math.max(0, i - UNDER_WAY)]);
        }
        await(store, sequences[messages - 1]);
        return sequences;
    }

    /** Returns when a change is durable. */
    public static void await(Store store, long ticket) {
        while (store.durable() < ticket) {
            Thread.onSpinWait();
        }
    }

    /** The key of an entry, to be filled by {@link #entry}. */
    public static byte[] entryKey() {
        return ByteBuffer.allocate(2 * Long.BYTES).putLong(SID).array();
    }

    /** Makes {@code key} that of an entry. */
    public static byte[] entry(byte[] key, long sequence) {
        for (int i = 0; i < Long.BYTES; i++) {
            key[2 * Long.BYTES - 1 - i] = (byte) (sequence >>> (8 * i));
        }
        return key;
    }

    /** What {@link #enqueue} stores as a value; the caller's. */
    public static synchronized byte[] entryValue() throws IOException, StoreException {
        byte[] known = entryValue;
        if (known == null) {
            known = findEntryValue();
            entryValue = known;
        }
        return known.clone();
    }

    private static byte[] findEntryValue() throws IOException, StoreException {
        Path folder = newFolder();
        Store store = start(RocksDb.at(folder), Durability.PROCESS, () -> {});
        fill(store, 1);
        store.close();
        byte[][] found = {{}};
        try (StorageEngine engine = RocksDb.at(folder).open();
                View view = engine.view()) {
            view.scan(Space.QUEUE, new byte[0], null, (key, value) -> {
                found[0] = new byte[value.remaining()];
                value.get(found[0]);
                return false;
            });
        }
        delete(folder);
        return found[0];
    }
}
