package dev.dunlin.codec;

import static dev.dunlin.codec.MalformedPacket.malformed;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/** Walks through the body of a packet and never leaves it. Borrows the buffer. For packets off the hot path. */
final class Cursor {
    private final ByteBuf in;
    private final int end;
    private final int userPropertiesMax;
    private int at;

    /** Walks from {@code at} to {@code end}; each block of properties may hold so many user properties. */
    Cursor(ByteBuf in, int at, int end, int userPropertiesMax) {
        this.in = in;
        this.at = at;
        this.end = end;
        this.userPropertiesMax = userPropertiesMax;
    }

    boolean atEnd() {
        return at == end;
    }

    int readByte() throws MalformedPacket {
        return in.getUnsignedByte(take(1));
    }

    int readShort() throws MalformedPacket {
        return in.getUnsignedShort(take(2));
    }

    int readPacketId() throws MalformedPacket {
        int id = readShort();
        if (id == 0) { // [5.0:MQTT-2.2.1-3, 3.1.1:MQTT-2.3.1-1]
            throw MalformedPacket.protocolError("The packet id is 0");
        }
        return id;
    }

    byte[] readBinary() throws MalformedPacket {
        int bytes = readShort();
        return ByteBufUtil.getBytes(in, take(bytes), bytes, true);
    }

    String readString() throws MalformedPacket {
        int bytes = readShort();
        int from = take(bytes);
        int check = Utf8.check(in, from, from + bytes);
        if (check == Utf8.MALFORMED) { // [5.0:MQTT-1.5.4-1, 3.1.1:MQTT-1.5.3-1]
            throw malformed("A string is not UTF-8");
        }
        if ((check & Utf8.DISCOURAGED) != 0) { // [5.0 section 1.5.4, 3.1.1 section 1.5.3]
            throw malformed("A string has a control character or a noncharacter");
        }
        return Utf8.text(in, from, bytes);
    }

    /** Reads properties with their length; {@code place} as in {@link PropertyReader#read}. */
    Properties readProperties(int place) throws MalformedPacket {
        PropertyReader reader = new PropertyReader();
        reader.userPropertiesMax = userPropertiesMax;
        at = reader.read(in, at, end, place);
        return reader.copy(in);
    }

    void expectEnd() throws MalformedPacket {
        if (at != end) {
            throw malformed((end - at) + " bytes too many");
        }
    }

    private int take(int bytes) throws MalformedPacket {
        if (bytes > end - at) {
            throw malformed("A field is cut off");
        }
        int from = at;
        at += bytes;
        return from;
    }
}
