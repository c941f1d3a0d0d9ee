package dev.dunlin.broker.testkit;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The client's end of a WebSocket, strict on what comes and free in what it sends. As a stream it is the payload of the
 * binary frames that come: a ping would be a failure, pongs are passed over, and a close is answered.
 */
public final class WebSocketPeer extends InputStream {
    public static final int CONTINUATION = 0x00;
    public static final int TEXT = 0x01;
    public static final int BINARY = 0x02;
    public static final int CLOSE = 0x08;
    public static final int PING = 0x09;
    public static final int PONG = 0x0A;
    public static final int FINAL = 0x80;

    private static final int MASKED = 0x80;
    private static final int WHOLE_BYTES_MAX = 16;

    /** {@code -Ddunlin.test.seed=...} begins with the seed that a failure has told. */
    private static final AtomicLong SEEDS = new AtomicLong(Long.getLong("dunlin.test.seed", System.nanoTime()));

    private final DataInputStream in;
    private final OutputStream out;
    private final long seed = SEEDS.getAndIncrement();
    private final Random random = new Random(seed);
    private long payloadLeft;
    private boolean ended;

    WebSocketPeer(InputStream in, OutputStream out) {
        this.in = new DataInputStream(in);
        this.out = out;
    }

    /** A WebSocket that isn't open yet, on this socket. */
    public static WebSocketPeer on(TestSocket socket) throws IOException {
        return new WebSocketPeer(socket.in(), socket.out());
    }

    long seed() {
        return seed;
    }

    // ---- upgrade

    /** Asks for /mqtt and the subprotocol mqtt, and gets them; or the broker ends the connection. */
    void open() throws IOException {
        String response = request("GET /mqtt HTTP/1.1", handshake("Sec-WebSocket-Protocol: mqtt"));
        ended = response.isEmpty();
        if (!ended && !response.startsWith("HTTP/1.1 101 ")) {
            throw new AssertionError("no WebSocket: " + response);
        }
    }

    /** The headers of a right request, and one or more besides. */
    public static String handshake(String... more) {
        return "Host: localhost\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                + String.join("\r\n", more)
                + (more.length == 0 ? "" : "\r\n");
    }

    /** Sends a request and returns status line and headers of the response; empty if the connection ends instead. */
    public String request(String line, String headers) throws IOException {
        write((line + "\r\n" + headers + "\r\n").getBytes(StandardCharsets.US_ASCII));
        return response();
    }

    /** Status line and headers of a response; empty if the connection ends instead. */
    public String response() {
        StringBuilder response = new StringBuilder();
        try {
            while (response.indexOf("\r\n\r\n") < 0) {
                int next = in.read();
                if (next < 0) {
                    return "";
                }
                response.append((char) next);
            }
        } catch (IOException e) {
            return "";
        }
        return response.toString();
    }

    // ---- send

    /** Sends bytes as they are. */
    public void write(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    /**
     * Sends one frame, masked.
     *
     * @param first the first byte: {@link #FINAL}, reserved bits, opcode
     */
    public void send(int first, byte[] payload) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        append(frame, first, payload, 0, payload.length);
        out.write(frame.toByteArray());
    }

