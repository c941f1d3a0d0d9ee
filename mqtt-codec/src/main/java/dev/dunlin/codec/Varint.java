package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;

/** Variable byte integers: 7 bits per byte, the lowest first, the sign bit for "more" [5.0 section 1.5.5]. */
final class Varint {
    static final int MAX = 268_435_455;

    private Varint() {}

    /** The length of the shortest form, 1 to 4; 5 for what is beyond {@link #MAX}. */
    static int bytes(int value) {
        return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value <= MAX ? 4 : 5;
    }

    static void write(ByteBuf out, int value) {
        while (value > 0x7F) {
            out.writeByte(value | 0x80);
            value >>>= 7;
        }
        out.writeByte(value);
    }

    /** Reads one that must end before {@code end} and have its shortest form. */
    static int read(ByteBuf in, int at, int end) throws MalformedPacket {
        int value = 0;
        for (int shift = 0; shift < 28; shift += 7) {
            if (at == end) {
                throw MalformedPacket.malformed("A variable byte integer is cut off");
            }
            byte b = in.getByte(at++);
            value |= (b & 0x7F) << shift;
            if (b >= 0) {
                if (b == 0 && shift > 0) { // [5.0:MQTT-1.5.5-1]
                    throw MalformedPacket.malformed("A variable byte integer isn't in its shortest form");
                }
                return value;
            }
        }
        throw MalformedPacket.malformed("A variable byte integer is longer than 4 bytes");
    }

    /** Reads one that was checked before. */
    static int get(ByteBuf in, int at) {
        int value = 0;
        int shift = 0;
        byte b;
        do {
            b = in.getByte(at++);
            value |= (b & 0x7F) << shift;
            shift += 7;
        } while (b < 0);
        return value;
    }
}
