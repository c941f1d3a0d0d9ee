package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.mapdb.BTreeMap;
import org.mapdb.StoreDirect;
import org.mapdb.volume.FileChannelVol;
import org.mapdb.volume.MappedFileVol;
import org.mapdb.volume.RandomAccessFileVol;
import org.mapdb.volume.Volume;
import org.mapdb.volume.VolumeFactory;

/**
 * What does a generation cost: to build, to scan, to ask for a key; how large is the file? No test: run by hand, with the
 * class path of the tests.
 *
 * <pre>java -Xmx256m dev.dunlin.store.mapdb.GenerationMeasure FOLDER [ENTRIES [VALUE_BYTES]]</pre>
 */
final class GenerationMeasure {
    private static final int KEY_BYTES = 17;
    private static final int SESSIONS = 1000;
    private static final int GETS = 200_000;

    private GenerationMeasure() {}

    public static void main(String[] args) throws Exception {
        int entries = args.length > 1 ? Integer.parseInt(args[1]) : 1_000_000;
        int valueBytes = args.length > 2 ? Integer.parseInt(args[2]) : 200;
        Path file = Path.of(args[0]).resolve("generation");
        double live = (double) entries * (KEY_BYTES + valueBytes);
        for (int round = 0; round < 3; round++) {
            build(file, entries, valueBytes, live);
            read(file, entries, live);
        }
        for (int threads = 1; threads <= 2; threads++) {
            try (Generation generation = Generation.open(file)) {
                gets("ours, " + threads + " threads", threads, entries, generation::get);
            }
            volume("FileChannelVol", threads, entries, file, FileChannelVol.FACTORY);
            volume("RandomAccessFileVol", threads, entries, file, RandomAccessFileVol.FACTORY);
            volume("MappedFileVol", threads, entries, file, MappedFileVol.FACTORY);
        }
        Files.delete(file);
    }

    private interface Gets {
        Object get(byte[] key) throws StoreException;
    }

    private static void build(Path file, int entries, int valueBytes, double live) throws Exception {
        Seal seal;
        AtomicLong heapMax = new AtomicLong();
        long start = System.nanoTime();
        seal = Generation.build(file, new Made(entries, valueBytes, heapMax));
        double seconds = (System.nanoTime() - start) / 1e9;
        long check = System.nanoTime();
        seal.verify(file);
        double checkSeconds = (System.nanoTime() - check) / 1e9;
        System.out.printf(
                "build: %.0f MB in %.2f s, %.0f MB/s; file %.3f x live; verify %.0f MB/s; heap after GC at most %.1f MiB%n",
                live / 1e6,
                seconds,
                live / 1e6 / seconds,
                seal.bytes() / live,
                seal.bytes() / 1e6 / checkSeconds,
                heapMax.get() / 1048576.0);
    }

    private static void read(Path file, int entries, double live) throws Exception {
        long start = System.nanoTime();
        try (Generation generation = Generation.open(file)) {
            double open = (System.nanoTime() - start) / 1e6;
            start = System.nanoTime();
            int count = 0;
            for (Cursor cursor = generation.cursor(new byte[0], null); cursor.key() != null; cursor.advance()) {
                count++;
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            System.out.printf(
                    "open: %.1f ms; scan: %.0f MB/s, %.0f entries/s%n", open, live / 1e6 / seconds, count / seconds);
            if (count != entries) {
                throw new AssertionError(count + " of " + entries);
            }
        }
    }

    private static void volume(String name, int threads, int entries, Path file, VolumeFactory factory)
            throws Exception {
        Volume volume = factory.makeVolume(file.toString(), true);
        StoreDirect store = SnapshotFile.store(new Other(volume), true);
        BTreeMap<byte[], Object> tree = SnapshotFile.tree(store, SnapshotFile.header(store));
        gets(name + ", " + threads + " threads", threads, entries, tree::get);
        volume.close();
    }

    /** One of MapDB's volumes, for a store that reads arrays. */
    private static final class Other extends RangeVolume {
        private final Volume volume;

        Other(Volume volume) {
            this.volume = volume;
        }

        @Override
        void read(long offset, byte[] target, int at, int length) {
            volume.getData(offset, target, at, length);
        }

        @Override
        void write(long offset, byte[] source, int at, int length) {
            throw new AssertionError("only read");
        }

        @Override
        public void ensureAvailable(long offset) {}

        @Override
        public void truncate(long size) {
            throw new AssertionError("only read");
        }

        @Override
        public void close() {}

        @Override
        public void sync() {}

        @Override
        public long length() {
            return volume.length();
        }

        @Override
        public boolean isReadOnly() {
            return true;
        }
    }

    private static void gets(String name, int threads, int entries, Gets gets) throws Exception {
        Thread[] all = new Thread[threads];
        double best = 0;
        for (int round = 0; round < 3; round++) {
            long start = System.nanoTime();
            for (int t = 0; t < threads; t++) {
                Random random = new Random(t);
                all[t] = new Thread(() -> {
                    try {
                        for (int i = 0; i < GETS; i++) {
                            if (gets.get(key(random.nextInt(entries))) == null) {
                                throw new AssertionError("a key is missing");
                            }
                        }
                    } catch (StoreException e) {
                        throw new AssertionError(e);
                    }
                });
                all[t].start();
            }
            for (Thread thread : all) {
                thread.join();
            }
            best = Math.max(best, (double) threads * GETS / ((System.nanoTime() - start) / 1e9));
        }
        System.out.printf("%s: %.0f gets/s%n", name, best);
    }

    /** As the keys of queues: a space, a session, a number. */
    static byte[] key(int i) {
        return ByteBuffer.allocate(KEY_BYTES)
                .put((byte) 3)
                .putLong(i / SESSIONS)
                .putLong(1_000_000L + i)
                .array();
    }

    private static final class Made implements Cursor {
        private final Random random = new Random(1);
        private final int entries;
        private final byte[] value;
        private final AtomicLong heapMax;
        private int at;

        Made(int entries, int valueBytes, AtomicLong heapMax) {
            this.entries = entries;
            this.heapMax = heapMax;
            value = new byte[valueBytes];
        }

        @Override
        public byte[] key() {
            return at == entries ? null : GenerationMeasure.key(at);
        }

        @Override
        public byte[] value() {
            random.nextBytes(value);
            return value.clone();
        }

        @Override
        public void advance() {
            at++;
            if (at % (entries / 5) == 0) {
                System.gc();
                Runtime runtime = Runtime.getRuntime();
                heapMax.accumulateAndGet(runtime.totalMemory() - runtime.freeMemory(), Math::max);
            }
        }
    }
}
