package dev.dunlin.broker;

import dev.dunlin.broker.session.TraceLines;
import java.io.BufferedWriter;
import java.io.Flushable;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Where lines of a trace may go. */
final class TraceTakers {
    private TraceTakers() {}

    static TraceLines.Taker of(Consumer<? super String> lines) {
        return new TraceLines.Taker() {
            @Override
            public void take(String line) {
                lines.accept(line);
            }

            @Override
            public void flush() {
                // it has what it was given
            }

            @Override
            public void close() {
                // it is the caller's
            }
        };
    }

    /** Flushed, if that can be done, and not closed. */
    static TraceLines.Taker of(Appendable text) {
        return new TraceLines.Taker() {
            @Override
            public void take(String line) throws IOException {
                text.append(line).append('\n');
            }

            @Override
            public void flush() throws IOException {
                if (text instanceof Flushable flushable) {
                    flushable.flush();
                }
            }

            @Override
            public void close() {
                // it is the caller's
            }
        };
    }

    /** A new file, which is closed. */
    static TraceLines.Taker of(Path file) throws IOException {
        // half of a pair becomes a question mark: Files.newBufferedWriter would fail, and lose what it has buffered
        Writer text = new BufferedWriter(new OutputStreamWriter(Files.newOutputStream(file), StandardCharsets.UTF_8));
        TraceLines.Taker taker = of(text);
        return new TraceLines.Taker() {
            @Override
            public void take(String line) throws IOException {
                taker.take(line);
            }

            @Override
            public void flush() throws IOException {
                taker.flush();
            }

            @Override
            public void close() throws IOException {
                text.close();
            }
        };
    }
}
