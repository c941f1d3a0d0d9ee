package dev.dunlin.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A connection between a command and the running broker: lines of UTF-8 that end with a line feed, with a bound on their length
 * and on the time that one is waited for. One reads, one writes; any thread closes.
 */
final class LineChannel implements AutoCloseable {
    /** A command with the longest path, and room. */
    static final int LINE_BYTES_MAX = 8_192;

    private final SocketChannel channel;
    private final Selector selector;
    /** What was received and not yet taken, ready to be written to. */
    private final ByteBuffer received = ByteBuffer.allocate(LINE_BYTES_MAX);

    /** Takes over a connected channel; it is closed if this fails. */
    LineChannel(SocketChannel channel) throws IOException {
        this.channel = channel;
        Selector opened = null;
        try {
            channel.configureBlocking(false);
            opened = Selector.open();
            channel.register(opened, SelectionKey.OP_READ);
            selector = opened;
        } catch (IOException e) {
            if (opened != null) {
                opened.close();
            }
            channel.close();
            throw e;
        }
    }

    /**
     * The next line, without its end; null at the end of the connection.
     *
     * @param patience how long it may take as a whole
     * @throws IOException with a sentence, if the line comes too late, is too long, or no UTF-8
     */
    @Nullable
    String readLine(Duration patience) throws IOException {
        long endNs = System.nanoTime() + patience.toNanos();
        String line = takeLine();
        while (line == null) {
            awaitInput(endNs, patience);
            if (channel.read(received) < 0) {
                return null;
            }
            line = takeLine();
            if (line == null && !received.hasRemaining()) {
                throw new IOException("a line of more than " + (LINE_BYTES_MAX - 1) + " bytes came");
            }
        }
        return line;
    }

    private void awaitInput(long endNs, Duration patience) throws IOException {
        long leftMs = TimeUnit.NANOSECONDS.toMillis(endNs - System.nanoTime());
        if (leftMs <= 0) {
            throw new IOException("no line came within " + patience.toMillis() + " ms");
        }
        selector.select(leftMs);
        selector.selectedKeys().clear();
    }

    private @Nullable String takeLine() throws IOException {
        for (int i = 0; i < received.position(); i++) {
            if (received.get(i) == '\n') {
                ByteBuffer line = received.duplicate().position(0).limit(i);
                String text = decode(line);
                received.flip().position(i + 1);
                received.compact();
                return text;
            }
        }
        return null;
    }

    private static String decode(ByteBuffer line) throws IOException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(line).toString();
        } catch (CharacterCodingException e) {
            throw new IOException("a line came that is no UTF-8", e);
        }
    }

    /** Writes a line, in which line breaks become spaces. What the peer doesn't take at once is an error: lines are few. */
    void writeLine(String line) throws IOException {
        byte[] bytes = (line.replaceAll("[\\r\\n]+", " ") + "\n").getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.wrap(bytes);
        channel.write(out);
        if (out.hasRemaining()) {
            throw new IOException("the other side doesn't take what is written");
        }
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            selector.close();
        }
    }
}
