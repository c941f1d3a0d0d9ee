package dev.dunlin.codec;

import org.jspecify.annotations.Nullable;

/** The control packet types [3.1.1 section 2.2.1, 5.0 section 2.1.2]. */
public enum PacketType {
    CONNECT,
    CONNACK,
    PUBLISH,
    PUBACK,
    PUBREC,
    PUBREL,
    PUBCOMP,
    SUBSCRIBE,
    SUBACK,
    UNSUBSCRIBE,
    UNSUBACK,
    PINGREQ,
    PINGRESP,
    DISCONNECT,
    AUTH;

    private static final PacketType[] BY_ORDINAL = values();

    /** The upper half of a packet's first byte, 1 to 15. */
    public int code() {
        return ordinal() + 1;
    }

    /**
     * The type with a code.
     *
     * @return null for 0, which is reserved, and for everything above 15
     */
    public static @Nullable PacketType of(int code) {
        return code >= 1 && code <= BY_ORDINAL.length ? BY_ORDINAL[code - 1] : null;
    }

    /** A set of types as a bit mask: bit {@code code} for each. */
    static int mask(PacketType... types) {
        int mask = 0;
        for (PacketType type : types) {
            mask |= 1 << type.code();
        }
        return mask;
    }
}
