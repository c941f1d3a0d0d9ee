package dev.dunlin.store.mapdb;

import java.nio.ByteBuffer;
import org.mapdb.BTreeMap;
import org.mapdb.CC;
import org.mapdb.DBException;
import org.mapdb.Pump;
import org.mapdb.Serializer;
import org.mapdb.Store;
import org.mapdb.StoreDirect;
import org.mapdb.StoreReadOnlyWrapper;

/**
 * How a {@linkplain Generation generation} lies in MapDB's records. Record 1:
 *
 * <pre>
 * 0       8               16        24
 * +-------+---------------+---------+
 * | magic | root of tree  | entries |
 * +-------+---------------+---------+
 * </pre>
 *
 * <p>The tree's leaves hold values of up to {@link #INLINE_BYTES_MAX}, larger ones are records of their own. MapDB's
 * {@code DB}, which would name the tree, is left out: it knows names and classes and caches, and brings two jars along.
 */
final class SnapshotFile {
    static final int INLINE_BYTES_MAX = 1024;

    /** "DUNSNAP" and the version of this layout. */
    private static final long MAGIC = 0x44554e534e4150_01L;

    private static final long HEADER_RECID = 1;
    private static final int HEADER_BYTES = 24;

    /** Entries of a leaf and children of a branch: with the largest keys that are usual, a node is one record. */
    private static final int NODE_SLOTS = 24;

    /** What MapDB takes; it fills nodes only when it changes them. */
    private static final int NODE_SLOTS_MAX = 32;

    private SnapshotFile() {}

    /** What is in record 1. */
    record Header(long rootRecid, long entries) {
        private byte[] encode() {
            return ByteBuffer.allocate(HEADER_BYTES)
                    .putLong(MAGIC)
                    .putLong(rootRecid)
                    .putLong(entries)
                    .array();
        }

        private static Header decode(byte[] record) {
            ByteBuffer in = ByteBuffer.wrap(record);
            if (record.length < HEADER_BYTES || in.getLong() != MAGIC) {
                throw new DBException.WrongFormat("no snapshot");
            }
            return new Header(in.getLong(), in.getLong());
        }
    }

    /** A store of records in a volume. */
    static StoreDirect store(RangeVolume volume, boolean readOnly) {
        boolean threadSafe = readOnly;
        StoreDirect store = new StoreDirect(
                null,
                volume.factory(readOnly),
                readOnly,
                0,
                threadSafe,
                CC.STORE_DIRECT_CONC_SHIFT,
                CC.PAGE_SIZE,
                0,
                false,
                false,
                false,
                true,
                false,
                false);
        UnpackedLibrary.forget();
        return store;
    }

    /** Where entries of a new tree go, in the order of their keys; completed by {@link #complete}. */
    static Pump.Sink<kotlin.Pair<byte[], Object>, kotlin.Unit> sink(Store store) {
        long recid = store.preallocate();
        if (recid != HEADER_RECID) {
            throw new IllegalStateException("the first record of a new store is number " + recid);
        }
        KeySerializer keys = KeySerializer.INSTANCE;
        return Pump.INSTANCE.treeMap(store, keys, ValueSerializer.INSTANCE, keys, NODE_SLOTS, NODE_SLOTS, true, true);
    }

    /** Ends a tree and writes its header. */
    static void complete(Store store, Pump.Sink<kotlin.Pair<byte[], Object>, kotlin.Unit> sink, long entries) {
        sink.create();
        Long root = sink.getRootRecidRecid$mapdb();
        if (root == null) {
            throw new IllegalStateException("a tree without a root");
        }
        store.update(HEADER_RECID, new Header(root, entries).encode(), Serializer.BYTE_ARRAY_NOSIZE);
    }

    static Header header(Store store) {
        byte[] record = store.get(HEADER_RECID, Serializer.BYTE_ARRAY_NOSIZE);
        if (record == null) {
            throw new DBException.DataCorruption("no header");
        }
        return Header.decode(record);
    }

    /** The tree of a store. The wrapper makes MapDB go the way to a key that doesn't miss by one child at each level. */
    static BTreeMap<byte[], Object> tree(Store store, Header header) {
        return new BTreeMap<>(
                KeySerializer.INSTANCE,
                ValueSerializer.INSTANCE,
                header.rootRecid(),
                new StoreReadOnlyWrapper(store),
                true,
                NODE_SLOTS_MAX,
                KeySerializer.INSTANCE,
                true,
                0,
                true,
                null);
    }

    static long put(Store store, byte[] value) {
        return store.put(value, Serializer.BYTE_ARRAY_NOSIZE);
    }

    static byte[] get(Store store, long recid) {
        byte[] value = store.get(recid, Serializer.BYTE_ARRAY_NOSIZE);
        if (value == null) {
            throw new DBException.DataCorruption("no value in record " + recid);
        }
        return value;
    }
}
