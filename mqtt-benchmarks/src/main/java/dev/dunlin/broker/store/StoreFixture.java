package dev.dunlin.broker.store;

import dev.dunlin.broker.spi.Durability;
import dev.dunlin.broker.spi.Limits;
import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.TimeSource;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.Properties;
import dev.dunlin.codec.PublishFrame;
import dev.dunlin.codec.QoS;
import dev.dunlin.store.rocksdb.RocksDb;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** A store of RocksDB in a temporary folder, and what is written into it: messages of 64 bytes, QoS 1, for single sessions. */
final class StoreFixture {
    private static final int CHANGES_AT_A_TIME = 10_000;

    /** A message as a session keeps it. */
    record Sample(PublishFrame frame, QoS qos, boolean retainFlag, String publisher) implements StoredMessage.Kept {
        static final Sample OF_64_BYTES = new Sample(
                PublishFrame.of("fleet/7/device-701/status", Properties.EMPTY, -1, new byte[64], MqttVersion.V5, true),
                QoS.AT_LEAST_ONCE,
                false,
                "publisher");
    }

    /** A delivery of it. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Delivery(QoS qos, boolean retainFlag, int[] subscriptionIds) implements StoredEntry.Delivery {
        static final Delivery QOS_1 = new Delivery(QoS.AT_LEAST_ONCE, false, new int[0]);
    }

    private StoreFixture() {}

    static Path newFolder() {
        try {
            return Files.createTempDirectory("dunlin-benchmark");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A store whose commit thread runs. */
    static Store start(Path folder, Durability level) throws StoreException {
        Store store = Store.open(
                RocksDb.at(folder),
                level,
                Limits.STANDALONE,
                TimeSource.system(),
                "benchmark",
                Executors.newFixedThreadPool(1));
        store.begin(() -> {});
        store.start();
        return store;
    }

    /** Stages an entry of a session and returns the ticket under which it is submitted. */
    static long enqueue(ChangeWriter writer, long sid) {
        StoredEntry.writeInline(writer, sid, Delivery.QOS_1, Sample.OF_64_BYTES, 1);
        return writer.submit();
    }

    /** Fills the queue of a session. */
    static long[] fill(Store store, long sid, int messages) {
        ChangeWriter writer = store.writer();
        long[] tickets = new long[messages];
        for (int i = 0; i < messages; i++) {
            tickets[i] = enqueue(writer, sid);
            if (i % CHANGES_AT_A_TIME == 0) {
                await(store, tickets[i]);
            }
        }
        await(store, tickets[messages - 1]);
        return tickets;
    }

    /** Returns when a change is durable. */
    static void await(Store store, long ticket) {
        while (store.durable() < ticket) {
            Thread.onSpinWait();
        }
    }
}
