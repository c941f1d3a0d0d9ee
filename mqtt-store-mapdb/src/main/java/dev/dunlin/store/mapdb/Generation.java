package dev.dunlin.store.mapdb;

import dev.dunlin.broker.spi.StoreException;
import dev.dunlin.broker.spi.StoreException.Kind;
import java.io.IOError;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import kotlin.Pair;
import kotlin.Unit;
import org.jspecify.annotations.Nullable;
import org.mapdb.BTreeMap;
import org.mapdb.Pump;
import org.mapdb.Store;
import org.mapdb.StoreDirect;

/**
 * A snapshot in a file: sorted entries, written once, from the smallest key to the largest, and only read ever after.
 * Any number of threads may read; a thread that is interrupted while it does harms nobody.
 */
final class Generation implements AutoCloseable {
    private final Path file;
    private final StoreDirect store;
    private final BTreeMap<byte[], Object> tree;
    private final long entries;

    private Generation(Path file, StoreDirect store) {
        this.file = file;
        this.store = store;
        SnapshotFile.Header header = SnapshotFile.header(store);
        entries = header.entries();
        tree = SnapshotFile.tree(store, header);
    }

    /**
     * Writes a file, in place of one that may be there, and has it on the disk when it returns; the folder is for the
     * caller to sync. Memory: 3 MiB and a leaf, whatever the number of entries. Nothing is left behind by a failure.
     *
     * @param sorted without tombstones
     * @return what the file is to be {@linkplain Seal#verify verified} against
     * @throws StoreException FULL: no room; any other time it may be tried again
     */
    static Seal build(Path file, Cursor sorted) throws StoreException {
        try {
            write(file, sorted);
            return Seal.of(file);
        } catch (StoreException e) {
            discard(file, e);
            throw e;
        }
    }

    private static void write(Path file, Cursor sorted) throws StoreException {
        try (RandomAccessFile target = new RandomAccessFile(file.toFile(), "rw")) {
            target.setLength(0);
            BuildVolume volume = new BuildVolume(target);
            StoreDirect store = SnapshotFile.store(volume, false);
            fill(store, sorted);
            store.close();
            volume.finish();
        } catch (IOException e) {
            throw Failures.of("writing", file, e);
        } catch (RuntimeException | AssertionError | IllegalAccessError | IOError e) {
            throw Failures.ofMapDb("writing", file, e);
        }
    }

    private static void fill(Store store, Cursor sorted) throws StoreException {
        Pump.Sink<Pair<byte[], Object>, Unit> sink = SnapshotFile.sink(store);
        long entries = 0;
        for (byte[] key = sorted.key(); key != null; key = sorted.key()) {
            byte[] value = sorted.value();
            boolean inline = value.length <= SnapshotFile.INLINE_BYTES_MAX;
            sink.put(new Pair<>(key, inline ? value : new ValueSerializer.Elsewhere(SnapshotFile.put(store, value))));
            entries++;
            sorted.advance();
        }
        SnapshotFile.complete(store, sink, entries);
    }

    private static void discard(Path file, StoreException reason) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            reason.addSuppressed(e);
        }
    }

    /** Opens a file for reading; closed by {@link #close}. */
    static Generation open(Path file) throws StoreException {
        ReadVolume volume;
        try {
            volume = ReadVolume.open(file);
        } catch (IOException e) {
            throw Failures.of("opening", file, e);
        }
        boolean opened = false;
        try {
            Generation generation = new Generation(file, SnapshotFile.store(volume, true));
            opened = true;
            return generation;
        } catch (RuntimeException | AssertionError | IllegalAccessError | IOError e) {
            throw Failures.ofMapDb("opening", file, e);
        } finally {
            if (!opened) {
                volume.close();
            }
        }
    }

    /** How many keys there are. */
    long entries() {
        return entries;
    }

    /** The value of a key, the caller's from now on; null if there is none. */
    byte @Nullable [] get(byte[] key) throws StoreException {
        try {
            Object found = tree.get(key);
            return found == null ? null : resolve(found);
        } catch (RuntimeException | AssertionError | IllegalAccessError | IOError e) {
            throw failure(e);
        }
    }

    /**
     * The entries of a range. Not to be used any more when this is closed.
     *
     * @param from the first key
     * @param to the key behind the last one; null for no end
     */
    Cursor cursor(byte[] from, byte @Nullable [] to) throws StoreException {
        try {
            return new Walk(tree.entryIterator(from, true, to, false));
        } catch (RuntimeException | AssertionError | IllegalAccessError | IOError e) {
            throw failure(e);
        }
    }

    /** Closes the file, whose space is free as soon as it is deleted. Idempotent. */
    @Override
    public void close() throws StoreException {
        try {
            store.close();
        } catch (RuntimeException | AssertionError | IOError e) {
            throw Failures.ofMapDb("closing", file, e);
        }
    }

    private byte[] resolve(Object found) {
        return found instanceof ValueSerializer.Elsewhere elsewhere
                ? SnapshotFile.get(store, elsewhere.recid())
                : (byte[]) found;
    }

    private StoreException failure(Throwable e) {
        return store.isClosed()
                ? new StoreException(Kind.IO, "reading " + file + " failed: it is closed", e)
                : Failures.ofMapDb("reading", file, e);
    }

    /** The tree's own iterator, which goes from leaf to leaf. */
    private final class Walk implements Cursor {
        private final Iterator<? extends Map.Entry<byte[], ? extends @Nullable Object>> iterator;
        private byte @Nullable [] key;
        private byte[] value = TOMBSTONE;

        Walk(Iterator<? extends Map.Entry<byte[], ? extends @Nullable Object>> iterator) {
            this.iterator = iterator;
            step();
        }

        @Override
        public byte @Nullable [] key() {
            return key;
        }

        @Override
        public byte[] value() {
            assert key != null : "at the end";
            return value;
        }

        @Override
        public void advance() throws StoreException {
            assert key != null : "at the end";
            try {
                step();
            } catch (RuntimeException | AssertionError | IllegalAccessError | IOError e) {
                throw failure(e);
            }
        }

        private void step() {
            if (!iterator.hasNext()) {
                key = null;
                value = TOMBSTONE;
                return;
            }
            Map.Entry<byte[], ? extends @Nullable Object> entry = iterator.next();
            Object found = entry.getValue();
            if (found == null) {
                throw new IllegalStateException("a key without a value");
            }
            byte[] next = entry.getKey();
            // Damaged links may lead back, and a walk would never end.
            if (key != null && Arrays.compareUnsigned(key, next) >= 0) {
                throw new IllegalStateException("keys that don't ascend");
            }
            key = next;
            value = resolve(found);
        }
    }
}
