package dev.dunlin.broker.session;

import dev.dunlin.broker.spi.Identity;
import dev.dunlin.broker.spi.StoreException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Whose a will is, as an authorizer needs to know it.
 *
 * <pre>
 * +---------+-----------+----------+---------------+-----------------------+
 * | version | user name | listener | n, attributes | n times name, value   |
 * | u8, 1   |           |          | u16           |                       |
 * +---------+-----------+----------+---------------+-----------------------+
 * a text: u16, number of bytes; UTF-8
 * </pre>
 *
 * @param listener the name of the one that it came by
 */
record Testator(Identity identity, String listener) {
    private static final int VERSION = 1;

    /** What a password of MQTT may have. */
    private static final int BYTES_MAX = 65_535;

    /** Attributes that are too much altogether are left out. */
    byte[] encoded() {
        byte[] all = encoded(new TreeMap<>(identity.attributes()));
        return all.length > BYTES_MAX ? encoded(Map.of()) : all;
    }

    private byte[] encoded(Map<String, String> attributes) {
        ByteBuf to = Unpooled.buffer();
        to.writeByte(VERSION);
        text(to, identity.name());
        text(to, listener);
        to.writeShort(attributes.size());
        attributes.forEach((name, value) -> {
            text(to, name);
            text(to, value);
        });
        byte[] bytes = new byte[to.readableBytes()];
        to.readBytes(bytes);
        return bytes;
    }

    private static void text(ByteBuf to, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        to.writeShort(bytes.length).writeBytes(bytes);
    }

    /** Whose a stored will is; one of before there were authorizers is an anonymous client's. */
    static Testator decode(byte @Nullable [] encoded) throws StoreException {
        if (encoded == null) {
            return new Testator(Identity.ANONYMOUS, "");
        }
        ByteBuf from = Unpooled.wrappedBuffer(encoded);
        try {
            if (from.readByte() != VERSION) {
                throw new StoreException(StoreException.Kind.VERSION, "a will's client has version " + encoded[0]);
            }
            String name = text(from);
            String listener = text(from);
            Map<String, String> attributes = new HashMap<>();
            for (int left = from.readUnsignedShort(); left > 0; left--) {
                attributes.put(text(from), text(from));
            }
            return new Testator(new Identity(name, attributes), listener);
        } catch (IndexOutOfBoundsException e) {
            throw new StoreException(StoreException.Kind.CORRUPT, "the client of a stored will is cut off", e);
        }
    }

    private static String text(ByteBuf from) {
        return from.readCharSequence(from.readUnsignedShort(), StandardCharsets.UTF_8)
                .toString();
    }
}
