package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/**
 * Checks UTF-8 as MQTT wants it: shortest form, no surrogates, no U+0000 [5.0:MQTT-1.5.4-1, MQTT-1.5.4-2, 3.1.1:MQTT-1.5.3-1,
 * MQTT-1.5.3-2]. A byte order mark is a character like any other [5.0:MQTT-1.5.4-3, 3.1.1:MQTT-1.5.3-3]. Eight printable
 * ASCII bytes are checked at a time: a byte of {@code w - 0x20..20} gets its sign bit only where {@code w} had a byte below
 * 0x20 (or one beside it borrowed, which sends us to the exact loop for nothing, never past an error).
 */
final class Utf8 { // hot
    /** Neither wildcard occurs. */
    static final int PLAIN = 0;
    /** The bit that says: well-formed, with a '+' or '#' somewhere. */
    static final int WILDCARD = 1;

    /**
     * The bit that says: well-formed, with a control character (U+0001 to U+001F, U+007F to U+009F) or a noncharacter
     * somewhere, which a receiver may treat as malformed [5.0 section 1.5.4, 3.1.1 section 1.5.3].
     */
    static final int DISCOURAGED = 2;

    /** All bits. */
    static final int MALFORMED = -1;

    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long SIGNS = 0x8080_8080_8080_8080L;
    private static final long SPACES = ONES * ' ';
    private static final long PLUSES = ONES * '+';
    private static final long HASHES = ONES * '#';

    private Utf8() {}

    /** Checks the bytes from {@code at} to before {@code end}, which must lie inside the buffer. */
    static int check(ByteBuf in, int at, int end) {
        int found = PLAIN;
        int lastWord = end - Long.BYTES;
        boolean hasWord = lastWord >= at;
        while (at < end) {
            int word = Math.min(at, lastWord); // the last one may begin with bytes that were checked before
            if (hasWord && isPlain(in.getLong(word))) {
                at = word + Long.BYTES;
                continue;
            }
            byte b = in.getByte(at);
            int next = b > 0 ? at + 1 : character(in, at, end);
            if (next < 0) {
                return MALFORMED;
            }
            found |= b > 0 ? ascii(b) : isDiscouraged(in, at, next) ? DISCOURAGED : PLAIN;
            at = next;
        }
        return found;
    }

    private static boolean isPlain(long word) {
        long odd = word | word - SPACES | word + ONES | (word ^ PLUSES) - ONES | (word ^ HASHES) - ONES;
        return (odd & SIGNS) == 0;
    }

    private static int ascii(byte b) {
        return b == '+' || b == '#' ? WILDCARD : b < ' ' || b == 0x7F ? DISCOURAGED : PLAIN;
    }

    /** Whether the well-formed character of several bytes is U+0080 to U+009F, U+FDD0 to U+FDEF, or U+nFFFE or U+nFFFF. */
    private static boolean isDiscouraged(ByteBuf in, int at, int next) {
        int lead = in.getUnsignedByte(at);
        if (lead < 0xEF) {
            return lead == 0xC2 && in.getUnsignedByte(at + 1) < 0xA0;
        }
        int lastTwo = in.getUnsignedShort(next - 2);
        boolean fullPlane = lead == 0xEF || (in.getByte(at + 1) & 0xF) == 0xF;
        return (fullPlane && lastTwo >= 0xBFBE) || (lead == 0xEF && lastTwo >= 0xB790 && lastTwo <= 0xB7AF);
    }

    /** The text of bytes that were checked. */
    static String text(ByteBuf in, int at, int bytes) {
        return bytes == 0 ? "" : in.toString(at, bytes, StandardCharsets.UTF_8);
    }

    /** The index behind the zero or multi-byte character at {@code at}, negative when it is ill-formed [Unicode, table 3-7]. */
    private static int character(ByteBuf in, int at, int end) {
        int lead = in.getUnsignedByte(at);
        if (lead < 0xC2 || lead > 0xF4) {
            return -1; // U+0000, a continuation byte, or a lead byte that only overlong forms have
        }
        int last = at + (lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3);
        if (last >= end) {
            return -1;
        }
        int second = in.getUnsignedByte(at + 1);
        int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80; // below: overlong
        int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF; // above: surrogates, beyond U+10FFFF
        if (second < low || second > high) {
            return -1;
        }
        for (int i = at + 2; i <= last; i++) {
            if ((in.getByte(i) & 0xC0) != 0x80) {
                return -1;
            }
        }
        return last + 1;
    }
}
