package dev.dunlin.broker.interop;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Stands between a client and the broker, so that a test can cut the connection without the client's DISCONNECT, and can
 * look for what went over the wire.
 */
final class Relay implements AutoCloseable {
    private static final int BACKLOG = 10;
    private static final int CHUNK_BYTES = 8_192;

    private final ServerSocket server;
    private final int brokerPort;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final Recording fromClient = new Recording();
    private final Recording fromBroker = new Recording();

    Relay(int brokerPort) throws IOException {
        this.brokerPort = brokerPort;
        server = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    Recording fromClient() {
        return fromClient;
    }

    Recording fromBroker() {
        return fromBroker;
    }

    /** Cuts all connections and accepts no more. */
    void cut() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Override
    public void close() throws IOException {
        cut();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = server.accept();
            Socket broker = new Socket(server.getInetAddress(), brokerPort);
            client.setTcpNoDelay(true);
            broker.setTcpNoDelay(true);
            sockets.addAll(List.of(client, broker));
            start(() -> pass(client, broker, fromClient));
            start(() -> pass(broker, client, fromBroker));
        }
    }

    private static void pass(Socket from, Socket to, Recording recording) throws IOException {
        try (from;
                to) { // when one end closes, the other thread finds its sockets closed
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] chunk = new byte[CHUNK_BYTES];
            for (int read = in.read(chunk); read >= 0; read = in.read(chunk)) {
                recording.add(chunk, read);
                out.write(chunk, 0, read);
            }
        }
    }

    /** A socket that fails is how every task ends. */
    private static void start(Task task) {
        Thread thread = new Thread(
                () -> {
                    try {
                        task.run();
                    } catch (SocketException closed) {
                        return;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                "relay");
        thread.setDaemon(true);
        thread.start();
    }

    private interface Task {
        void run() throws IOException;
    }

    /** What was passed on in one direction, by all connections. */
    static final class Recording {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        private synchronized void add(byte[] chunk, int length) {
            bytes.write(chunk, 0, length);
        }

        /** How often this text occurs in it. */
        int count(String text) {
            return count(text.getBytes(StandardCharsets.UTF_8));
        }

        /** How often these bytes occur in it. */
        synchronized int count(byte... wanted) {
            String all = bytes.toString(StandardCharsets.ISO_8859_1);
            String one = new String(wanted, StandardCharsets.ISO_8859_1);
            int found = 0;
            for (int at = all.indexOf(one); at >= 0; at = all.indexOf(one, at + one.length())) {
                found++;
            }
            return found;
        }
    }
}
