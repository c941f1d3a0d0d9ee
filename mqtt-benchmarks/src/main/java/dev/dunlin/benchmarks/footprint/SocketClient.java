package dev.dunlin.benchmarks.footprint;

import io.netty.buffer.ByteBuf;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** A client that waits for each answer. */
final class SocketClient implements AutoCloseable {
    private static final int CONNACK_BYTES = 4;

    private final SocketChannel channel;

    private SocketClient(SocketChannel channel) {
        this.channel = channel;
    }

    /** Returns when it is let in. */
    static SocketClient connect(int port, int number, boolean clean) throws IOException {
        SocketClient client =
                new SocketClient(SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
        client.ask(Packets.connect(number, clean), CONNACK_BYTES);
        return client;
    }

    /** Sends this, and waits for an answer of so many bytes; that of CONNECT ends in a zero if it is a welcome. */
    void ask(ByteBuf request, int answerBytes) throws IOException {
        channel.write(request.nioBuffer());
        ByteBuffer answer = ByteBuffer.allocate(answerBytes);
        while (answer.hasRemaining()) {
            if (channel.read(answer) < 0) {
                throw new EOFException("closed by the broker");
            }
        }
    }

    /** Says DISCONNECT, and waits until the broker has closed. */
    @Override
    public void close() throws IOException {
        channel.write(Packets.disconnect().nioBuffer());
        channel.read(ByteBuffer.allocate(1));
        channel.close();
    }
}