    /** The bytes of one frame, masked. */
    public byte[] frame(int first, byte[] payload) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        append(frame, first, payload, 0, payload.length);
        return frame.toByteArray();
    }

    /** Sends binary data: in one frame, in several, or as fragments of a message with pings among them. */
    void sendInPieces(byte[] bytes) throws IOException {
        boolean fragments = random.nextBoolean();
        boolean single = random.nextInt(4) == 0 && bytes.length <= WHOLE_BYTES_MAX;
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        boolean begun = false;
        int at = 0;
        do {
            int left = bytes.length - at;
            int piece = single ? Math.min(1, left) : random.nextInt(3) == 0 ? random.nextInt(left + 1) : left;
            boolean last = piece == left;
            int opcode = fragments && begun ? CONTINUATION : BINARY;
            append(frames, opcode | (fragments && !last ? 0 : FINAL), bytes, at, piece);
            at += piece;
            begun = true;
            if (!last && random.nextInt(4) == 0) {
                append(frames, FINAL | PING, new byte[] {1, 2, 3}, 0, 3);
            }
            if (random.nextInt(4) == 0) {
                out.write(frames.toByteArray());
                frames.reset();
            }
        } while (at < bytes.length);
        out.write(frames.toByteArray());
    }

    private void append(ByteArrayOutputStream to, int first, byte[] payload, int from, int bytes) {
        to.write(first);
        if (bytes < 126) {
            to.write(MASKED | bytes);
        } else if (bytes <= 0xFFFF) {
            to.write(MASKED | 126);
            to.write(bytes >> 8);
            to.write(bytes);
        } else {
            to.write(MASKED | 127);
            for (int shift = 56; shift >= 0; shift -= 8) {
                to.write((int) ((long) bytes >> shift));
            }
        }
        byte[] mask = new byte[4];
        random.nextBytes(mask);
        to.writeBytes(mask);
        byte[] masked = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            masked[i] = (byte) (payload[from + i] ^ mask[i & 3]);
        }
        to.writeBytes(masked);
    }

    // ---- receive

    /** A frame as it came. */
    public static final class Frame {
        private final int first;
        private final byte[] payload;

        private Frame(int first, byte[] payload) {
            this.first = first;
            this.payload = payload;
        }

        /** The first byte: {@link #FINAL}, reserved bits, opcode. */
        public int first() {
            return first;
        }

        public byte[] payload() {
            return payload;
        }

        /** The status code of a close. */
        public int status() {
            return ((payload[0] & 0xFF) << 8) | (payload[1] & 0xFF);
        }
    }

    /** The next frame; null at the end of the connection. */
    public @Nullable Frame receive() throws IOException {
        int first = in.read();
        if (first < 0) {
            return null;
        }
        byte[] payload = new byte[Math.toIntExact(length())];
        in.readFully(payload);
        return new Frame(first, payload);
    }

    private long length() throws IOException {
        int length = in.readUnsignedByte();
        if ((length & MASKED) != 0) {
            throw new AssertionError("the broker has masked a frame");
        }
        return length < 126 ? length : length == 126 ? in.readUnsignedShort() : in.readLong();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        while (payloadLeft == 0 && !ended) {
            nextFrame();
        }
        if (ended) {
            return -1;
        }
        int count = in.read(into, offset, (int) Math.min(length, payloadLeft));
        if (count < 0) {
            throw new EOFException("the connection ended in the middle of a frame");
        }
        payloadLeft -= count;
        return count;
    }

    /** Reads headers up to one with payload to be read, or the end. */
    private void nextFrame() throws IOException {
        int first = in.read();
        if (first < 0) {
            ended = true;
            return;
        }
        switch (first) {
            case FINAL | BINARY -> payloadLeft = length();
            case FINAL | PONG -> in.readFully(new byte[(int) length()]);
            case FINAL | CLOSE -> {
                byte[] status = new byte[(int) length()];
                in.readFully(status);
                answerClose(status);
                ended = true;
                if (in.read() >= 0) {
                    throw new AssertionError("something came behind the close of a WebSocket");
                }
            }
            default -> throw new AssertionError("not a frame that an MQTT broker sends: " + first);
        }
    }

    private void answerClose(byte[] status) {
        try {
            send(FINAL | CLOSE, status);
        } catch (IOException e) {
            // The broker doesn't have to wait for it.
        }
    }

    /** Whether payload or the end has come by now. */
    boolean hasInput(Ready underneath) throws IOException {
        while (payloadLeft == 0 && !ended && underneath.isReady()) {
            nextFrame();
        }
        return payloadLeft > 0 || ended;
    }

    /** Whether the stream underneath has something to read. */
    interface Ready {
        boolean isReady() throws IOException;
    }
}
