package dev.dunlin.store.mapdb;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Keys and values as the layers hold them: a key begins with the ordinal of its space, a value with a byte that says whether it
 * follows, or the {@link ValueRef} of its file.
 */
final class Stored {
    /** Before all keys. */
    static final byte[] FIRST_KEY = {};
    /** Behind all keys of spaces. In a generation its own notes begin here. */
    static final byte[] END_KEY = {(byte) 0xfe};

    private static final byte INLINE = 0;
    private static final byte REFERENCE = 1;

    private Stored() {}

    static byte[] key(byte space, ByteBuffer source, int from, int to) {
        byte[] key = new byte[1 + to - from];
        key[0] = space;
        source.get(from, key, 1, to - from);
        return key;
    }

    static byte[] key(int space, byte[] key) {
        byte[] stored = new byte[1 + key.length];
        stored[0] = (byte) space;
        System.arraycopy(key, 0, stored, 1, key.length);
        return stored;
    }

    /** The key without its space. */
    static ByteBuffer key(byte[] stored) {
        return ByteBuffer.wrap(stored, 1, stored.length - 1).slice().asReadOnlyBuffer();
    }

    static byte[] inline(ByteBuffer source, int at, int bytes) {
        byte[] value = new byte[1 + bytes];
        value[0] = INLINE;
        source.get(at, value, 1, bytes);
        return value;
    }

    static byte[] reference(ValueRef value) {
        ByteBuffer stored = ByteBuffer.allocate(1 + ValueRef.BYTES).put(REFERENCE);
        value.encode(stored);
        return stored.array();
    }

    static boolean isReference(byte[] stored) {
        return stored.length > 0 && stored[0] == REFERENCE;
    }

    static ValueRef reference(byte[] stored) {
        return ValueRef.decode(ByteBuffer.wrap(stored), 1);
    }

    /** The value itself, a copy. */
    static ByteBuffer inline(byte[] stored) {
        return ByteBuffer.wrap(Arrays.copyOfRange(stored, 1, stored.length));
    }

    /** The value itself, borrowed. */
    static ByteBuffer borrowed(byte[] stored) {
        return ByteBuffer.wrap(stored, 1, stored.length - 1).slice().asReadOnlyBuffer();
    }
}
