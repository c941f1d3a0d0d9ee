package dev.dunlin.broker.crash;

import dev.dunlin.broker.testkit.Sendable;
import dev.dunlin.codec.MalformedPacket;
import dev.dunlin.codec.MqttDecoder;
import dev.dunlin.codec.MqttVersion;
import dev.dunlin.codec.PacketType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
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

/**
 * The connections of all clients of a scene, worked by one thread, which is also the one that kills: at that moment nobody
 * is in the middle of anything, so what is under way can be counted.
 */
final class Wires implements AutoCloseable {
    private final Selector selector;
    private final List<Wire> open = new ArrayList<>();
    private final ByteBuffer chunk = ByteBuffer.allocate(64 << 10);
    private boolean muted;

    Wires() {
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes what one client is sent. */
    interface Receiver {
        /** A packet, valid during the call. */
        void receive(PacketType type, MqttDecoder packet);
    }

    /** Connects to a port of this machine. */
    Wire open(int port, MqttVersion version, Receiver receiver) {
        try {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            Wire wire = new Wire(channel, version, receiver);
            channel.register(selector, SelectionKey.OP_READ, wire);
            open.add(wire);
            return wire;
        } catch (IOException e) {
            throw new UncheckedIOException("can't connect to port " + port, e);
        }
    }

    /** Reads what has come, waiting for it at most so long, then sends what the clients have made of it. */
    void turn(long waitMs) {
        try {
            selector.select(key -> ((Wire) key.attachment()).read(), waitMs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        open.forEach(Wire::flush);
        open.removeIf(wire -> wire.ended);
    }

    /** From now on nothing is sent: the broker is being killed. Also whether a client may still do something new. */
    void mute() {
        open.forEach(Wire::flush);
        muted = true;
    }

    boolean isMuted() {
        return muted;
    }

    /** After the broker's end: reads all that it had sent, and forgets the connections. */
    void readToEnd() {
        while (!open.isEmpty()) {
            turn(1_000);
        }
        muted = false;
    }

    @Override
    public void close() {
        try {
            for (Wire wire : open) {
                wire.channel.close();
            }
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One connection. */
    final class Wire {
        private final SocketChannel channel;
        private final MqttVersion version;
        private final MqttDecoder decoder;
        private final ByteBuf out = Unpooled.buffer(4_096);
        private boolean ended;

        private Wire(SocketChannel channel, MqttVersion version, Receiver receiver) {
            this.channel = channel;
            this.version = version;
            decoder = new MqttDecoder(
                    MqttDecoder.Peer.SERVER,
                    (type, packet) -> {
                        receiver.receive(type, packet);
                        return true;
                    },
                    MqttDecoder.PACKET_BYTES_MAX);
            decoder.version(version);
        }

        /** Sends a packet, at the end of this turn. */
        void send(Sendable packet) {
            if (!muted) {
                packet.encode(out, version);
            }
        }

        boolean hasEnded() {
            return ended;
        }

        /** Cuts the connection off. */
        void cut() {
            flush();
            end();
        }

        private void read() {
            try {
                while (!ended) {
                    int count = channel.read(chunk.clear());
                    if (count < 0) {
                        end();
                    } else if (count == 0) {
                        return;
                    } else {
                        decoder.decode(Unpooled.copiedBuffer(chunk.flip()));
                    }
                }
            } catch (IOException e) { // reset
                end();
            } catch (MalformedPacket e) {
                throw new Violation("the broker sent something malformed: " + e.getMessage());
            }
        }

        private void flush() {
            if (ended || muted || !out.isReadable()) {
                return;
            }
            try {
                int written = channel.write(out.nioBuffer());
                out.skipBytes(written).discardSomeReadBytes();
            } catch (IOException e) {
                end();
            }
        }

        private void end() {
            ended = true;
            decoder.close();
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
