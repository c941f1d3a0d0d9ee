package dev.dunlin.broker;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.IntFunction;

/** A peer without manners: a plain socket, and bytes as they are. One thread at a time. */
final class Intruder implements AutoCloseable {
    private static final int PATIENCE_MS = 20_000;
    private static final int USUAL_HOST = 1;

    private final Socket socket;
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private boolean ended;

    private Intruder(Socket socket) {
        this.socket = socket;
    }

    static Intruder at(int port) {
        return at(port, USUAL_HOST);
    }

    /** One that comes from 127.0.0.{@code host}. */
    static Intruder at(int port, int host) {
        try {
            Socket socket = new Socket();
            socket.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) host}), 0));
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            socket.setTcpNoDelay(true);
            return new Intruder(socket);
        } catch (IOException e) {
            throw new UncheckedIOException("can't connect to port " + port, e);
        }
    }

    /** Many of them; to be closed by {@link #closeAll}. */
    static List<Intruder> crowd(int count, IntFunction<Intruder> each) {
        List<Intruder> crowd = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            crowd.add(each.apply(i));
        }
        return crowd;
    }

    static void closeAll(Collection<Intruder> crowd) {
        crowd.forEach(Intruder::close);
    }

    /** Sends, unless the broker has ended it. */
    Intruder send(byte... bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            ended = true;
        }
        return this;
    }

    /** Sends, unless the broker has ended it. */
    Intruder send(int... bytes) {
        byte[] narrow = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            narrow[i] = (byte) bytes[i];
        }
        return send(narrow);
    }

    /** Whether the broker ends it within this time, by closing or by a reset. What comes before is kept. */
    boolean endsWithin(int ms) {
        byte[] chunk = new byte[1024];
        try {
            socket.setSoTimeout(ms);
            while (!ended) {
                int count = socket.getInputStream().read(chunk);
                if (count < 0) {
                    ended = true;
                } else {
                    received.write(chunk, 0, count);
                }
            }
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            ended = true;
        }
        return true;
    }

    /** Waits until the broker ends it; returns all that came before. */
    byte[] untilEnd() {
        if (!endsWithin(PATIENCE_MS)) {
            throw new AssertionError("not closed, and nothing came for " + PATIENCE_MS + " ms");
        }
        return received.toByteArray();
    }

    /** Waits for the first byte; false if it is another one, or the end. */
    boolean startsWith(byte first) {
        try {
            socket.setSoTimeout(PATIENCE_MS);
            return (byte) socket.getInputStream().read() == first;
        } catch (IOException e) {
            ended = true;
            return false;
        }
    }

    /** Waits for so many bytes. */
    byte[] receive(int count) {
        try {
            socket.setSoTimeout(PATIENCE_MS);
            return socket.getInputStream().readNBytes(count);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
