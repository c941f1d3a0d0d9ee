package dev.dunlin.broker.mangling;

import dev.dunlin.codec.MqttDecoder.Peer;
import dev.dunlin.codec.MqttVersion;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Sits between clients and brokers and breaks one rule, or none. Whatever it doesn't understand it hands on as it came. */
final class Mangler implements AutoCloseable {
    private final @Nullable Rule rule;
    private final AtomicInteger changes = new AtomicInteger();
    private final Map<Integer, ServerSocket> doors = new ConcurrentHashMap<>();
    private final List<Socket> sockets = new ArrayList<>();

    Mangler(@Nullable Rule rule) {
        this.rule = rule;
    }

    /** How many packets were changed. */
    int changes() {
        return changes.get();
    }

    /** The port on which this broker can be reached through here. */
    int door(int port) {
        return doors.computeIfAbsent(port, this::open).getLocalPort();
    }

    private ServerSocket open(int port) {
        try {
            ServerSocket door = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
            start("mangler " + port, () -> accept(door, port));
            return door;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept(ServerSocket door, int port) throws IOException {
        while (!door.isClosed()) {
            Socket client = door.accept();
            Socket broker = new Socket(InetAddress.getLoopbackAddress(), port);
            client.setTcpNoDelay(true);
            broker.setTcpNoDelay(true);
            synchronized (sockets) {
                sockets.add(client);
                sockets.add(broker);
            }
            Connection connection = new Connection();
            start("mangler in", () -> connection.pump(client, broker, Peer.CLIENT));
            start("mangler out", () -> connection.pump(broker, client, Peer.SERVER));
        }
    }

    private static void start(String name, Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException gone) {
                        // one end has closed its socket, or the test is over: the other end has been told
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        for (ServerSocket door : doors.values()) {
            door.close();
        }
        synchronized (sockets) {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    /** A client and its broker. */
    private final class Connection {
        private volatile @Nullable MqttVersion version;

        void pump(Socket from, Socket to, Peer sender) throws IOException {
            try {
                InputStream in = new BufferedInputStream(from.getInputStream(), 64 << 10);
                OutputStream out = to.getOutputStream();
                for (byte[] frame = Frame.read(in); frame.length > 0; frame = Frame.read(in)) {
                    out.write(changed(frame, sender));
                }
            } finally {
                if (!to.isClosed()) {
                    to.shutdownOutput();
                }
                if (sender == Peer.SERVER) { // the broker has closed: nobody reads what the client may still send
                    from.close();
                }
            }
        }

        private byte[] changed(byte[] frame, Peer sender) {
            if (sender == Peer.CLIENT && version == null) {
                version = Frame.version(frame);
            }
            Rule breaks = rule;
            if (breaks == null || breaks.sender() != sender) {
                return frame;
            }
            Object packet = Frame.decode(frame, sender, version);
            Object after = packet == null ? null : breaks.change().apply(packet);
            if (after == packet) {
                return frame;
            }
            changes.incrementAndGet();
            MqttVersion spoken = version;
            byte[] all = {};
            for (Object one : after instanceof List<?> several ? several : List.of(after)) {
                byte[] bytes = Frame.encode(spoken == null ? MqttVersion.V5 : spoken, one);
                int length = all.length;
                all = java.util.Arrays.copyOf(all, length + bytes.length);
                System.arraycopy(bytes, 0, all, length, bytes.length);
            }
            return all;
        }
    }
}
