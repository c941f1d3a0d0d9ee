package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * MQTT 5 properties in their encoded, checked form: a value is decoded when it is asked for, and what is only passed on is
 * never decoded. Immutable and free to share between threads, except the properties of a {@link Publish}: those are a
 * borrowed view, valid as long as the Publish is; {@link #copy()} outlives it. Two are equal when their bytes are.
 */
public final class Properties {
    /** No properties. */
    public static final Properties EMPTY = new Properties(Unpooled.EMPTY_BUFFER, 0, 0, 0);

    private final ByteBuf bytes;
    private final int from;
    private final int to;
    private final int present;

    /** A view on bytes that a {@link PropertyReader} or the builder has checked. Borrows them. */
    Properties(ByteBuf bytes, int from, int to, int present) {
        this.bytes = bytes;
        this.from = from;
        this.to = to;
        this.present = present;
    }

    /** Starts building. */
    public static Builder builder() {
        return new Builder();
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return from == to;
    }

    /** Whether the property is there, once or several times. */
    public boolean has(Property property) {
        return (present & property.bit()) != 0;
    }

    /**
     * A number: of one, two or four bytes or of variable length.
     *
     * @param ifAbsent returned when the property isn't there
     * @return the first one when it is repeated
     * @throws IllegalArgumentException when the property is no number
     */
    public long integer(Property property, long ifAbsent) {
        require(property.type().isInteger(), property);
        int at = find(property);
        return at < 0 ? ifAbsent : number(property.type(), at);
    }

    /**
     * A string.
     *
     * @return null when the property isn't there
     * @throws IllegalArgumentException when the property is no single string
     */
    public @Nullable String string(Property property) {
        require(property.type() == Property.WireType.STRING, property);
        int at = find(property);
        return at < 0 ? null : text(at);
    }

    /**
     * Binary data, copied.
     *
     * @return null when the property isn't there
     * @throws IllegalArgumentException when the property isn't binary
     */
    public byte @Nullable [] binary(Property property) {
        require(property.type() == Property.WireType.BINARY, property);
        int at = find(property);
        return at < 0 ? null : ByteBufUtil.getBytes(bytes, at + 2, bytes.getUnsignedShort(at), true);
    }

    /** The user properties in the order of the packet [5.0:MQTT-3.1.3-10, MQTT-3.3.2-18]. */
    public List<UserProperty> userProperties() {
        if (!has(Property.USER_PROPERTY)) {
            return List.of();
        }
        List<UserProperty> found = new ArrayList<>();
        for (int at = from; at < to; at = next(at)) {
            if (property(at) == Property.USER_PROPERTY) {
                found.add(new UserProperty(text(at + 1), text(behind(at + 1))));
            }
        }
        return List.copyOf(found);
    }

    /** The subscription identifiers, 1 to 268,435,455 each, in the order of the packet. */
    public int[] subscriptionIdentifiers() {
        int[] found = new int[0];
        if (has(Property.SUBSCRIPTION_IDENTIFIER)) {
            for (int at = from; at < to; at = next(at)) {
                if (property(at) == Property.SUBSCRIPTION_IDENTIFIER) {
                    found = Arrays.copyOf(found, found.length + 1);
                    found[found.length - 1] = Varint.get(bytes, at + 1);
                }
            }
        }
        return found;
    }

    /** Their size, without the length in front. */
    public int encodedBytes() {
        return to - from;
    }

    /** Appends them, without the length in front. Borrows the buffer. */
    public void writeTo(ByteBuf out) {
        out.writeBytes(bytes, from, to - from);
    }

    /** The same properties on the heap, independent of the buffer that they came from. */
    public Properties copy() {
        return isEmpty() ? EMPTY : new Properties(Unpooled.wrappedBuffer(content()), 0, to - from, present);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Properties that
                && encodedBytes() == that.encodedBytes()
                && ByteBufUtil.equals(bytes, from, that.bytes, that.from, encodedBytes());
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(content());
    }

    /** Names and values; binary data is shown by its length. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        for (int at = from; at < to; at = next(at)) {
            Property property = property(at);
            text.append(at == from ? "" : ", ").append(property).append('=');
            switch (property.type()) {
                case STRING -> text.append(text(at + 1));
                case BINARY -> text.append(bytes.getUnsignedShort(at + 1)).append(" bytes");
                case STRING_PAIR -> text.append(text(at + 1)).append(':').append(text(behind(at + 1)));
                default -> text.append(number(property.type(), at + 1));
            }
        }
        return text.append('}').toString();
    }

    /** Writes all but the named ones into {@code out} from {@code index} on. Returns how many bytes that takes. */
    int copyWithout(int excluded, byte @Nullable [] out, int index) {
        if ((present & excluded) == 0) {
            if (out != null) {
                bytes.getBytes(from, out, index, to - from);
            }
            return to - from;
        }
        int written = 0;
        for (int at = from, next; at < to; at = next) {
            next = next(at);
            if ((property(at).bit() & excluded) == 0) {
                if (out != null) {
                    bytes.getBytes(at, out, index + written, next - at);
                }
                written += next - at;
            }
        }
        return written;
    }

    /** The set of what is there, as {@link Property#bit()}s. */
    int present() {
        return present;
    }

    private byte[] content() {
        return ByteBufUtil.getBytes(bytes, from, to - from, true);
    }

    /** The index of the value, -1 when there is none. */
    private int find(Property property) {
        if (has(property)) {
            for (int at = from; at < to; at = next(at)) {
                if (bytes.getByte(at) == property.id()) {
                    return at + 1;
                }
            }
        }
        return -1;
    }

    private Property property(int at) {
        Property property = Property.of(bytes.getUnsignedByte(at));
        if (property == null) {
            throw new IllegalStateException("Unknown property in checked bytes at " + at);
        }
        return property;
    }

    private int next(int at) {
        int value = at + 1;
        return switch (property(at).type()) {
            case BYTE -> value + 1;
            case TWO_BYTES -> value + 2;
            case FOUR_BYTES -> value + 4;
            case VARIABLE -> value + Varint.bytes(Varint.get(bytes, value));
            case STRING, BINARY -> behind(value);
            case STRING_PAIR -> behind(behind(value));
        };
    }

    private int behind(int at) {
        return at + 2 + bytes.getUnsignedShort(at);
    }

    private long number(Property.WireType type, int at) {
        return switch (type) {
            case BYTE -> bytes.getUnsignedByte(at);
            case TWO_BYTES -> bytes.getUnsignedShort(at);
            case FOUR_BYTES -> bytes.getUnsignedInt(at);
            default -> Varint.get(bytes, at);
        };
    }

    private String text(int at) {
        return bytes.toString(at + 2, bytes.getUnsignedShort(at), StandardCharsets.UTF_8);
    }

    private static void require(boolean typed, Property property) {
        if (!typed) {
            throw new IllegalArgumentException(property + " has the wire type " + property.type());
        }
    }

    /** Builds properties in the order in which they are added. Not thread-safe. */
    public static final class Builder {
        private final ByteBuf bytes = Unpooled.buffer(64);
        private int present;

        private Builder() {}

        /**
         * Adds a number.
         *
         * @throws IllegalArgumentException when the property is no number, the value is out of its range or the property
         *     is there already and may not be repeated in any packet
         */
        public Builder add(Property property, long value) {
            require(property.type().isInteger(), property);
            if (value < property.min() || value > property.max()) {
                throw new IllegalArgumentException(
                        property + " is " + property.min() + " to " + property.max() + ", not " + value);
            }
            id(property);
            switch (property.type()) {
                case BYTE -> bytes.writeByte((int) value);
                case TWO_BYTES -> bytes.writeShort((int) value);
                case FOUR_BYTES -> bytes.writeInt((int) value);
                default -> Varint.write(bytes, (int) value);
            }
            return this;
        }

        /**
         * Adds a string.
         *
         * @throws IllegalArgumentException when the property is no single string, is there already, or the value is longer
         *     than 65,535 bytes, holds U+0000 or an unpaired surrogate, or is no topic name for a response topic
         */
        public Builder add(Property property, String value) {
            require(property.type() == Property.WireType.STRING, property);
            if (property == Property.RESPONSE_TOPIC) {
                Text.requireTopicName(value);
            }
            byte[] utf8 = Text.utf8(value);
            id(property);
            bytes.writeShort(utf8.length).writeBytes(utf8);
            return this;
        }

        /**
         * Adds binary data, copied.
         *
         * @throws IllegalArgumentException when the property isn't binary, is there already, or the value is longer than
         *     65,535 bytes
         */
        public Builder add(Property property, byte[] value) {
            require(property.type() == Property.WireType.BINARY, property);
            Text.requireLength(value.length);
            id(property);
            bytes.writeShort(value.length).writeBytes(value);
            return this;
        }

        /**
         * Adds a user property; they may repeat.
         *
         * @throws IllegalArgumentException for a name or value as in {@link #add(Property, String)}
         */
        public Builder userProperty(String name, String value) {
            byte[] nameBytes = Text.utf8(name);
            byte[] valueBytes = Text.utf8(value);
            id(Property.USER_PROPERTY);
            bytes.writeShort(nameBytes.length).writeBytes(nameBytes);
            bytes.writeShort(valueBytes.length).writeBytes(valueBytes);
            return this;
        }

        /** What was added so far. The builder may go on. */
        public Properties build() {
            return present == 0 ? EMPTY : new Properties(bytes, 0, bytes.writerIndex(), present).copy();
        }

        private void id(Property property) {
            if ((present & property.bit()) != 0 && !property.repeatableIn(PacketType.PUBLISH)) {
                throw new IllegalArgumentException(property + " is there already");
            }
            present |= property.bit();
            bytes.writeByte(property.id());
        }
    }
}
