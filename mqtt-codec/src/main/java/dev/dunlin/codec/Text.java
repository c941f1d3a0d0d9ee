package dev.dunlin.codec;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** Encodes the strings that our own side sends, and refuses what the peer would have to refuse. */
final class Text {
    static final int BYTES_MAX = 65_535;

    private Text() {}

    /**
     * The UTF-8 form.
     *
     * @throws IllegalArgumentException when it is longer than 65,535 bytes, or the text holds U+0000 [5.0:MQTT-1.5.4-2] or an
     *     unpaired surrogate [5.0:MQTT-1.5.4-1]
     */
    static byte[] utf8(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0) {
                throw new IllegalArgumentException("A string holds U+0000: " + text.replace('\0', '?'));
            }
            if (Character.isSurrogate(c)) {
                boolean pair = i + 1 < text.length() && Character.isSurrogatePair(c, text.charAt(i + 1));
                if (!pair) {
                    throw new IllegalArgumentException("A string holds an unpaired surrogate: " + text);
                }
                i++;
            }
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        requireLength(utf8.length);
        return utf8;
    }

    /** Appends a string with its length. */
    static void write(ByteBuf out, String text) {
        byte[] utf8 = utf8(text);
        out.writeShort(utf8.length).writeBytes(utf8);
    }

    /** Appends binary data with its length. */
    static void write(ByteBuf out, byte[] data) {
        requireLength(data.length);
        out.writeShort(data.length).writeBytes(data);
    }

    static void requireLength(int bytes) {
        if (bytes > BYTES_MAX) {
            throw new IllegalArgumentException("A string or binary value is at most 65535 bytes, not " + bytes);
        }
    }

    static void requireTopicName(String topic) {
        if (topic.isEmpty() || topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0) {
            throw new IllegalArgumentException("Not a topic name: '" + topic + "'");
        }
    }

    static void requireRange(String what, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(what + " is " + min + " to " + max + ", not " + value);
        }
    }
}
