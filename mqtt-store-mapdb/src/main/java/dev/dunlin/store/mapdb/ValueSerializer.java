package dev.dunlin.store.mapdb;

import java.io.IOException;
import org.mapdb.DBException;
import org.mapdb.DataInput2;
import org.mapdb.DataOutput2;
import org.mapdb.serializer.GroupSerializerObjectArray;

/**
 * The values of a leaf: each a number, and then the value, or nothing if the value is a record of its own. The number is
 * twice the length of the value, or twice the record's and 1. Checks what it reads before it allocates.
 */
final class ValueSerializer extends GroupSerializerObjectArray<Object> {
    static final ValueSerializer INSTANCE = new ValueSerializer();

    private ValueSerializer() {}

    /** Where a large value is. */
    record Elsewhere(long recid) {}

    @Override
    public void serialize(DataOutput2 out, Object value) throws IOException {
        if (value instanceof Elsewhere elsewhere) {
            out.packLong(elsewhere.recid << 1 | 1);
        } else {
            byte[] bytes = (byte[]) value;
            out.packLong((long) bytes.length << 1);
            out.write(bytes);
        }
    }

    @Override
    public Object deserialize(DataInput2 in, int available) throws IOException {
        long number = in.unpackLong();
        if ((number & 1) != 0) {
            return new Elsewhere(number >>> 1);
        }
        byte[] value = new byte[checkedLength(in, number)];
        in.readFully(value);
        return value;
    }

    /** Skips those before it, where the inherited one reads all of them. */
    @Override
    public Object valueArrayBinaryGet(DataInput2 in, int count, int at) throws IOException {
        for (int i = 0; i < at; i++) {
            long number = in.unpackLong();
            if ((number & 1) == 0) {
                in.skipBytes(checkedLength(in, number));
            }
        }
        return deserialize(in, -1);
    }

    private static int checkedLength(DataInput2 in, long number) {
        long length = number >>> 1;
        if (length > KeySerializer.remaining(in)) {
            throw new DBException.DataCorruption("a value longer than its node");
        }
        return (int) length;
    }
}
