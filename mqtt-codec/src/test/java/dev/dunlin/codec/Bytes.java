package dev.dunlin.codec;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The notation of the byte vectors: hex digits, {@code 'text'} in UTF-8, {@code [..]} with its length in two bytes in front,
 * {@code {..}} with its length as a variable byte integer in front; spaces mean nothing.
 */
public final class Bytes {
    private final String notation;
    private int at;

    private Bytes(String notation) {
        this.notation = notation;
    }

    /** The bytes that a notation stands for. */
    public static byte[] of(String notation) {
        Bytes reader = new Bytes(notation);
        byte[] bytes = reader.group('\0');
        if (reader.at != notation.length()) {
            throw new IllegalArgumentException("Unbalanced at " + reader.at + ": " + notation);
        }
        return bytes;
    }

    private byte[] group(char close) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        while (at < notation.length()) {
            char c = notation.charAt(at++);
            if (c == close) {
                return out.toByteArray();
            }
            switch (c) {
                case ' ' -> {}
                case '\'' -> text(out);
                case '[' -> {
                    byte[] inner = group(']');
                    out.write(inner.length >> 8);
                    out.write(inner.length);
                    out.writeBytes(inner);
                }
                case '{' -> {
                    byte[] inner = group('}');
                    int length = inner.length;
                    for (; length > 127; length >>= 7) {
                        out.write(length % 128 + 128);
                    }
                    out.write(length);
                    out.writeBytes(inner);
                }
                default -> out.write(Integer.parseInt(notation.substring(at - 1, ++at), 16));
            }
        }
        if (close != '\0') {
            throw new IllegalArgumentException("No " + close + " in " + notation);
        }
        return out.toByteArray();
    }

    private void text(ByteArrayOutputStream out) {
        int end = notation.indexOf('\'', at);
        out.writeBytes(notation.substring(at, end).getBytes(StandardCharsets.UTF_8));
        at = end + 1;
    }
}
