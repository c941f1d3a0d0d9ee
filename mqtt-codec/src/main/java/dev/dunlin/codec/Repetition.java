package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What the packet before had at a place. Publishers mostly repeat it: the same bytes again are neither checked nor decoded.
 * Compared by words; the last of them may have bytes of the one before.
 */
final class Repetition { // hot
    private static final VarHandle LONGS = words(long[].class);
    private static final VarHandle INTS = words(int[].class);
    private static final byte[] NOTHING = {};
    /** How much longer the array may be than what it holds: a long one must not stay for ever. */
    private static final int SLACK_BYTES = 256;

    private byte[] content = NOTHING;
    private int bytes;

    private static VarHandle words(Class<?> words) {
        return MethodHandles.byteArrayViewVarHandle(words, ByteOrder.LITTLE_ENDIAN)
                .withInvokeExactBehavior();
    }

    /** Whether the same bytes are here. Not if nothing is known. */
    boolean isAt(ByteBuf in, int at, int end) {
        int bytes = this.bytes;
        if (bytes == 0 || bytes > end - at) {
            return false;
        }
        byte[] content = this.content;
        int last = bytes - Long.BYTES;
        if (last < 0) {
            return isShort(in, at, bytes);
        }
        if ((long) LONGS.get(content, last) != in.getLongLE(at + last)) { // where most of them differ, if they do
            return false;
        }
        for (int i = 0; i < last; i += Long.BYTES) {
            if ((long) LONGS.get(content, i) != in.getLongLE(at + i)) {
                return false;
            }
        }
        return true;
    }

    private boolean isShort(ByteBuf in, int at, int bytes) {
        int last = bytes - Integer.BYTES;
        if (last >= 0) {
            return (int) INTS.get(content, 0) == in.getIntLE(at)
                    && (int) INTS.get(content, last) == in.getIntLE(at + last);
        }
        for (int i = 0; i < bytes; i++) {
            if (content[i] != in.getByte(at + i)) {
                return false;
            }
        }
        return true;
    }

    /** Knows these bytes from now on, 1 or more. */
    void keep(ByteBuf in, int at, int bytes) {
        if (content.length < bytes || content.length > bytes + SLACK_BYTES) {
            content = new byte[bytes];
        }
        in.getBytes(at, content, 0, bytes);
        this.bytes = bytes;
    }

    /** Knows nothing any more. */
    void forget() {
        bytes = 0;
    }

    /** How many bytes it knows; 0 for none. */
    int bytes() {
        return bytes;
    }

    /** They are its first {@link #bytes()}. Borrowed. */
    byte[] content() {
        return content;
    }
}
