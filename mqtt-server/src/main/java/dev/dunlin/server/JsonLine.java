package dev.dunlin.server;

import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.dunlin.broker.spi.Printable;
import java.nio.charset.StandardCharsets;

/**
 * A record of the log as an object of JSON, in one line. What isn't printable is an escape, as JSON allows it anywhere in a
 * text: a program reads what a client wrote, and a terminal isn't moved by it. Any thread.
 */
final class JsonLine extends JsonEncoder {
    @Override
    public byte[] encode(ILoggingEvent event) {
        byte[] encoded = super.encode(event);
        String line = new String(encoded, StandardCharsets.UTF_8);
        String text = line.stripTrailing(); // without the end of the line
        // The encoder has escaped the controls of ASCII, so what is left stands within a text.
        return Printable.text(text).equals(text)
                ? encoded
                : (escaped(text) + line.substring(text.length())).getBytes(StandardCharsets.UTF_8);
    }

    private static String escaped(String text) {
        StringBuilder line = new StringBuilder(text.length() + 64);
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            int next = i + Character.charCount(codePoint);
            if (Printable.is(codePoint)) {
                line.appendCodePoint(codePoint);
            } else {
                for (int half = i; half < next; half++) {
                    line.append(String.format("\\u%04x", (int) text.charAt(half)));
                }
            }
            i = next;
        }
        return line.toString();
    }
}
