package dev.dunlin.broker.simulation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** The sockets of all clients, worked by one thread. */
final class Sockets implements AutoCloseable {
    /** Small, so that a client that doesn't read is soon felt by the broker. */
    private static final int RECEIVE_BYTES = 8 << 10;

    private final Random random;
    private final Selector selector;
    private final List<SocketWire> wires = new ArrayList<>();
    private final ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
    private long bytesRead;

    Sockets(Random random) {
        this.random = random;
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Connects to a port of this machine. */
    SocketWire connect(int port, Connection.End client) {
        try {
            SocketChannel channel = SocketChannel.open();
            channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BYTES);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, 0);
            SocketWire wire = new SocketWire(channel, key, client, random);
            key.attach(wire);
            wires.add(wire);
            return wire;
        } catch (IOException e) {
            throw new UncheckedIOException("can't connect to port " + port, e);
        }
    }

    /** Sends what is to be sent, and reads what has come, waiting for it at most so long. */
    void turn(long waitMs) {
        wires.removeIf(SocketWire::isOver);
        wires.forEach(SocketWire::prepare);
        try {
            if (waitMs == 0) {
                selector.selectNow(this::read);
            } else {
                selector.select(this::read, waitMs);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read(SelectionKey key) {
        bytesRead += ((SocketWire) key.attachment()).read(chunk);
    }

    /** Everybody reads. */
    void resume() {
        wires.forEach(SocketWire::resume);
    }

    boolean hasUnsent() {
        return wires.stream().anyMatch(SocketWire::hasUnsent);
    }

    /** The broker is dead: reads all that it had sent. */
    void readToEnd() {
        while (wires.stream().anyMatch(wire -> !wire.isOver())) {
            resume();
            turn(100);
        }
        wires.clear();
    }

    /** All that was ever read. */
    long bytesRead() {
        return bytesRead;
    }

    @Override
    public void close() {
        wires.forEach(SocketWire::close);
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
