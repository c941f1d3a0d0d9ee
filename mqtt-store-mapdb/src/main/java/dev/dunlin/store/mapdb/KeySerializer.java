package dev.dunlin.store.mapdb;

import java.io.IOException;
import java.util.Arrays;
import org.mapdb.DBException;
import org.mapdb.DataInput2;
import org.mapdb.DataOutput2;
import org.mapdb.serializer.GroupSerializerObjectArray;

/**
 * The keys of a node: each as the number of bytes that it shares with the one before it, the number of its others, and
 * these. Checks what it reads before it allocates.
 */
final class KeySerializer extends GroupSerializerObjectArray<byte[]> {
    static final KeySerializer INSTANCE = new KeySerializer();

    private static final byte[] NONE = {};

    private KeySerializer() {}

    @Override
    public int compare(byte[] left, byte[] right) {
        return Arrays.compareUnsigned(left, right);
    }

    @Override
    public void valueArraySerialize(DataOutput2 out, Object keys) throws IOException {
        byte[] before = NONE;
        for (Object key : (Object[]) keys) {
            before = write(out, before, (byte[]) key);
        }
    }

    @Override
    public Object[] valueArrayDeserialize(DataInput2 in, int count) throws IOException {
        if (count > remaining(in)) {
            throw new DBException.DataCorruption("a node with more keys than bytes");
        }
        Object[] keys = new Object[count];
        byte[] before = NONE;
        for (int i = 0; i < count; i++) {
            before = read(in, before);
            keys[i] = before;
        }
        return keys;
    }

    @Override
    public void serialize(DataOutput2 out, byte[] key) throws IOException {
        write(out, NONE, key);
    }

    @Override
    public byte[] deserialize(DataInput2 in, int available) throws IOException {
        return read(in, NONE);
    }

    private static byte[] write(DataOutput2 out, byte[] before, byte[] key) throws IOException {
        int mismatch = Arrays.mismatch(before, key);
        int shared = mismatch < 0 ? key.length : mismatch;
        out.packInt(shared);
        out.packInt(key.length - shared);
        out.write(key, shared, key.length - shared);
        return key;
    }

    private static byte[] read(DataInput2 in, byte[] before) throws IOException {
        int shared = in.unpackInt();
        int others = in.unpackInt();
        if (shared < 0 || shared > before.length || others < 0 || others > remaining(in)) {
            throw new DBException.DataCorruption("a key longer than its node");
        }
        byte[] key = Arrays.copyOf(before, shared + others);
        in.readFully(key, shared, others);
        return key;
    }

    /** How many bytes of a record are still unread. */
    static int remaining(DataInput2 in) {
        return in.internalByteArray().length - in.getPos();
    }
}
