package dev.dunlin.codec;

import static dev.dunlin.codec.MalformedPacket.malformed;
import static dev.dunlin.codec.MalformedPacket.protocolError;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * Checks a block of properties in one pass and remembers where it lies, which properties it holds and the two values that
 * every PUBLISH needs. Reused from packet to packet; the outcome counts until the next {@link #read}.
 */
final class PropertyReader { // hot
    /** Where the properties begin, behind their length. */
    int from;

    int to;
    /** The {@link Property#bit()}s of what is there. */
    int present;

    /** How many user properties a block may hold. */
    int userPropertiesMax = Integer.MAX_VALUE;

    private int userProperties;

    /** 0 for none. */
    int topicAlias;
    /** -1 for none. */
    long messageExpirySeconds = -1;

    /** Forgets the last block. */
    void clear() {
        from = 0;
        to = 0;
        present = 0;
        userProperties = 0;
        topicAlias = 0;
        messageExpirySeconds = -1;
    }

    boolean has(Property property) {
        return (present & property.bit()) != 0;
    }

    /**
     * Reads a block with its length in front.
     *
     * @param end of the packet
     * @param place the code of the packet type, or {@link Property#IN_WILL}
     * @return the index behind the block
     */
    int read(ByteBuf in, int at, int end, int place) throws MalformedPacket {
        clear();
        if (at < end && in.getByte(at) == 0) {
            from = at + 1;
            to = from;
            return to;
        }
        long length = Varint.read(in, at, end);
        from = at + Varint.bytes((int) length);
        if (length > end - from) {
            throw malformed("Properties are longer than their packet");
        }
        to = from + (int) length;
        int next = from;
        while (next < to) {
            next = readProperty(in, next, place);
        }
        return to;
    }

    /**
     * The same block as the last one, at another place.
     *
     * @param bytes its size with its length, which has one byte
     * @return the index behind it
     */
    int repeat(int at, int bytes) {
        from = at + 1;
        to = at + bytes;
        return to;
    }

    /** Ends the view on the block, which can be repeated all the same. */
    void close() {
        from = 0;
        to = 0;
    }

    /** A copy of the block last read, on the heap. */
    Properties copy(ByteBuf in) {
        if (from == to) {
            return Properties.EMPTY;
        }
        byte[] bytes = new byte[to - from];
        in.getBytes(from, bytes);
        return new Properties(Unpooled.wrappedBuffer(bytes), 0, bytes.length, present);
    }

    private int readProperty(ByteBuf in, int at, int place) throws MalformedPacket {
        Property property = Property.of(in.getUnsignedByte(at)); // all identifiers fit the first byte of their varint
        if (property == null || !property.allowedAt(place)) {
            throw malformed("Property 0x" + Integer.toHexString(in.getUnsignedByte(at)) + " is unknown or misplaced");
        }
        if ((present & property.bit()) != 0 && !property.repeatableAt(place)) {
            throw protocolError(property + " occurs twice"); // said for each property in its own section
        }
        present |= property.bit();
        return switch (property.type()) {
            case BYTE -> number(property, fits(at + 1, 1) ? in.getUnsignedByte(at + 1) : -1, at + 2);
            case TWO_BYTES -> number(property, fits(at + 1, 2) ? in.getUnsignedShort(at + 1) : -1, at + 3);
            case FOUR_BYTES -> number(property, fits(at + 1, 4) ? in.getUnsignedInt(at + 1) : -1, at + 5);
            case VARIABLE -> variable(property, in, at + 1);
            case STRING -> text(property, in, at + 1);
            case BINARY -> binary(in, at + 1);
            case STRING_PAIR -> userProperty(property, in, at + 1);
        };
    }

    private int userProperty(Property property, ByteBuf in, int at) throws MalformedPacket {
        if (++userProperties > userPropertiesMax) { // before anything is made of them
            throw new MalformedPacket(ReasonCode.QUOTA_EXCEEDED, "More than " + userPropertiesMax + " user properties");
        }
        return text(property, in, text(property, in, at)); // [5.0:MQTT-1.5.7-1]
    }

    private boolean fits(int at, int bytes) {
        return to - at >= bytes;
    }

    private int variable(Property property, ByteBuf in, int at) throws MalformedPacket {
        int value = Varint.read(in, at, to);
        return number(property, value, at + Varint.bytes(value));
    }

    /** Accepts a number; -1 says that its bytes are missing. */
    private int number(Property property, long value, int next) throws MalformedPacket {
        if (value == -1) {
            throw malformed(property + " is cut off");
        }
        if (value < property.min() || value > property.max()) {
            if (property == Property.TOPIC_ALIAS) {
                throw new MalformedPacket(ReasonCode.TOPIC_ALIAS_INVALID, "Topic alias is 0"); // [5.0:MQTT-3.3.2-8]
            }
            throw protocolError(property + " is " + value);
        }
        if (property == Property.TOPIC_ALIAS) {
            topicAlias = (int) value;
        } else if (property == Property.MESSAGE_EXPIRY_INTERVAL) {
            messageExpirySeconds = value;
        }
        return next;
    }

    private int text(Property property, ByteBuf in, int at) throws MalformedPacket {
        int next = binary(in, at);
        int check = Utf8.check(in, at + 2, next);
        if (check == Utf8.MALFORMED) {
            throw malformed(property + " is not UTF-8");
        }
        if (property == Property.RESPONSE_TOPIC && ((check & Utf8.WILDCARD) != 0 || next == at + 2)) {
            throw protocolError("Response topic is empty or has a wildcard"); // [5.0:MQTT-3.3.2-14, MQTT-4.7.3-1]
        }
        return next;
    }

    private int binary(ByteBuf in, int at) throws MalformedPacket {
        int next = fits(at, 2) ? at + 2 + in.getUnsignedShort(at) : Integer.MAX_VALUE;
        if (next > to) {
            throw malformed("A property is cut off");
        }
        return next;
    }
}
