package dev.dunlin.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * A message that is larger than the broker's heap goes to three subscribers, the second of which reads half as fast as the
 * first, and the third half as fast as the second, in memory for one of it. Others notice nothing.
 */
@EnabledOnOs(OS.LINUX) // it looks into /proc
final class LargeMessageTest {
    private static final String TOPIC = "large";
    private static final int MIB = 1 << 20;

    /** The largest remaining length there is, without the topic and the packet id. */
    private static final int LARGEST_BYTES = 268_435_455 - 2 - TOPIC.length() - 2;

    /** Beside the message: the broker's own classes and buffers, direct and resident. With the largest it's 600 MB in all. */
    private static final long OVERHEAD_BYTES = 63_000_000;

    private static final int CHUNK_BYTES = 64 << 10;
    private static final long PATIENCE_S = 240;
    private static final long ANSWER_MS_MAX = 5_000;

    private final ExecutorService clients = Executors.newCachedThreadPool();
    private final List<Socket> sockets = new ArrayList<>();
    private final byte[] block = new byte[CHUNK_BYTES];
    private int port;

    @AfterEach
    void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
        clients.shutdownNow();
    }

    @Test
    void isRelayedInMemoryForOne() throws Exception {
        relay(32 * MIB, "-Xmx24m", 0);
    }

    @Test
    void theLargestIsRelayedInMemoryForOne() throws Exception {
        relay(LARGEST_BYTES, "-Xmx128m", 1);
    }

    @Test
    void isRefusedInFrontIfThereIsNoMemoryForIt() throws Exception {
        ProcessBuilder command = Child.broker("--port", "0");
        command.command().add(1, "-XX:MaxDirectMemorySize=32m");
        try (Child broker = Child.start(command)) {
            port = portOf(broker);
            Socket publisher = connect("publisher", 0);
            publishHeader(new DataOutputStream(publisher.getOutputStream()), TOPIC, 17 * MIB, 0);

            assertThat(publisher.getInputStream().read()).isEqualTo(-1);
            assertThat(broker.terminate().end().err()).isEmpty();
        }
    }

    private static int portOf(Child broker) throws Exception {
        String ready = broker.readLine();
        return Integer.parseInt(ready.substring(ready.lastIndexOf(':') + 1));
    }

    private void relay(int bytes, String heap, int qos) throws Exception {
        ProcessBuilder command = Child.java(WatchedMain.class.getName(), "--port", "0");
        command.command().addAll(1, List.of(heap, "-XX:MaxDirectMemorySize=1g")); // as the script has it
        try (Child broker = Child.start(command)) {
            port = portOf(broker);
            AtomicBoolean over = new AtomicBoolean();
            Future<Long> slowest = clients.submit(() -> slowestAnswer(over));
            Reader fast = new Reader(1, null);
            Reader slow = new Reader(0, fast);
            Reader slower = new Reader(1, slow);
            long residentBefore = memory(broker, "VmRSS:");

            Future<Long> sent = clients.submit(() -> publish(bytes, qos));
            List<Future<Long>> received = List.of(
                    clients.submit(() -> fast.read(bytes, qos)),
                    clients.submit(() -> slow.read(bytes, qos)),
                    clients.submit(() -> slower.read(bytes, qos)));
            long checksum = sent.get(PATIENCE_S, TimeUnit.SECONDS);
            for (Future<Long> each : received) {
                assertThat(each.get(PATIENCE_S, TimeUnit.SECONDS)).isEqualTo(checksum);
            }
            over.set(true);

            assertThat(slowest.get(PATIENCE_S, TimeUnit.SECONDS))
                    .as("the longest that another client waited, ms")
                    .isLessThan(ANSWER_MS_MAX);
            long resident = memory(broker, "VmHWM:") - residentBefore;
            long direct = broker.tellsDirect();
            System.out.printf(
                    "a message of %,d bytes, %s, QoS %d: direct memory %,d, resident %,d, slowest answer %d ms%n",
                    bytes, heap, qos, direct, resident, slowest.get());
            assertThat(direct + resident)
                    .as("direct memory %,d and growth of resident memory %,d, bytes", direct, resident)
                    .isLessThan(2L * bytes + OVERHEAD_BYTES);
            assertThat(broker.terminate().end().err()).as("what it logs").isEmpty();
        }
    }

    private static long memory(Child broker, String field) throws IOException {
        Path status = Path.of("/proc", Long.toString(broker.handle().pid()), "status");
        return Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith(field))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .sum()
                << 10;
    }

    // ---- clients

    private Socket connect(String id, int receiveBytes) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        if (receiveBytes > 0) {
            socket.setReceiveBufferSize(receiveBytes);
        }
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setTcpNoDelay(true);
        byte[] name = id.getBytes(StandardCharsets.UTF_8);
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.write(
                new byte[] {0x10, (byte) (12 + name.length), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, (byte) name.length
                });
        out.write(name);
        assertThat(new DataInputStream(socket.getInputStream()).readInt()).isEqualTo(0x20020000);
        return socket;
    }

    private static void subscribe(Socket socket, String topic, int qos) throws IOException {
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        OutputStream out = socket.getOutputStream();
        out.write(new byte[] {(byte) 0x82, (byte) (5 + name.length), 0, 1, 0, (byte) name.length});
        out.write(name);
        out.write(qos);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        assertThat(in.readInt()).isEqualTo(0x90030001);
        assertThat(in.readUnsignedByte()).isEqualTo(qos);
    }

    private static void publishHeader(DataOutputStream out, String topic, int bytes, int qos) throws IOException {
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        out.writeByte(0x30 | (qos << 1));
        int left = 2 + name.length + (qos > 0 ? 2 : 0) + bytes;
        do {
            out.writeByte((left & 0x7F) | (left > 0x7F ? 0x80 : 0));
            left >>>= 7;
        } while (left > 0);
        out.writeShort(name.length);
        out.write(name);
        if (qos > 0) {
            out.writeShort(7);
        }
    }

    private static int readHeader(DataInputStream in, String topic, int qos) throws IOException {
        assertThat(in.readUnsignedByte()).isEqualTo(0x30 | (qos << 1));
        int left = 0;
        int shift = 0;
        int b;
        do {
            b = in.readUnsignedByte();
            left |= (b & 0x7F) << shift;
            shift += 7;
        } while (b > 0x7F);
        assertThat(in.readUTF()).isEqualTo(topic);
        if (qos > 0) {
            in.readUnsignedShort();
        }
        return left - 2 - topic.length() - (qos > 0 ? 2 : 0);
    }

    /** Publishes the message, no two parts of which are alike; returns its checksum. */
    private long publish(int bytes, int qos) throws IOException {
        Socket socket = connect("publisher", 0);
        new Random(bytes).nextBytes(block);
        CRC32C sum = new CRC32C();
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        publishHeader(out, TOPIC, bytes, qos);
        for (int sent = 0; sent < bytes; sent += CHUNK_BYTES) {
            for (int i = 0; i < 4; i++) {
                block[i] = (byte) (sent >>> (8 * i));
            }
            int part = Math.min(CHUNK_BYTES, bytes - sent);
            sum.update(block, 0, part);
            out.write(block, 0, part);
        }
        if (qos > 0) {
            assertThat(new DataInputStream(socket.getInputStream()).readInt()).isEqualTo(0x40020007);
        }
        return sum.getValue();
    }

    /** Publishes to itself until it's over, one message after another; returns the longest time that one took, in milliseconds. */
    private long slowestAnswer(AtomicBoolean over) throws IOException {
        Socket socket = connect("other", 0);
        subscribe(socket, "small", 0);
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
        DataInputStream in = new DataInputStream(socket.getInputStream());
        long slowestNs = 0;
        while (!over.get()) {
            long beganNs = System.nanoTime();
            publishHeader(out, "small", 8, 0);
            out.writeLong(beganNs);
            out.flush();
            assertThat(readHeader(in, "small", 0)).isEqualTo(8);
            assertThat(in.readLong()).isEqualTo(beganNs);
            slowestNs = Math.max(slowestNs, System.nanoTime() - beganNs);
        }
        return TimeUnit.NANOSECONDS.toMillis(slowestNs);
    }

    /** A subscriber that stays behind another one: it has read half as much at most, until that one is through. */
    private final class Reader {
        private static final int SMALL_WINDOW_BYTES = 32 << 10;

        private final int qosMax;
        private final Reader ahead;
        private final Socket socket;
        private final AtomicLong count = new AtomicLong();
        private final CompletableFuture<Void> through = new CompletableFuture<>();

        Reader(int qosMax, Reader ahead) throws IOException {
            this.qosMax = qosMax;
            this.ahead = ahead;
            socket = connect(
                    "reader " + (ahead == null ? "fast" : ahead.ahead == null ? "slow" : "slower"),
                    ahead == null ? 0 : SMALL_WINDOW_BYTES);
            subscribe(socket, TOPIC, qosMax);
        }

        /** Reads the message; returns its checksum. */
        long read(int bytes, int qos) throws Exception {
            int delivered = Math.min(qos, qosMax);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            assertThat(readHeader(in, TOPIC, delivered)).isEqualTo(bytes);
            CRC32C sum = new CRC32C();
            byte[] chunk = new byte[CHUNK_BYTES];
            for (int left = bytes; left > 0; ) {
                stayBehind();
                int part = in.read(chunk, 0, Math.min(CHUNK_BYTES, left));
                assertThat(part).isPositive();
                sum.update(chunk, 0, part);
                left -= part;
                count.addAndGet(part);
            }
            if (delivered > 0) {
                socket.getOutputStream().write(new byte[] {0x40, 2, 0, 1});
            }
            through.complete(null);
            return sum.getValue();
        }

        private void stayBehind() throws Exception {
            while (ahead != null && count.get() * 2 > ahead.count.get() && !ahead.through.isDone()) {
                Thread.onSpinWait();
            }
        }
    }
}
