package dev.dunlin.server.admin;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What is answered to a request.
 *
 * @param type the media type
 * @param headers further ones
 * @param length of the body in bytes; {@link #STREAM} if it isn't known
 */
record Answer(int status, String type, Map<String, String> headers, long length, Body body) {
    static final long STREAM = -1;

    /** What comes behind the headers. */
    @FunctionalInterface
    interface Body {
        /** Writes it. On the thread of the request; may block, and does until a stream ends. */
        void writeTo(OutputStream out) throws IOException, InterruptedException;

        /** It won't be written: who has asked is gone. */
        default void lost() {}
    }

    /** An object of JSON, see {@link Json}. */
    static Answer json(Object value) {
        return json(200, "application/json", value);
    }

    /** As {@link #json(Object)}, a line of its own: whoever asks by hand has his prompt on the next one. */
    static Answer json(int status, String type, Object value) {
        return of(status, type, Json.of(value) + "\n");
    }

    static Answer of(int status, String type, String text) {
        return of(status, type, text.getBytes(StandardCharsets.UTF_8));
    }

    static Answer of(int status, String type, byte[] bytes) {
        return new Answer(status, type, Map.of(), bytes.length, out -> out.write(bytes));
    }

    /** One that goes on until it ends. */
    static Answer stream(String type, Body body) {
        return new Answer(200, type, Map.of(), STREAM, body);
    }

    Answer with(String header, String value) {
        return new Answer(status, type, Map.of(header, value), length, body);
    }
}
